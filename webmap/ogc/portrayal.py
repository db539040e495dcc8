"""A layer's symbols as other programs draw them: its classes with their names. Decides no colour."""

from dataclasses import dataclass

from geodata.schema.feature import Feature
from geodata.schema.portrayal import INKS, Symbol
from webmap.app.i18n import translate
from webmap.folium.style import value_labels

LABEL_INK, LABEL_HALO = INKS.ink, INKS.paper


@dataclass(frozen=True, kw_only=True)
class SymbolClass:
    """One class of a style. `number` as in the tiles; `is_opened` unless the map starts without it."""

    number: int
    title: str
    symbol: Symbol
    is_opened: bool


def symbol_classes(kind: type[Feature], visible: frozenset[str]) -> list[SymbolClass]:
    """Return the classes in the order of their numbers, for somebody who may see the `visible` fields."""
    style = kind.layer.style
    variations = style.variations(visible)
    labels = [value_labels(kind, variation.field) for variation in variations]
    found = []
    for number, (values, symbol) in enumerate(style.classes(visible)):
        words = [translate(known.get(str(value), str(value))) for known, value in zip(labels, values, strict=True)]
        opened = all(
            not variation.opens_with or value in variation.opens_with
            for variation, value in zip(variations, values, strict=True)
        )
        title = " · ".join(words) or translate(kind.layer.singular)
        found.append(SymbolClass(number=number, title=title, symbol=symbol, is_opened=opened))
    return found


def mix_with_white(colour: str, share: float) -> str:
    """Return a colour #rrggbb of which only a share is left."""
    parts = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - part) * share):02x}" for part in parts)
