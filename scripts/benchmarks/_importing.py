"""Ways into one table, ours and others', and what they took."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
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
from scripts.benchmarks._points import COLUMNS, plain, points, values
from scripts.benchmarks._seed import SITE
from scripts.install.setup import LOG
from scripts.install.system import install_packages

POINTS = 1_000_000
ROUNDS = 3
OURS, PEER = "manage import, every check on", "ogr2ogr, COPY"
MEMORY_LIMIT_MB = 2048


@dataclass(frozen=True, kw_only=True)
class Result:
    """One way into the table."""

    name: str
    rows: int
    seconds: float
    rows_per_s: int
    memory_mb: int | None = None


def have_ogr2ogr() -> None:
    """Install it where it is missing."""
    if shutil.which("ogr2ogr") is None:
        install_packages(["gdal-bin"], log=LOG)


def take_turns(
    ways: Mapping[str, Callable[[], int | None]], prepare: Callable[[], None], url: URL, *, held: int = 0
) -> dict[str, list[Result]]:
    """Go each way once a round into a table made ready before; it holds `held` rows then, and all points afterwards."""
    announce(f"{POINTS} points, {ROUNDS} rounds, medians (fastest – slowest)")
    runs: dict[str, list[Result]] = {}
    for name, way in list(ways.items()) * ROUNDS:
        prepare()
        runs.setdefault(name, []).append(_measure(name, way))
        _check_count(url, held + POINTS)
    return runs


def _measure(name: str, act: Callable[[], int | None]) -> Result:
    started = time.monotonic()
    memory = act()
    seconds = time.monotonic() - started
    return Result(
        name=name, rows=POINTS, seconds=round(seconds, 2), rows_per_s=round(POINTS / seconds), memory_mb=memory
    )


def _check_count(url: URL, count: int) -> None:
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table_of(SITE).name))
    with psycopg.connect(plain(url)) as connection:
        found = connection.execute(query).fetchone()
    if found != (count,):
        raise SystemExit(f"{found} rows are stored, not {count}")


def copy_rows(count: int, mark: str = "") -> list[str]:
    """Return ready lines for COPY; `mark` before each code makes them others."""
    shapes = shapely.to_wkb(shapely.set_srid(points(count), WGS84), hex=True, include_srid=True)
    return [mark + "\t".join(row) + "\n" for row in zip(*values(count), shapes, strict=True)]


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


def report(name: str, runs: dict[str, list[Result]]) -> int:
    """Print each way's median and write var/bench/NAME.json; 1 when ogr2ogr is faster than ours, or ours needs too much memory."""
    results = {way: sorted(found, key=lambda result: result.seconds)[len(found) // 2] for way, found in runs.items()}
    for way, result in results.items():
        seconds = [run.seconds for run in runs[way]]
        memory = f"{result.memory_mb:>6} MB" if result.memory_mb else ""
        span = f"({min(seconds):.1f} – {max(seconds):.1f})"
        announce(f"{way:<36} {result.seconds:>7.1f} s {span:<15} {result.rows_per_s:>9} rows/s {memory}")
    (WORK / "bench").mkdir(parents=True, exist_ok=True)
    rows = json.dumps([asdict(result) for result in results.values()], indent=1)
    (WORK / "bench" / f"{name}.json").write_text(rows, "utf-8")
    ours, other = results[OURS], results[PEER]
    return int(ours.seconds > other.seconds or (ours.memory_mb or 0) > MEMORY_LIMIT_MB)
