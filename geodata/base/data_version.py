"""A version per layer that changes with every committed change, for caches and ETags, and never comes back.

Triggers write one row per layer and transaction with a random mark; the version is their number and the sum of their marks.
Taking the highest alone would be wrong when transactions commit out of order, and numbers of transactions come again
after a restore. A row says where the change was, as far as that is known: the version of an area leaves out what changed
elsewhere, so that what was made of the area stays good. Rows of earlier days are folded into one a layer, which leaves the
layer's version as it is; the area's changes, as all do at midnight.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from sqlalchemy import (
    BigInteger,
    Double,
    Numeric,
    Text,
    bindparam,
    false,
    func,
    literal,
    null,
    select,
    text,
    union_all,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.base.crs import Bbox
from geodata.base.database import Base, ReadConnection

#: What legal acts and their objects are called here: they are no layer, and make a version all the same.
ACTS = "legal_acts"


class DataChange(Base):
    """A transaction that changed a layer or something that hangs on it."""

    __tablename__ = "data_change"

    layer: Mapped[str] = mapped_column(Text, primary_key=True)
    transaction_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    mark: Mapped[int] = mapped_column(BigInteger, server_default=func.random_mark())
    #: Where the objects lie that changed, before and after, EPSG:4326; unknown is everywhere.
    west: Mapped[float | None] = mapped_column(Double)
    south: Mapped[float | None] = mapped_column(Double)
    east: Mapped[float | None] = mapped_column(Double)
    north: Mapped[float | None] = mapped_column(Double)
    noted_on: Mapped[date] = mapped_column(server_default=func.current_date())
    #: Whether what is stored of the layer's merged points has it in already.
    is_merged: Mapped[bool] = mapped_column(server_default=false())


class DataChangeSum(Base):
    """The changes of a layer that have been folded: how many they were, and the sum of their marks."""

    __tablename__ = "data_change_sum"

    layer: Mapped[str] = mapped_column(Text, primary_key=True)
    changes: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[Decimal] = mapped_column(Numeric)


_SIDES = (DataChange.west, DataChange.south, DataChange.east, DataChange.north)
_CHANGES = union_all(
    select(DataChange.layer, literal(1).label("changes"), DataChange.mark.label("total"), *_SIDES),
    select(DataChangeSum.layer, DataChangeSum.changes, DataChangeSum.total, *(null() for _ in _SIDES)),
).subquery()
#: Asked before every answer that is kept: built once.
_VERSION = select(
    func.coalesce(func.sum(_CHANGES.c.changes), 0), func.coalesce(func.sum(_CHANGES.c.total), 0), func.current_date()
).where(_CHANGES.c.layer.in_(bindparam("layers", expanding=True)))

#: The same of every layer, for who asks about many at once.
_OF_ALL = (_CHANGES.c.layer, func.sum(_CHANGES.c.changes), func.sum(_CHANGES.c.total), func.current_date())
_VERSIONS = select(*_OF_ALL).group_by(func.rollup(_CHANGES.c.layer))
_PLACE = (_CHANGES.c.west, _CHANGES.c.south, _CHANGES.c.east, _CHANGES.c.north)
_AREAS = func.json_agg(func.json_build_array(*_PLACE, _CHANGES.c.total)).filter(_CHANGES.c.west.is_not(None))
#: With where each change was. Asked when the numbers are others than before only: there may be a thousand places.
_VERSIONS_BY_AREA = select(*_OF_ALL, _AREAS).group_by(func.rollup(_CHANGES.c.layer))
#: So many rows of today are kept apart; more are folded, and all areas count as changed once.
MOST_APART = 1000

# One statement sees one state: a reader counts a row as itself or in the sum, never twice and never not at all.
_FOLD = text(
    """
    WITH folded AS (
        DELETE FROM data_change
        WHERE (noted_on < current_date OR (SELECT count(*) FROM data_change) > :most)
          AND (is_merged OR layer <> ALL (:merged))
        RETURNING layer, mark
    )
    INSERT INTO data_change_sum AS kept (layer, changes, total)
    SELECT layer, count(*), sum(mark) FROM folded GROUP BY layer
    ON CONFLICT (layer) DO UPDATE SET changes = kept.changes + excluded.changes, total = kept.total + excluded.total
    """
)


def data_version(connection: ReadConnection | Session, *layers: str) -> str:
    """Return a text that changes with the data of these layers, and at midnight: states depend on today."""
    count, total, today = connection.execute(_VERSION, {"layers": layers}).one()
    return _version(count, total, today)


@dataclass(frozen=True)
class Source:
    """What an answer was read from: layers, and the area in which their objects lie (EPSG:4326, west to north); None is everywhere."""

    layers: tuple[str, ...]
    area: Bbox | None = None


#: Where a change was, and its mark.
_Change = tuple[float, float, float, float, int]


@dataclass(frozen=True, kw_only=True)
class Versions:
    """The versions of all layers at one moment."""

    day: date
    changes: Mapping[str, tuple[int, Decimal]]
    areas: Mapping[str, Sequence[_Change]] = field(default_factory=dict)
    _known: dict[Source, str] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def total(self) -> tuple[int, Decimal, date]:
        """The number and the sum of all changes, and the day: none but the same versions have the same."""
        return (
            sum(one for one, _ in self.changes.values()),
            sum((one for _, one in self.changes.values()), Decimal()),
            self.day,
        )

    def of(self, source: Source) -> str:
        """Return a text that changes with what lies in the source's area of its layers, and at midnight.

        Without an area it is what data_version() says of the layers.
        """
        known = self._known.get(source)
        if known is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            known = self._known[source] = self._of(source)
        return known

    def _of(self, source: Source) -> str:
        number, sum_ = 0, Decimal()
        for layer in set(source.layers) & set(self.changes):
            count, total = self.changes[layer]
            elsewhere = [each[4] for each in self.areas.get(layer, ()) if _is_elsewhere(each, source.area)]
            number, sum_ = number + count - len(elsewhere), sum_ + total - sum(elsewhere)
        return _version(number, sum_, self.day)


#: Versions of so many sources are remembered for as long as nothing changes.
MOST_KNOWN = 20_000


def _is_elsewhere(change: _Change, area: Bbox | None) -> bool:
    if area is None:
        return False
    west, south, east, north, _mark = change
    return west > area[2] or east < area[0] or south > area[3] or north < area[1]


#: What was last read of each database, by its address: nothing of it is read again while the numbers are the same.
_LATEST: dict[str, Versions] = {}


def data_versions(connection: ReadConnection) -> Versions:
    """Return the versions of all layers; one statement, where asking for each costs as much as a kept tile."""
    database = str(connection.engine.url)
    rows: Sequence[Sequence[Any]] = connection.execute(_VERSIONS).all()
    latest = _LATEST.get(database)
    if latest and (latest.day, latest.changes) == (rows[0][3], _changes(rows)):
        return latest
    found: Sequence[Sequence[Any]] = connection.execute(_VERSIONS_BY_AREA).all()
    areas = {
        layer: tuple(tuple(each) for each in listed) for layer, *_, listed in found if layer is not None and listed
    }
    latest = _LATEST[database] = Versions(day=found[0][3], changes=_changes(found), areas=areas)
    return latest


def latest_versions(database: str) -> Versions | None:
    """Return what was last read of a database, by its address."""
    return _LATEST.get(database)


#: All changes there ever were, and the day, as Versions.total has them: less than half of what it takes to tell them by layer.
TOTAL = (
    "SELECT number + (SELECT coalesce(sum(changes), 0) FROM data_change_sum),"
    " total + (SELECT coalesce(sum(total), 0) FROM data_change_sum), current_date"
    " FROM (SELECT count(*) AS number, coalesce(sum(mark), 0) AS total FROM data_change) AS changes"
)


def _changes(rows: Sequence[Sequence[Any]]) -> dict[str, tuple[int, Decimal]]:
    return {row[0]: (int(row[1]), row[2]) for row in rows if row[0] is not None}


def _version(count: int, total: Decimal, day: date) -> str:
    return f"{count}-{total:f}-{day:%Y%m%d}"


def fold_data_changes(session: Session, merged: Collection[str] = ()) -> None:
    """Fold the changes of earlier days into one row a layer, and today's when there are many. The caller commits.

    `merged`: the layers of which merged points are stored; their changes wait until those have them in.
    """
    session.execute(_FOLD, {"most": MOST_APART, "merged": list(merged)})
