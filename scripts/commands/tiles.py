"""Write what the public sees of each layer as one PMTiles file and a style for it: any static server or CDN can show them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from geodata.base.database import reading_all
from scripts.base.console import Exit, Failure, announce, say
from scripts.cluster.session import database_session

if TYPE_CHECKING:
    from geodata.schema.feature import Feature


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `tiles`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    export = actions.add_parser(
        "export", help="mỗi lớp một tệp .pmtiles và kiểu vẽ (a file and a style for each layer)"
    )
    export.add_argument("folder", type=Path, help="thư mục ghi ra (where to write)")
    export.add_argument("--layer", action="append", help="mặc định: mọi lớp công khai (default: every public layer)")
    export.add_argument("--max-zoom", type=int, default=14, choices=range(21), metavar="0–20")


def run(arguments: argparse.Namespace) -> int:
    """Write the files; all layers as they are at one moment."""
    from geodata.accounts.access import readable_by, visible_names
    from geodata.base.crs import current_province
    from geodata.export.tile_archive import write_archive
    from geodata.layers import LAYERS
    from geodata.schema.roles import Role
    from webmap.ogc.gl_style import gl_style

    public = readable_by(Role.PUBLIC, LAYERS)
    kinds = [_public(LAYERS.get(name), public) for name in arguments.layer] if arguments.layer else public
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    extent = current_province().extent
    with database_session() as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        for kind in kinds:
            name, visible = kind.layer.name, visible_names(Role.PUBLIC, kind)
            target = folder / f"{name}.pmtiles"
            count = write_archive(
                reading_all(session), kind, visible, target, extent=extent, max_zoom=arguments.max_zoom,
                report=partial(_report, name),
            )  # fmt: skip
            style = gl_style(kind, visible, {"url": f"pmtiles://{target.name}", "maxzoom": arguments.max_zoom})
            (folder / f"{name}.style.json").write_text(json.dumps(style, ensure_ascii=False, indent=1), "utf-8")
            announce(f"{target}: {count} ô (tiles written)")
    return 0


def _report(layer: str, zoom: int, tiles: int) -> None:
    say(f"{layer}: mức {zoom}, {tiles} ô", "tiles")


def _public(kind: type[Feature], public: Sequence[type[Feature]]) -> type[Feature]:
    """Return the layer. Raises Failure when the public may not see it."""
    if kind not in public:
        raise Failure(Exit.ERROR, f"Lớp {kind.layer.name} không công khai, không ghi ra tệp", "the layer is not public")
    return kind
