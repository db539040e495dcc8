"""A million points imported into a layer that holds 500,000 others, against ogr2ogr's COPY into the same table.

The layer keeps its indexes meanwhile, because people read it. Each turn finds the same: a copy of a database filled once.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql
from sqlalchemy import URL

from scripts.benchmarks._database import own_database
from scripts.benchmarks._importing import (
    OURS,
    PEER,
    POINTS,
    copy_rows,
    have_ogr2ogr,
    report,
    run_copy,
    run_ogr2ogr,
    take_turns,
)
from scripts.benchmarks._points import plain, run_import, write_points
from scripts.cluster.configuration import OWNER, SUPERUSER

HELD = 500_000
FULL, DATABASE = "webmap_bench_full", "webmap_bench_into_full"


def main() -> int:
    """Fill, run both in turn, print and write var/bench/import_full.json; 1 when ogr2ogr is faster."""
    have_ogr2ogr()
    with tempfile.TemporaryDirectory(prefix="bench-import-") as folder, own_database(FULL) as full:
        path = Path(folder) / "points.gpkg"
        write_points(path, POINTS)
        run_copy(full, copy_rows(HELD, "HELD-"))
        url = full.set(database=DATABASE)
        ways: dict[str, Callable[[], int | None]] = {
            OURS: lambda: run_import(url, path),
            PEER: lambda: run_ogr2ogr(url, path),
        }
        runs = take_turns(ways, lambda: _copy(full), url, held=HELD)
        _drop(full)
    return report("import_full", runs)


def _copy(full: URL) -> None:
    _drop(full)
    _as(full.set(database="postgres", username=SUPERUSER), "CREATE DATABASE {} TEMPLATE {}", DATABASE, FULL)
    _as(full.set(database=DATABASE, username=OWNER), "VACUUM ANALYZE")


def _drop(full: URL) -> None:
    _as(full.set(database="postgres", username=SUPERUSER), "DROP DATABASE IF EXISTS {} WITH (FORCE)", DATABASE)


def _as(url: URL, statement: LiteralString, *names: str) -> None:
    with psycopg.connect(plain(url), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


if __name__ == "__main__":
    sys.exit(main())
