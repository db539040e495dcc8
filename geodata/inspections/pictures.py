"""The pictures of a visit's paper: photos, each tied to a finding or to the whole; signatures, each for one content.

Nothing is deleted: removing marks a picture, and the editions that showed it keep it.
"""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geodata.accounts.accounts import record_audit
from geodata.base.errors import ConflictError, InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.inspections.papers_content import Content, content_hash
from geodata.inspections.records import IN_WORK, PaperPicture, PaperState, PaperVersion, VisitPaper
from geodata.inspections.rights import Person, get_paper
from geodata.photos.reading import Picture

MAX_PICTURES = 40
FINISHED = N_("This visit is already finished. Correct it instead.")


def add_photo(
    session: Session, person: Person, paper_id: int, picture: Picture, *, finding_key: str | None = None
) -> PaperPicture:
    """Keep a photo; the same file sent twice is stored once, one that was removed comes back.

    Raises ConflictError when the paper is finished, InvalidValueError beyond MAX_PICTURES.
    """
    paper = get_paper(session, person, paper_id, lock=True)
    known = session.scalar(
        select(PaperPicture).where(
            PaperPicture.paper_id == paper.id,
            PaperPicture.purpose == "photo",
            PaperPicture.source_sha256 == picture.source_sha256,
        )
    )
    if known is not None and known.removed_at is None:
        return known
    if paper.state not in IN_WORK:
        raise ConflictError(FINISHED)
    if len(list_photos(session, paper_id)) >= MAX_PICTURES:
        raise InvalidValueError(name="photo", value=str(MAX_PICTURES), reason=N_("at most 40 pictures a visit"))
    if known is not None:
        known.removed_at = known.removed_by = None
        _tell(session, person, N_("Put a picture back"), known)
        return known
    row = _row(paper, person, picture, "photo")
    row.finding_key = finding_key
    session.add(row)
    session.flush()
    return row


def add_signature(
    session: Session, person: Person, paper_id: int, picture: Picture, *, content: Content, edition: int
) -> PaperPicture:
    """Keep a signature for the words that were on the screen when it was given, and for the photos there.

    It covers the `edition` it was drawn for (the coming one of a paper in work, the last one of a finished paper that
    is signed afterwards) and no other content. Raises ConflictError when that edition is no longer the one to sign.
    """
    paper = get_paper(session, person, paper_id, lock=True)
    signed = content_hash(content)
    to_sign = paper.edition + 1 if paper.state in IN_WORK else paper.edition
    photos = list_photos(session, paper_id)
    if paper.state is PaperState.DONE:
        kept = session.scalar(
            select(PaperVersion).where(PaperVersion.paper_id == paper.id, PaperVersion.edition == edition)
        )
        if kept is None or kept.content_sha256 != signed or edition != to_sign:
            raise ConflictError(N_("This record was corrected since. Open it again and have it signed as it is now."))
        photos = [photo for photo in photos if photo.id in (kept.picture_ids or [])]
    elif edition != to_sign:
        raise ConflictError(N_("This record was finished or corrected since. Open it again and have it signed."))
    row = _row(paper, person, picture, "signature")
    row.edition, row.signed_sha256, row.signed_picture_ids = edition, signed, [photo.id for photo in photos]
    same = [PaperPicture.source_sha256 == row.source_sha256, PaperPicture.signed_sha256 == signed]
    known = session.scalar(
        select(PaperPicture).where(
            PaperPicture.paper_id == paper.id,
            PaperPicture.purpose == "signature",
            PaperPicture.edition == edition,
            *same,
        )
    )
    if known is not None:
        return known
    session.add(row)
    session.flush()
    _tell(session, person, N_("Had a record signed"), row)
    return row


