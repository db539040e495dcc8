"""Make the ground of the map out of an extract of OpenStreetMap: one file for the setting BASEMAP_PMTILES."""

from __future__ import annotations

import argparse
from pathlib import Path

from scripts.base.console import announce, say
from scripts.base.paths import VAR
from scripts.cluster.session import database_session


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `basemap`."""
    parser.add_argument("file", type=Path, help="bản trích OpenStreetMap .osm.pbf hoặc .osm (an extract)")
    parser.add_argument(
        "--to",
        type=Path,
        default=VAR / "basemap.pmtiles",
        help="tệp ghi ra (where to write, default var/basemap.pmtiles)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Read the extract, write the tiles of the province."""
    from geodata.base.crs import current_province
    from geodata.basemap.making import make_basemap

    told = 0

    def report(done: int, whole: int) -> None:
        nonlocal told
        if done * 10 // whole > told:
            told = done * 10 // whole
            say(f"{done}/{whole} ô", "tiles")

    with database_session() as session:
        extent = current_province().extent
        count = make_basemap(session.connection(), arguments.file, arguments.to, extent, report=report)
    announce(f"Đã ghi {count} ô vào {arguments.to}; đặt BASEMAP_PMTILES={arguments.to.resolve()} (tiles written)")
    return 0
