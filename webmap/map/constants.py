"""What the map page needs and only role, language, settings and program decide: made once, fetched as a file that is kept.

Layers with their symbols, outlines of land and the scripts' texts are five sixths of what the page would say each time,
and making them most of its work. The file's name tells its content, as that of every built file does.
"""

import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from flask import current_app, request

from geodata.accounts.access import Action, may
from geodata.base.crs import Bbox
from webmap.app.auth import current_role
from webmap.app.extensions import layers
from webmap.app.ground import ground_spec
from webmap.app.i18n import current_language
from webmap.app.static_files import script_texts
from webmap.folium import MapLayer, MapParts
from webmap.map.parts import is_shown, map_layer, map_parts

_ENTRIES = ("src/map/map.entry.js", "src/tools/tools.entry.js", "src/tools/plan.entry.js", "src/edit/edit.entry.js")
#: Roles times languages, and some for earlier days and for who is limited to areas.
_MOST = 64
#: One thread makes them: reading the land takes some twenty megabytes for a moment, in each thread that does it.
_MAKING = Lock()


@dataclass(frozen=True, kw_only=True)
class MapConstants:
    """`script` sets `given`; `parts.script` reads it. `name` is the file's, without its ending."""

    shown: Sequence[MapLayer]
    parts: MapParts
    script: bytes
    compressed: bytes
    name: str


def map_constants(home: Bbox) -> MapConstants:
    """Return what the page is made of for this request's role and language; it opens at `home`, EPSG:4326."""
    kept: dict[object, MapConstants] = current_app.extensions.setdefault("map_constants", {})
    key = (current_role(), current_language(), request.script_root, home, json.dumps(ground_spec(), sort_keys=True))
    found = kept.get(key)
    if found is not None:
        return found
    with _MAKING:
        found = kept.get(key) or _make(home)
        if len(kept) >= _MOST:
            kept.clear()
        kept[key] = found
    return found


def _make(home: Bbox) -> MapConstants:
    role = current_role()
    shown = [map_layer(kind, shown=is_shown(kind)) for kind in layers() if may(role, Action.VIEW, kind)]
    parts = map_parts(shown, home)
    given = parts.given | {"texts": script_texts(*_ENTRIES)}
    script = f"globalThis.given = {json.dumps(given, ensure_ascii=False, separators=(',', ':'))};\n".encode()
    digest = hashlib.sha256(script).hexdigest()[:16]
    return MapConstants(
        shown=shown,
        parts=parts,
        script=script,
        compressed=gzip.compress(script, mtime=0),
        name=f"{current_language()}-{digest}",
    )