def find_signature(
    session: Session, paper_id: int, *, edition: int, sha256: str, photo_ids: Sequence[int]
) -> PaperPicture | None:
    """Return the last signature that covers exactly these words and whose photos are all still shown, or None."""
    query = select(PaperPicture).where(
        PaperPicture.paper_id == paper_id, PaperPicture.purpose == "signature", PaperPicture.removed_at.is_(None),
        PaperPicture.edition == edition, PaperPicture.signed_sha256 == sha256,
    )  # fmt: skip
    rows = session.scalars(query.order_by(PaperPicture.id.desc()))
    return next((row for row in rows if set(row.signed_picture_ids or []) <= set(photo_ids)), None)


def was_signed(session: Session, paper_id: int, edition: int) -> bool:
    """Return whether anybody signed for an edition, whatever became of its words since."""
    query = select(PaperPicture.id).where(
        PaperPicture.paper_id == paper_id, PaperPicture.purpose == "signature", PaperPicture.edition == edition
    )
    return session.scalar(query.limit(1)) is not None


def remove_photo(session: Session, person: Person, paper_id: int, picture_id: int, *, back: bool = False) -> None:
    """Take a photo off a paper in work, or put it `back`; versions that showed it keep it. Raises ConflictError."""
    paper = get_paper(session, person, paper_id, lock=True)
    row = get_picture(session, person, paper_id, picture_id)
    if paper.state not in IN_WORK or row.purpose != "photo":
        raise ConflictError(FINISHED)
    if back == (row.removed_at is None):
        return
    row.removed_at, row.removed_by = (None, None) if back else (func.now(), person.name)
    _tell(session, person, N_("Put a picture back") if back else N_("Removed a picture"), row)


def bring_photos_back(session: Session, paper: VisitPaper) -> None:
    """Show the photos of the edition in force again, and no others."""
    kept = session.scalar(
        select(PaperVersion.picture_ids).where(PaperVersion.paper_id == paper.id, PaperVersion.edition == paper.edition)
    )
    query = select(PaperPicture).where(PaperPicture.paper_id == paper.id, PaperPicture.purpose == "photo")
    for row in session.scalars(query):
        if row.id in (kept or []):
            row.removed_at = row.removed_by = None
        elif row.removed_at is None:
            row.removed_at, row.removed_by = func.now(), paper.saved_by


def tie_photo(session: Session, person: Person, paper_id: int, picture_id: int, finding_key: str | None) -> None:
    """Say which finding a photo shows. Raises ConflictError when the paper is finished."""
    paper = get_paper(session, person, paper_id, lock=True)
    row = get_picture(session, person, paper_id, picture_id)
    if paper.state not in IN_WORK or row.purpose != "photo":
        raise ConflictError(FINISHED)
    row.finding_key = finding_key


def get_picture(session: Session, person: Person, paper_id: int, picture_id: int) -> PaperPicture:
    """Return a picture of a paper that the person may open. Raises NotFoundError, ForbiddenError."""
    get_paper(session, person, paper_id)
    picture = session.get(PaperPicture, picture_id)
    if picture is None or picture.paper_id != paper_id:
        raise NotFoundError(value=str(picture_id))
    return picture


def list_photos(session: Session, paper_id: int) -> list[PaperPicture]:
    """Return the photos a paper shows, without their content, oldest first."""
    query = select(PaperPicture).where(
        PaperPicture.paper_id == paper_id, PaperPicture.purpose == "photo", PaperPicture.removed_at.is_(None)
    )
    return list(session.scalars(query.order_by(PaperPicture.id)))


def _row(paper: VisitPaper, person: Person, picture: Picture, purpose: str) -> PaperPicture:
    return PaperPicture(
        paper_id=paper.id, purpose=purpose, source_sha256=picture.source_sha256,
        original_sha256=picture.original_sha256, content=picture.content,
        mimetype=picture.mimetype, width=picture.width, height=picture.height, taken_at=picture.taken_at,
        added_by=person.name,
    )  # fmt: skip


def _tell(session: Session, person: Person, action: str, row: PaperPicture) -> None:
    record_audit(session, by=person.name, action=action, subject=f"visit {row.paper_id}", details=row.source_sha256)
