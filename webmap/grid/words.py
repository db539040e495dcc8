"""The network's results in words and rows for the pages and papers; nothing is computed here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from geodata.base.collation import name_key
from geodata.base.i18n import N_
from geodata.grid.consumers import Supply
from geodata.grid.documents import (
    Beyond,
    CircuitRow,
    CollapsePoint,
    FindingRow,
    OutageRow,
    StationRow,
    StudyDocument,
)
from geodata.grid.events import EventPlan
from webmap.app.i18n import format_number, translate

#: A station with less left than this, MW, counts as full.
FULL_MW = 1.0
#: Loading from which a circuit or station counts as heavily loaded, %.
HEAVY_PERCENT = 80

SCENARIOS = {
    "day_peak": N_("Day peak"),
    "evening_peak": N_("Evening peak"),
    "off_peak": N_("Off-peak"),
    "forecast": N_("Forecast"),
    "forecast_low": N_("Forecast, low growth"),
    "forecast_base": N_("Forecast, base growth"),
    "forecast_high": N_("Forecast, high growth"),
}

PROBLEMS = {
    "island": N_("has no connection to an infeed"),
    "loose_end": N_("has a loose end"),
    "end_far": N_("ends far from the station it names"),
    "unknown_station": N_("names a station that is not stored"),
    "no_length": N_("has no length; the drawn one was taken"),
    "no_conductor": N_("has no conductor"),
    "unknown_conductor": N_("has a conductor that is not in the table"),
    "no_rating": N_("has no rated current"),
    "length_mismatch": N_("has a length that contradicts the drawing"),
    "no_voltage": N_("has no voltage"),
    "no_transformer": N_("has no transformer"),
    "no_load": N_("has no load for this scenario; 0 MW was taken"),
    "load_implausible": N_("has a load above any plausible value"),
    "not_connected": N_("is not joined by any circuit"),
}


PARAMETERS = {
    "rating_a": N_("rated current"),
    "r_ohm_per_km": N_("resistance per km"),
    "x_ohm_per_km": N_("reactance per km"),
    "c_nf_per_km": N_("capacitance per km"),
    "is_default": N_("taken where the conductor is unknown"),
    "infeed_voltage_pu": N_("voltage held by infeeds"),
    "power_factor": N_("power factor"),
    "voltage_min_n0_pu": N_("lowest voltage, all in (N-0)"),
    "voltage_min_n1_pu": N_("lowest voltage, one out (N-1)"),
    "loading_max_percent": N_("highest loading"),
    "snap_distance_m": N_("distance within which ends meet"),
    "tower_distance_m": N_("distance within which circuits share towers"),
    "tower_stretch_m": N_("shortest stretch on shared towers"),
    "length_tolerance_percent": N_("tolerance of lengths"),
    "load_max_share": N_("plausible load over transformers"),
    "phase_distance_m": N_("mean distance of phases"),
    "bundle_spacing_m": N_("spacing of bundled conductors"),
    "derating_40c": N_("rated current at 40 °C, share"),
    "growth_low_percent": N_("growth, low"),
    "growth_base_percent": N_("growth, base"),
    "growth_high_percent": N_("growth, high"),
    "transformer_uk_percent": N_("short-circuit voltage of transformers"),
    "cluster_mw_per_ha": N_("need of a hectare where nothing is known"),
    "cluster_buildout_years": N_("years until free land is built on"),
    "cluster_reach_km": N_("reach of stations"),
    "conductor": N_("conductor"),
    "length_km": N_("length"),
    "voltage_kv": N_("voltage"),
    "active_power_mw": N_("active power"),
    "reactive_power_mvar": N_("reactive power"),
    "growth": N_("growth"),
}
SUBJECTS = {"model": N_("Model"), "trade": N_("Need of a hectare")}


#: How something stands, as the pages' classes name it.
Tone = Literal["unknown", "fine", "near", "heavy", "over", "infeed"]


class OverloadLine(Beyond):
    """What is beyond a limit, in words."""

    text: str
    tone: Tone


class StationLine(StationRow):
    """A station with what ends its headroom in words, and what is accepted and waiting there."""

    tone: Tone
    loading_tone: Tone
    limit: str
    accepted_mw: float
    waiting_mw: float


class OutageLine(OutageRow):
    """An outage of one element or of one tower line, with names."""

    name: str
    worst_name: str


class FindingLine(FindingRow):
    """What is wrong with the data at an object, in words."""

    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Names:
    """What people call the elements of a result, by code."""

    names: Mapping[str, str]

    def of(self, code: str | None) -> str:
        """Return the name of a circuit or station, or of a transformer as “T1 (station)”."""
        if not code or code in self.names:
            return self.names.get(code or "", "")
        station, _, unit = code.partition("/")
        if unit and station in self.names:
            return translate("transformer {unit} of {station}").format(unit=unit, station=self.of(station))
        return self.names.get(code, code)


def names_of(document: StudyDocument) -> Names:
    """Return the names in a result."""
    names = {row["code"]: row["name"] for row in [*document["stations"], *document["circuits"]]}
    towers = {row["outage"]: tower_name([names[code] for code in row["circuits"]]) for row in document["tower_lines"]}
    return Names(names=names | towers)


def tower_name(circuits: Sequence[str]) -> str:
    """Return what a tower line is called: its circuits, what their names begin with alike said once."""
    parts: dict[str, list[str]] = {}
    for name in circuits:
        head, comma, tail = name.rpartition(", ")
        parts.setdefault(head or name, []).extend([tail] if comma else [])
    told = "; ".join(", ".join([head, *tails]) for head, tails in parts.items())
    return translate("Tower line of {circuits}").format(circuits=told)


def number(value: float | None, decimals: int = 1) -> str:
    """Return a number as the page's language writes it, a dash where it is unknown."""
    return "–" if value is None else format_number(round(value, decimals), None, decimals)


