"""A layer's symbols as a Mapbox GL style over its vector tiles: what QGIS and MapLibre read.

GL knows circles, lines and fills: shapes, badges and hatches of points and areas stay with the map and the
QGIS project. GL counts zooms by tiles of 512 px, the registry by 256: one less here.
"""

from collections.abc import Iterable

from geodata.schema.feature import Feature, GeometryType
from geodata.schema.portrayal import Symbol
from webmap.app.i18n import translate
from webmap.ogc.answers import Document
from webmap.ogc.portrayal import LABEL_HALO, LABEL_INK, SymbolClass, mix_with_white, symbol_classes

LABEL_PX = 12


def gl_style(kind: type[Feature], visible: frozenset[str], source: Document) -> Document:
    """Return the style of a layer, a GL layer for each symbol, the most urgent on top; `source` says where its tiles are."""
    layer = kind.layer
    drawn: list[Document] = []
    for symbol, classes in reversed(_by_symbol(symbol_classes(kind, visible))):
        drawn += _layers(kind, symbol, classes)
    return {
        "version": 8,
        "name": translate(layer.title),
        "sources": {layer.name: {"type": "vector", "minzoom": 0, **source}},
        "layers": [*drawn, _label(kind)],
    }


def _by_symbol(classes: Iterable[SymbolClass]) -> list[tuple[Symbol, list[SymbolClass]]]:
    groups: dict[tuple[Symbol, bool], list[SymbolClass]] = {}
    for one in classes:
        groups.setdefault((one.symbol, one.is_opened), []).append(one)
    return [(symbol, found) for (symbol, _), found in groups.items()]


def _layers(kind: type[Feature], symbol: Symbol, classes: list[SymbolClass]) -> list[Document]:
    base = {
        "source": kind.layer.name,
        "source-layer": kind.layer.name,
        "minzoom": max(kind.layer.min_zoom - 1, 0),
        # The old form of a filter: QGIS reads it in every version.
        "filter": ["in", "c", *(one.number for one in classes)],
    }
    if not classes[0].is_opened:
        base["layout"] = {"visibility": "none"}
    paints = _PAINTS[kind.layer.geometry](symbol)
    name = f"{kind.layer.name} {classes[0].number} {classes[0].title}"
    return [{"id": f"{name} {type_}", "type": type_, **base, "paint": paint} for type_, paint in paints]


def _point(symbol: Symbol) -> list[tuple[str, Document]]:
    paint: Document = {"circle-radius": (symbol.size_px or 12) / 2, "circle-color": _faded(symbol)}
    if symbol.stroke:
        paint |= {"circle-stroke-color": symbol.stroke, "circle-stroke-width": symbol.stroke_px or 1}
    return [("circle", paint)]


def _line(symbol: Symbol) -> list[tuple[str, Document]]:
    width = symbol.stroke_px or 1
    paint: Document = {"line-color": symbol.stroke or LABEL_INK, "line-width": width}
    if symbol.dash:
        paint["line-dasharray"] = [round(length / width, 2) for length in symbol.dash]
    return [("line", paint)]


def _polygon(symbol: Symbol) -> list[tuple[str, Document]]:
    fill: Document = {"fill-color": symbol.fill or LABEL_HALO, "fill-opacity": symbol.fill_opacity or 0}
    return [("fill", fill), *(_line(symbol) if symbol.stroke else [])]


_PAINTS = {GeometryType.POINT: _point, GeometryType.LINE: _line, GeometryType.POLYGON: _polygon}


def _faded(symbol: Symbol) -> str:
    """Return the fill as a symbol that is filled in part has it on average: mixed with white."""
    return mix_with_white(symbol.fill or LABEL_HALO, 1 if symbol.level is None else symbol.level)


def _label(kind: type[Feature]) -> Document:
    is_polygon = kind.layer.geometry is GeometryType.POLYGON
    return {
        "id": f"{kind.layer.name} label",
        "type": "symbol",
        "source": kind.layer.name,
        "source-layer": f"{kind.layer.name}_label" if is_polygon else kind.layer.name,
        "minzoom": max(kind.layer.style.label_min_zoom - 1, 0),
        "layout": {
            "text-field": "{t}",
            "text-size": LABEL_PX,
            "symbol-placement": "line" if kind.layer.geometry is GeometryType.LINE else "point",
            **({"text-anchor": "top", "text-offset": [0, 0.8]} if kind.is_point() else {}),
        },
        "paint": {"text-color": LABEL_INK, "text-halo-color": LABEL_HALO, "text-halo-width": 1.5},
    }
