"""The rows of an import in the database: temporary tables of one connection, filled by COPY, and how their parts are asked for."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
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
    not_,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable

from geodata.base.copying import copy_into
from geodata.history.documents import PlainGeometry, table_of
from geodata.history.held import is_held
from geodata.importing.progress import Progress, Step
from geodata.importing.reading.kept import LEAVE_FREE_BYTES
from geodata.importing.results import Mode
from geodata.importing.storing.copying import lines_of
from geodata.importing.storing.rows import CheckedRows
from geodata.schema.feature import Feature

_BATCH = 50_000
_DROP = text("DROP TABLE IF EXISTS import_match, import_staging")
_STAGED_OID = text("SELECT CAST(to_regclass('pg_temp.import_staging') AS oid)")


@dataclass(frozen=True, kw_only=True)
class StagedRows:
    """The rows of one import in temporary tables of this connection; a commit between preview and storing keeps them.

    `staged` holds the rows, `match` says of each which stored object it is; `oid` tells them from those of another import.
    `version` is that of the data they were matched with, None before and when this transaction has changed the layer itself. `lines`
    is the file that holds the rows as they were copied.
    """

    session: Session
    checked: CheckedRows
    mode: Mode
    oid: int | None
    version: str | None = None
    lines: Path | None = None

    @property
    def kind(self) -> type[Feature]:
        """The layer that the rows go into."""
        return self.checked.kind

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that the rows have."""
        return tuple(self.checked.values)

    @property
    def target(self) -> Table:
        """The layer's table."""
        return table_of(self.kind)

    @property
    def staged(self) -> Table:
        """The table of the rows."""
        return _tables(self.kind, self.names)[0]

    @property
    def match(self) -> Table:
        """The table of what they are."""
        return _tables(self.kind, self.names)[1]

    @cached_property
    def positions(self) -> dict[int, int]:
        """Row number → place among the rows."""
        return {row: index for index, row in enumerate(self.checked.rows)}

    @property
    def has_whole_key(self) -> bool:
        """Whether the file says every part of the layer's key."""
        return all(name in self.names for name in self.kind.layer.key)

    def is_held_by(self, session: Session) -> bool:
        """Say whether a session's connection still holds the rows; another import in it takes their place."""
        return self.session is session and self.oid is not None and session.scalar(_STAGED_OID) == self.oid

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

    def plain(self, stored: FromClause, name: str) -> ColumnElement[Any]:
        """Return a stored column as the staged one beside it is: a closed set's values as texts."""
        column = stored.c[name]
        field_ = self.kind.field(name)
        return cast(column, TextType) if field_ is not None and field_.values is not None else column

    @property
    def is_change(self) -> ColumnElement[bool]:
        """What is true of matches whose object would change."""
        return and_(self.match.c.target_id.is_not(None), or_(self.match.c.differs, self.match.c.moved))

    @property
    def is_absent(self) -> ColumnElement[bool]:
        """What is true of stored objects that go when the file is the whole layer."""
        return and_(self.is_missing, not_(is_held(self.session, self.kind)))

    @property
    def is_missing(self) -> ColumnElement[bool]:
        """What is true of stored objects that no row is, rejected ones included."""
        matched = exists().where(self.match.c.target_id == self.target.c.id)
        condition: ColumnElement[bool] = not_(matched)
        if self.checked.rejected_codes:
            condition = and_(condition, self.target.c.code.not_in(sorted(self.checked.rejected_codes)))
        return condition


def copy_rows(
    session: Session, checked: CheckedRows, mode: Mode, told: tuple[Progress, Step], lines: Path | None = None
) -> StagedRows:
    """COPY rows into a new temporary table of this connection, and into a file; they are matched with nothing yet."""
    (progress, step), size = told, 0
    connection = session.connection()
    names = tuple(checked.values)
    staged, _ = _tables(checked.kind, names)
    connection.execute(CreateTable(staged))
    columns = ["row_no", *names, "geom", *(["extra"] if checked.extra is not None else [])]
    columns += ["target_id"] if checked.targets is not None else []
    with copy_into(connection, staged.name, columns) as copy, _written(lines) as keep:
        for done, chunk in enumerate(lines_of(checked, names, _BATCH)):
            progress(step, min(done * _BATCH, len(checked.rows)), len(checked.rows))
            copy.write(chunk)
            keep(chunk)
            size += len(chunk)
    session.execute(text("ANALYZE import_staging"))
    return StagedRows(
        session=session,
        checked=checked,
        mode=mode,
        oid=session.scalar(_STAGED_OID),
        lines=lines if lines and _size(lines) == size else None,
    )


@contextmanager
def _written(lines: Path | None) -> Iterator[Callable[[bytes], object]]:
    """Give what writes blocks into a file, or nowhere."""
    if lines is None:
        yield len
        return
    # It only saves time: where the disk has no more room, the file is too short, and is not used.
    with lines.open("wb", buffering=0) as file:

        def keep(block: bytes) -> None:
            with suppress(OSError):
                if shutil.disk_usage(lines.parent).free > LEAVE_FREE_BYTES + len(block):
                    file.write(block)

        yield keep


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def unstage(session: Session) -> None:
    """Remove the temporary tables of an import of this connection."""
    session.execute(_DROP)


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
