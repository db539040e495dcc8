"""How a layer looks, as plain data: symbols, the fields that vary them, labels."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from geodata.schema.colours import COLOURS

#: Hatchings that are no angle.
CROSSED, DOTTED = 225, 360


#: The parts of a symbol that are set, by the names of Symbol.
SymbolParts = dict[str, str | float | bool | tuple[float, ...]]


@dataclass(frozen=True, kw_only=True)
class Symbol:
    """A symbol as plain data; unset parts are taken from the symbol it is laid over.

    shape: circle square rounded framed diamond hexagon octagon drop triangle flag bubble (points). glyph: a name the renderer knows.
    level: how much of a point symbol is filled, 0 to 1. hatch: angle in degrees (45, 90, 135, 180), or CROSSED, DOTTED.
    dash: on and off lengths in px. badge: alert, warning, cross, tick, mended, open or works. core: a line has a white core.
    weight: what gives way to what where there is no room, 0 to 10; the highest of what is laid over one another counts.
    """

    shape: str | None = None
    size_px: float | None = None
    fill: str | None = None
    fill_opacity: float | None = None
    level: float | None = None
    stroke: str | None = None
    stroke_px: float | None = None
    dash: tuple[float, ...] | None = None
    hatch: int | None = None
    glyph: str | None = None
    badge: str | None = None
    core: bool | None = None
    weight: int | None = None

    def over(self, below: "Symbol") -> "Symbol":
        """Return this symbol with its unset parts taken from `below`."""
        parts = {name: value for name, value in vars(self).items() if value is not None}
        weights = [weight for weight in (self.weight, below.weight) if weight is not None]
        return replace(below, **parts | ({"weight": max(weights)} if weights else {}))

    def as_dict(self) -> SymbolParts:
        """Return the set parts only."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Inks:
    """The colours that belong to no layer, as #rrggbb: every renderer takes them from here.

    ink: names, signs and frames. faint: names of what lies below. paper: halos and what is left white. accent: what is
    selected, drawn or asked about. warning: what wants attention. alert and tick: the discs of badges.
    """

    ink: str = COLOURS["ink"]
    faint: str = COLOURS["faint"]
    paper: str = COLOURS["paper"]
    accent: str = COLOURS["accent"]
    warning: str = COLOURS["warning"]
    alert: str = COLOURS["alert"]
    tick: str = COLOURS["tick"]


INKS = Inks()


@dataclass(frozen=True, kw_only=True)
class Variation:
    """How one field changes the symbol: a case per value, the most urgent first (it is drawn on top).

    `opens_with`: the values the map shows until somebody asks for more; empty means all.
    """

    field: str
    cases: Mapping[Any, Symbol]
    unknown: Symbol = Symbol()
    opens_with: tuple[Any, ...] = ()

    def symbols(self) -> list[tuple[Any, Symbol]]:
        """Return (value, symbol), the unknown last with the value None."""
        return [*self.cases.items(), (None, self.unknown)]


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a layer looks: a base symbol and the fields that vary it. Maps values, computes nothing.

    A feature's class number is the mixed radix of its case in each visible variation, the first
    variation counting most; tiles, legend and renderer share it. `label_fields` are written from
    `label_min_zoom` on. `thin_below_zoom`: points that would overlap are merged below this zoom. `small`: what an area
    smaller than a symbol is drawn as, in the colours of its class. `short`: words, and what labels write for them.
    `first_named`: a yes/no field of areas; where it holds they are named before the others, and from `first_min_zoom` on.
    `legend_note`: what a reader of the legend's numbers must know.
    """

    base: Symbol
    by: tuple[Variation, ...] = ()
    label_fields: tuple[str, ...] = ("name",)
    label_min_zoom: int = 12
    label_rank: int = 5
    thin_below_zoom: int = 0
    offset_field: str | None = None
    small: Symbol | None = None
    short: tuple[tuple[str, str], ...] = ()
    first_named: str | None = None
    first_min_zoom: int = 0
    legend_note: str = ""

    def variations(self, visible: frozenset[str]) -> tuple[Variation, ...]:
        """Return the variations whose field may be seen."""
        return tuple(variation for variation in self.by if variation.field in visible)

    def classes(self, visible: frozenset[str]) -> list[tuple[tuple[Any, ...], Symbol]]:
        """Return (values, symbol) for every class number, in order."""
        classes: list[tuple[tuple[Any, ...], Symbol]] = [((), self.base)]
        for variation in self.variations(visible):
            classes = [
                ((*values, value), symbol.over(below))
                for values, below in classes
                for value, symbol in variation.symbols()
            ]
        return classes
