"""What is in a database, table by table: so many rows, and a checksum of them that knows no order."""

from dataclasses import dataclass

import psycopg
from psycopg import sql

from scripts.cluster.database import EXTENSION_OWNED

_TABLES = sql.SQL(
    "SELECT c.oid::regclass::text, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind = 'r' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'"
    " AND c.oid NOT IN ({owned}) ORDER BY 1"
).format(owned=sql.SQL(EXTENSION_OWNED))
#: Half of each row's MD5 as a number; sums of numbers are the same in every order.
_COUNT = sql.SQL(
    "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 16))::bit(64)::bigint::numeric), 0)::text FROM {} t"
)
#: How values are written as text must not depend on who asks.
_SETTINGS = (
    "SET TIME ZONE 'UTC'; SET DateStyle TO 'ISO'; SET IntervalStyle TO 'postgres'; SET extra_float_digits TO 1;"
    " SET bytea_output TO 'hex'"
)


@dataclass(frozen=True)
class Contents:
    """Rows of a table and their checksum."""

    rows: int
    checksum: str


def take_census(connection: psycopg.Connection) -> dict[str, Contents]:
    """Return table -> its contents, as the connection's transaction sees them."""
    connection.execute(_SETTINGS)
    found = {}
    for name, schema, table in connection.execute(_TABLES).fetchall():
        row = connection.execute(_COUNT.format(sql.Identifier(schema, table))).fetchone()
        assert row is not None  # noqa: S101 - an aggregate without GROUP BY gives one row
        found[name] = Contents(rows=row[0], checksum=row[1])
    return found


def differences(expected: dict[str, Contents], found: dict[str, Contents]) -> list[str]:
    """Return the tables that do not hold what is expected, each with both numbers of rows."""
    nothing = Contents(rows=0, checksum="0")
    return [
        f"{name}: {expected.get(name, nothing).rows} → {found.get(name, nothing).rows}"
        for name in sorted({*expected, *found})
        if expected.get(name) != found.get(name)
    ]
