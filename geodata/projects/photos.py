"""Photos of projects: what the site looked like on a day, who took it and where. Nothing is deleted: removing marks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Identity,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.accounts.accounts import record_audit
from geodata.base.database import TIME_ZONE, Base, today
from geodata.base.errors import HiddenError, InvalidValueError
from geodata.base.i18n import N_
from geodata.photos.reading import Picture

MAX_PHOTOS = 200
MAX_CAPTION = 300


class ProjectPhoto(Base):
    """A photo of a project, re-encoded. `source_sha256` is of the file as sent: sent twice, stored once.

    `taken_on` is the camera's day, else the one that was said. `lon` and `lat` in degrees (EPSG:4326), as the device
    told them where it was allowed to; `accuracy_m` in metres.
    """

    __tablename__ = "project_photo"
    __table_args__ = (
        UniqueConstraint("feature_id", "source_sha256"),
        CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="place_in_degrees"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    feature_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    source_sha256: Mapped[str] = mapped_column(Text)
    original_sha256: Mapped[str | None] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    mimetype: Mapped[str] = mapped_column(Text)
    width: Mapped[int]
    height: Mapped[int]
    taken_on: Mapped[date] = mapped_column(Date)
    caption: Mapped[str | None] = mapped_column(Text)
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    accuracy_m: Mapped[int | None]
    added_by: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime] = mapped_column(server_default=func.now())
    removed_by: Mapped[str | None] = mapped_column(Text)
    removed_at: Mapped[datetime | None]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a device was, degrees (EPSG:4326), and how sure it is, in metres."""

    lon: float
    lat: float
    accuracy_m: int | None = None


def add_photo(
    session: Session,
    project_id: int,
    picture: Picture,
    *,
    by: str,
    said_on: date,
    caption: str = "",
    place: Place | None = None,
) -> ProjectPhoto:
    """Keep a photo; the same file sent twice is stored once, one that was removed comes back. The caller commits.

    Raises InvalidValueError beyond MAX_PHOTOS, and for a day that is still to come.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"project photos {project_id}"))))
    known = session.scalar(
        select(ProjectPhoto).where(
            ProjectPhoto.feature_id == project_id, ProjectPhoto.source_sha256 == picture.source_sha256
        )
    )
    if known is not None:
        if known.removed_at is not None:
            known.removed_at = known.removed_by = None
            record_audit(session, by=by, action=N_("Put a picture back"), subject=f"project {project_id}")
        return known
    if said_on > today():
        raise InvalidValueError(N_("The day is still to come."))
    if len(list_photos(session, project_id)) >= MAX_PHOTOS:
        raise InvalidValueError(name="photo", value=str(MAX_PHOTOS), reason=N_("at most 200 pictures a project"))
    taken_on = picture.taken_at.astimezone(ZoneInfo(TIME_ZONE)).date() if picture.taken_at else said_on
    row = ProjectPhoto(
        feature_id=project_id, source_sha256=picture.source_sha256, original_sha256=picture.original_sha256,
        content=picture.content, mimetype=picture.mimetype, width=picture.width, height=picture.height,
        taken_on=min(taken_on, today()), caption=" ".join(caption.split())[:MAX_CAPTION] or None, added_by=by,
        lon=place.lon if place else None, lat=place.lat if place else None,
        accuracy_m=place.accuracy_m if place else None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def list_photos(
    session: Session, project_id: int, *, until: date | None = None, limit: int | None = None
) -> Sequence[ProjectPhoto]:
    """Return the photos of a project without their content, the latest first; those taken until a day."""
    query = select(ProjectPhoto).where(ProjectPhoto.feature_id == project_id, ProjectPhoto.removed_at.is_(None))
    if until is not None:
        query = query.where(ProjectPhoto.taken_on <= until)
    return session.scalars(query.order_by(ProjectPhoto.taken_on.desc(), ProjectPhoto.id.desc()).limit(limit)).all()


def get_photo(session: Session, project_id: int, photo_id: int) -> ProjectPhoto:
    """Return a photo that a project shows. Raises HiddenError."""
    row = session.get(ProjectPhoto, photo_id)
    if row is None or row.feature_id != project_id or row.removed_at is not None:
        raise HiddenError(value=str(photo_id))
    return row


def set_caption(session: Session, project_id: int, photo_id: int, caption: str, *, by: str) -> None:
    """Write what a photo shows, in place of what was said; the old words stay in the log. Raises HiddenError. The caller commits."""
    row = get_photo(session, project_id, photo_id)
    said = " ".join(caption.split())[:MAX_CAPTION] or None
    if said == row.caption:
        return
    record_audit(
        session, by=by, action=N_("Changed the caption of a picture"), subject=f"project {project_id}",
        details=f"{row.source_sha256}: {row.caption or '–'} → {said or '–'}",
    )  # fmt: skip
    row.caption = said


def remove_photo(session: Session, project_id: int, photo_id: int, *, by: str) -> None:
    """Take a photo off. Raises HiddenError. The caller commits."""
    row = get_photo(session, project_id, photo_id)
    row.removed_at, row.removed_by = func.now(), by
    record_audit(
        session, by=by, action=N_("Removed a picture"), subject=f"project {project_id}", details=row.source_sha256
    )
