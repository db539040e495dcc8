"""The background's part of imports: each runs in a process of its own, watched by a task of the queue.

`python -m geodata.importing.sessions.runs NUMBER TURN` is that process. It can be ended at any moment: what it stores is one
transaction, and the mark “stored” is part of it. An import is taken up several times, to be checked and to be
stored; each time is a turn, and what runs late in one turn says nothing of the next.
"""

import ctypes
import hashlib
import json
import logging
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from procrastinate import RetryStrategy
from sqlalchemy import Engine, Text as SqlText, cast, delete, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from geodata.base.copying import copy_into
from geodata.base.data_version import data_version
from geodata.base.database import new_engine, rows_changed
from geodata.base.errors import GeodataError
from geodata.base.i18n import N_
from geodata.base.logs import log_as_json
from geodata.history.change_sets import ChangeSet, lock_layer
from geodata.history.undoing import UndoReport, undo
from geodata.importing import ImportOptions, Status, commit_import, preview_import
from geodata.importing.facts import signature_of
from geodata.importing.preview import Preview, unknown_values
from geodata.importing.progress import Progress, Step
from geodata.importing.reading import encoding as letters
from geodata.importing.results import Question, Text
from geodata.importing.sessions.keeping import forget_old_files
from geodata.importing.sessions.listed import excluded_rows_of
from geodata.importing.sessions.memory import last_like, with_remembered
from geodata.importing.sessions.model import RUN_IMPORT, WAITING, ImportItem, ImportSession, Stage, Task
from geodata.importing.sessions.returned import keep_rejected
from geodata.importing.sessions.sessions import (
    CANCELLED,
    end,
    get_import,
    options_of,
    preview_mark,
    running,
    settle_lost,
)
from geodata.importing.storing.indexes import bring_back_lost, without_indexes
from geodata.importing.storing.lists import lists_of
from geodata.importing.understanding.coordinates import find_transformation, parse_crs, representative_points
from geodata.importing.understanding.values import text_of
from geodata.jobs import QUEUE, register_backlog
from geodata.layers import LAYERS

log = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parents[3]
_LOOK_S, _HEARTBEAT_S = 0.25, 3.0
_PR_SET_PDEATHSIG = 1
#: What the switch of the encoding offers.
ENCODINGS = ("utf-8", "tcvn3", "vni", "cp1258", "viqr", "cp1252")
_SKETCH_POINTS = 150
#: The columns of a list, in the order in which they are written.
_LISTED = ("kind", "position", "row_number", "code", "name", "data")
#: What a rejected row is called by, and how much of it is shown: it was not checked.
_CALLED, _CALLED_LENGTH = ("code", "name"), 200
#: Kind, row, code, name and data of one line of a list.
_Item = tuple[str, int | None, str | None, str | None, dict[str, Any]]

STOPPED = N_("The work was ended from outside ({reason}). Nothing was stored; the data are as before.")
BROKEN = N_("Something went wrong while working on the file. Nothing was stored; the data are as before.")
DATABASE_AWAY = N_("The database went away in the middle. Nothing was stored; the data are as before.")
DATA_CHANGED = N_("The data changed since this preview. It has been made anew: look at it again.")
FILE_GONE = N_("The uploaded file is no longer kept. Upload it again.")


# The tasks of the queue ---------------------------------------------------------------------------


register_backlog(RUN_IMPORT, select(ImportSession.id).where(ImportSession.status.in_(WAITING)))


@QUEUE.task(name=RUN_IMPORT, retry=RetryStrategy(max_attempts=5, wait=5, retry_exceptions={OperationalError}))
def _run_import(number: int) -> None:
    """Do what an import waits for."""
    supervise(number)


@QUEUE.periodic(cron="* * * * *")
@QUEUE.task(name="settle_lost_imports", queueing_lock="settle_lost_imports")
def _settle_lost_imports(timestamp: int) -> None:
    """End with a reason what a killed worker left running, and bring back what it set aside."""
    engine = new_engine(pool_size=1)
    with Session(engine) as session:
        settle_lost(session)
        for kind in LAYERS:
            bring_back_lost(session, kind)
    engine.dispose()


