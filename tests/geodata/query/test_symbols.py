"""Symbols that are told apart: on paper without colours, and by those who see few of them."""

from itertools import combinations

import pytest

from geodata.layers import LAYERS
from geodata.schema.portrayal import Symbol

#: Greys that are nearer than this, of 0 to 1, look alike beside one another.
ALIKE = 0.17
COLOURS = ("fill", "stroke")
#: Shapes that are the same one at the size of a symbol.
SAME = {"rounded": "square"}

ROWS = [
    pytest.param(kind, variation, id=f"{kind.layer.name}-{variation.field}")
    for kind in LAYERS
    for variation in kind.layer.style.by
]


def grey(colour):
    """Return how light a colour #rrggbb is on a grey print, 0 to 1 (ITU-R BT.601)."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def differs(one: Symbol, other: Symbol) -> bool:
    """Whether two symbols differ in something else than colour and size, or in how light they are."""
    forms = [
        {k: SAME.get(str(v), v) for k, v in each.as_dict().items() if k not in {*COLOURS, "size_px", "weight"}}
        for each in (one, other)
    ]
    pairs = [(getattr(one, name), getattr(other, name)) for name in COLOURS]
    return forms[0] != forms[1] or any(a and b and abs(grey(a) - grey(b)) > ALIKE for a, b in pairs)


@pytest.mark.parametrize(("kind", "variation"), ROWS)
def test_no_two_rows_of_a_legend_look_alike_without_colour(kind, variation):
    labels = kind.field(variation.field).values
    shown = {value: symbol.over(kind.layer.style.base) for value, symbol in variation.symbols()}
    # “Unknown” may be a value and a missing value at once: one row. What is always derived is never missing.
    is_derived = kind.field(variation.field).derived and variation.unknown == Symbol()
    if (labels and "unknown" in labels.labels()) or "unknown" in shown or is_derived:
        shown.pop(None)
    assert [pair for pair in combinations(shown, 2) if not differs(shown[pair[0]], shown[pair[1]])] == []


def test_what_is_laid_over_another_keeps_the_higher_weight():
    assert Symbol(weight=2).over(Symbol(weight=7)).weight == 7
    assert Symbol(weight=9).over(Symbol(weight=7)).weight == 9
    assert Symbol().over(Symbol(weight=7)).weight == 7


def test_stations_and_clusters_come_before_sites_that_need_nobody():
    weights = {
        kind.layer.name: {
            symbol.weight or 0 for _, symbol in kind.layer.style.classes(frozenset(f.name for f in kind.fields()))
        }
        for kind in LAYERS
    }
    assert min(weights["substations"]) > max(weights["fuel_sites"])
    assert min(weights["industrial_clusters"]) > max(weights["markets"])
