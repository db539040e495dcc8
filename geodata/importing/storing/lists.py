"""What a preview lists, made by the database."""

from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Integer,
    Numeric,
    Select,
    Subquery,
    Text as TextType,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    not_,
    null,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB

from geodata.base.crs import current_province
from geodata.history.documents import AnyGeometry
from geodata.importing.results import Action, Mode
from geodata.importing.storing.staged import StagedRows


def lists_of(staging: StagedRows) -> tuple[Select[Any], ...]:
    """Return what a preview lists, a query for each sort: (kind, position, row_number, code, name, data).

    The database makes the lists: of millions of rows none becomes an object here. Positions count from 1 without a
    gap; `data` says what changes, field -> [old, new], and by how many metres the location moves.
    """
    match = staging.match.c
    same_as_stored = and_(match.target_id.is_not(None), not_(match.differs), not_(match.moved))
    lists = (_changed(staging), _new(staging), _stored_as(staging, Action.UNCHANGED, _ranked(staging, same_as_stored)))
    return (
        lists if staging.mode is Mode.APPEND else (*lists, _stored_as(staging, Action.ABSENT, _ranked_absent(staging)))
    )


def _ranked(staging: StagedRows, condition: ColumnElement[bool]) -> Subquery:
    """Return the rows of one sort with their place in its list."""
    match = staging.match.c
    place = func.row_number().over(order_by=match.row_no).label("position")
    return select(match.row_no, match.target_id, match.moved, place).where(condition).subquery("ranked")


def _ranked_absent(staging: StagedRows) -> Subquery:
    place = func.row_number().over(order_by=(staging.target.c.code, staging.target.c.id)).label("position")
    row_no = null().cast(Integer).label("row_no")
    return select(row_no, staging.target.c.id.label("target_id"), place).where(staging.is_absent).subquery()


def _changed(staging: StagedRows) -> Select[Any]:
    staged, target, ranked = staging.staged, staging.target, _ranked(staging, staging.is_change)
    metric = current_province().metric_srid
    old, new = (type_coerce(item.c.geom, AnyGeometry()) for item in (target, staged))
    metres = func.ST_Distance(*[func.ST_Transform(func.ST_Centroid(shape), metric) for shape in (old, new)])
    data = func.jsonb_build_object(
        "feature_id", target.c.id,
        "fields", _differences(staging),
        "moved_m", case((ranked.c.moved, func.round(cast(metres, Numeric), 2))),
        "point", _point(new),
        "old_point", case((ranked.c.moved, _point(old))),
        type_=JSONB,
    )  # fmt: skip
    listed = _listed(Action.CHANGED, ranked, staged.c.code, target.c.name, data)
    return listed.join(staged, staged.c.row_no == ranked.c.row_no).join(target, target.c.id == ranked.c.target_id)


def _differences(staging: StagedRows) -> ColumnElement[Any]:
    """Return field -> [old, new] of what differs; of the columns without a field those that the file has."""
    nothing = func.jsonb_build_object(type_=JSONB)
    found: ColumnElement[Any] = nothing
    for name in staging.names:
        old, new = staging.plain(staging.target, name), staging.staged.c[name]
        pair = func.jsonb_build_object(name, func.jsonb_build_array(_shown(old), _shown(new)), type_=JSONB)
        found = found.concat(case((new.is_distinct_from(old), pair), else_=nothing))
    if staging.checked.extra is None:
        return found
    column = func.jsonb_each(staging.staged.c.extra).table_valued("key", "value", name="other_column")
    was = func.coalesce(func.jsonb_extract_path(staging.target.c.extra, column.c.key), literal_column("'null'::jsonb"))
    pairs = func.jsonb_object_agg(column.c.key, func.jsonb_build_array(was, column.c.value), type_=JSONB)
    extra = select(pairs).select_from(column).where(was.is_distinct_from(column.c.value)).scalar_subquery()
    return found.concat(func.coalesce(extra, nothing))


def _new(staging: StagedRows) -> Select[Any]:
    staged, ranked = staging.staged, _ranked(staging, staging.match.c.target_id.is_(None))
    point = _point(type_coerce(staged.c.geom, AnyGeometry()))
    name = staged.c.name if "name" in staging.names else null()
    listed = _listed(Action.NEW, ranked, staged.c.code, name, func.jsonb_build_object("point", point))
    return listed.join(staged, staged.c.row_no == ranked.c.row_no)


def _stored_as(staging: StagedRows, action: Action, ranked: Subquery) -> Select[Any]:
    target = staging.target
    data = func.jsonb_build_object("feature_id", target.c.id)
    return _listed(action, ranked, target.c.code, target.c.name, data).join(target, target.c.id == ranked.c.target_id)


def _listed(action: Action, ranked: Subquery, code: Any, name: Any, data: Any) -> Select[Any]:
    """Return the query of one list of a preview, still to be joined with where the values are."""
    columns = code.label("code"), name.label("name"), data.label("data")
    kind, number = literal(action.value).label("kind"), ranked.c.row_no.label("row_number")
    return select(kind, ranked.c.position, number, *columns).select_from(ranked)


def _point(shape: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return lon and lat of a place on an object."""
    middle = func.ST_PointOnSurface(shape)
    return func.jsonb_build_array(func.ST_X(middle), func.ST_Y(middle))


def _shown(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a value as JSON keeps it: numbers with a fraction as they are written, without loss."""
    return value if isinstance(value.type, Integer | Boolean | TextType) else cast(value, TextType)