def limit_text(row: Beyond | None, names: Names) -> str:
    """Return what is beyond its limit, and when: “Quá tải … 103 % khi sự cố …”."""
    if row is None:
        return ""
    words = {"element": names.of(row["element"]), "outage": names.of(row["outage"])}
    if row["vm_pu"] == 0:
        text = (
            N_("Voltage collapse at {element} when {outage} fails")
            if row["outage"]
            else N_("Voltage collapse at {element}")
        )
    elif row["vm_pu"] is not None:
        words["voltage"] = f"{number(row['vm_pu'] * 110)} kV"
        text = (
            N_("Voltage {voltage} at {element}")
            if not row["outage"]
            else N_("Voltage {voltage} at {element} when {outage} fails")
        )
    elif row["loading_percent"] is None:
        text = N_("No reserve at {element} when {outage} fails") if row["outage"] else N_("{element} has no capacity")
    else:
        words["percent"] = number(row["loading_percent"])
        text = (
            N_("Overload of {element}: {percent} %")
            if not row["outage"]
            else N_("Overload of {element}: {percent} % when {outage} fails")
        )
    return translate(text).format(**words)  # fmt: skip


def limits_of(document: StudyDocument, names: Names) -> dict[str, str]:
    """Return of each station what ends its headroom with one element out, in words, by code."""
    return {row["code"]: limit_text(row["binding"], names) for row in document["stations"]}


def tone_of_loading(percent: float | None) -> Tone:
    """Return the class of a loading: unknown, fine, near (60), heavy (80), over (100)."""
    if percent is None:
        return "unknown"
    steps: tuple[tuple[int, Tone], ...] = ((100, "over"), (HEAVY_PERCENT, "heavy"), (60, "near"))
    return next((tone for limit, tone in steps if percent > limit), "fine")


def tone_of_circuit(row: CircuitRow) -> Tone:
    """Return the class of a circuit: that of its loading; unknown where it has no supply or the flow no solution."""
    return tone_of_loading(row["loading_percent"] if row["is_energised"] else None)


def worst_outages(document: StudyDocument) -> dict[str, str]:
    """Return of each element that a single outage puts beyond a limit which one does so most, in words, by code."""
    names = names_of(document)
    failing = sorted((row for row in document["existing"] if row["outage"]), key=_severity, reverse=True)
    return {row["element"]: limit_text(row, names) for row in failing}


def tone_of_headroom(row: StationRow) -> Tone:
    """Return the class of a station: what is left with one element out."""
    room, more = row["headroom_n1_mw"], row["headroom_n0_mw"]
    if row["is_infeed"]:
        return "infeed"
    if room is None or row["vm_pu"] is None:
        return "unknown"
    if room >= FULL_MW:
        return "near" if room < FULL_MW * 10 else "fine"
    return "heavy" if (more or 0) >= FULL_MW else "over"


def overload_rows(document: StudyDocument) -> list[OverloadLine]:
    """Return what is beyond a limit already, in words, with nothing out first and the worst first."""
    names = names_of(document)
    return [
        {**row, "text": limit_text(row, names), "tone": "over" if not row["outage"] else "heavy"}
        for row in sorted(document["existing"], key=_severity)
    ]


def _severity(row: Beyond) -> tuple[bool, float]:
    return bool(row["outage"]), -(row["loading_percent"] or (2 - (row["vm_pu"] or 0)) * 50)