@QUEUE.periodic(cron="23 3 * * *")
@QUEUE.task(name="forget_old_import_files", queueing_lock="forget_old_import_files")
def _forget_old_import_files(timestamp: int) -> None:
    """Delete the original files whose time is over, each night."""
    engine = new_engine(pool_size=1)
    with Session(engine) as session:
        forget_old_files(session, datetime.now(UTC).date())
    engine.dispose()


def supervise(number: int) -> None:
    """Run an import in a process of its own, until it ends or somebody cancels it."""
    engine = new_engine(pool_size=1)
    try:
        turn = claim(engine, number)
        if turn is None:
            return
        process = subprocess.Popen(
            [sys.executable, "-m", "geodata.importing.sessions.runs", str(number), str(turn)],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - one system call, no lock is touched
        )
        try:
            _watch(engine, number, turn, process)
        finally:
            process.kill()
            process.wait()
        _close(engine, number, turn, process.returncode)
    finally:
        engine.dispose()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def claim(engine: Engine, number: int) -> int | None:
    """Take an import that waits and return its turn; None when it was no longer there to take."""
    turn = None
    with engine.begin() as connection:
        for waits, runs in ((Stage.WAITING, Stage.CHECKING), (Stage.CONFIRMED, Stage.STORING)):
            claim = update(ImportSession).where(ImportSession.id == number, ImportSession.status == waits)
            claimed = connection.execute(
                claim.values(
                    status=runs,
                    turn=ImportSession.turn + 1,
                    heartbeat_at=func.now(),
                    step=None,
                    rows_done=0,
                    rows_total=0,
                    step_started_at=None,
                ).returning(ImportSession.turn)
            )
            turn = claimed.scalar_one_or_none() or turn
    return turn


def _watch(engine: Engine, number: int, turn: int, process: "subprocess.Popen[bytes]") -> None:
    beat = time.monotonic()
    while process.poll() is None:
        time.sleep(_LOOK_S)
        try:
            with engine.begin() as connection:
                wanted = select(ImportSession.is_cancel_requested).where(running(number, turn))
                if connection.scalar(wanted):
                    process.kill()
                    process.wait()
                if time.monotonic() - beat > _HEARTBEAT_S:
                    alive = update(ImportSession).where(running(number, turn))
                    connection.execute(alive.values(heartbeat_at=func.now()))
                    beat = time.monotonic()
        except OperationalError:
            log.warning("import %s: the database does not answer", number)


def _close(engine: Engine, number: int, turn: int, code: int) -> None:
    """Give an import that did not end itself its reason; a database that is away is waited for."""
    for _ in range(20):
        try:
            with Session(engine) as session:
                found = get_import(session, number)
                if found.is_cancel_requested:
                    end(session, number, turn, Stage.CANCELLED, CANCELLED)
                elif code < 0:
                    end(session, number, turn, Stage.FAILED, STOPPED, reason=signal.Signals(-code).name)
                else:
                    end(session, number, turn, Stage.FAILED, BROKEN)
            return
        except OperationalError:
            time.sleep(1)


# The process --------------------------------------------------------------------------------------


def run(engine: Engine, number: int, turn: int) -> None:
    """Do what a claimed import waits for, and end it."""
    try:
        with Session(engine) as session:
            found = get_import(session, number)
            if found.turn != turn:
                return
            if found.task == Task.UNDO:
                _undo(session, found, _Teller(engine, number, turn))
            elif found.stage is Stage.CHECKING:
                _check(session, found, _Teller(engine, number, turn))
            elif found.stage is Stage.STORING:
                many = 0 if found.options.get("detail") else found.report["counts"]["new"]
                with without_indexes(session, LAYERS.get(found.layer), many):
                    _store(session, found, _Teller(engine, number, turn))
    except GeodataError as error:
        with Session(engine) as session:
            end(session, number, turn, Stage.FAILED, error.message_template, **error.details)
    except OperationalError:
        log.exception("import %s", number)
        with Session(engine) as session:
            end(session, number, turn, Stage.FAILED, DATABASE_AWAY)


class _Teller:
    """Writes the progress where the page reads it, twice a second at most."""

    def __init__(self, engine: Engine, number: int, turn: int) -> None:
        self.engine, self.number, self.turn = engine, number, turn
        self.step: Step | None = None
        self.told = 0.0

    def __call__(self, step: Step, done: int, total: int) -> None:
        now = time.monotonic()
        if step is self.step and now - self.told < 0.5:
            return
        values: dict[str, Any] = {"rows_done": done, "rows_total": total, "heartbeat_at": func.now()}
        if step is not self.step:
            values |= {"step": step.value, "step_started_at": func.now()}
        self.step, self.told = step, now
        with self.engine.begin() as connection:
            connection.execute(update(ImportSession).where(running(self.number, self.turn)).values(**values))


