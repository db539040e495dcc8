"""The DOCX templates that the department made of papers: every version is kept, at most one of a paper is in force.

Without one in force the form that goes with the program is used. Commits nothing.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Identity, Index, LargeBinary, Text, UniqueConstraint, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, Session, defer, mapped_column

from geodata.accounts.accounts import record_audit
from geodata.base.database import Base
from geodata.base.errors import NotFoundError
from geodata.base.i18n import N_

LONGEST_NOTE = 500


class PaperTemplate(Base):
    """A version of a paper's template, as it was uploaded. `trial`: the paper it makes of names in place of values."""

    __tablename__ = "paper_template"
    __table_args__ = (
        UniqueConstraint("name", "version"),
        Index("uq_paper_template_in_force", "name", unique=True, postgresql_where=text("is_in_force")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    is_in_force: Mapped[bool] = mapped_column(default=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(Text)
    trial: Mapped[bytes] = mapped_column(LargeBinary)
    unused: Mapped[list[str]] = mapped_column(ARRAY(Text))
    note: Mapped[str | None] = mapped_column(Text)
    uploaded_by: Mapped[str] = mapped_column(Text)
    uploaded_at: Mapped[datetime] = mapped_column(server_default=func.now())


def add_template(
    session: Session, name: str, content: bytes, *, trial: bytes, unused: Sequence[str], note: str, by: str
) -> PaperTemplate:
    """Keep a checked template as the next version and put it in force."""
    _lock(session, name)
    last = session.scalar(select(func.max(PaperTemplate.version)).where(PaperTemplate.name == name)) or 0
    row = PaperTemplate(
        name=name, version=last + 1, content=content, sha256=hashlib.sha256(content).hexdigest(), trial=trial,
        unused=list(unused), note=" ".join(note.split())[:LONGEST_NOTE] or None, uploaded_by=by,
    )  # fmt: skip
    session.add(row)
    session.flush()
    put_in_force(session, name, row.version, by=by)
    return row


def put_in_force(session: Session, name: str, version: int, *, by: str) -> None:
    """Let a version be used from now on; 0 is the form that goes with the program. Raises NotFoundError."""
    _lock(session, name)
    session.execute(update(PaperTemplate).where(PaperTemplate.name == name).values(is_in_force=False))
    if version:
        row = session.scalar(select(PaperTemplate).where(PaperTemplate.name == name, PaperTemplate.version == version))
        if row is None:
            raise NotFoundError(value=str(version))
        row.is_in_force = True
        session.flush()
    record_audit(session, by=by, action=N_("Put a paper's template in force"), subject=name, details=str(version))


def template_in_force(session: Session, name: str) -> PaperTemplate | None:
    """Return the department's template that is in force; None where the program's form is used."""
    return session.scalar(select(PaperTemplate).where(PaperTemplate.name == name, PaperTemplate.is_in_force))


def list_templates(session: Session, name: str) -> list[PaperTemplate]:
    """Return a paper's versions without their files, the newest first."""
    without = defer(PaperTemplate.content), defer(PaperTemplate.trial)
    query = select(PaperTemplate).where(PaperTemplate.name == name).options(*without)
    return list(session.scalars(query.order_by(PaperTemplate.version.desc())))


def get_template(session: Session, name: str, version: int) -> PaperTemplate:
    """Return a version. Raises NotFoundError."""
    row = session.scalar(select(PaperTemplate).where(PaperTemplate.name == name, PaperTemplate.version == version))
    if row is None:
        raise NotFoundError(value=str(version))
    return row


def _lock(session: Session, name: str) -> None:
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"template {name}"))))
