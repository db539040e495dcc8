"""The points that order the worklist: visible, versioned, changed by the administrator only."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.accounts.accounts import record_audit
from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.inspections.records import RankingWeights

#: Weight -> (label, default points).
WEIGHTS: dict[str, tuple[str, int]] = {
    "never_issued": (N_("Certificate never issued"), 40),
    "expired": (N_("Certificate expired"), 35),
    "revoked": (N_("Certificate revoked"), 30),
    "suspended": (N_("Certificate suspended"), 20),
    "unknown": (N_("Certificate unknown"), 15),
    "expiring": (N_("Certificate expiring (whole within 30 days, less up to 90)"), 12),
    "remedy_overdue": (N_("Remedy overdue"), 45),
    "violation": (N_("Violation open"), 30),
    "findings_open": (N_("Findings open"), 15),
    "never_visited": (N_("Never visited"), 20),
    "year_since_visit": (N_("Each year since the last visit (three at most)"), 6),
    "past_violation": (N_("Each violation of the last three years (three at most)"), 10),
    "volume": (N_("Tank volume (whole from 200 m³)"), 10),
    "lpg_large": (N_("LPG depot or filling station"), 8),
    "complaint": (N_("Complaint of the public, not yet looked into"), 25),
    "campaign": (N_("Target of a campaign, not yet visited"), 15),
    "closed": (N_("Closed: points taken off"), 60),
}
DEFAULT_RANDOM_PERCENT = 10
MAX_POINTS = 1000


@dataclass(frozen=True, kw_only=True)
class Weights:
    """One version of the weights; version 0 are the defaults."""

    version: int = 0
    points: Mapping[str, int] = field(default_factory=lambda: {name: points for name, (_, points) in WEIGHTS.items()})
    random_percent: int = DEFAULT_RANDOM_PERCENT


def current_weights(session: Session) -> Weights:
    """Return the latest weights, or the defaults."""
    return _read(session.scalar(select(RankingWeights).order_by(RankingWeights.version.desc()).limit(1)))


def weights_of(session: Session, version: int) -> Weights:
    """Return a version of the weights; 0 are the defaults."""
    return _read(session.get(RankingWeights, version))


def _read(row: RankingWeights | None) -> Weights:
    if row is None:
        return Weights()
    points = {**Weights().points, **{name: int(value) for name, value in row.weights.items() if name in WEIGHTS}}
    return Weights(version=row.version, points=points, random_percent=row.random_percent)


def list_weights(session: Session) -> list[RankingWeights]:
    """Return all versions, the latest first."""
    return list(session.scalars(select(RankingWeights).order_by(RankingWeights.version.desc())))


def change_weights(
    session: Session, *, points: Mapping[str, int], random_percent: int, by: str, note: str | None = None
) -> RankingWeights:
    """Add a version of the weights. Raises InvalidValueError."""
    for name, value in points.items():
        if name not in WEIGHTS or not 0 <= value <= MAX_POINTS:
            raise InvalidValueError(name=name, value=str(value), reason=N_("points from 0 to 1000"))
    if not 0 <= random_percent <= 50:
        raise InvalidValueError(name="random_percent", value=str(random_percent), reason=N_("from 0 to 50 percent"))
    row = RankingWeights(weights=dict(points), random_percent=random_percent, made_by=by, note=note)
    session.add(row)
    session.flush()
    record_audit(session, by=by, action=N_("Changed the ranking weights"), subject=f"v{row.version}", details=note)
    return row
