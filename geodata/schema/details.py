"""Rows that hang on a feature: transformers, certificates, price plans."""

from collections.abc import Mapping
from dataclasses import dataclass, field as dataclass_field
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Identity,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from geodata.schema.described import Described
from geodata.schema.dues import Due
from geodata.schema.pipeline import Term
from geodata.schema.roles import Role

#: Of a row that hangs on an object: the change set in which it is added, where there is one.
ADDED_BY = text("current_change_set()")


@dataclass(frozen=True, kw_only=True)
class DetailInfo:
    """A table that hangs on a layer: its name in URLs and files, title, order and who may see it.

    `repeats`: column -> the feature's column whose values, as they change, a trigger keeps as rows of this table.
    `known_from`: the day from which a row can have been known. `known_later`: the days of what came after, each with
    the columns that tell of it. `is_kept_elsewhere`: pages of its own write it, with rules of their own;
    `updated_by_file`: those of its fields that files may update all the same. `names_object`: the field with the code of
    an object of whatever layer, which then leads back to the feature that the row hangs on. `term`: its rows hold for a time.
    `dues`: what falls due on days of its rows.
    """

    name: str
    title: str
    order_by: tuple[str, ...]
    key: tuple[str, ...]
    roles: frozenset[Role] | None = None
    repeats: Mapping[str, str] = dataclass_field(default_factory=dict)
    known_from: str | None = None
    known_later: Mapping[str, tuple[str, ...]] = dataclass_field(default_factory=dict)
    is_kept_elsewhere: bool = False
    updated_by_file: tuple[str, ...] = ()
    names_object: str | None = None
    term: Term | None = None
    dues: tuple[Due, ...] = ()


class Detail(Described):
    """A row that hangs on a feature: a transformer, a certificate, a price plan."""

    __abstract__ = True
    detail: ClassVar[DetailInfo]

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    feature_id: Mapped[int]
    #: Which change set added the row; the database fills it in.
    change_set_id: Mapped[int | None] = mapped_column(BigInteger, server_default=ADDED_BY, deferred=True)

    @classmethod
    def key_names(cls) -> tuple[str, ...]:
        """Return the detail's key."""
        return cls.detail.key


def parent(table: str, *, is_record: bool = False) -> Any:
    """Return the column that ties a detail to its feature: it goes when the feature goes; a record keeps the feature."""
    return mapped_column(
        BigInteger, ForeignKey(f"{table}.id", ondelete="RESTRICT" if is_record else "CASCADE"), index=True
    )
