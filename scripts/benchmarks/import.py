# ruff: noqa: N999 - the command is ./scripts/bench import
"""A million points imported with every check on, against ogr2ogr's COPY and a bare COPY into the same table.

Then the same through the wizard: a file without a question, and one that is asked where it lies and which column is its code.

A database of its own in the benchmarks' cluster, dropped at the end. The import is `manage import` as people
run it: reading in the limited process, checks, comparison, history; its memory is the largest of its processes.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL

from geodata.base.crs import WGS84
from geodata.history.documents import table_of
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
from scripts.benchmarks._points import COLUMNS, plain, run_import, write_points
from scripts.benchmarks._seed import SITE
from scripts.benchmarks._wizard import take_through, with_column, with_crs
from scripts.cluster.configuration import OWNER

DATABASE = "webmap_bench_import"
PLAIN, ASKED = "wizard, no question", "wizard, two answers"
#: What is said of the file that says neither where it lies nor which column is its code.
ANSWERS = (with_crs(f"EPSG:{WGS84}"), with_column("code", "cot_1"))


def main() -> int:
    """Write the files, run the ways in turn, print and write var/bench/import.json; 1 when ogr2ogr is faster."""
    have_ogr2ogr()
    with tempfile.TemporaryDirectory(prefix="bench-import-") as folder, own_database(DATABASE) as url:
        path = Path(folder) / "points.gpkg"
        write_points(path, POINTS)
        asked = Path(folder) / "asked.gpkg"
        write_points(asked, POINTS, names=("cot_1", *COLUMNS[1:]), crs=None)
        rows = copy_rows(POINTS)
        ways: dict[str, Callable[[], int | None]] = {
            OURS: lambda: run_import(url, path),
            PEER: lambda: run_ogr2ogr(url, path),
            "text COPY of ready rows, no checks": lambda: run_copy(url, rows),
            PLAIN: lambda: take_through(url, path, SITE.layer.name, ()),
            ASKED: lambda: take_through(url, asked, SITE.layer.name, ANSWERS),
        }
        runs = take_turns(ways, lambda: empty(url), url)
    return report("import", runs)


def empty(url: URL) -> None:
    """Give every way the same empty table; that takes its owner."""
    statement = sql.SQL("TRUNCATE {}, change_set, import_session CASCADE").format(sql.Identifier(table_of(SITE).name))
    with psycopg.connect(plain(url.set(username=OWNER)), autocommit=True) as connection:
        connection.execute(statement)
        connection.execute("VACUUM")


if __name__ == "__main__":
    sys.exit(main())
