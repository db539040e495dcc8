"""A QGIS project that opens every layer from this server with our symbols, names and scales.

QGIS asks without signing in: the project is made of what everybody may see, whoever takes it along. Symbols are
QGIS's own marker, line and fill with our shapes, colours and sizes; glyphs inside point symbols are left out.
"""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from xml.etree.ElementTree import Element, SubElement, tostring

import pyproj

from geodata.accounts.access import visible_names
from geodata.base.crs import WEB_MERCATOR, WGS84, Bbox
from geodata.schema.feature import Feature, GeometryType
from geodata.schema.portrayal import CROSSED, DOTTED, INKS, Symbol, Variation
from geodata.schema.roles import Role
from webmap.app.i18n import translate
from webmap.ogc.portrayal import LABEL_HALO, LABEL_INK, mix_with_white, symbol_classes

PROVIDER = "OAPIF"
VERSION = "3.22.0"
MM_PER_PX = 25.4 / 96
#: Scale of a map of 256 px tiles at zoom 0, by the standards' pixel of 0.28 mm.
SCALE_AT_ZOOM_0 = 559_082_264
#: Badge: a disc in the upper right corner, by its colour; a cross lies over the whole symbol.
DISCS = {"alert": INKS.alert, "warning": INKS.warning, "tick": INKS.tick, "mended": INKS.paper, "open": INKS.paper}
#: A hatched area is filled this much fainter under its lines, which are so far apart in px.
HATCH_FILL, HATCH_PX, DOT_PX = 0.22, 8, 1.6

_SHAPES = {
    "circle": "circle", "square": "square", "framed": "square", "octagon": "octagon", "rounded": "square_with_corners", "diamond": "diamond",
    "hexagon": "hexagon", "triangle": "triangle", "drop": "pentagon", "flag": "star", "bubble": "trapezoid",
}  # fmt: skip
_GEOMETRIES = {GeometryType.POINT: "Point", GeometryType.LINE: "Line", GeometryType.POLYGON: "Polygon"}
#: QGIS's numbers: around a point, along a line and above it, over an area's middle.
_PLACEMENTS = {
    GeometryType.POINT: {"placement": "0", "dist": "1.5", "distUnits": "MM"},
    GeometryType.LINE: {"placement": "3", "placementFlags": "10"},
    GeometryType.POLYGON: {"placement": "1"},
}
#: The numbers of coordinate systems in QGIS's own list (srs.db).
_QGIS_NUMBERS = {WGS84: 3452, WEB_MERCATOR: 3857}
_SYMBOLS = {GeometryType.POINT: "marker", GeometryType.LINE: "line", GeometryType.POLYGON: "fill"}


@dataclass(frozen=True, kw_only=True)
class Service:
    """Where QGIS finds the layers, and what the project opens with: its title, its extent in EPSG:3857."""

    address: str
    title: str
    home: Bbox


def qgis_project(kinds: Iterable[type[Feature]], service: Service) -> bytes:
    """Return the project as the XML of a .qgs file; the first layer lies on top."""
    project = Element("qgis", version=VERSION, projectname=service.title)
    SubElement(project, "title").text = service.title
    _system(SubElement(project, "projectCrs"), WEB_MERCATOR)
    tree = SubElement(project, "layer-tree-group")
    _home(project, service.home)
    layers = SubElement(project, "projectlayers")
    for kind in kinds:
        _tree_layer(tree, kind, service)
        layers.append(_map_layer(kind, service))
    written: bytes = tostring(project, encoding="utf-8")
    return b"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + written


def class_expression(kind: type[Feature], visible: frozenset[str]) -> str:
    """Return the QGIS expression of a feature's class number, as geodata.query.tiles.class_number has it in SQL."""
    number = "0"
    for variation in kind.layer.style.variations(visible):
        number = f"({number}) * {len(variation.cases) + 1} + {_case(variation)}"
    return number


def _case(variation: Variation) -> str:
    cases = " ".join(
        f'WHEN "{variation.field}" = {_literal(value)} THEN {position}'
        for position, value in enumerate(variation.cases)
    )
    return f"CASE {cases} ELSE {len(variation.cases)} END"


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"


def _home(project: Element, home: Bbox) -> None:
    """Say where the project opens: for the window of QGIS, and for programs without one."""
    # Without this property QGIS passes over the project's coordinate system and draws degrees on metres: a blank sheet.
    systems = SubElement(SubElement(project, "properties"), "SpatialRefSys")
    SubElement(systems, "ProjectionsEnabled", type="int").text = "1"
    sides = dict(zip(("xmin", "ymin", "xmax", "ymax"), map(str, home), strict=True))
    view = SubElement(SubElement(project, "ProjectViewSettings", UseProjectScales="0"), "DefaultViewExtent", sides)
    _system(view, WEB_MERCATOR)
    canvas = SubElement(project, "mapcanvas", name="theMapCanvas")
    SubElement(canvas, "units").text = "meters"
    extent = SubElement(canvas, "extent")
    for name, value in sides.items():
        SubElement(extent, name).text = value
    _system(SubElement(canvas, "destinationsrs"), WEB_MERCATOR)


