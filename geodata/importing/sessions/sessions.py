"""Imports on their way through the wizard: what is known of them, and what people decide about them.

The heavy work is geodata.importing.sessions.runs, in the background; nothing here reads an uploaded file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    and_,
    delete,
    func,
    or_,
    select,
    text as sql,
    update,
)
from sqlalchemy.orm import Session

from geodata.accounts.accounts import record_audit
from geodata.base.database import rows_changed
from geodata.base.errors import BusyError, ConflictError, NotFoundError, QuotaError
from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.history.change_sets import ChangeSet
from geodata.importing.sessions.documents import Answers, StoredCounts
from geodata.importing.sessions.keeping import forget_file
from geodata.importing.sessions.model import (
    OPEN,
    RUN_IMPORT,
    RUNNING,
    WAITING,
    WORKING,
    ImportItem,
    ImportSession,
    Stage,
    StoredFile,
    Task,
    move,
)
from geodata.jobs import defer

#: Seconds without a sign of life after which work counts as lost.
LOST_AFTER_S = 45
#: Seconds without a worker's heartbeat after which nobody seems to work.
WORKER_AFTER_S = 60


# Reading ------------------------------------------------------------------------------------------


def get_import(session: Session, number: int) -> ImportSession:
    """Return one import, as it stands in the database now. Raises NotFoundError."""
    found = session.get(ImportSession, number, populate_existing=True)
    if found is None:
        raise NotFoundError(value=str(number))
    return found


def list_imports(session: Session, layers: Sequence[str], *, limit: int, offset: int = 0) -> list[ImportSession]:
    """Return the imports into these layers, the latest first."""
    query = select(ImportSession).where(ImportSession.layer.in_(layers), ImportSession.task == Task.IMPORT)
    return list(session.scalars(query.order_by(ImportSession.id.desc()).limit(limit).offset(offset)))


def import_of_change_set(session: Session, change_set_id: int) -> ImportSession | None:
    """Return the import that made a change set, when it came through the wizard."""
    query = select(ImportSession).where(ImportSession.change_set_id == change_set_id, ImportSession.task == Task.IMPORT)
    return session.scalars(query).first()


def undo_of_change_set(session: Session, change_set_id: int) -> ImportSession | None:
    """Return the undoing that made a change set, with the later edits it left alone."""
    query = select(ImportSession).where(ImportSession.change_set_id == change_set_id, ImportSession.task == Task.UNDO)
    return session.scalars(query).first()


def undone_by(session: Session, change_set_ids: Sequence[int]) -> dict[int, int]:
    """Return change set -> the one that undid it."""
    query = select(ChangeSet.undoes_id, ChangeSet.id).where(ChangeSet.undoes_id.in_(change_set_ids))
    return {undone: undoing for undone, undoing in session.execute(query) if undone is not None}


def is_worker_running(session: Session) -> bool:
    """Say whether a background worker has given a sign of life lately."""
    query = sql("SELECT max(last_heartbeat) > now() - make_interval(secs => :seconds) FROM procrastinate_workers")
    return bool(session.scalar(query, {"seconds": WORKER_AFTER_S}))


def seconds_left(found: ImportSession, now: datetime) -> int | None:
    """Return how long the present step will still take, by how fast it went so far."""
    if not found.rows_done or not found.rows_total or found.step_started_at is None:
        return None
    spent = (now - found.step_started_at).total_seconds()
    return round(spent * (found.rows_total - found.rows_done) / found.rows_done)


# Deciding -----------------------------------------------------------------------------------------


def add_import(
    session: Session, *, layer: str, user_name: str, file: StoredFile, detail: str | None = None
) -> ImportSession:
    """Return a new import that waits to be checked; `detail` names what hangs on the layer's objects and is in the file."""
    found = ImportSession(
        task=Task.IMPORT,
        layer=layer,
        user_name=user_name,
        status=Stage.WAITING,
        file_name=file.name,
        options=Answers(detail=detail),
        file_path=str(file.path),
        file_bytes=file.size,
        keep_until=file.keep_until,
    )
    _add(session, found)
    record_audit(session, by=user_name, action=N_("Uploaded a file"), subject=f"import {found.id}", details=file.name)
    return found


