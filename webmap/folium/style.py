"""A layer's style as data for the renderer and the legend, in a language. Decides no colour."""

from collections.abc import Mapping
from typing import TypedDict

from geodata.base.i18n import N_
from geodata.base.message import Translate
from geodata.schema.feature import Feature
from geodata.schema.portrayal import Symbol, SymbolParts

UNKNOWN = "unknown"


class ValueStyle(TypedDict):
    """A value of a field with its text and its symbol in the legend."""

    value: str
    label: str
    symbol: SymbolParts


class VariationStyle(TypedDict):
    """What a field changes of the symbol; `opens_with`: the values shown at first, none: all."""

    field: str
    label: str
    opens_with: list[str]
    values: list[ValueStyle]


class LayerStyle(TypedDict):
    """A layer's style for the renderer and the legend; see describe_style()."""

    symbols: list[SymbolParts]
    classes: list[int]
    variations: list[VariationStyle]
    base: SymbolParts
    small: SymbolParts | None
    labels: list[str]
    label_min_zoom: int
    first_min_zoom: int
    label_rank: int
    note: str
    thin_below_zoom: int
    side_by_side: bool


def describe_style(kind: type[Feature], visible: frozenset[str], translate: Translate) -> LayerStyle:
    """Return what draws and explains a layer for somebody who may see the `visible` fields.

    `classes[number]` is the place of the class's symbol in `symbols`, numbers as in the tiles.
    `variations` hold every value in the order of that mixed radix, with its legend symbol.
    """
    style = kind.layer.style
    symbols: dict[Symbol, int] = {}
    classes = [symbols.setdefault(symbol, len(symbols)) for _, symbol in style.classes(visible)]
    return {
        "symbols": [symbol.as_dict() for symbol in symbols],
        "classes": classes,
        "variations": [
            {
                "field": variation.field,
                "label": translate(_label(kind, variation.field)),
                "opens_with": [str(value) for value in variation.opens_with],
                "values": [
                    {
                        "value": UNKNOWN if value is None else str(value),
                        "label": translate(value_labels(kind, variation.field).get(str(value), str(value))),
                        "symbol": symbol.over(style.base).as_dict(),
                    }
                    for value, symbol in variation.symbols()
                ],
            }
            for variation in style.variations(visible)
        ],
        "base": style.base.as_dict(),
        "small": style.small.as_dict() if style.small else None,
        "labels": [_written(kind, name, translate) for name in style.label_fields if name in visible],
        "label_min_zoom": style.label_min_zoom,
        "first_min_zoom": style.first_min_zoom if style.first_named in visible else style.label_min_zoom,
        "label_rank": style.label_rank,
        "note": translate(style.legend_note) if style.legend_note else "",
        "thin_below_zoom": style.thin_below_zoom,
        "side_by_side": style.offset_field in visible,
    }


def _written(kind: type[Feature], name: str, translate: Translate) -> str:
    """Return what a part of the label is: “Free land (ha)”."""
    field = kind.field(name)
    unit = f" ({field.unit})" if field and field.unit else ""
    return translate(_label(kind, name)) + unit


def _label(kind: type[Feature], name: str) -> str:
    field = kind.field(name)
    return field.label if field else name


def value_labels(kind: type[Feature], name: str) -> Mapping[str, str]:
    """Return stored value -> label of a field; a missing value is unknown."""
    field = kind.field(name)
    labels: Mapping[str, str] | None = None
    if field is not None:
        labels = field.values.labels() if field.values else getattr(field.filter, "labels", None)
    return {"None": N_("Unknown"), **(labels or {})}