def _system(parent: Element, srid: int) -> None:
    """Write a coordinate system as QGIS does: without its own number it takes the definition for none and draws nothing."""
    system = SubElement(parent, "spatialrefsys", nativeFormat="Wkt")
    for name, value in _definition(srid).items():
        SubElement(system, name).text = value


@cache
def _definition(srid: int) -> dict[str, str]:
    crs = pyproj.CRS.from_epsg(srid)
    with warnings.catch_warnings():
        # PROJ strings lose what WKT says; here both are written.
        warnings.simplefilter("ignore", UserWarning)
        proj4 = crs.to_proj4().replace(" +type=crs", "")
    return {
        "wkt": crs.to_wkt("WKT2_2019"),
        "proj4": proj4,
        "srsid": str(_QGIS_NUMBERS[srid]),
        "srid": str(srid),
        "authid": f"EPSG:{srid}",
        "description": crs.name,
        "projectionacronym": "longlat" if crs.is_geographic else "merc",
        "ellipsoidacronym": "EPSG:7030",
        "geographicflag": "true" if crs.is_geographic else "false",
    }


def _id(kind: type[Feature]) -> str:
    """Return the layer's id in the project; QGIS replaces those of ten letters and less."""
    return f"webmap_layer_{kind.layer.name}"


def _source(kind: type[Feature], service: Service) -> str:
    parts = {"pagingEnabled": "true", "restrictToRequestBBOX": "1", "typename": kind.layer.name, "url": service.address}
    return " " + " ".join(f"{name}='{value}'" for name, value in parts.items())


def _tree_layer(tree: Element, kind: type[Feature], service: Service) -> None:
    SubElement(
        tree, "layer-tree-layer", id=_id(kind), name=translate(kind.layer.title), providerKey=PROVIDER,
        source=_source(kind, service), checked="Qt::Checked" if kind.layer.shown else "Qt::Unchecked", expanded="0",
    )  # fmt: skip


def _map_layer(kind: type[Feature], service: Service) -> Element:
    layer = kind.layer
    element = Element(
        "maplayer", type="vector", geometry=_GEOMETRIES[layer.geometry], hasScaleBasedVisibilityFlag="1",
        minScale=_scale(layer.min_zoom), maxScale="0",
    )  # fmt: skip
    SubElement(element, "id").text = _id(kind)
    SubElement(element, "datasource").text = _source(kind, service)
    SubElement(element, "layername").text = translate(layer.title)
    SubElement(element, "abstract").text = translate(layer.description)
    _system(SubElement(element, "srs"), WGS84)
    SubElement(element, "provider", encoding="UTF-8").text = PROVIDER
    element.append(_renderer(kind))
    element.append(_labels(kind))
    return element


def _scale(zoom: int) -> str:
    """Return the smallest scale at which what appears at a zoom of the map is drawn."""
    return str(round(SCALE_AT_ZOOM_0 / 2 ** (zoom - 0.5)))


def _renderer(kind: type[Feature]) -> Element:
    visible = visible_names(Role.PUBLIC, kind)
    renderer = Element(
        "renderer-v2",
        type="categorizedSymbol",
        attr=class_expression(kind, visible),
        symbollevels="0",
        enableorderby="0",
    )
    categories, symbols = SubElement(renderer, "categories"), SubElement(renderer, "symbols")
    for one in symbol_classes(kind, visible):
        number = str(one.number)
        SubElement(
            categories, "category", value=number, type="long", symbol=number, label=one.title,
            render="true" if one.is_opened else "false",
        )  # fmt: skip
        drawn = SubElement(symbols, "symbol", name=number, type=_SYMBOLS[kind.layer.geometry], alpha="1")
        _DRAWN[kind.layer.geometry](drawn, one.symbol)
    return renderer


