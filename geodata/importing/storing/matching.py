"""Rows beside what is stored: staged, matched and compared by the database, and what its rules say against them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Text as TextType,
    and_,
    cast,
    exists,
    func,
    insert,
    not_,
    null,
    or_,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable

import shapely

from geodata.base.data_version import DataChange, data_version
from geodata.history.documents import AnyGeometry, PlainGeometry
from geodata.importing.progress import Progress, Step, silent
from geodata.importing.results import Mode
from geodata.importing.storing.classified import Classified
from geodata.importing.storing.objections import classify
from geodata.importing.storing.rows import CheckedRows
from geodata.importing.storing.staged import StagedRows, copy_rows, unstage
from geodata.importing.understanding.check import same_place
from geodata.schema.feature import Feature

_BATCH = 50_000
#: Fewer matches than this are read through as fast as an index of them.
_FEW = 200


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Staged rows beside what is stored: how many are new or changed, and what the database has against them."""

    staged: StagedRows
    found: Classified


def compare(staged: StagedRows) -> Comparison:
    """Return what matched rows would do."""
    return Comparison(staged=staged, found=classify(staged))


def compare_anew(before: Comparison) -> Comparison:
    """Return what rows that this connection holds would do now: the same where nothing of the layer has changed since."""
    version = before.staged.version
    if version is not None and _version(before.staged.session, before.staged.kind) == version:
        return before
    before.staged.session.execute(DropTable(before.staged.match))
    return compare(_matched(before.staged))


def stage(
    session: Session,
    checked: CheckedRows,
    mode: Mode,
    progress: Progress = silent,
    step: Step = Step.COMPARE,
    *,
    lines: Path | None = None,
) -> StagedRows:
    """COPY rows into this connection, in place of those of an earlier import, and match them with what is stored.

    `lines`: a file into which they are written too.
    """
    unstage(session)
    return _matched(copy_rows(session, checked, mode, (progress, step), lines))


def _matched(staged: StagedRows) -> StagedRows:
    # Read before the rows: what is committed in between makes the comparison too new, never too old.
    version = _version(staged.session, staged.kind)
    _match(staged)
    return replace(staged, version=version)


def _version(session: Session, kind: type[Feature]) -> str | None:
    """Return the layer's state of data; None when this transaction has changed it itself, which no version tells."""
    layer = kind.layer.name
    own = cast(cast(func.pg_current_xact_id_if_assigned(), TextType), BigInteger)
    is_changed = select(exists().where(DataChange.layer == layer, DataChange.transaction_id == own))
    return None if session.scalar(is_changed) else data_version(session, layer)


def _match(staged: StagedRows) -> None:
    rows, match, stored = staged.staged, staged.match, staged.current()
    checked = staged.checked
    same_key = _same_key(staged, stored)
    _keep_stored(staged, stored, same_key)
    differs = [rows.c[name].is_distinct_from(staged.plain(stored, name)) for name in staged.names]
    if checked.extra is not None:
        merged = stored.c.extra.concat(func.coalesce(rows.c.extra, func.jsonb_build_object(type_=JSONB)))
        differs.append(merged.is_distinct_from(stored.c.extra))
    moved = type_coerce(stored.c.geom, AnyGeometry()).is_distinct_from(type_coerce(rows.c.geom, AnyGeometry()))
    query = select(
        rows.c.row_no,
        stored.c.id,
        and_(stored.c.id.is_not(None), or_(rows.c.row_no.in_(sorted(checked.touched)), *differs)),
        and_(stored.c.id.is_not(None), moved),
    ).select_from(rows.outerjoin(stored, and_(*same_key)))
    session = staged.session
    session.execute(CreateTable(match))
    session.execute(insert(match).from_select(["row_no", "target_id", "differs", "moved"], query))
    if len(checked.rows) >= _FEW:
        for index in sorted(match.indexes, key=lambda index: str(index.name)):
            session.execute(CreateIndex(index))
    session.execute(text("ANALYZE import_match"))
    _forgive_rewritten_geometry(staged)


def _same_key(staged: StagedRows, stored: FromClause) -> list[ColumnElement[bool]]:
    rows = staged.staged
    if staged.checked.targets is not None:
        return [rows.c.target_id == stored.c.id]
    same_key = [rows.c.code == stored.c.code]
    if staged.has_whole_key:
        others = [name for name in staged.kind.layer.key if name != "code"]
        same_key += [rows.c[name].is_not_distinct_from(stored.c[name]) for name in others]
    return same_key


def _keep_stored(staged: StagedRows, stored: FromClause, same_key: Sequence[ColumnElement[bool]]) -> None:
    """Take from the stored objects what the file does not know: lost values, ends of texts, places, that a 0 means nothing."""
    rows, checked, session = staged.staged, staged.checked, staged.session
    for name, numbers in checked.kept.items():
        if name in staged.names and numbers:
            held = update(rows).where(*same_key, rows.c.row_no.in_(sorted(numbers)))
            session.execute(held.values({name: staged.plain(stored, name)}))
    for name, numbers in checked.cut.items():
        if name not in staged.names:
            continue
        goes_on = func.starts_with(stored.c[name], rows.c[name])
        held = update(rows).where(*same_key, rows.c.row_no.in_(sorted(numbers)), goes_on)
        session.execute(held.values({name: staged.plain(stored, name)}))
    if checked.keeps_places:
        session.execute(update(rows).where(*same_key).values(geom=type_coerce(stored.c.geom, PlainGeometry())))
    for name, numbers in checked.weak.items():
        if name in staged.names and numbers:
            says_something = exists().where(*same_key, stored.c[name].is_not(None))
            empty = update(rows).where(rows.c.row_no.in_(sorted(numbers)), not_(says_something))
            session.execute(empty.values({name: null()}))


def _forgive_rewritten_geometry(staged: StagedRows) -> None:
    """Take as unmoved what only starts its rings elsewhere or differs below 1e-9 degrees."""
    match, rows, target = staged.match, staged.staged, staged.target
    shapes = [func.ST_AsBinary(type_coerce(table.c.geom, AnyGeometry())) for table in (rows, target)]
    query = (
        select(match.c.row_no, *shapes)
        .join(rows, rows.c.row_no == match.c.row_no)
        .join(target, target.c.id == match.c.target_id)
        .where(match.c.moved)
    )
    same: list[int] = []
    for some in staged.session.execute(query).partitions(_BATCH):
        first = shapely.from_wkb([bytes(row[1]) for row in some])
        second = shapely.from_wkb([bytes(row[2]) for row in some])
        same += [row[0] for row, is_same in zip(some, same_place(first, second), strict=True) if is_same]
    for start in range(0, len(same), _BATCH):
        unmoved = update(match).where(match.c.row_no.in_(same[start : start + _BATCH]))
        staged.session.execute(unmoved.values(moved=False))
