"""What cures an overload: each planned circuit and transformer that is not there yet, tried one by one; and since when it is over."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from geodata.grid.documents import StudyDocument
from geodata.grid.flow import Flow
from geodata.grid.network import build_network
from geodata.grid.outages import Outage, OutageKind, effects, transformer_loading
from geodata.grid.parameters import Parameters
from geodata.grid.records import Circuit, Records, Scenario, Span, Station


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A planned element: its code (station/transformer), the year it is planned for, and the records as if it were there."""

    code: str
    name: str
    begins: int | None
    records: Records


def planned_elements(records: Records, year: int) -> list[Planned]:
    """Return each planned circuit and transformer that is not there in a year."""
    there = Span(begins=year)

    def is_open(span: Span) -> bool:
        return span.is_planned and not span.covers(year)

    def with_circuit(circuit: Circuit) -> Records:
        changed = replace(circuit, span=there)
        return replace(records, circuits=tuple(changed if each is circuit else each for each in records.circuits))

    def with_station(station: Station, changed: Station) -> Records:
        return replace(records, stations=tuple(changed if each is station else each for each in records.stations))

    found = [
        Planned(code=circuit.code, name=circuit.name, begins=circuit.span.begins, records=with_circuit(circuit))
        for circuit in records.circuits
        if is_open(circuit.span)
    ]
    for station in records.stations:
        for unit in filter(lambda unit: is_open(unit.span), station.transformers):
            units = tuple(replace(each, span=there) if each is unit else each for each in station.transformers)
            changed = replace(station, transformers=units)
            code, begins = f"{station.code}/{unit.name}", unit.span.begins
            found.append(Planned(code=code, name="", begins=begins, records=with_station(station, changed)))
    return found


def overloaded(records: Records, parameters: Parameters, year: int, scenario: Scenario) -> set[str]:
    """Return what is loaded beyond its rating in a year with nothing out: circuits and stations by code."""
    network = build_network(records, parameters, year, scenario)
    nothing = Outage(kind=OutageKind.SEVERAL, code="")
    (base,) = effects(network, Flow(network.circuitry), [nothing], vm_min_pu=parameters["voltage_min_n0_pu"])
    own = {
        station.code
        for station in network.stations
        if not station.is_infeed and (transformer_loading(station) or 0) > 100
    }
    return own | {overload.element for overload in base.overloads if overload.loading_percent is not None}


def curing_elements(
    records: Records, parameters: Parameters, year: int, scenario: Scenario, over: Iterable[str]
) -> dict[str, list[Planned]]:
    """Return of what is overloaded with nothing out the planned elements that, each by itself, end that."""
    wanted = set(over)
    found: dict[str, list[Planned]] = {}
    if not wanted:
        return found
    for planned in planned_elements(records, year):
        for element in wanted - overloaded(planned.records, parameters, year, scenario):
            found.setdefault(element, []).append(planned)
    return found


def over_since(documents: Iterable[StudyDocument]) -> dict[str, int]:
    """Return the first of the computed years in which each element is overloaded with nothing out."""
    since: dict[str, int] = {}
    for document in sorted(documents, key=lambda document: document["year"]):
        for row in document["existing"]:
            if row["outage"] is None:
                since.setdefault(row["element"], document["year"])
    return since
