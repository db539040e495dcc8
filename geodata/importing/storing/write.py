"""From compared rows to the table: deleted, updated and added set by set, in the caller's transaction."""

from typing import Any

from sqlalchemy import (
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    true,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from geodata.history.change_sets import ChangeKind, ChangeSet, FeatureChange, hold_rows, record_deletions
from geodata.history.documents import PlainGeometry, row_json, table_of
from geodata.importing.progress import Progress, Step, silent
from geodata.importing.results import Mode
from geodata.importing.storing.classified import Classified
from geodata.importing.storing.indexes import bring_back, keep_writers_out, missing
from geodata.importing.storing.staged import StagedRows

#: So many rows are added by one statement; between two, people see how far it is.
_LOT = 200_000
_SORT_IN = text("SELECT sort_into_indexes(CAST(:table AS regclass))")


def write(staging: StagedRows, change_set: ChangeSet, found: Classified, progress: Progress = silent) -> None:
    """Delete, update and insert, with before and after of what was there. Statements that would touch nothing are not sent."""
    lacks_indexes = bool(missing(staging.session, staging.kind))
    if lacks_indexes:
        keep_writers_out(staging.session, staging.kind)
    _batch_text_index(staging)
    if staging.mode is Mode.REPLACE and found.absent:
        _delete_absent(staging, change_set.id)
    if found.changed:
        _update(staging, change_set.id)
    if found.new:
        _insert(staging, change_set.id, found, progress)
    # What waits to be sorted into the index is read one by one by every search.
    staging.session.execute(_SORT_IN, {"table": staging.target.name})
    if lacks_indexes:
        bring_back(staging.session, staging.kind, progress)


def _batch_text_index(staging: StagedRows) -> None:
    """Let the text index take its new entries in larger lots until this transaction ends."""
    for name, value in (("gin_pending_list_limit", "64MB"), ("work_mem", "128MB")):
        staging.session.execute(select(func.set_config(name, value, true())))


def hold(staging: StagedRows) -> None:
    """Wait for edits of what will be changed or deleted to end, and keep new ones out.

    Before the change set gets its number: so the changes of one object are numbered in their order.
    """
    match = staging.match
    if staging.mode is Mode.REPLACE:
        hold_rows(staging.session, staging.target, select(staging.target.c.id).where(staging.is_absent))
    changed = select(staging.target.c.id).join(match, match.c.target_id == staging.target.c.id).where(staging.is_change)
    hold_rows(staging.session, staging.target, changed)


def _delete_absent(staging: StagedRows, change_set_id: int) -> None:
    record_deletions(staging.session, staging.kind, change_set_id, staging.is_absent)
    staging.session.execute(delete(staging.target).where(staging.is_absent))


def _update(staging: StagedRows, change_set_id: int) -> None:
    target, staged, match = staging.target, staging.staged, staging.match
    layer = staging.kind.layer.name
    before = (
        select(literal(change_set_id), literal(layer), target.c.id, target.c.code, row_json(staging.kind))
        .join(match, match.c.target_id == target.c.id)
        .where(staging.is_change)
    )
    staging.session.execute(
        insert(FeatureChange).from_select(["change_set_id", "layer", "feature_id", "code", "before"], before)
    )
    values: dict[str, Any] = {name: staged.c[name] for name in staging.names}
    values["geom"] = case((match.c.moved, staged.c.geom), else_=type_coerce(target.c.geom, PlainGeometry()))
    if staging.checked.extra is not None:
        values["extra"] = target.c.extra.concat(func.coalesce(staged.c.extra, func.jsonb_build_object(type_=JSONB)))
    staging.session.execute(
        update(target)
        .where(target.c.id == match.c.target_id, staged.c.row_no == match.c.row_no, staging.is_change)
        .values(**values, change_set_id=change_set_id, updated_at=func.now())
    )
    change = table_of(FeatureChange)
    staging.session.execute(
        update(change)
        .where(
            change.c.change_set_id == change_set_id,
            change.c.feature_id == target.c.id,
            change.c.before.is_not(None),
            target.c.change_set_id == change_set_id,
        )
        .values(after=row_json(staging.kind))
    )


def _insert(staging: StagedRows, change_set_id: int, found: Classified, progress: Progress) -> None:
    target, staged, match = staging.target, staging.staged, staging.match
    names = [*staging.names, "geom", "extra", "change_set_id"]
    extra = func.coalesce(staged.c.extra, func.jsonb_build_object(type_=JSONB))
    rows = select(*[staged.c[name] for name in staging.names], staged.c.geom, extra, literal(change_set_id))
    numbers = staging.checked.rows
    if found.new < len(numbers):
        is_new = exists().where(match.c.row_no == staged.c.row_no, match.c.target_id.is_(None))
        rows = rows.where(is_new).order_by(staged.c.row_no)
    # Nothing is written down for them: until they change, the rows themselves say what was added.
    for start in range(0, len(numbers), _LOT):
        progress(Step.STORE, start, len(numbers))
        lot = numbers[start : start + _LOT]
        some = rows if len(lot) == len(numbers) else rows.where(staged.c.row_no.between(lot[0], lot[-1]))
        staging.session.execute(insert(target).from_select(names, some, include_defaults=False))


def new_change_set(session: Session, **facts: Any) -> ChangeSet:
    """Return a stored change set of an import."""
    change_set = ChangeSet(kind=ChangeKind.IMPORT, **facts)
    session.add(change_set)
    session.flush()
    return change_set
