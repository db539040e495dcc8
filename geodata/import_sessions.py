"""Imports on their way through the wizard: what is known of them, and what people decide about them.

The heavy work is geodata.import_runs, in the background; nothing here reads an uploaded file.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Computed,
    ForeignKey,
    Identity,
    Integer,
    ScalarSelect,
    Text,
    and_,
    cast,
    column,
    delete,
    func,
    literal,
    or_,
    select,
    text,
    true,
    update,
    values,
)
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE, JSONB, Range
from sqlalchemy.dialects.postgresql.ranges import MultiRange
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from geodata.database import Base
from geodata.errors import ConflictError, NotFoundError
from geodata.history import ChangeSet
from geodata.i18n import N_
from geodata.importing.results import ImportOptions, Mode

#: Seconds without a sign of life after which work counts as lost.
LOST_AFTER_S = 45
#: Seconds without a worker's heartbeat after which nobody seems to work.
WORKER_AFTER_S = 60
#: From so many digits on a number is no row of a file.
_DIGITS = 10
#: The lists of a preview: changes by their sort, rows that may be a stored object, problems by their severity.
LISTS = ("changed", "new", "unchanged", "absent", "match", "error", "warning")
#: The lists whose rows may be left out.
CHOSEN = ("changed", "new")


class Task(StrEnum):
    """What the background is to do."""

    IMPORT = "import"
    UNDO = "undo"


class Stage(StrEnum):
    """Where an import stands."""

    WAITING = "waiting"
    CHECKING = "checking"
    ASKING = "asking"
    READY = "ready"
    CONFIRMED = "confirmed"
    STORING = "storing"
    STORED = "stored"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"


WAITING = frozenset({Stage.WAITING, Stage.CONFIRMED})
RUNNING = frozenset({Stage.CHECKING, Stage.STORING})
WORKING = WAITING | RUNNING
#: Stages whose answers may still be changed.
OPEN = frozenset({Stage.ASKING, Stage.READY, Stage.REFUSED, Stage.FAILED, Stage.CANCELLED})


class ImportSession(Base):
    """One file on its way into a layer, or one import on its way back."""

    __tablename__ = "import_session"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    task: Mapped[str] = mapped_column(Text)
    layer: Mapped[str] = mapped_column(Text)
    user_name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    status: Mapped[str] = mapped_column(Text)
    file_name: Mapped[str | None] = mapped_column(Text)
    file_path: Mapped[str | None] = mapped_column(Text)
    file_bytes: Mapped[int | None] = mapped_column(BigInteger)
    file_sha256: Mapped[str | None] = mapped_column(Text)
    keep_until: Mapped[date | None]
    options: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    remembered_from: Mapped[int | None] = mapped_column(BigInteger)
    report: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    #: The rows that somebody left out, as ranges: they may be millions, and the database reckons with them as one set.
    excluded_rows: Mapped[MultiRange[int]] = mapped_column(INT8MULTIRANGE, server_default="{}", deferred=True)
    accept_partial: Mapped[bool] = mapped_column(default=False, server_default="false")
    seen_version: Mapped[str | None] = mapped_column(Text)
    step: Mapped[str | None] = mapped_column(Text)
    rows_done: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    rows_total: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    step_started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    is_cancel_requested: Mapped[bool] = mapped_column(default=False, server_default="false")
    #: How often it has been taken up: what an earlier turn still has to say is not heard.
    turn: Mapped[int] = mapped_column(default=0, server_default="0")
    change_set_id: Mapped[int | None] = mapped_column(ForeignKey("change_set.id", ondelete="SET NULL"), index=True)
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))

    @property
    def stage(self) -> Stage:
        """The status as a member."""
        return Stage(self.status)

    @property
    def is_working(self) -> bool:
        """Whether the background has something to do."""
        return self.stage in WORKING

    @property
    def has_file(self) -> bool:
        """Whether the original file is still kept."""
        return self.file_path is not None and Path(self.file_path).is_file()


class ImportItem(Base):
    """One line of a preview's lists: a change of one sort, or a problem."""

    __tablename__ = "import_item"

    import_session_id: Mapped[int] = mapped_column(
        ForeignKey("import_session.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    row_number: Mapped[int | None] = mapped_column(BigInteger)
    code: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    search_text: Mapped[str | None] = mapped_column(
        Text, Computed("fold_text(coalesce(code, '') || ' ' || coalesce(name, ''))", persisted=True), deferred=True
    )


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """An uploaded file where it is kept."""

    name: str
    path: Path
    size: int
    keep_until: date


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


def items_of(
    session: Session, number: int, kind: str, *, limit: int, offset: int = 0, search: str = ""
) -> list[ImportItem]:
    """Return one list of a preview, or a page of it; with `search` of what that finds."""
    query = select(ImportItem).where(ImportItem.import_session_id == number, ImportItem.kind == kind)
    # Positions have no gaps: the millionth row is reached without counting those before it.
    page = query.where(_is_found(search)).offset(offset) if search else query.where(ImportItem.position > offset)
    return list(session.scalars(page.order_by(ImportItem.position).limit(limit)))


def count_items(session: Session, number: int) -> dict[str, int]:
    """Return how long each list is."""
    kinds = values(column("kind", Text), name="list").data([(kind,) for kind in LISTS])
    last = select(func.max(ImportItem.position)).where(
        ImportItem.import_session_id == number, ImportItem.kind == kinds.c.kind
    )
    rows = session.execute(select(kinds.c.kind, last.scalar_subquery()))
    return {kind: count for kind, count in rows if count}


def count_found(session: Session, number: int, search: str) -> dict[str, int]:
    """Return how many rows of each list a search finds."""
    query = select(ImportItem.kind, func.count()).where(ImportItem.import_session_id == number, _is_found(search))
    return {row.kind: row[1] for row in session.execute(query.group_by(ImportItem.kind))}


def _is_found(search: str) -> ColumnElement[bool]:
    """Return the condition that every word is in the code or the name, or that the number is the row's."""
    words = and_(true(), *(func.strpos(ImportItem.search_text, func.fold_text(word)) > 0 for word in search.split()))
    is_number = search.isdecimal() and len(search) < _DIGITS
    return or_(words, ImportItem.row_number == int(search)) if is_number else words


def import_of_change_set(session: Session, change_set_id: int) -> ImportSession | None:
    """Return the import that made a change set, when it came through the wizard."""
    query = select(ImportSession).where(ImportSession.change_set_id == change_set_id, ImportSession.task == Task.IMPORT)
    return session.scalars(query).first()


def undo_of_change_set(session: Session, change_set_id: int) -> ImportSession | None:
    """Return the undoing that made a change set, with the later edits it left alone."""
    query = select(ImportSession).where(ImportSession.change_set_id == change_set_id, ImportSession.task == Task.UNDO)
    return session.scalars(query).first()


def count_excluded(session: Session, found: ImportSession) -> int:
    """Return how many rows are left out."""
    rows = func.unnest(_excluded(found)).column_valued("excluded")
    return int(session.scalar(select(_count_in(rows))) or 0)


def count_excluded_by_list(session: Session, found: ImportSession) -> dict[str, int]:
    """Return list -> how many of its rows are left out."""
    if not count_excluded(session, found):
        return {}
    rows = func.unnest(_as_ranges(ImportItem.row_number).op("*")(_excluded(found)))
    lists = (
        select(ImportItem.kind, rows.label("rows"))
        .where(ImportItem.import_session_id == found.id, ImportItem.kind.in_(CHOSEN))
        .group_by(ImportItem.kind)
        .subquery()
    )
    query = select(lists.c.kind, _count_in(lists.c.rows)).group_by(lists.c.kind)
    return {kind: int(count) for kind, count in session.execute(query)}


def excluded_among(session: Session, found: ImportSession, rows: Sequence[int]) -> frozenset[int]:
    """Return which of some rows are left out."""
    row = func.unnest(cast(list(rows), ARRAY(BigInteger))).column_valued("row_number")
    query = select(row).where(ImportSession.id == found.id, ImportSession.excluded_rows.contains(row))
    return frozenset(session.scalars(query))


def excluded_rows_of(session: Session, found: ImportSession) -> frozenset[int]:
    """Return all rows that are left out."""
    rows = func.unnest(_excluded(found)).column_valued("excluded")
    ranges = session.execute(select(func.lower(rows), func.upper(rows)))
    return frozenset(chain.from_iterable(range(first, end) for first, end in ranges))


def _excluded(found: ImportSession) -> ScalarSelect[Any]:
    return select(ImportSession.excluded_rows).where(ImportSession.id == found.id).scalar_subquery()


def _count_in(ranges: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(func.upper(ranges) - func.lower(ranges)), 0)


def _as_ranges(row: ColumnElement[Any] | InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """Return the rows of a query as one set."""
    return func.coalesce(func.range_agg(func.int8range(row, row, "[]")), _ranges([]), type_=INT8MULTIRANGE)


def _ranges(rows: Iterable[int]) -> ColumnElement[Any]:
    return literal(MultiRange([Range(row, row, bounds="[]") for row in rows]), INT8MULTIRANGE)


def rejected_file(found: ImportSession) -> Path | None:
    """Return where the rejected rows are kept, when there are some."""
    name = found.facts.get("rejected_file")
    path = Path(name) if name else None
    return path if path is not None and path.is_file() else None


def undone_by(session: Session, change_set_ids: Sequence[int]) -> dict[int, int]:
    """Return change set -> the one that undid it."""
    query = select(ChangeSet.undoes_id, ChangeSet.id).where(ChangeSet.undoes_id.in_(change_set_ids))
    return {undone: undoing for undone, undoing in session.execute(query) if undone is not None}


def is_worker_running(session: Session) -> bool:
    """Say whether a background worker has given a sign of life lately."""
    query = text("SELECT max(last_heartbeat) > now() - make_interval(secs => :seconds) FROM procrastinate_workers")
    return bool(session.scalar(query, {"seconds": WORKER_AFTER_S}))


def seconds_left(found: ImportSession, now: datetime) -> int | None:
    """Return how long the present step will still take, by how fast it went so far."""
    if not found.rows_done or not found.rows_total or found.step_started_at is None:
        return None
    spent = (now - found.step_started_at).total_seconds()
    return round(spent * (found.rows_total - found.rows_done) / found.rows_done)


def options_of(found: ImportSession) -> ImportOptions:
    """Return the answers given so far as options of the import."""
    stored = found.options
    return ImportOptions(
        source_layer=stored.get("source_layer"),
        crs=stored.get("crs"),
        encoding=stored.get("encoding"),
        swap_axes=bool(stored.get("swap_axes")),
        mapping=dict(stored.get("mapping") or {}),
        constants=dict(stored.get("constants") or {}),
        values={name: dict(table) for name, table in (stored.get("values") or {}).items()},
        mode=Mode(stored.get("mode") or Mode.UPSERT),
        file_name=found.file_name,
        match=bool(stored.get("match")),
        matches={int(row): str(code) for row, code in (stored.get("matches") or {}).items()},
    )


# Deciding -----------------------------------------------------------------------------------------


def add_import(session: Session, *, layer: str, user_name: str, file: StoredFile) -> ImportSession:
    """Return a new import that waits to be checked."""
    found = ImportSession(
        task=Task.IMPORT,
        layer=layer,
        user_name=user_name,
        status=Stage.WAITING,
        file_name=file.name,
        file_path=str(file.path),
        file_bytes=file.size,
        keep_until=file.keep_until,
    )
    session.add(found)
    session.flush()
    return found


def answer(session: Session, found: ImportSession, answers: Mapping[str, Any]) -> None:
    """Take answers and send the file to be checked again. Raises ConflictError when it is being worked on."""
    options = {**found.options, **answers}
    _move(
        session,
        found,
        OPEN,
        Stage.WAITING,
        options=options,
        excluded_rows=[],
        reason=None,
        seen_version=None,
        step=None,
    )


def undecided(found: ImportSession) -> int:
    """Return how many rows may be a stored object, and nobody has said whether they are."""
    return int(found.facts.get("undecided") or 0)


def decide_matches(session: Session, found: ImportSession, decisions: Mapping[int, str]) -> None:
    """Say of rows which stored object they are, "" for a new one, and have the file compared again.

    Raises ConflictError when it is being worked on.
    """
    matches = {**(found.options.get("matches") or {}), **{str(row): code for row, code in decisions.items()}}
    options = {**found.options, "matches": matches}
    _move(session, found, {Stage.READY}, Stage.WAITING, options=options, reason=None, seen_version=None, step=None)


def sole_matches(session: Session, found: ImportSession) -> dict[int, str]:
    """Return row -> code of the rows that resemble one stored object and no other."""
    query = select(ImportItem.row_number, ImportItem.data).where(
        ImportItem.import_session_id == found.id,
        ImportItem.kind == "match",
        ImportItem.data["is_unique"].as_boolean(),
    )
    return {int(row or 0): str(data["candidates"][0]["code"]) for row, data in session.execute(query)}


def open_matches(session: Session, found: ImportSession) -> list[int]:
    """Return the rows of which nobody has said whether they are a stored object."""
    query = select(ImportItem.row_number).where(
        ImportItem.import_session_id == found.id,
        ImportItem.kind == "match",
        ImportItem.data["decision"].astext.is_(None),
    )
    return [int(row or 0) for row in session.scalars(query)]


def choose_rows(session: Session, found: ImportSession, shown: Sequence[int], taken: Sequence[int]) -> None:
    """Remember which of the rows shown are taken; the others keep what was chosen for them."""
    left_out = set(shown) - set(taken)
    kept = ImportSession.excluded_rows - _ranges(set(shown) - left_out)
    _move(session, found, {Stage.READY}, Stage.READY, excluded_rows=kept + _ranges(left_out))


def choose_all(session: Session, found: ImportSession, kind: str, search: str, *, take: bool) -> None:
    """Take or leave out every row of a list, or all that a search finds in it."""
    listed = select(_as_ranges(ImportItem.row_number)).where(
        ImportItem.import_session_id == found.id, ImportItem.kind == kind, _is_found(search)
    )
    rows, excluded = listed.scalar_subquery(), ImportSession.excluded_rows
    _move(session, found, {Stage.READY}, Stage.READY, excluded_rows=excluded - rows if take else excluded + rows)


def confirm(session: Session, found: ImportSession, *, seen: str, accept_partial: bool) -> None:
    """Send a preview to be stored. `seen` names the preview that was looked at. Raises ConflictError when it is another."""
    if seen != preview_mark(found):
        raise ConflictError(N_("This preview has changed meanwhile. Look at it again before you confirm."))
    if undecided(found):
        raise ConflictError(
            N_("{count} rows resemble stored objects. Say of each whether it is the same."), count=undecided(found)
        )
    if found.report.get("counts", {}).get("rejected") and not accept_partial:
        raise ConflictError(N_("Some rows are rejected. Say that the others are to be stored without them."))
    _move(session, found, {Stage.READY}, Stage.CONFIRMED, accept_partial=accept_partial, reason=None, step=None)


def preview_mark(found: ImportSession) -> str:
    """Return what tells two previews of an import apart."""
    return str(found.facts.get("mark", ""))


def request_cancel(session: Session, found: ImportSession) -> None:
    """End what waits at once, and ask what runs to stop."""
    waiting = update(ImportSession).where(ImportSession.id == found.id, ImportSession.status.in_(WAITING))
    session.execute(waiting.values(status=Stage.CANCELLED, reason=_reason(CANCELLED)))
    running = update(ImportSession).where(ImportSession.id == found.id, ImportSession.status.in_(RUNNING))
    session.execute(running.values(is_cancel_requested=True))
    session.refresh(found)


def drop_import(session: Session, found: ImportSession) -> None:
    """Forget an import that stored nothing, with its file."""
    _move(session, found, OPEN, Stage.CANCELLED, reason=_reason(CANCELLED))
    _forget_file(found)
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
        options={"undo": change_set.id},
    )
    session.add(found)
    session.flush()
    return found


def _move(
    session: Session, found: ImportSession, allowed: set[Stage] | frozenset[Stage], to: Stage, **values: Any
) -> None:
    """Change the stage, unless somebody else was faster. Raises ConflictError."""
    moved = session.execute(
        update(ImportSession)
        .where(ImportSession.id == found.id, ImportSession.status.in_(allowed))
        .values(status=to, is_cancel_requested=False, **values)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise ConflictError(N_("This import has gone on meanwhile. Look where it stands."))
    session.refresh(found)


# Ending -------------------------------------------------------------------------------------------

CANCELLED = N_("Cancelled. Nothing was stored.")
LOST = N_("The background worker stopped in the middle. Nothing was stored; the data are as before. Start it again.")


def _reason(template: str, **details: object) -> dict[str, Any]:
    return {"template": template, "details": details}


def settle_lost(session: Session) -> None:
    """End with a reason what a killed worker left running; its transaction ended with it. Commits."""
    silent = func.now() - timedelta(seconds=LOST_AFTER_S)
    lost = update(ImportSession).where(
        ImportSession.status.in_(RUNNING),
        or_(ImportSession.heartbeat_at.is_(None), ImportSession.heartbeat_at < silent),
    )
    session.execute(lost.values(status=Stage.FAILED, reason=_reason(LOST)))
    session.commit()


def running(number: int, turn: int) -> ColumnElement[bool]:
    """Return the condition that an import is still in this turn's hands."""
    return and_(ImportSession.id == number, ImportSession.turn == turn, ImportSession.status.in_(RUNNING))


def end(session: Session, number: int, turn: int, stage: Stage, template: str, **details: object) -> bool:
    """End a turn with a reason, unless it has ended itself; say whether it was this. Commits."""
    ended = session.execute(
        update(ImportSession).where(running(number, turn)).values(status=stage, reason=_reason(template, **details))
    )
    session.commit()
    return bool(ended.rowcount)  # type: ignore[attr-defined]


def forget_old_files(session: Session, today: date) -> int:
    """Delete the original files whose time is over, and what was listed of them; return how many. Commits."""
    query = select(ImportSession).where(
        ImportSession.keep_until < today, ImportSession.file_path.is_not(None), ImportSession.status.not_in(WORKING)
    )
    count = 0
    for found in session.scalars(query):
        _forget_file(found)
        session.execute(delete(ImportItem).where(ImportItem.import_session_id == found.id))
        count += 1
    session.commit()
    return count


def _forget_file(found: ImportSession) -> None:
    if found.file_path is not None:
        Path(found.file_path).unlink(missing_ok=True)
        found.file_path = None
    if (rejected := rejected_file(found)) is not None:
        rejected.unlink(missing_ok=True)
