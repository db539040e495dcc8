"""Reads an extract of OpenStreetMap (.osm.pbf, .osm): what a quiet map shows of it.

Names of layers and kinds are those of Protomaps' basemap (version 4): one style draws both. Source: OpenStreetMap (ODbL).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import osmium
from osmium.filter import KeyFilter
from osmium.geom import WKBFactory
from osmium.osm import Area, Node, Way

from geodata.base.crs import Bbox
from geodata.base.errors import GeodataError
from geodata.base.i18n import N_


class ExtractError(GeodataError):
    """A file is no extract of OpenStreetMap, or is damaged."""

    code = "extract"
    template = N_("“{file}” cannot be read as an extract of OpenStreetMap: {reason}.")


@dataclass(frozen=True, kw_only=True)
class Thing:
    """A thing to draw. `zoom` is the first tile zoom that shows it; `geom` is WKB as hex, EPSG:4326."""

    layer: str
    kind: str
    detail: str
    zoom: int
    name: str
    geom: str


#: Value of a tag -> kind and first tile zoom.
_ROADS = {
    "motorway": ("highway", 6),
    "trunk": ("highway", 6),
    "primary": ("major_road", 8),
    "secondary": ("major_road", 9),
    "tertiary": ("major_road", 11),
    "unclassified": ("minor_road", 12),
    "residential": ("minor_road", 12),
    "living_street": ("minor_road", 13),
    "pedestrian": ("minor_road", 13),
    "service": ("minor_road", 13),
    "track": ("path", 14),
    "path": ("path", 14),
    "footway": ("path", 14),
}
_LINKS = frozenset({"motorway_link", "trunk_link", "primary_link", "secondary_link", "tertiary_link"})
_STREAMS = {"river": 8, "canal": 10, "stream": 12, "drain": 13, "ditch": 14}
_PLACES = {
    "city": ("locality", 5),
    "town": ("locality", 8),
    "village": ("locality", 11),
    "suburb": ("macrohood", 10),
    "quarter": ("neighbourhood", 11),
    "neighbourhood": ("neighbourhood", 13),
    "hamlet": ("locality", 13),
    "island": ("locality", 10),
    "islet": ("locality", 13),
}
#: Tag and value -> kind; small ones are left out zoom by zoom, by their area.
_LANDS = {
    ("landuse", "forest"): "forest",
    ("natural", "wood"): "wood",
    ("natural", "wetland"): "wetland",
    ("natural", "scrub"): "scrub",
    ("leisure", "park"): "park",
    ("leisure", "garden"): "park",
    ("leisure", "golf_course"): "golf_course",
    ("landuse", "cemetery"): "cemetery",
    ("landuse", "grass"): "grass",
    ("landuse", "residential"): "residential",
    ("landuse", "industrial"): "industrial",
    ("landuse", "port"): "industrial",
    ("aeroway", "aerodrome"): "aerodrome",
}
_WATERS = {
    ("natural", "water"),
    ("waterway", "riverbank"),
    ("landuse", "reservoir"),
    ("landuse", "basin"),
    ("landuse", "aquaculture"),
}
_KEYS = ("highway", "railway", "waterway", "natural", "landuse", "leisure", "aeroway", "place")
_DRAWN_RAILS = frozenset({"rail", "light_rail", "subway"})


def read_extract(path: Path) -> Iterator[Thing]:
    """Yield what is drawn, in the file's order; lines of the coast have the layer “coast”, land on their left.

    Raises ExtractError for what is none.
    """
    factory = WKBFactory()
    try:
        processor = osmium.FileProcessor(path).with_areas(KeyFilter(*_KEYS)).with_filter(KeyFilter(*_KEYS))
        for found in processor:
            yield from _things(found, factory)
    except (RuntimeError, OSError) as error:
        raise ExtractError(file=path.name, reason=str(error)) from error


def box_of(path: Path) -> Bbox | None:
    """Return what the file says it is cut to, (west, south, east, north) in EPSG:4326. Raises ExtractError."""
    try:
        box = osmium.io.Reader(path, osmium.osm.NOTHING).header().box()
    except (RuntimeError, OSError) as error:
        raise ExtractError(file=path.name, reason=str(error)) from error
    if not box.valid():
        return None
    (west, south), (east, north) = ((corner.lon, corner.lat) for corner in (box.bottom_left, box.top_right))
    return west, south, east, north


def _things(found: object, factory: WKBFactory) -> Iterable[Thing]:
    """Return what one object of the file draws; what is damaged in itself draws nothing."""
    try:
        if isinstance(found, Node):
            return _of_node(found, factory)
        if isinstance(found, Way):
            return _of_way(found, factory)
        if isinstance(found, Area):
            return _of_area(found, factory)
    except (RuntimeError, osmium.InvalidLocationError):  # an extract cuts off what reaches out of it
        return ()
    return ()


def _name(tags: Mapping[str, str]) -> str:
    return (tags.get("name:vi") or tags.get("name") or "").strip()


def _of_node(node: Node, factory: WKBFactory) -> Iterable[Thing]:
    tags = dict(node.tags)
    kind, zoom = _PLACES.get(tags.get("place", ""), ("", 0))
    if not kind or not _name(tags):
        return ()
    geom = factory.create_point(node)
    return (Thing(layer="places", kind=kind, detail=tags["place"], zoom=zoom, name=_name(tags), geom=geom),)


def _of_way(way: Way, factory: WKBFactory) -> Iterable[Thing]:
    tags = dict(way.tags)
    what = _line(tags)
    if what is None:
        return ()
    layer, kind, detail, zoom = what
    name = "" if layer == "coast" else _name(tags)
    geom = factory.create_linestring(way)
    return (Thing(layer=layer, kind=kind, detail=detail, zoom=zoom, name=name, geom=geom),)


def _line(tags: Mapping[str, str]) -> tuple[str, str, str, int] | None:
    """Return layer, kind, detail and first zoom of a line."""
    if tags.get("natural") == "coastline":
        return "coast", "coast", "", 0
    if tags.get("area") == "yes" or tags.get("tunnel") == "yes":
        return None
    road = tags.get("highway", "")
    if road in _LINKS:
        kind, zoom = _ROADS[road.removesuffix("_link")]
        return "roads", kind, road, max(zoom + 3, 10)
    if road in _ROADS:
        kind, zoom = _ROADS[road]
        return "roads", kind, road, zoom
    if tags.get("railway") in _DRAWN_RAILS and "service" not in tags:
        return "roads", "rail", tags["railway"], 9
    stream = tags.get("waterway", "")
    if stream in _STREAMS:
        return "water", stream, stream, _STREAMS[stream]
    return None


def _of_area(area: Area, factory: WKBFactory) -> Iterable[Thing]:
    tags = dict(area.tags)
    what = _surface(tags)
    if what is None:
        return ()
    layer, kind = what
    geom = factory.create_multipolygon(area)
    return (Thing(layer=layer, kind=kind, detail="", zoom=0, name=_name(tags), geom=geom),)


def _surface(tags: Mapping[str, str]) -> tuple[str, str] | None:
    """Return layer and kind of an area."""
    pairs = set(tags.items())
    if pairs & _WATERS:
        return "water", tags.get("water") or "lake"
    found = [kind for pair, kind in _LANDS.items() if pair in pairs]
    return ("landuse", found[0]) if found else None
