"""A file of points, the same on every run, and its import as people run it."""

import os
import resource
import subprocess
import warnings
from pathlib import Path

import numpy as np
from sqlalchemy import URL

import pyogrio.raw
import shapely

from geodata.base.crs import WGS84
from scripts.base.paths import PYTHON, ROOT
from scripts.benchmarks._seed import SEED, SITE, site_points

COLUMNS = ("code", "name", "address")


def plain(url: URL) -> str:
    """Return an address that libpq and ogr2ogr understand."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def values(count: int) -> list[list[str]]:
    """Return the text columns."""
    return [
        [f"BI-{number:07d}" for number in range(count)],
        [f"Cửa hàng số {number % 9973}" for number in range(count)],
        [f"Số {number % 211} đường Trần Nguyên Hãn" for number in range(count)],
    ]


def points(count: int) -> list[shapely.Point]:
    """Return the same places on every run."""
    return list(site_points(np.random.default_rng(SEED), count))


def write_points(
    path: Path, count: int, *, names: tuple[str, ...] = COLUMNS, crs: str | None = f"EPSG:{WGS84}"
) -> None:
    """Write the GeoPackage that the importers read."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "'crs' was not provided")
        pyogrio.raw.write(
            path,
            geometry=np.asarray(shapely.to_wkb(points(count)), dtype=object),
            field_data=[np.asarray(column, dtype=object) for column in values(count)],
            fields=list(names),
            geometry_type="Point",
            crs=crs,
            driver="GPKG",
            layer="points",
        )


def run_import(url: URL, path: Path) -> int:
    """Import through the command; return the memory of its largest process in MB."""
    environment = {**os.environ, "DATABASE_URL": plain(url), "PYTHONPATH": str(ROOT)}
    words = [str(PYTHON), "-P", "-m", "scripts.run.manage", "import", str(path), "--layer", SITE.layer.name, "--json"]
    done = subprocess.run(words, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"import ended with {done.returncode}: {done.stderr[-2000:]} {done.stdout[:2000]}")
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
