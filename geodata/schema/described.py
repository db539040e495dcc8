"""Tables whose columns carry a Field."""

from dataclasses import replace
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column as SchemaColumn,
    ColumnElement,
    Date,
    Table,
    inspect,
    literal,
)
from sqlalchemy.orm import ColumnProperty

from geodata.base.database import Base
from geodata.schema.fields import CHECK, INFO, Field


class Described(Base):
    """Anything whose columns carry a Field."""

    __abstract__ = True

    def __init_subclass__(cls, **options: Any) -> None:
        """Map the class, then turn its fields' checks into constraints of the table, where Alembic sees them."""
        super().__init_subclass__(**options)
        table = getattr(cls, "__table__", None)
        if not isinstance(table, Table):
            return
        for column in table.columns:
            if check := column.info.get(CHECK):
                table.append_constraint(CheckConstraint(check, name=f"{column.name}_range"))

    @classmethod
    def fields(cls) -> tuple[Field, ...]:
        """Return the fields in reading order, names and Python types filled in."""
        return _fields(cls)

    @classmethod
    def field(cls, name: str) -> Field | None:
        """Return the field of that name, or None."""
        return next((field for field in cls.fields() if field.name == name), None)

    @classmethod
    def key_names(cls) -> tuple[str, ...]:
        """Return the fields by which a row is told from the others: of its layer, or of those that hang on a feature."""
        return ()

    @classmethod
    def column(cls, name: str, day: date | None = None) -> ColumnElement[Any]:
        """Return the SQL expression of a field or column of this class, today's or a day's."""
        field = cls.field(name) if day else None
        if field is not None and field.on_day is not None:
            return field.on_day(literal(day, Date))
        attribute: ColumnElement[Any] = getattr(cls, name)
        return attribute


@cache
def _fields(cls: type[Described]) -> tuple[Field, ...]:
    mapper = inspect(cls)
    found: list[Field] = []
    for key, attribute in mapper.attrs.items():
        if not isinstance(attribute, ColumnProperty):
            continue
        info = {**getattr(attribute.columns[0], "info", {}), **attribute.info}
        if (spec := info.get(INFO)) is None:
            continue
        column = attribute.columns[0]
        required = spec.required or (
            isinstance(column, SchemaColumn)
            and not column.nullable
            and not spec.derived
            and column.default is None
            and column.server_default is None
        )
        found.append(replace(spec, name=key, python_type=_python_type(column.type), required=required))
    order = {name: index for index, name in enumerate(dict.fromkeys(_declared_names(cls)))}
    return tuple(sorted(found, key=lambda field: order.get(field.name, len(order))))


def _declared_names(cls: type) -> list[str]:
    """Return attribute names as written: identity first, the kind's own next, what every kind has last."""
    bases = [base for base in cls.__mro__ if base not in {Base, object}]
    own = [name for base in bases if not vars(base).get("__abstract__") for name in vars(base)]
    shared = [name for base in bases if vars(base).get("__abstract__") for name in getattr(base, "__annotations__", {})]
    shared = [name for name in shared if name not in {"code", "name"}]
    return ["code", "name", *[name for name in own if name not in shared], *shared]


def _python_type(type_: Any) -> type:
    try:
        python_type: type = type_.python_type
    except NotImplementedError:
        return str
    return str if issubclass(python_type, StrEnum) else python_type
