"""Uploaded files: kept for their days, then deleted; those that no import names, too."""

from datetime import date
from pathlib import Path

from sqlalchemy import (
    delete,
    select,
)
from sqlalchemy.orm import Session

from geodata.importing.reading.kept import ENDING, folder_beside, forget_table
from geodata.importing.sessions.model import WORKING, ImportItem, ImportSession

#: Seconds after which a file that no import names was left behind.
ORPHAN_AFTER_S = 6 * 3600


def rejected_file(found: ImportSession) -> Path | None:
    """Return where the rejected rows are kept, when there are some."""
    name = found.facts.rejected_file
    path = Path(name) if name else None
    return path if path is not None and path.is_file() else None


def forget_old_files(session: Session, today: date) -> int:
    """Delete the original files whose time is over, and what was listed of them; return how many. Commits."""
    query = select(ImportSession).where(
        ImportSession.keep_until < today, ImportSession.file_path.is_not(None), ImportSession.status.not_in(WORKING)
    )
    count = 0
    for found in session.scalars(query):
        forget_file(found)
        session.execute(delete(ImportItem).where(ImportItem.import_session_id == found.id))
        count += 1
    session.commit()
    return count


def forget_orphans(session: Session, folder: Path, *, now: float) -> int:
    """Delete files that no import names, with the tables read of them. Returns how many; `now` in seconds since 1970.

    They are left by an upload that was cut off. Younger ones stay: their import may be about to be stored.
    """
    all_ = [path for path in folder.glob("*") if path.is_file() or ENDING in path.name]
    old = [path for path in all_ if path.stat().st_mtime < now - ORPHAN_AFTER_S]
    paths = session.scalars(
        select(ImportSession.file_path)
        .where(ImportSession.file_path.is_not(None))
        .union(select(ImportSession.facts["rejected_file"].astext).where(ImportSession.facts.has_key("rejected_file")))
    )
    named = {Path(path).name for path in paths if path}
    orphans = [path for path in old if path.name.split(ENDING)[0] not in named]
    for path in orphans:
        if path.is_dir():
            forget_table(path)
        else:
            path.unlink(missing_ok=True)
    return len(orphans)


def forget_file(found: ImportSession) -> None:
    """Delete the uploaded file and the rejected rows of an import."""
    if found.file_path is not None:
        Path(found.file_path).unlink(missing_ok=True)
        forget_table(folder_beside(Path(found.file_path)))
        found.file_path = None
    if (rejected := rejected_file(found)) is not None:
        rejected.unlink(missing_ok=True)
