"""Rows out of documents: a row as JSON and back, under its own number."""

from collections.abc import Mapping, Sequence
from typing import Any, cast as as_type

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Table,
    Text,
    cast,
    column,
    func,
    insert,
    literal,
    select,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.types import UserDefinedType

from geodata.base.database import Base
from geodata.schema.feature import Feature

#: A row as its history keeps it: column -> JSON value; dates as ISO 8601, geometry as hexadecimal EWKB.
Document = dict[str, object]
#: The column of what hangs on a feature that says which change set added it.
ADDED_IN = "change_set_id"


def number_in(document: Mapping[str, object], column: str) -> int:
    """Return what a row has in a column of numbers, as those of ids are."""
    return as_type(int, document[column])


class PlainGeometry(UserDefinedType[Any]):
    """A geometry as it is, without conversions on the way in and out: for statements that stay inside the database."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the type's name in SQL."""
        return "geometry(Geometry,4326)"


class AnyGeometry(UserDefinedType[Any]):
    """The bare geometry type, for casts."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the type's name in SQL."""
        return "geometry"


#: Columns that belong to the store, not to the object.
_NOT_DATA = frozenset({"id", "updated_at", "change_set_id"})
#: jsonb_build_object takes 100 arguments.
_PAIRS = 40


def table_of(mapped: type[Base]) -> Table:
    """Return the table of a layer kind or of any mapped class."""
    table = mapped.__table__
    assert isinstance(table, Table)  # noqa: S101 - a mapped class with a tablename has a Table
    return table


def data_columns(kind: type[Feature]) -> tuple[str, ...]:
    """Return the columns that history keeps: all that say something about the object, geometry included."""
    return tuple(
        column.name for column in table_of(kind).columns if column.computed is None and column.name not in _NOT_DATA
    )


def row_json(kind: type[Feature], row: FromClause | None = None) -> ColumnElement[Any]:
    """Return a row of a layer as a JSON object, geometry as hex EWKB."""
    source = row if row is not None else table_of(kind)
    names = data_columns(kind)
    parts: list[ColumnElement[Any]] = []
    for start in range(0, len(names), _PAIRS):
        arguments: list[Any] = []
        for name in names[start : start + _PAIRS]:
            column = source.c[name]
            arguments += [
                literal(name, Text),
                cast(type_coerce(column, AnyGeometry()), Text) if name == "geom" else column,
            ]
        parts.append(func.jsonb_build_object(*arguments, type_=JSONB))
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.concat(part)
    return whole


def column_from_json(kind: type[Feature], name: str, document: Any) -> ColumnElement[Any]:
    """Return the value of a column out of such an object."""
    column = table_of(kind).c[name]
    if name == "geom":
        return type_coerce(cast(document[name].astext, AnyGeometry()), PlainGeometry())
    if isinstance(column.type, JSONB):
        return func.coalesce(document[name], func.jsonb_build_object(type_=JSONB))
    return cast(document[name].astext, column.type)


def type_of_json(document: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return an expression as JSON: operators of it forget their type."""
    return cast(document, JSONB)


def recordset(table: Table, documents: Sequence[Document]) -> Any:
    """Return documents as rows with the columns of a table; who added them, only where they say it."""
    left_out = "" if any(ADDED_IN in document for document in documents) else ADDED_IN
    columns = [column(own.name, own.type) for own in table.columns if own.name != left_out]
    rows = func.jsonb_to_recordset(cast(literal(list(documents), JSONB), JSONB))
    return rows.table_valued(*columns, name=f"{table.name}_document").render_derived(with_types=True)


def insert_documents(session: Session, table: Table, documents: Sequence[Document]) -> None:
    """Store documents as rows, under their own numbers."""
    if documents:
        rows = recordset(table, documents)
        names = [own.name for own in rows.c]
        session.execute(insert(table).from_select(names, select(*rows.c)))


def update_documents(session: Session, table: Table, documents: Sequence[Document]) -> None:
    """Make rows what their documents say."""
    if documents:
        rows = recordset(table, documents)
        values = {own.name: rows.c[own.name] for own in table.columns if own.name not in {"id", ADDED_IN}}
        session.execute(update(table).where(table.c.id == rows.c.id).values(values))
