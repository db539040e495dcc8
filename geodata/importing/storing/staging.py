"""The rows of an import in the database: a temporary table by COPY, each row matched and compared with what is stored."""

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    FromClause,
    Index,
    Integer,
    MetaData,
    Table,
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
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable

import shapely

from geodata.base.copying import copy_into
from geodata.base.data_version import DataChange, data_version
from geodata.history.documents import AnyGeometry, PlainGeometry, table_of
from geodata.history.held import is_held
from geodata.importing.progress import Progress, Step, silent
from geodata.importing.results import Mode
from geodata.importing.storing.classified import Classified
from geodata.importing.storing.copying import lines_of
from geodata.importing.storing.rows import CheckedRows
from geodata.importing.understanding.check import same_place
from geodata.schema.feature import Feature

_BATCH = 50_000
#: Fewer matches than this are read through as fast as an index of them.
_FEW = 200
_DROP = text("DROP TABLE IF EXISTS import_match, import_staging")
_STAGED_OID = text("SELECT CAST(to_regclass('pg_temp.import_staging') AS oid)")


@lru_cache(maxsize=200)
def _tables(kind: type[Feature], names: tuple[str, ...]) -> tuple[Table, Table]:
    """Return the rows' table and the matches'; the same ones for the same fields, so that statements are built once."""
    metadata, target = MetaData(), table_of(kind)

    def type_of(name: str) -> Any:
        field_ = kind.field(name)
        return TextType() if field_ is not None and field_.values is not None else target.c[name].type

    staged = Table(
        "import_staging",
        metadata,
        Column("row_no", Integer),
        *[Column(name, type_of(name)) for name in names],
        Column("geom", PlainGeometry()),
        Column("extra", JSONB),
        Column("target_id", BigInteger),
        prefixes=["TEMPORARY"],
    )
    match = Table(
        "import_match",
        metadata,
        Column("row_no", Integer),
        Column("target_id", BigInteger),
        Column("differs", Boolean),
        Column("moved", Boolean),
        prefixes=["TEMPORARY"],
    )
    Index("import_match_row_no", match.c.row_no, unique=True)
    Index("import_match_target_id", match.c.target_id)
    return staged, match