def _labels(kind: type[Feature]) -> Element:
    labeling = Element("labeling", type="simple")
    settings = SubElement(labeling, "settings")
    style = SubElement(
        settings, "text-style", fieldName="name", fontFamily="Sans Serif", fontSize="8", textColor=_rgba(LABEL_INK)
    )
    SubElement(
        style, "text-buffer", bufferDraw="1", bufferSize="0.7", bufferSizeUnits="MM", bufferColor=_rgba(LABEL_HALO)
    )
    priority = str(10 - min(kind.layer.style.label_rank, 10))
    SubElement(settings, "placement", {"priority": priority, **_PLACEMENTS[kind.layer.geometry]})
    SubElement(
        settings, "rendering", drawLabels="1", scaleVisibility="1",
        scaleMin="0",
        scaleMax=_scale(kind.layer.style.label_min_zoom),
    )  # fmt: skip
    return labeling


def _point(parent: Element, symbol: Symbol) -> None:
    size = symbol.size_px or 12
    fill = mix_with_white(symbol.fill or INKS.paper, 1 if symbol.level is None else symbol.level)
    outline = {
        "outline_color": _rgba(symbol.stroke or fill), "outline_width": _mm(symbol.stroke_px or 0),
        "outline_width_unit": "MM", "outline_style": _pen(symbol),
    }  # fmt: skip
    shape = _SHAPES.get(symbol.shape or "", "circle")
    _layer(parent, "SimpleMarker", name=shape, size=_mm(size), size_unit="MM", color=_rgba(fill), **outline)
    if symbol.badge == "cross":
        _layer(parent, "SimpleMarker", name="cross2", size=_mm(size), size_unit="MM", outline_color=_rgba(LABEL_INK))
    elif symbol.badge in DISCS:
        _layer(
            parent, "SimpleMarker", name="circle", size=_mm(size * 0.55), size_unit="MM",
            color=_rgba(DISCS[symbol.badge]), outline_color=_rgba(INKS.paper),
            offset=f"{_mm(size * 0.43)},{_mm(size * -0.43)}", offset_unit="MM",
        )  # fmt: skip


def _line(parent: Element, symbol: Symbol) -> None:
    dashes = ";".join(_mm(length) for length in symbol.dash or ())
    _layer(
        parent, "SimpleLine", line_color=_rgba(symbol.stroke or LABEL_INK), line_width=_mm(symbol.stroke_px or 1),
        line_width_unit="MM", capstyle="flat", use_custom_dash="1" if dashes else "0", customdash=dashes or "5;2",
        customdash_unit="MM",
    )  # fmt: skip


def _polygon(parent: Element, symbol: Symbol) -> None:
    colour, opacity = symbol.fill or INKS.paper, symbol.fill_opacity or 0
    _layer(
        parent, "SimpleFill", color=_rgba(colour, opacity * (HATCH_FILL if symbol.hatch else 1)), style="solid",
        outline_color=_rgba(symbol.stroke or colour, 1 if symbol.stroke else 0),
        outline_width=_mm(symbol.stroke_px or 0), outline_width_unit="MM", outline_style=_pen(symbol),
    )  # fmt: skip
    place = parent.get("name")
    if symbol.hatch == DOTTED:
        dots = _layer(
            parent, "PointPatternFill", distance_x=_mm(HATCH_PX), distance_x_unit="MM", distance_y=_mm(HATCH_PX / 2),
            distance_y_unit="MM", displacement_x=_mm(HATCH_PX / 2), displacement_x_unit="MM",
        )  # fmt: skip
        dot = Symbol(shape="square", size_px=DOT_PX, fill=colour, stroke=colour, stroke_px=0)
        _point(SubElement(dots, "symbol", name=f"@{place}@1", type="marker", alpha="1"), dot)
    for angle in {CROSSED: (45, 135), DOTTED: (), None: (), 0: ()}.get(symbol.hatch, (symbol.hatch,)):
        lines = _layer(
            parent, "LinePatternFill", angle=str((angle or 0) % 180), distance=_mm(HATCH_PX), distance_unit="MM",
            color=_rgba(colour, opacity),
        )  # fmt: skip
        _line(SubElement(lines, "symbol", name=f"@{place}@1", type="line", alpha="1"), Symbol(stroke=colour))


_DRAWN = {GeometryType.POINT: _point, GeometryType.LINE: _line, GeometryType.POLYGON: _polygon}


def _layer(parent: Element, class_: str, **properties: str) -> Element:
    layer = SubElement(parent, "layer", {"class": class_, "enabled": "1", "pass": "0", "locked": "0"})
    options = SubElement(layer, "Option", type="Map")
    for name, value in properties.items():
        SubElement(options, "Option", type="QString", name=name, value=value)
    return layer


def _pen(symbol: Symbol) -> str:
    return "dash" if symbol.dash else "solid"


def _mm(pixels: float) -> str:
    return f"{pixels * MM_PER_PX:.2f}"


def _rgba(colour: str, opacity: float = 1) -> str:
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    return ",".join(map(str, [*parts, round(255 * opacity)]))
