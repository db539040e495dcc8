"""The files of features as they are stored, beside the change sets: bytes do not belong into a history of rows.

Nothing is deleted: removing marks, and every step is written down with who did it.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, Identity, LargeBinary, Text, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.accounts.accounts import record_audit
from geodata.attachments.reading import Received
from geodata.base.database import Base
from geodata.base.errors import HiddenError, InvalidValueError
from geodata.base.i18n import N_

MAX_FILES = 50
MAX_TITLE = 200


class FeatureFile(Base):
    """A file of a feature. `sha256` is of the file as sent: sent twice, stored once. `is_public`: everybody may take it."""

    __tablename__ = "feature_file"
    __table_args__ = (UniqueConstraint("layer", "feature_id", "sha256"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    layer: Mapped[str] = mapped_column(Text)
    feature_id: Mapped[int] = mapped_column(BigInteger)
    title: Mapped[str] = mapped_column(Text)
    title_en: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    mimetype: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(Text)
    is_public: Mapped[bool]
    added_by: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime] = mapped_column(server_default=func.now())
    removed_by: Mapped[str | None] = mapped_column(Text)
    removed_at: Mapped[datetime | None]


def add_file(
    session: Session,
    layer: str,
    feature_id: int,
    received: Received,
    *,
    title: str,
    title_en: str = "",
    is_public: bool,
    by: str,
) -> FeatureFile:
    """Keep a file; one that was removed comes back under its new title. Raises InvalidValueError. The caller commits."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"files {layer} {feature_id}"))))
    title, title_en = (" ".join(text.split())[:MAX_TITLE] for text in (title, title_en))
    if not title:
        raise InvalidValueError(name="title", value="", reason=N_("say what the document is called"))
    row = session.scalar(select(FeatureFile).where(*_of(layer, feature_id), FeatureFile.sha256 == received.sha256))
    if row is None:
        if len(list_files(session, layer, feature_id)) >= MAX_FILES:
            raise InvalidValueError(name="file", value=str(MAX_FILES), reason=N_("at most 50 documents an object"))
        row = FeatureFile(
            layer=layer, feature_id=feature_id, name=received.name, mimetype=received.mimetype, content=received.content,
            size_bytes=len(received.content), sha256=received.sha256, added_by=by,
        )  # fmt: skip
        session.add(row)
    row.title, row.title_en, row.is_public = title, title_en or None, is_public
    row.removed_at = row.removed_by = None
    session.flush()
    _write_down(session, row, by=by, action=N_("Put a document on an object"))
    return row


def list_files(
    session: Session, layer: str, feature_id: int, *, only_public: bool = False, with_removed: bool = False
) -> Sequence[FeatureFile]:
    """Return a feature's files without their content, the latest first."""
    query = select(FeatureFile).where(*_of(layer, feature_id))
    if only_public:
        query = query.where(FeatureFile.is_public)
    if not with_removed:
        query = query.where(FeatureFile.removed_at.is_(None))
    return session.scalars(query.order_by(FeatureFile.added_at.desc(), FeatureFile.id.desc())).all()


def get_file(session: Session, layer: str, feature_id: int, file_id: int, *, only_public: bool = False) -> FeatureFile:
    """Return a file that a feature shows. Raises HiddenError."""
    row = session.get(FeatureFile, file_id)
    is_shown = row is not None and (row.layer, row.feature_id) == (layer, feature_id) and row.removed_at is None
    if row is None or not is_shown or (only_public and not row.is_public):
        raise HiddenError(value=str(file_id))
    return row


def set_public(session: Session, row: FeatureFile, is_public: bool, *, by: str) -> None:
    """Show a file to everybody, or to staff alone. The caller commits."""
    row.is_public = is_public
    _write_down(session, row, by=by, action=N_("Made a document public") if is_public else N_("Hid a document"))


def remove_file(session: Session, row: FeatureFile, *, by: str) -> None:
    """Take a file off. The caller commits."""
    row.removed_at, row.removed_by = func.now(), by
    _write_down(session, row, by=by, action=N_("Took a document off"))


def _of(layer: str, feature_id: int) -> tuple[ColumnElement[bool], ...]:
    return FeatureFile.layer == layer, FeatureFile.feature_id == feature_id


def _write_down(session: Session, row: FeatureFile, *, by: str, action: str) -> None:
    subject = f"{row.layer} {row.feature_id}"
    record_audit(
        session, by=by, action=action, subject=subject, details=f"{row.title} · {row.name} · {row.sha256[:16]}"
    )