def station_rows(document: StudyDocument, committed: Mapping[str, tuple[float, float]]) -> list[StationLine]:
    """Return the stations, what is fullest first, with what is accepted and waiting there."""
    names = names_of(document)
    rows: list[StationLine] = [
        {
            **row,
            "tone": tone_of_headroom(row),
            "loading_tone": tone_of_loading(row["transformer_loading_percent"]),
            "limit": limit_text(row["binding"], names),
            "accepted_mw": committed.get(row["code"], (0.0, 0.0))[0],
            "waiting_mw": committed.get(row["code"], (0.0, 0.0))[1],
        }
        for row in document["stations"]
    ]
    return sorted(rows, key=lambda row: (row["is_infeed"], row["headroom_n1_mw"] or 0, name_key(row["name"])))


def outage_rows(document: StudyDocument, most: int = 20) -> list[OutageLine]:
    """Return the worst outages, of one element or of one tower line.

    Those that have no solution first, then what loses most, then what overloads most.
    """
    names = names_of(document)
    rows: list[OutageLine] = [
        {
            **row,
            "name": names.of(row["outage"]),
            "worst_name": names.of(row["worst"]["element"] if row["worst"] else None),
        }
        for row in [*document["outages"], *document["tower_lines"]]
    ]
    return sorted(rows, key=_loss)[:most]


def _loss(row: OutageRow) -> tuple[bool, float, float]:
    loading_percent = row["worst"]["loading_percent"] if row["worst"] else None
    return row["converged"], -row["unserved_mw"], -(loading_percent or 0)


def collapse_text(collapse: CollapsePoint, names: Names) -> str:
    """Return where the voltage gives way, and up to which load it did not."""
    text = translate(
        "The flow has no solution: the voltage collapses at {station}. It had one up to {share} % of the load."
    )
    return text.format(station=names.of(collapse["bus"]), share=number(collapse["share"] * 100))


def finding_rows(document: StudyDocument) -> list[FindingLine]:
    """Return what is wrong with the network's data, object by object, in words."""
    names = names_of(document)
    return [
        {**row, "name": names.of(row["code"]), "text": translate(PROBLEMS.get(row["problem"], row["problem"]))}
        for row in document["topology"]
    ]


def supply_text(supply: Supply, names: Names) -> str:
    """Return whether and until when a consumer's need can be carried, as a sentence."""
    carrier = next((offer.station.name for offer in supply.offers if offer.station.code == supply.carrier), "")
    words = {
        "station": carrier,
        "until": str(supply.until),
        "from": str(supply.short_from),
        "mw": number(supply.short_mw),
    }
    if not any(supply.need_by_year.values()):
        text = N_("The years in which it will need power are not computed yet.")
    elif not supply.offers:
        text = N_("No station within reach.")
    elif supply.short_from is None:
        text = N_("{station} carries it in all years that were computed.")
    elif supply.carrier is None:
        text = N_("No station within reach carries it; {mw} MW are missing from {from} on.")
    else:
        text = N_("{station} carries it until {until}; {mw} MW are missing from {from} on.")
    return translate(text).format(**words)  # fmt: skip


def event_lines(plan: EventPlan, names: Names) -> list[str]:
    """Return the plan of reserve of an event, a sentence each."""
    station, need_mw = plan.station["name"], float(plan.event.power_mw or 0)
    words = {"station": station, "mw": number(need_mw), "left": number(plan.station["headroom_n1_mw"])}
    lines = []
    if plan.killing:
        words["outages"] = "; ".join(names.of(code) for code in plan.killing)
        lines.append(N_("{station} loses supply when one of these fails: {outages}. No works on them on these days."))
    else:
        lines.append(N_("{station} keeps supply when any one element fails."))
    if need_mw:
        is_enough = (plan.station["headroom_n1_mw"] or 0) >= need_mw
        enough = N_("It can take the {mw} MW more: {left} MW are left with one element out.")
        lines.append(
            enough if is_enough else N_("It cannot take {mw} MW more with one element out: {left} MW are left.")
        )
    told = [translate(line).format(**words) for line in lines]
    for reserve in plan.reserves:
        text = translate("Closing {circuit} brings {served} of {load} MW back.")
        told.append(text.format(circuit=reserve.name, served=number(reserve.served_mw), load=number(reserve.load_mw)))
    near = ", ".join(
        f"{other.name} ({number(other.km)} km, {number(other.headroom_n1_mw)} MW)" for other in plan.neighbours
    )
    if near:
        told.append(translate("In reserve by medium voltage: {stations}.").format(stations=near))
    if not plan.is_secure:
        text = translate("Keep a generator ready for the event's load.")
        told.append(text)
    return told


def choices_of_years(first: int, count: int, chosen: int) -> list[int]:
    """Return the years a page offers, the chosen one among them."""
    return sorted({*range(first, first + count + 1), chosen})