class Staging:
    """The rows of one import in temporary tables of this connection; a commit between preview and storing keeps them."""

    def __init__(self, session: Session, checked: CheckedRows, mode: Mode) -> None:
        self.session, self.checked, self.mode = session, checked, mode
        self.kind = checked.kind
        self.target = table_of(self.kind)
        self.names = tuple(checked.values)
        self.staged, self.match = _tables(self.kind, self.names)
        self.oid: int | None = None
        self.version: str | None = None
        self.found: Classified | None = None

    @cached_property
    def positions(self) -> dict[int, int]:
        """Row number → place among the rows."""
        return {row: index for index, row in enumerate(self.checked.rows)}

    # filling

    def fill(self, progress: Progress = silent, step: Step = Step.COMPARE) -> None:
        """COPY the rows and match them with what is stored."""
        connection = self.session.connection()
        self.drop()
        connection.execute(CreateTable(self.staged))
        columns = ["row_no", *self.names, "geom", *(["extra"] if self.checked.extra is not None else [])]
        columns += ["target_id"] if self.checked.targets is not None else []
        with copy_into(connection, self.staged.name, columns) as copy:
            for done, chunk in enumerate(lines_of(self.checked, self.names, _BATCH)):
                progress(step, min(done * _BATCH, len(self.checked.rows)), len(self.checked.rows))
                copy.write(chunk)
        self.session.execute(text("ANALYZE import_staging"))
        self.oid = self.session.scalar(_STAGED_OID)
        self._match()

    def match_anew(self) -> bool:
        """Match rows that this connection holds already with what is stored now; say whether it still holds them.

        Where nothing of the layer has changed since, the earlier comparison holds.
        """
        if not self.is_held():
            return False
        if self.version is None or self._version() != self.version:
            self.session.execute(DropTable(self.match, if_exists=True))
            self._match()
        return True

    def is_held(self) -> bool:
        """Say whether this connection still holds the rows; another import in it takes their place."""
        return self.oid is not None and self.session.scalar(_STAGED_OID) == self.oid

    def _version(self) -> str | None:
        """Return the layer's state of data; None when this transaction has changed it itself, which no version tells."""
        layer = self.kind.layer.name
        own = cast(cast(func.pg_current_xact_id_if_assigned(), TextType), BigInteger)
        is_changed = select(exists().where(DataChange.layer == layer, DataChange.transaction_id == own))
        return None if self.session.scalar(is_changed) else data_version(self.session, layer)

    def drop(self) -> None:
        """Remove the temporary tables of an earlier import of this transaction."""
        self.session.execute(_DROP)

    # matching and comparing

    @property
    def has_whole_key(self) -> bool:
        """Whether the file says every part of the layer's key."""
        return all(name in self.names for name in self.kind.layer.key)

    def current(self) -> FromClause:
        """Return (id, code) of the stored features a code means: by whole key each, else the current one of each code."""
        target = self.target
        if self.checked.targets is not None or self.has_whole_key or self.kind.layer.key == ("code",):
            return target
        # What ended is not the object of a newer file, unless the two would have the same key.
        same_key = [target.c[name].is_(None) for name in self.kind.layer.key if name not in self.names]
        return (
            select(target)
            .where(or_(target.c.valid_to.is_(None), target.c.valid_to >= func.current_date(), and_(*same_key)))
            .ext(distinct_on(target.c.code))
            .order_by(
                target.c.code,
                target.c.valid_to.is_(None).desc(),
                target.c.valid_to.desc(),
                target.c.valid_from.desc(),
                target.c.id.desc(),
            )
            .subquery("current_feature")
        )

    def _match(self) -> None:
        # Read before the rows: what is committed in between makes the comparison too new, never too old.
        self.version, self.found = self._version(), None
        staged, stored = self.staged, self.current()
        same_key = self._same_key(stored)
        self._keep_stored(stored, same_key)
        differs = [staged.c[name].is_distinct_from(self.plain(stored, name)) for name in self.names]
        if self.checked.extra is not None:
            merged = stored.c.extra.concat(func.coalesce(staged.c.extra, func.jsonb_build_object(type_=JSONB)))
            differs.append(merged.is_distinct_from(stored.c.extra))
        moved = type_coerce(stored.c.geom, AnyGeometry()).is_distinct_from(type_coerce(staged.c.geom, AnyGeometry()))
        query = select(
            staged.c.row_no,
            stored.c.id,
            and_(stored.c.id.is_not(None), or_(staged.c.row_no.in_(sorted(self.checked.touched)), *differs)),
            and_(stored.c.id.is_not(None), moved),
        ).select_from(staged.outerjoin(stored, and_(*same_key)))
        self.session.execute(CreateTable(self.match))
        self.session.execute(insert(self.match).from_select(["row_no", "target_id", "differs", "moved"], query))
        if len(self.checked.rows) >= _FEW:
            for index in sorted(self.match.indexes, key=lambda index: str(index.name)):
                self.session.execute(CreateIndex(index))
        self.session.execute(text("ANALYZE import_match"))
        self._forgive_rewritten_geometry()

    def _same_key(self, stored: FromClause) -> list[ColumnElement[bool]]:
        staged = self.staged
        if self.checked.targets is not None:
            return [staged.c.target_id == stored.c.id]
        same_key = [staged.c.code == stored.c.code]
        if self.has_whole_key:
            same_key += [
                staged.c[name].is_not_distinct_from(stored.c[name]) for name in self.kind.layer.key if name != "code"
            ]
        return same_key

    def _keep_stored(self, stored: FromClause, same_key: Sequence[ColumnElement[bool]]) -> None:
        """Take from the stored objects what the file does not know: lost values, ends of texts, places, that a 0 means nothing."""
        staged, checked = self.staged, self.checked
        for name, rows in checked.kept.items():
            if name in self.names and rows:
                held = update(staged).where(*same_key, staged.c.row_no.in_(sorted(rows)))
                self.session.execute(held.values({name: self.plain(stored, name)}))
        for name, rows in checked.cut.items():
            if name not in self.names:
                continue
            goes_on = func.starts_with(stored.c[name], staged.c[name])
            held = update(staged).where(*same_key, staged.c.row_no.in_(sorted(rows)), goes_on)
            self.session.execute(held.values({name: self.plain(stored, name)}))
        if checked.keeps_places:
            self.session.execute(
                update(staged).where(*same_key).values(geom=type_coerce(stored.c.geom, PlainGeometry()))
            )
        for name, rows in checked.weak.items():
            if name in self.names and rows:
                says_something = exists().where(*same_key, stored.c[name].is_not(None))
                empty = update(staged).where(staged.c.row_no.in_(sorted(rows)), not_(says_something))
                self.session.execute(empty.values({name: null()}))

    def plain(self, stored: FromClause, name: str) -> ColumnElement[Any]:
        """Return a stored column as the staged one beside it is: a closed set's values as texts."""
        column = stored.c[name]
        field_ = self.kind.field(name)
        return cast(column, TextType) if field_ is not None and field_.values is not None else column

    def _forgive_rewritten_geometry(self) -> None:
        """Take as unmoved what only starts its rings elsewhere or differs below 1e-9 degrees."""
        query = (
            select(
                self.match.c.row_no,
                func.ST_AsBinary(type_coerce(self.staged.c.geom, AnyGeometry())),
                func.ST_AsBinary(type_coerce(self.target.c.geom, AnyGeometry())),
            )
            .join(self.staged, self.staged.c.row_no == self.match.c.row_no)
            .join(self.target, self.target.c.id == self.match.c.target_id)
            .where(self.match.c.moved)
        )
        same: list[int] = []
        result = self.session.execute(query)
        for rows in result.partitions(_BATCH):
            first = shapely.from_wkb([bytes(row[1]) for row in rows])
            second = shapely.from_wkb([bytes(row[2]) for row in rows])
            same += [row[0] for row, is_same in zip(rows, same_place(first, second), strict=True) if is_same]
        for start in range(0, len(same), _BATCH):
            self.session.execute(
                update(self.match).where(self.match.c.row_no.in_(same[start : start + _BATCH])).values(moved=False)
            )

    @property
    def is_change(self) -> ColumnElement[bool]:
        """What is true of matches whose object would change."""
        return and_(self.match.c.target_id.is_not(None), or_(self.match.c.differs, self.match.c.moved))

    @property
    def is_absent(self) -> ColumnElement[bool]:
        """Return what is true of stored objects that go when the file is the whole layer."""
        return and_(self.is_missing, not_(is_held(self.session, self.kind)))

    @property
    def is_missing(self) -> ColumnElement[bool]:
        """What is true of stored objects that no row is, rejected ones included."""
        matched = exists().where(self.match.c.target_id == self.target.c.id)
        condition: ColumnElement[bool] = not_(matched)
        if self.checked.rejected_codes:
            condition = and_(condition, self.target.c.code.not_in(sorted(self.checked.rejected_codes)))
        return condition