#: What one account may send within a minute and an hour, and have waiting at a time; a district's whole folder fits.
MOST_FILES_A_MINUTE, MOST_FILES_AN_HOUR, MOST_BYTES_AN_HOUR, MOST_WAITING_OF_ONE = 25, 200, 4 * 2**30, 40
#: Imports that wait for the worker, of all together: hours of its time.
MOST_WAITING = 100
_HOUR_S, _MINUTE_S = 3600, 60


def check_quota(session: Session, user_name: str) -> None:
    """Raise QuotaError when the account has sent its share, BusyError when the queue is full."""
    lately, now = (ImportSession.created_at > func.now() - timedelta(seconds=span) for span in (_HOUR_S, _MINUTE_S))
    own, waits = ImportSession.user_name == user_name, ImportSession.status.in_(WORKING)
    sent = and_(own, ImportSession.task == Task.IMPORT)
    counts = session.execute(
        select(
            func.count().filter(sent, now),
            func.count().filter(sent, lately),
            func.coalesce(func.sum(ImportSession.file_bytes).filter(own, lately), 0),
            func.count().filter(own, waits),
            func.count().filter(waits),
        ).where(or_(lately, waits))
    ).one()
    in_a_minute, in_an_hour, size, waiting_of_one, waiting = (int(count or 0) for count in counts)
    if waiting >= MOST_WAITING:
        text = N_("{count} imports wait for the background already. Try again later.")
        raise BusyError(text, count=waiting, seconds=_HOUR_S // 6)
    if waiting_of_one >= MOST_WAITING_OF_ONE:
        text = N_("{count} of your imports wait for the background already. Send more when they are done.")
        raise QuotaError(text, count=waiting_of_one, seconds=_MINUTE_S)
    if in_a_minute >= MOST_FILES_A_MINUTE:
        text = N_("You have sent {count} files within a minute, which is as many as are taken. Try again in a minute.")
        raise QuotaError(text, count=in_a_minute, seconds=_MINUTE_S)
    if in_an_hour >= MOST_FILES_AN_HOUR or size >= MOST_BYTES_AN_HOUR:
        text = N_("You have sent {count} files within an hour, which is as many as are taken. Try again in an hour.")
        raise QuotaError(text, count=in_an_hour, seconds=_HOUR_S)


def answer(session: Session, found: ImportSession, answers: Answers) -> None:
    """Take answers and send the file to be checked again. Raises ConflictError when it is being worked on."""
    move(
        session,
        found,
        OPEN,
        Stage.WAITING,
        options=answers,
        excluded_rows=[],
        reason=None,
        seen_version=None,
        step=None,
    )


def undecided(found: ImportSession) -> int:
    """Return how many rows may be a stored object, and nobody has said whether they are."""
    return found.facts.undecided


def decide_matches(session: Session, found: ImportSession, decisions: Mapping[int, str]) -> None:
    """Say of rows which stored object they are, "" for a new one, and have the file compared again.

    Raises ConflictError when it is being worked on.
    """
    options = replace(found.options, matches={**found.options.matches, **decisions})
    move(session, found, {Stage.READY}, Stage.WAITING, options=options, reason=None, seen_version=None, step=None)


def sole_matches(session: Session, found: ImportSession) -> dict[int, str]:
    """Return row -> code of the rows that resemble one stored object and no other."""
    query = select(ImportItem).where(
        ImportItem.import_session_id == found.id,
        ImportItem.kind == "match",
        ImportItem.data["is_unique"].as_boolean(),
    )
    proposals = (item.proposal for item in session.scalars(query))
    return {proposal.row: proposal.candidates[0].code for proposal in proposals}


def open_matches(session: Session, found: ImportSession) -> list[int]:
    """Return the rows of which nobody has said whether they are a stored object."""
    query = select(ImportItem.row_number).where(
        ImportItem.import_session_id == found.id,
        ImportItem.kind == "match",
        ImportItem.data["decision"].astext.is_(None),
    )
    return [int(row or 0) for row in session.scalars(query)]


def confirm(session: Session, found: ImportSession, *, seen: str, accept_partial: bool, by: str) -> None:
    """Send a preview to be stored. `seen` names the preview that was looked at. Raises ConflictError when it is another.

    `by` may be somebody else than who uploaded the file; the change set bears his name.
    """
    if seen != preview_mark(found):
        raise ConflictError(N_("This preview has changed meanwhile. Look at it again before you confirm."))
    if undecided(found):
        raise ConflictError(
            N_("{count} rows resemble stored objects. Say of each whether it is the same."), count=undecided(found)
        )
    counts = found.report.counts or StoredCounts()
    if counts.rejected and not accept_partial:
        raise ConflictError(N_("Some rows are rejected. Say that the others are to be stored without them."))
    options = replace(found.options, confirmed_by=by)
    move(
        session, found, {Stage.READY}, Stage.CONFIRMED, accept_partial=accept_partial, options=options, reason=None,
        step=None,
    )  # fmt: skip
    told = ", ".join(f"{name} {count}" for name, count in vars(counts).items() if count)
    record_audit(session, by=by, action=N_("Confirmed an import"), subject=f"import {found.id}", details=told)


def preview_mark(found: ImportSession) -> str:
    """Return what tells two previews of an import apart."""
    return found.facts.mark


def request_cancel(session: Session, found: ImportSession, *, by: str) -> None:
    """End what waits at once, and ask what runs to stop."""
    record_audit(session, by=by, action=N_("Gave up an import"), subject=f"import {found.id}", details=found.file_name)
    waiting = update(ImportSession).where(ImportSession.id == found.id, ImportSession.status.in_(WAITING))
    session.execute(waiting.values(status=Stage.CANCELLED, reason=CANCELLED))
    running = update(ImportSession).where(ImportSession.id == found.id, ImportSession.status.in_(RUNNING))
    session.execute(running.values(is_cancel_requested=True))
    session.refresh(found)


def drop_import(session: Session, found: ImportSession, *, by: str) -> None:
    """Forget an import that stored nothing, with its file."""
    record_audit(session, by=by, action=N_("Gave up an import"), subject=f"import {found.id}", details=found.file_name)
    move(session, found, OPEN, Stage.CANCELLED, reason=CANCELLED)
    forget_file(found)
    session.execute(delete(ImportItem).where(ImportItem.import_session_id == found.id))


def add_undo(session: Session, change_set: ChangeSet, *, user_name: str) -> ImportSession:
    """Return the undoing of an import that waits to be done. Raises ConflictError when it is on its way already."""
    if undone_by(session, [change_set.id]):
        raise ConflictError(N_("Import {value} has been undone already."), value=str(change_set.id))
    on_its_way = select(ImportSession.id).where(
        ImportSession.task == Task.UNDO,
        ImportSession.options["undo"].astext == str(change_set.id),
        ImportSession.status.in_(WORKING),
    )
    if session.scalar(on_its_way.limit(1)) is not None:
        raise ConflictError(N_("Import {value} is being undone already."), value=str(change_set.id))
    found = ImportSession(
        task=Task.UNDO,
        layer=change_set.layer,
        user_name=user_name,
        status=Stage.CONFIRMED,
        file_name=change_set.file_name,
        options=Answers(undo=change_set.id),
    )
    _add(session, found)
    record_audit(session, by=user_name, action=N_("Asked for an undo"), subject=f"import {change_set.id}")
    return found


def _add(session: Session, found: ImportSession) -> None:
    """Store something that waits, with the job that takes it up."""
    session.add(found)
    session.flush()
    defer(session, RUN_IMPORT, number=found.id)


# Ending -------------------------------------------------------------------------------------------

CANCELLED = Message(template=N_("Cancelled. Nothing was stored."))
LOST = Message(
    template=N_(
        "The background worker stopped in the middle. Nothing was stored; the data are as before. Start it again."
    )
)


def settle_lost(session: Session) -> None:
    """End with a reason what a killed worker left running; its transaction ended with it. Commits."""
    silent = func.now() - timedelta(seconds=LOST_AFTER_S)
    lost = update(ImportSession).where(
        ImportSession.status.in_(RUNNING),
        or_(ImportSession.heartbeat_at.is_(None), ImportSession.heartbeat_at < silent),
    )
    session.execute(lost.values(status=Stage.FAILED, reason=LOST))
    session.commit()


def running(number: int, turn: int) -> ColumnElement[bool]:
    """Return the condition that an import is still in this turn's hands."""
    return and_(ImportSession.id == number, ImportSession.turn == turn, ImportSession.status.in_(RUNNING))


def end(session: Session, number: int, turn: int, stage: Stage, reason: Message) -> bool:
    """End a turn with a reason, unless it has ended itself; say whether it was this. Commits."""
    ended = session.execute(update(ImportSession).where(running(number, turn)).values(status=stage, reason=reason))
    session.commit()
    return bool(rows_changed(ended))
