"""What enterprises state for a report of a period: asked for by a code, entered without an account, kept with who says so.

The code is shown once and stored as SHA-256. What was stated stays editable until its last day; earlier values are kept.
Commits nothing.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypedDict

from sqlalchemy import BigInteger, Identity, Text, UniqueConstraint, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.accounts.accounts import record_audit
from geodata.base.database import Base, today
from geodata.base.errors import ConflictError, HiddenError, InvalidValueError
from geodata.base.i18n import N_

LONGEST_NAME = 120
#: Bytes of a code: nobody guesses it.
_CODE_BYTES = 24


class EarlierStatement(TypedDict):
    """What was stated before: numbers as text by field, by whom, when (ISO 8601)."""

    values: dict[str, str]
    by: str | None
    at: str


class Statement(Base):
    """What is asked of one feature for a period: fields as the layer's detail names them, numbers as text.

    `earlier` holds every version before: values, who and when.
    """

    __tablename__ = "paper_statement"
    __table_args__ = (UniqueConstraint("layer", "feature_code", "period_ends_on"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    layer: Mapped[str] = mapped_column(Text)
    feature_code: Mapped[str] = mapped_column(Text)
    feature_name: Mapped[str] = mapped_column(Text)
    period_ends_on: Mapped[date]
    code_sha256: Mapped[str] = mapped_column(Text, unique=True)
    asked_by: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    open_until: Mapped[date]
    stated_by: Mapped[str | None] = mapped_column(Text)
    stated_at: Mapped[datetime | None]
    values: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)
    earlier: Mapped[list[EarlierStatement]] = mapped_column(JSONB, default=list)

    @property
    def is_open(self) -> bool:
        """Whether it can still be entered."""
        return today() <= self.open_until


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A feature that was asked, with the code that leads to its form."""

    name: str
    code: str
    open_until: date


def ask(
    session: Session,
    layer: str,
    features: Sequence[tuple[str, str]],
    *,
    period_ends_on: date,
    open_until: date,
    by: str,
) -> list[Asked]:
    """Ask features, given as code and name, for what they state; who was asked before gets a new code, the old one ends.

    Raises InvalidValueError for a last day that is over.
    """
    if open_until < today():
        raise InvalidValueError(N_("The last day for entering is over. Choose a later one."))
    known = {one.feature_code: one for one in list_statements(session, layer, period_ends_on)}
    asked = []
    for feature_code, name in features:
        code = secrets.token_urlsafe(_CODE_BYTES)
        row = known.get(feature_code) or Statement(
            layer=layer, feature_code=feature_code, period_ends_on=period_ends_on, values={}, earlier=[]
        )
        row.feature_name, row.code_sha256, row.open_until = name, _hash(code), open_until
        row.asked_by, row.asked_at = by, func.now()
        session.add(row)
        asked.append(Asked(name=name, code=code, open_until=open_until))
    session.flush()
    record_audit(
        session,
        by=by,
        action=N_("Asked enterprises for figures"),
        subject=layer,
        details=f"{period_ends_on}: {len(asked)}",
    )
    return asked


def find_statement(session: Session, code: str) -> Statement:
    """Return what a code leads to. Raises HiddenError for any other text."""
    row = session.scalar(select(Statement).where(Statement.code_sha256 == _hash(code[:200])))
    if row is None:
        raise HiddenError(N_("This link leads to nothing. It may have been replaced by a newer one: ask who sent it."))
    return row


def state(session: Session, row: Statement, values: Mapping[str, str], *, by: str) -> None:
    """Store what is stated; what stood there before is kept. Raises ConflictError after the last day, InvalidValueError."""
    name = " ".join(by.split())[:LONGEST_NAME]
    if not row.is_open:
        raise ConflictError(N_("The last day for entering is over. What was entered before stays."))
    if not name:
        raise InvalidValueError(N_("Say who states this: name and position."))
    session.refresh(row, with_for_update=True)
    if row.stated_at is not None:
        before: EarlierStatement = {"values": row.values, "by": row.stated_by, "at": row.stated_at.isoformat()}
        row.earlier = [*row.earlier, before]
    row.values, row.stated_by, row.stated_at = dict(values), name, func.now()
    session.flush()
    session.refresh(row)


def list_statements(session: Session, layer: str, period_ends_on: date) -> list[Statement]:
    """Return what was asked for a period, by the feature's code."""
    query = select(Statement).where(Statement.layer == layer, Statement.period_ends_on == period_ends_on)
    return list(session.scalars(query.order_by(Statement.feature_code)))


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
