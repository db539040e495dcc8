# ruff: noqa: N999 - the command is ./scripts/bench import
"""A million points imported with every check on, against ogr2ogr's COPY and a bare COPY into the same table.

Then the same through the wizard: a file without a question, and one that is asked where it lies and which column is its code.

A database of its own in the benchmarks' cluster, dropped at the end. The import is `manage import` as people
run it: reading in the limited process, checks, comparison, history; its memory is the largest of its processes.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL

import shapely

from geodata.base.crs import WGS84
from geodata.history.documents import table_of
from scripts.base.console import announce
from scripts.base.paths import WORK
from scripts.benchmarks._database import own_database
from scripts.benchmarks._points import COLUMNS, plain, points, run_import, values, write_points
from scripts.benchmarks._seed import SITE
from scripts.benchmarks._wizard import take_through, with_column, with_crs
from scripts.cluster.configuration import OWNER
from scripts.install.setup import LOG
from scripts.install.system import install_packages

POINTS = 1_000_000
DATABASE = "webmap_bench_import"
ROUNDS = 3
OURS, PEER = "manage import, every check on", "ogr2ogr, COPY"
PLAIN, ASKED = "wizard, no question", "wizard, two answers"
MEMORY_LIMIT_MB = 2048
#: What is said of the file that says neither where it lies nor which column is its code.
ANSWERS = (with_crs(f"EPSG:{WGS84}"), with_column("code", "cot_1"))


@dataclass(frozen=True, kw_only=True)
class Result:
    """One way into the table."""

    name: str
    rows: int
    seconds: float
    rows_per_s: int
    memory_mb: int | None = None


def main() -> int:
    """Write the files, run the ways in turn, print and write var/bench/import.json; 1 when ogr2ogr is faster."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else POINTS
    if shutil.which("ogr2ogr") is None:
        install_packages(["gdal-bin"], log=LOG)
    runs: dict[str, list[Result]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-import-") as folder, own_database(DATABASE) as url:
        path = Path(folder) / "points.gpkg"
        write_points(path, count)
        asked = Path(folder) / "asked.gpkg"
        write_points(asked, count, names=("cot_1", *COLUMNS[1:]), crs=None)
        rows = copy_rows(count)
        announce(f"{count} points, {path.stat().st_size // 2**20} MB, {ROUNDS} rounds, medians (fastest – slowest)")
        ways: dict[str, Callable[[], int | None]] = {
            OURS: lambda: run_import(url, path),
            PEER: lambda: run_ogr2ogr(url, path),
            "text COPY of ready rows, no checks": lambda: run_copy(url, rows),
            PLAIN: lambda: take_through(url, path, SITE.layer.name, ()),
            ASKED: lambda: take_through(url, asked, SITE.layer.name, ANSWERS),
        }
        for name, way in list(ways.items()) * ROUNDS:
            empty(url)
            runs.setdefault(name, []).append(measure(name, count, way))
            check_count(url, count)
    results = [sorted(found, key=lambda result: result.seconds)[ROUNDS // 2] for found in runs.values()]
    for result in results:
        seconds = [run.seconds for run in runs[result.name]]
        memory = f"{result.memory_mb:>6} MB" if result.memory_mb else ""
        span = f"({min(seconds):.1f} – {max(seconds):.1f})"
        announce(f"{result.name:<36} {result.seconds:>7.1f} s {span:<15} {result.rows_per_s:>9} rows/s {memory}")
    (WORK / "bench").mkdir(parents=True, exist_ok=True)
    rows_json = json.dumps([asdict(result) for result in results], indent=1)
    (WORK / "bench" / "import.json").write_text(rows_json, "utf-8")
    ours, other = (next(result for result in results if result.name == name) for name in (OURS, PEER))
    return int(ours.seconds > other.seconds or (ours.memory_mb or 0) > MEMORY_LIMIT_MB)


def copy_rows(count: int) -> list[str]:
    """Return ready lines for COPY."""
    shapes = shapely.to_wkb(shapely.set_srid(points(count), WGS84), hex=True, include_srid=True)
    return ["\t".join(row) + "\n" for row in zip(*values(count), shapes, strict=True)]


def measure(name: str, count: int, act: Callable[[], int | None]) -> Result:
    """Run one way and return its figures."""
    started = time.monotonic()
    memory = act()
    seconds = time.monotonic() - started
    return Result(name=name, rows=count, seconds=round(seconds, 2), rows_per_s=round(count / seconds), memory_mb=memory)


def run_ogr2ogr(url: URL, path: Path) -> None:
    """Let ogr2ogr write its COPY and psql load it into the same table.

    Writing to the table itself it falls back to one INSERT a row, because it cannot fill generated columns.
    """
    words = ["ogr2ogr", "-f", "PGDUMP", "/vsistdout/", str(path), "points", "-nln", table_of(SITE).name, "-unsetFid"]
    for option in (
        "CREATE_TABLE=OFF",
        "CREATE_SCHEMA=OFF",
        "DROP_TABLE=OFF",
        "GEOMETRY_NAME=geom",
        "SPATIAL_INDEX=NONE",
    ):
        words += ["-lco", option]
    words += ["--config", "PG_USE_COPY", "YES"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as writer:
        load = ["psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", plain(url)]
        subprocess.run(load, stdin=writer.stdout, stdout=subprocess.DEVNULL, check=True)


def run_copy(url: URL, rows: list[str]) -> None:
    """Copy ready rows into the same table."""
    names = sql.SQL(", ").join(map(sql.Identifier, (*COLUMNS, "geom")))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table_of(SITE).name), names)
    with psycopg.connect(plain(url)) as connection, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for start in range(0, len(rows), 10_000):
            copy.write("".join(rows[start : start + 10_000]))


def check_count(url: URL, count: int) -> None:
    """Stop when rows are missing."""
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table_of(SITE).name))
    with psycopg.connect(plain(url)) as connection:
        found = connection.execute(query).fetchone()
    if found != (count,):
        raise SystemExit(f"{found} rows are stored, not {count}")


def empty(url: URL) -> None:
    """Give every way the same empty table; that takes its owner."""
    statement = sql.SQL("TRUNCATE {}, change_set, import_session CASCADE").format(sql.Identifier(table_of(SITE).name))
    with psycopg.connect(plain(url.set(username=OWNER)), autocommit=True) as connection:
        connection.execute(statement)
        connection.execute("VACUUM")


if __name__ == "__main__":
    sys.exit(main())
