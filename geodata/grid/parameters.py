"""The numbers the network's model rests on: each with unit, source and how sure it is.

A parameter belongs to a subject: a conductor type, or the model as a whole (`MODEL`). What stands here are the values
a new installation starts with; the database holds the ones in force (geodata.grid.tables), which an administrator edits.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from geodata.base.i18n import N_
from geodata.schema.fields import LabelledEnum, fold_column_name

MODEL = "model"
#: Subjects of what a hectare of industrial land needs, by words that name a trade.
TRADE = "trade"


class Confidence(LabelledEnum):
    """How sure a parameter's value is."""

    VERIFIED = "verified", N_("Read in its source")
    COMPUTED = "computed", N_("Computed")
    UNVERIFIED = "unverified", N_("Unverified")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One value: of what (`subject`), which (`name`), how much, in which unit, from where."""

    subject: str
    name: str
    value: float
    unit: str
    source: str
    confidence: Confidence


@dataclass(frozen=True, kw_only=True)
class Conductor:
    """What one kilometre of one conductor per phase is: ohm, ohm, nF; `rating_a` in A."""

    name: str
    rating_a: float
    r_ohm_per_km: float
    x_ohm_per_km: float
    c_nf_per_km: float


_PUE = N_("PUE table, 25 °C air, 70 °C conductor")
_GOST = N_("GOST 839, 20 °C")
_GMD = N_("computed for a mean distance of phases of 5 m")
_CABLE = N_("typical of 110 kV XLPE cables with copper conductor")

#: Conductor: rating A, r ohm/km, x ohm/km, c nF/km (DOMAIN.md §3, cables and AC-500: usual tables).
_CONDUCTORS = {
    "AC-120/19": (390, 0.244, 0.42, 8.6),
    "AC-150/24": (450, 0.204, 0.42, 8.7),
    "AC-185/29": (510, 0.159, 0.41, 8.9),
    "AC-240/39": (610, 0.122, 0.40, 9.1),
    "AC-300/39": (710, 0.096, 0.39, 9.2),
    "AC-400/51": (825, 0.073, 0.39, 9.4),
    "AC-500/64": (945, 0.058, 0.38, 9.5),
    "XLPE-1x400": (590, 0.063, 0.13, 150.0),
    "XLPE-1x630": (745, 0.041, 0.12, 180.0),
    "XLPE-1x800": (840, 0.033, 0.12, 200.0),
    "XLPE-1x1200": (990, 0.024, 0.11, 230.0),
}
_UNITS = {"rating_a": "A", "r_ohm_per_km": "Ω/km", "x_ohm_per_km": "Ω/km", "c_nf_per_km": "nF/km"}

#: Name: value, unit, source.
_MODEL = {
    "infeed_voltage_pu": (1.03, "pu", N_("assumed for every station of 220 kV and more")),
    "power_factor": (0.95, "", N_("assumed where the reactive power of a load is unknown, and of what is added")),
    "voltage_min_n0_pu": (0.945, "pu", N_("104 kV of 110 kV, normal operation")),
    "voltage_min_n1_pu": (0.90, "pu", N_("99 kV of 110 kV, one element out")),
    "loading_max_percent": (100.0, "%", N_("rated current, rated power")),
    "snap_distance_m": (250.0, "m", N_("a circuit that ends nearer than this to a station or circuit meets it")),
    "length_tolerance_percent": (15.0, "%", N_("stated length against the drawn one")),
    "tower_distance_m": (30.0, "m", N_("assumed: overhead circuits drawn nearer to each other share towers")),
    "tower_stretch_m": (500.0, "m", N_("shorter stretches beside each other, as before a station, count for nothing")),
    "load_max_share": (1.5, "", N_("a load above so many times the transformers is implausible")),
    "phase_distance_m": (5.0, "m", N_("mean distance of phases, for bundles")),
    "bundle_spacing_m": (0.4, "m", N_("distance of the conductors of a bundle")),
    "derating_40c": (0.82, "", N_("√(30/45): rated current at 40 °C air, used only when asked")),
    "growth_low_percent": (4.0, "%/year", N_("assumed growth of load, low forecast")),
    "growth_base_percent": (8.0, "%/year", N_("growth stated for 2025 (vneconomy 5/2025), base forecast")),
    "growth_high_percent": (11.0, "%/year", N_("assumed growth of load, high forecast")),
    "transformer_uk_percent": (10.5, "%", N_("usual two-winding 110 kV transformer")),
    "cluster_mw_per_ha": (0.25, "MW/ha", N_("assumed need of industrial land where nothing is stated")),
    "cluster_buildout_years": (5.0, "years", N_("assumed time from today until free land is built on, evenly")),
    "cluster_reach_km": (10.0, "km", N_("stations farther from a cluster are not tried")),
}


#: Word in what a cluster makes -> MW a hectare of leased land draws at its peak (planning practice, unverified).
_TRADES = {
    "thép": 0.8, "luyện": 0.8, "dệt": 0.35, "nhựa": 0.35, "hóa chất": 0.35, "điện tử": 0.3, "cơ khí": 0.25,
    "chế biến": 0.2, "thực phẩm": 0.2, "thủy sản": 0.25, "may": 0.15, "da giày": 0.15, "gỗ": 0.15, "kho": 0.08,
    "logistics": 0.08,
}  # fmt: skip


def _defaults() -> Iterable[Parameter]:
    for name, values in _CONDUCTORS.items():
        cable = name.startswith("XLPE")
        sources = (_CABLE,) * 4 if cable else (_PUE, _GOST, _GMD, _GMD)
        for (part, unit), value, source in zip(_UNITS.items(), values, sources, strict=True):
            computed = source == _GMD
            yield Parameter(
                subject=name, name=part, value=value, unit=unit, source=source,
                confidence=Confidence.COMPUTED if computed else Confidence.UNVERIFIED,
            )  # fmt: skip
    for name, (value, unit, source) in _MODEL.items():
        yield Parameter(
            subject=MODEL, name=name, value=value, unit=unit, source=source, confidence=Confidence.UNVERIFIED
        )
    for name, value in _TRADES.items():
        yield Parameter(
            subject=TRADE, name=name, value=value, unit="MW/ha", source=N_("planning practice, assumed"),
            confidence=Confidence.UNVERIFIED,
        )  # fmt: skip
    yield Parameter(
        subject="AC-185/29", name="is_default", value=1, unit="", source=N_("assumed where the conductor is unknown"),
        confidence=Confidence.UNVERIFIED,
    )  # fmt: skip


DEFAULTS: tuple[Parameter, ...] = tuple(_defaults())


class Parameters(Mapping[str, float]):
    """The parameters of one study: the model's by name, conductors by what a file calls them.

    Of each rated current `rating_share` may be used.
    """

    def __init__(self, rows: Iterable[Parameter] = DEFAULTS, *, rating_share: float = 1.0) -> None:
        self.rows, self.rating_share = tuple(rows), rating_share
        subjects: dict[str, dict[str, float]] = {}
        for row in self.rows:
            subjects.setdefault(row.subject, {})[row.name] = row.value
        self._model = {name: value[0] for name, value in _MODEL.items()} | subjects.pop(MODEL, {})
        self._trades = subjects.pop(TRADE, {})
        self._conductors = {
            _conductor_key(name): Conductor(name=name, **{part: values[part] for part in _UNITS})
            for name, values in subjects.items()
            if values.keys() >= _UNITS.keys()
        }
        self._default = next((name for name, values in subjects.items() if values.get("is_default")), "")

    def __getitem__(self, name: str) -> float:
        return self._model[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._model)

    def __len__(self) -> int:
        return len(self._model)

    def at_40c(self) -> "Parameters":
        """Return the same with rated currents derated for air of 40 °C."""
        return Parameters(self.rows, rating_share=self["derating_40c"])

    def mw_per_ha(self, trades: str | None) -> float:
        """Return what a hectare needs where such things are made: the mean of the trades that are known, MW/ha."""
        words = f" {(trades or '').casefold()} "
        known = [value for name, value in self._trades.items() if name in words]
        return sum(known) / len(known) if known else self["cluster_mw_per_ha"]

    def find_conductor(self, name: str | None) -> Conductor | None:
        """Return the conductor that a file calls so (“AC185”, “ACSR-185/29”), or None."""
        return self._conductors.get(_conductor_key(name)) if name else None

    @property
    def default_conductor(self) -> Conductor:
        """The conductor assumed where none is known."""
        return self._conductors.get(_conductor_key(self._default)) or next(iter(self._conductors.values()))


_AREA_MM2 = re.compile(r"(\d{2,4})")
_CABLE_AREA_MM2 = re.compile(r"[x×*]\s*(\d{2,4})")
#: Aluminium with a steel core, in Vietnamese, Russian and English writing. (ACCC and the like are other conductors.)
_STEEL_CORED = frozenset({"ac", "as", "acsr"})


def _conductor_key(name: str) -> str:
    """Return kind and cross-section, which tell a conductor: “AC-185/29”, “ACSR 185” and “ac185” are one."""
    folded = name.strip().lower()
    is_cable = re.search(r"xlpe|cáp|cxv|cu/", folded) is not None
    area = (_CABLE_AREA_MM2.search(folded) if is_cable else None) or _AREA_MM2.search(folded)
    letters = fold_column_name(re.sub(r"[\d/].*", "", folded))
    if area is None:
        return letters
    kind = "cable" if is_cable else "ac" if letters in _STEEL_CORED else letters
    return f"{kind}{int(area[1])}"
