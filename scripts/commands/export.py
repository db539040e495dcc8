"""Write the features of a layer, filtered, to a file; the format is that of the file's extension."""

import argparse
from pathlib import Path

from scripts.commands.importing import pairs
from scripts.console import Exit, Failure, say
from scripts.session import database_session


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `export`."""
    parser.add_argument("layer")
    parser.add_argument("file", type=Path, help=".geojson .zip (shapefile) .gpkg .kml .csv .xlsx")
    parser.add_argument("--crs", help="hệ tọa độ của tệp, ví dụ EPSG:9210")
    parser.add_argument(
        "--where", action="append", default=[], metavar="NAME=VALUE", help="bộ lọc, như trên trang bản đồ"
    )


def run(arguments: argparse.Namespace) -> int:
    """Export every field, as an administrator sees them."""
    from werkzeug.datastructures import MultiDict

    from geodata.access import visible_fields
    from geodata.exporting import FORMATS, export_features, format_of
    from geodata.layer import Role
    from geodata.layers import LAYERS
    from geodata.spatial import measures_of
    from webmap.query import FilterParser

    kind = LAYERS.get(arguments.layer)
    format_ = format_of(arguments.file)
    if format_ is None:
        known = ", ".join(item.extension for item in FORMATS.values())
        raise Failure(Exit.ERROR, f"Không rõ định dạng của {arguments.file.name}; chọn: {known}", "unknown format")
    fields = visible_fields(Role.ADMIN, kind)
    with database_session() as session:
        parser = FilterParser(kind=kind, visible=fields, readable=LAYERS, connection=session.connection())
        where = MultiDict(
            [(name, value) for word in arguments.where for name, value in pairs("--where", [word]).items()]
        )
        conditions = parser.parse(where)
        path = export_features(
            session, kind, fields, conditions, format=format_, crs=arguments.crs, target=arguments.file,
            measures=measures_of(kind, conditions),
        )  # fmt: skip
    say(f"Đã xuất lớp {arguments.layer} ra {path}", "exported")
    return 0
