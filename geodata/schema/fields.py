"""A column with what the project knows about it: label, unit, names in files, filter, who may see it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import (
    ColumnElement,
    Enum,
    SQLColumnExpression,
)
from sqlalchemy.orm import column_property, mapped_column

from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.base.names import fold_name
from geodata.base.values import FeatureRow
from geodata.schema.filters import Choice, FilterKind
from geodata.schema.roles import Role


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class LabelledEnum(StrEnum):
    """A closed set of stored values, each with its label and the spellings files use for it."""

    label: str
    source_values: tuple[str, ...]

    def __new__(cls, value: str, label: str, *source_values: str) -> Self:
        """Return a member that is its stored value."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.source_values = source_values
        return member

    @classmethod
    def labels(cls) -> dict[str, str]:
        """Return stored value -> label, in the order of the class."""
        return {member.value: member.label for member in cls}


def stored(values: type[LabelledEnum]) -> Enum:
    """Return the column type of a closed set: text with a check constraint."""
    return Enum(
        values,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=_snake(values.__name__),
        values_callable=lambda enum: [member.value for member in enum],
    )


class Group(StrEnum):
    """The headings of the object panel."""

    GENERAL = N_("General")
    STATE = N_("State")
    SIZE = N_("Size and capacity")
    PEOPLE = N_("Parties")
    LEGAL = N_("Papers")
    LOCATION = N_("Location and source")


@dataclass(frozen=True, kw_only=True)
class Field:
    """What the project knows about one column, besides its type.

    `explain` says from the feature's row why a derived value is what it is on a day; `on_day` is the value on
    another day than today, for what changes with time.
    `roles` None means: whoever may view the layer. `source_names` are the column names that files use;
    they match in any case, with or without accents, and cut to ten letters.
    """

    label: str
    name: str = ""
    unit: str = ""
    help: str = ""
    group: Group = Group.GENERAL
    source_names: tuple[str, ...] = ()
    filter: FilterKind | None = None
    roles: frozenset[Role] | None = None
    in_tile: bool = False
    searchable: bool = False
    derived: bool = False
    in_panel: bool = True
    required: bool = False
    values: type[LabelledEnum] | None = None
    python_type: type = str
    explain: Callable[[FeatureRow, date], Message] | None = None
    on_day: Callable[[ColumnElement[date]], ColumnElement[Any]] | None = None


INFO = "field"


CHECK = "check"


def field(
    *,
    label: str,
    type_: Any = None,
    values: type[LabelledEnum] | None = None,
    filter: FilterKind | None = None,
    check: str | None = None,
    default: Any = None,
    server_default: str | None = None,
    index: bool = False,
    **spec: Any,
) -> Any:
    """Return a mapped column that carries its Field. `check` is an SQL condition on the column."""
    if values is not None:
        type_ = stored(values)
        filter = filter or Choice(values.labels())
    info: dict[str, Any] = {INFO: Field(label=label, values=values, filter=filter, **spec)}
    arguments: list[Any] = [type_] if type_ is not None else []
    if check:
        info[CHECK] = check
    return mapped_column(*arguments, info=info, default=default, server_default=server_default, index=index)


def derived(
    expression: SQLColumnExpression[Any], *, label: str, values: type[LabelledEnum] | None = None, **spec: Any
) -> Any:
    """Return a computed, read-only field: it filters, tiles and shows like a stored one."""
    if values is not None:
        spec.setdefault("filter", Choice(values.labels()))
    info = {INFO: Field(label=label, derived=True, values=values, **spec)}
    return column_property(expression, info=info)


def fold_column_name(name: str) -> str:
    """Return a column name without accents, case and punctuation, as files are matched by it."""
    return fold_name(name)