def _check(session: Session, found: ImportSession, progress: _Teller) -> None:
    kind, path = LAYERS.get(found.layer), _file_of(found)
    options = options_of(found)
    version = data_version(session, found.layer)
    preview = preview_import(session, kind, path, options, progress=progress)
    remembered = _remembered(session, found)
    if preview.table is not None and remembered is None and not found.options.get("forget"):
        remembered = last_like(session, preview)
        if remembered is not None:
            again = with_remembered(session, preview, path, remembered, progress)
            remembered = remembered if again is not None else None
            preview = again or preview
    mark = _list(session, found, preview, progress)
    _keep(session, found, preview, remembered, version=version, mark=mark)
    session.commit()


def _remembered(session: Session, found: ImportSession) -> ChangeSet | None:
    """Return the import whose answers have been taken over already."""
    if found.remembered_from is None or found.options.get("forget"):
        return None
    return session.get(ChangeSet, found.remembered_from)


def _list(session: Session, found: ImportSession, preview: Preview, progress: Progress) -> str:
    """Write down the lists of a preview in place of those before; return what tells them from any others."""
    progress(Step.LIST, 0, 0)
    session.execute(delete(ImportItem).where(ImportItem.import_session_id == found.id))
    staging = preview.staging
    if preview.rows is not None and staging is not None:
        if not staging.is_held():
            staging.fill(progress)
        for changes in lists_of(staging):
            query = changes.add_columns(literal(found.id))
            session.execute(insert(ImportItem).from_select([*_LISTED, "import_session_id"], query))
    _copy_items(session, found.id, _other_items(preview))
    whole = [preview.report.as_json(), _digests(session, found.id)]
    return hashlib.sha256(json.dumps(whole, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _copy_items(session: Session, number: int, items: Iterable[_Item]) -> None:
    """Write items that are objects here: by COPY, they may be many."""
    positions: Counter[str] = Counter()
    with copy_into(session.connection(), "import_item", ("import_session_id", *_LISTED)) as copy:
        for kind, row, code, name, data in items:
            positions[kind] += 1
            plain = json.dumps(data, ensure_ascii=False, default=str)
            copy.write_row((number, kind, positions[kind], row, code, name, plain))


def _digests(session: Session, number: int) -> list[list[Any]]:
    """Return for each list its length and a digest of all it says, in its order."""
    item = func.jsonb_build_array(ImportItem.row_number, ImportItem.code, ImportItem.name, ImportItem.data)
    line = func.md5(cast(item, SqlText))
    digest = func.md5(func.string_agg(line, aggregate_order_by(literal(""), ImportItem.position)))
    query = select(ImportItem.kind, func.count(), digest).where(ImportItem.import_session_id == number)
    return [list(row) for row in session.execute(query.group_by(ImportItem.kind).order_by(ImportItem.kind))]


def _keep(
    session: Session,
    found: ImportSession,
    preview: Preview,
    remembered: ChangeSet | None,
    *,
    version: str,
    mark: str,
) -> None:
    """Write down what the pages show of a preview beside its lists."""
    report = preview.report
    stage = {Status.ASK: Stage.ASKING, Status.REFUSED: Stage.REFUSED}.get(report.status, Stage.READY)
    options = _answers(preview.options, found.options)
    ended = session.execute(
        update(ImportSession)
        .where(running(found.id, found.turn))
        .values(
            status=stage,
            file_sha256=report.file_sha256,
            options=options,
            remembered_from=remembered.id if remembered else None,
            report={**report.as_json(), "problems": [], "question": question_json(report.question)},
            facts={
                **facts_of(preview),
                "mark": mark,
                "rejected_file": _keep_rejected(found, preview),
            },
            seen_version=version,
            step=None,
            reason=text_json(report.reason_text) if report.reason_text else None,
        )
    )
    if rows_changed(ended) != 1:
        session.rollback()


def _keep_rejected(found: ImportSession, preview: Preview) -> str | None:
    if not preview.report.counts.rejected or found.file_path is None:
        return None
    path = Path(f"{found.file_path}-rejected")
    return str(path) if keep_rejected(preview, path) else None


def _answers(options: ImportOptions, before: dict[str, Any]) -> dict[str, Any]:
    return {
        "detail": options.detail,
        "source_layer": options.source_layer,
        "header_row": options.header_row,
        "coordinates": dict(options.coordinates),
        "dates": options.dates,
        "crs": options.crs,
        "encoding": options.encoding,
        "swap_axes": options.swap_axes,
        "mapping": dict(options.mapping),
        "constants": dict(options.constants),
        "values": {name: dict(table) for name, table in options.values.items()},
        "mode": options.mode.value,
        "match": options.match,
        "matches": {str(row): code for row, code in options.matches.items()},
        "forget": bool(before.get("forget")),
    }


def _store(session: Session, found: ImportSession, progress: _Teller) -> None:
    """Make the preview again under the layer's lock, and store it when it is what was confirmed."""
    kind, path = LAYERS.get(found.layer), _file_of(found)
    number, turn, excluded = found.id, found.turn, excluded_rows_of(session, found)
    user_name, accept_partial, was_mark = found.user_name, found.accept_partial, preview_mark(found)
    confirmed_by = str(found.options.get("confirmed_by") or user_name)
    lock_layer(session, found.layer)
    version = data_version(session, found.layer)
    options = options_of(found)
    whole = preview_import(session, kind, path, options, progress=progress)
    if version != found.seen_version and (mark := _list(session, found, whole, progress)) != was_mark:
        _keep(session, found, whole, _remembered(session, found), version=version, mark=mark)
        note = {"template": DATA_CHANGED, "details": {}}
        session.execute(update(ImportSession).where(ImportSession.id == number).values(reason=note))
        session.commit()
        return
    preview = whole if not excluded else _without(whole, excluded)

    def mark_stored(change_set: ChangeSet) -> None:
        change_set.mapping = {**change_set.mapping, "import": number, "seen": was_mark}
        session.flush()
        stored = session.execute(
            update(ImportSession)
            .where(running(number, turn))
            .values(status=Stage.STORED, change_set_id=change_set.id, step=None, reason=None)
        )
        if rows_changed(stored) != 1:
            raise GeodataError(CANCELLED)

    report = commit_import(
        session,
        preview,
        user_name=confirmed_by,
        accept_partial=accept_partial or bool(excluded),
        progress=progress,
        on_stored=mark_stored,
    )
    session.rollback()
    if report.import_id is None:
        text = report.reason_text or Text(template=N_("No row was left to store."))
        end(session, number, turn, Stage.FAILED, text.template, **text.details)
        return
    counts = {**report.counts.as_json(), "left_out": len(excluded)}
    session.execute(
        update(ImportSession)
        .where(ImportSession.id == number)
        .values(report={**found.report, "counts": counts, "import_id": report.import_id})
    )
    session.commit()


def _without(preview: Preview, excluded: frozenset[int]) -> Preview:
    """Return the preview without rows that somebody left out."""
    from dataclasses import replace

    if preview.hanging is not None:
        return replace(preview, hanging=preview.hanging.without(excluded), left_out=len(excluded))
    assert preview.rows is not None  # noqa: S101 - only what is ready is stored
    return replace(preview, rows=preview.rows.without(excluded))


def _undo(session: Session, found: ImportSession, progress: _Teller) -> None:
    number, turn, user_name = found.id, found.turn, found.user_name

    def mark_undone(report: UndoReport) -> None:
        stored = session.execute(
            update(ImportSession)
            .where(running(number, turn))
            .values(
                status=Stage.STORED, change_set_id=report.change_set_id, report=report.as_json(), step=None, reason=None
            )
        )
        if rows_changed(stored) != 1:
            raise GeodataError(CANCELLED)

    undo(
        session,
        found.options["undo"],
        user_name=user_name,
        on_undone=mark_undone,
        progress=partial(progress, Step.UNDO),
    )


def _file_of(found: ImportSession) -> Path:
    if not found.has_file:
        raise GeodataError(FILE_GONE)
    return Path(str(found.file_path))


# A preview as plain data --------------------------------------------------------------------------


def text_json(text: Text) -> dict[str, Any]:
    """Return a sentence so that it can be said in any language later."""
    return {"template": text.template, "details": dict(text.details)}


def question_json(question: Question | None) -> dict[str, Any] | None:
    """Return a question with its choices."""
    if question is None:
        return None
    choices = [{**choice.as_json(), "why": text_json(choice.why)} for choice in question.choices]
    return {"about": question.about, "choices": choices}


def _other_items(preview: Preview) -> Iterator[_Item]:
    """Return what is listed beside the changes: rows that may be a stored object, and problems by their severity."""
    for line in preview.lines:
        data = {"feature_id": line.feature_id, "fields": {name: list(pair) for name, pair in line.fields.items()}}
        yield line.action.value, line.row, line.code, line.key, data
    for proposal in preview.proposals:
        yield "match", proposal.row, proposal.code, proposal.name, proposal.as_json()
    code_and_name = _code_and_name(preview)
    # Of a file that cannot be stored as it is, the first problems are enough.
    is_ready = preview.rows is not None or preview.hanging is not None
    for item in preview.problems if is_ready else preview.report.problems:
        data = {
            **item.as_json(),
            "message": text_json(item.text),
            "suggestion": text_json(item.suggestion) if item.suggestion else None,
        }
        yield item.severity.value, item.row, *code_and_name(item.row), data


def _code_and_name(preview: Preview) -> Callable[[int | None], tuple[str | None, str | None]]:
    """Return what says how the file calls the object of a row."""
    table, mapping = preview.table, preview.report.mapping
    if table is None:
        return lambda _: (None, None)
    columns = [table.columns[table.names.index(mapping[field])] if field in mapping else None for field in _CALLED]

    def called(row: int | None) -> tuple[str | None, str | None]:
        at = int(np.searchsorted(table.rows, row)) if row is not None else len(table)
        cells = [column[at] if column is not None and at < len(table) else None for column in columns]
        code, name = map(text_of, cells)
        return code and code[:_CALLED_LENGTH], name and name[:_CALLED_LENGTH]

    return called


def facts_of(preview: Preview) -> dict[str, Any]:
    """Return what the questions need to know of the file: columns, encodings, places, unknown values."""
    table = preview.table
    if table is None:
        return {}
    columns = [
        {"name": name, "samples": _samples(column), "filled": sum(value is not None for value in column[:10_000])}
        for name, column in zip(table.names, table.columns, strict=True)
    ]
    return {
        "format": table.format,
        "header_row": table.header_row,
        "is_table": table.geometries is None and preview.detail is None,
        "rows": len(table),
        "columns": columns,
        "samples": list(preview.samples),
        "encodings": _encodings(preview.raw_samples),
        "places": _places(preview),
        "values": unknown_values(preview),
        "signature": signature_of(table),
        "undecided": sum(proposal.decision is None for proposal in preview.proposals),
    }


def _samples(column: Sequence[Any], most: int = 3) -> list[str]:
    found = dict.fromkeys(str(value)[:60] for value in column[:1000] if value is not None)
    return list(found)[:most]


def _encodings(raw: Sequence[str]) -> list[dict[str, Any]]:
    if not raw:
        return []
    return [{"value": name, "samples": [letters.decode_text(text, name)[:80] for text in raw]} for name in ENCODINGS]


def _places(preview: Preview) -> list[dict[str, Any]]:
    """Return where each CRS in question puts some of the objects, as lon, lat."""
    table, question = preview.table, preview.report.question
    if table is None or table.geometries is None or question is None or question.about != "crs":
        return []
    import shapely

    shapes = table.geometries[~(shapely.is_missing(table.geometries) | shapely.is_empty(table.geometries))]
    points = representative_points(shapes[:: len(shapes) // _SKETCH_POINTS + 1])
    places = []
    for choice in question.choices:
        recognised = parse_crs(choice.value)
        transformation = find_transformation(recognised) if recognised else None
        if transformation is None:
            continue
        landed = transformation.apply(points[:, ::-1] if preview.options.swap_axes else points)
        landed = landed[np.isfinite(landed).all(axis=1)]
        places.append({"value": choice.value, "points": [[round(x, 5), round(y, 5)] for x, y in landed.tolist()]})
    return places


def main() -> None:
    """Run one turn of an import, both named on the command line."""
    log_as_json("import")
    engine = new_engine(pool_size=2)
    run(engine, int(sys.argv[1]), int(sys.argv[2]))
    engine.dispose()


if __name__ == "__main__":
    main()
