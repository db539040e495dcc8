"""Write the features of a layer, filtered, to a file; the format is that of the file's extension."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from geodata.base.database import reading_all
from scripts.base.console import Exit, Failure, say
from scripts.cluster.session import database_session
from scripts.commands.importing import pairs

if TYPE_CHECKING:
    from geodata.schema.details import Detail
    from geodata.schema.feature import Feature


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `export`."""
    parser.add_argument("layer")
    parser.add_argument("file", type=Path, help=".geojson .zip (shapefile) .gpkg .kml .csv .xlsx")
    parser.add_argument(
        "--detail", help="dữ liệu kèm theo đối tượng, ví dụ transformers (rows that hang on the objects)"
    )
    parser.add_argument("--crs", help="hệ tọa độ của tệp, ví dụ EPSG:9210")
    parser.add_argument(
        "--where", action="append", default=[], metavar="NAME=VALUE", help="bộ lọc, như trên trang bản đồ"
    )


def run(arguments: argparse.Namespace) -> int:
    """Export every field, as an administrator sees them."""
    from werkzeug.datastructures import MultiDict

    from geodata.accounts.access import visible_fields
    from geodata.export.formats import FORMATS, export_details, export_features, format_of
    from geodata.layers import LAYERS
    from geodata.query.spatial import measures_of
    from geodata.schema.roles import Role
    from webmap.app.query import FilterParser

    kind = LAYERS.get(arguments.layer)
    format_ = format_of(arguments.file)
    if format_ is None:
        known = ", ".join(item.extension for item in FORMATS.values())
        raise Failure(Exit.ERROR, f"Không rõ định dạng của {arguments.file.name}; chọn: {known}", "unknown format")
    detail = find_detail(kind, arguments.detail) if arguments.detail else None
    fields = visible_fields(Role.ADMIN, kind)
    with database_session() as session:
        connection = reading_all(session)
        parser = FilterParser(kind=kind, visible=fields, readable=LAYERS, connection=connection)
        where = MultiDict(
            [(name, value) for word in arguments.where for name, value in pairs("--where", [word]).items()]
        )
        conditions = parser.parse(where)
        if detail is not None:
            columns = [item for item in detail.fields() if not item.derived]
            path = export_details(
                connection, kind, detail, columns, conditions, format=format_, crs=arguments.crs, target=arguments.file
            )
        else:
            path = export_features(
                connection, kind, fields, conditions, format=format_, crs=arguments.crs, target=arguments.file,
                measures=measures_of(kind, conditions),
            )  # fmt: skip
    say(f"Đã xuất lớp {arguments.layer} ra {path}", "exported")
    return 0


def find_detail(kind: type[Feature], name: str) -> type[Detail]:
    """Return what hangs on a layer's objects under a name. Raises Failure."""
    found = next((item for item in kind.details if item.detail.name == name), None)
    if found is None:
        known = ", ".join(item.detail.name for item in kind.details) or "không có"
        raise Failure(Exit.ERROR, f"Lớp này không có “{name}”; có: {known}", "no such detail")
    return found
