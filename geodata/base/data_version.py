"""A version per layer that changes with every committed change, for caches and ETags, and never comes back.

Triggers write one row per layer and transaction with a random mark; the version is their number and the sum of their marks.
Taking the highest alone would be wrong when transactions commit out of order, and numbers of transactions come again
after a restore. Rows that nobody writes any more are folded into one, which leaves the version as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import BigInteger, Numeric, Text, bindparam, func, literal, select, text, union_all
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.base.database import Base, ReadConnection

#: What legal acts and their objects are called here: they are no layer, and make a version all the same.
ACTS = "legal_acts"


class DataChange(Base):
    """A transaction that changed a layer or something that hangs on it."""

    __tablename__ = "data_change"

    layer: Mapped[str] = mapped_column(Text, primary_key=True)
    transaction_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    mark: Mapped[int] = mapped_column(BigInteger, server_default=func.random_mark())


class DataChangeSum(Base):
    """The changes of a layer that have been folded: how many they were, and the sum of their marks."""

    __tablename__ = "data_change_sum"

    layer: Mapped[str] = mapped_column(Text, primary_key=True)
    changes: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[Decimal] = mapped_column(Numeric)


_CHANGES = union_all(
    select(DataChange.layer, literal(1).label("changes"), DataChange.mark.label("total")),
    select(DataChangeSum.layer, DataChangeSum.changes, DataChangeSum.total),
).subquery()
#: Asked before every answer that is kept: built once.
_VERSION = select(
    func.coalesce(func.sum(_CHANGES.c.changes), 0), func.coalesce(func.sum(_CHANGES.c.total), 0), func.current_date()
).where(_CHANGES.c.layer.in_(bindparam("layers", expanding=True)))

#: The same of every layer, for who asks about many at once.
_VERSIONS = select(
    _CHANGES.c.layer, func.sum(_CHANGES.c.changes), func.sum(_CHANGES.c.total), func.current_date()
).group_by(func.rollup(_CHANGES.c.layer))

# One statement sees one state: a reader counts a row as itself or in the sum, never twice and never not at all.
_FOLD = text(
    """
    WITH folded AS (DELETE FROM data_change RETURNING layer, mark)
    INSERT INTO data_change_sum AS kept (layer, changes, total)
    SELECT layer, count(*), sum(mark) FROM folded GROUP BY layer
    ON CONFLICT (layer) DO UPDATE SET changes = kept.changes + excluded.changes, total = kept.total + excluded.total
    """
)


def data_version(connection: ReadConnection | Session, *layers: str) -> str:
    """Return a text that changes with the data of these layers, and at midnight: states depend on today."""
    count, total, today = connection.execute(_VERSION, {"layers": layers}).one()
    return _version(count, total, today)


@dataclass(frozen=True, kw_only=True)
class Versions:
    """The versions of all layers at one moment."""

    day: date
    changes: Mapping[str, tuple[int, Decimal]]

    def of(self, *layers: str) -> str:
        """Return what data_version says of these layers."""
        found = [self.changes[layer] for layer in set(layers) if layer in self.changes]
        return _version(sum(count for count, _ in found), sum((total for _, total in found), Decimal()), self.day)


def data_versions(connection: ReadConnection | Session) -> Versions:
    """Return the versions of all layers; one statement, where asking for each costs as much as a kept tile."""
    rows = connection.execute(_VERSIONS).all()
    changes = {layer: (int(count), total) for layer, count, total, _ in rows if layer is not None}
    return Versions(day=rows[0][3], changes=changes)


def _version(count: int, total: Decimal, day: date) -> str:
    return f"{count}-{total:f}-{day:%Y%m%d}"


def fold_data_changes(session: Session) -> None:
    """Fold the changes of transactions that have ended into one row a layer. The caller commits."""
    session.execute(_FOLD)
