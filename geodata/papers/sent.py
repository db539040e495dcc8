"""Papers that were sent: the file and every figure with its rows, kept by hash. A correction is a new version."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import NotRequired, TypedDict

from sqlalchemy import BigInteger, Identity, LargeBinary, Text, UniqueConstraint, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, defer, mapped_column

from geodata.base.database import Base
from geodata.base.errors import InvalidValueError, NotFoundError
from geodata.base.i18n import N_

LONGEST_REASON = 500


class KeptFigure(TypedDict):
    """A figure as it is kept; `filters` of the map and `rows` (codes) are what it was counted from.

    `value`: a decimal number as text, None where nothing is known. `said_by`: who stated it, where somebody did.
    """

    key: str
    value: str | None
    filters: dict[str, list[str]]
    rows: list[str]
    said_by: NotRequired[str]


class SentPaper(Base):
    """A version of a paper as it was sent. `sha256` is that of the file, `figures_sha256` that of figures and rows.

    `template` is the DOCX it was made of; papers sent before there were templates have none.
    """

    __tablename__ = "sent_paper"
    __table_args__ = (UniqueConstraint("name", "period", "version"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    period: Mapped[date]
    version: Mapped[int]
    data_day: Mapped[date]
    reason: Mapped[str | None] = mapped_column(Text)
    sent_by: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime] = mapped_column(server_default=func.now())
    figures: Mapped[list[KeptFigure]] = mapped_column(JSONB)
    figures_sha256: Mapped[str] = mapped_column(Text)
    file: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(Text)
    template: Mapped[bytes | None] = mapped_column(LargeBinary)
    template_sha256: Mapped[str | None] = mapped_column(Text)


def send(
    session: Session, name: str, period: date, *, data_day: date, figures: list[KeptFigure], file: bytes, template: bytes,
    reason: str, by: str,
) -> SentPaper:  # fmt: skip
    """Keep a paper as it is sent now; a second one of a period is a correction and wants its reason.

    Raises InvalidValueError without one. Who sends at the same moment waits, and then sends a correction.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"{name} {period}"))))
    before = list_sent(session, name, period)
    reason = " ".join(reason.split())[:LONGEST_REASON]
    if before and not reason:
        raise InvalidValueError(N_("This period was sent already. Say what the correction changes."))
    paper = SentPaper(
        name=name, period=period, version=len(before) + 1, data_day=data_day, reason=reason or None, sent_by=by, figures=figures,
        figures_sha256=hash_of(figures), file=file, sha256=_sha256(file), template=template,
        template_sha256=_sha256(template),
    )  # fmt: skip
    session.add(paper)
    session.flush()
    return paper


def list_sent(session: Session, name: str | None = None, period: date | None = None) -> list[SentPaper]:
    """Return what was sent, without the files, the newest first."""
    query = (
        select(SentPaper)
        .options(defer(SentPaper.file), defer(SentPaper.template))
        .order_by(SentPaper.period.desc(), SentPaper.version.desc())
    )
    query = query.where(SentPaper.name == name) if name else query
    return list(session.scalars(query.where(SentPaper.period == period) if period else query))


def get_sent(session: Session, number: int) -> SentPaper:
    """Return a sent paper. Raises NotFoundError."""
    paper = session.get(SentPaper, number)
    if paper is None:
        raise NotFoundError(value=str(number))
    return paper


def differences(before: SentPaper, after: SentPaper) -> list[tuple[str, str | None, str | None]]:
    """Return the figures that two versions tell differently: key, value before, value after."""
    old, new = _values(before), _values(after)
    return [(key, old.get(key), new.get(key)) for key in dict.fromkeys([*old, *new]) if old.get(key) != new.get(key)]


def hash_of(figures: list[KeptFigure]) -> str:
    """Return the SHA-256 of figures with their rows, written as JSON with sorted keys."""
    return _sha256(json.dumps(figures, ensure_ascii=False, sort_keys=True).encode())


def _values(paper: SentPaper) -> Mapping[str, str | None]:
    return {figure["key"]: figure["value"] for figure in paper.figures}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
