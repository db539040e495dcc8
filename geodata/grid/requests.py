"""Requests for power: they hang on the stations, by file, on the map's form and in the register of the network's pages."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.grid.reading import layers_of
from geodata.schema.details import Detail
from geodata.schema.feature import Feature
from geodata.schema.fields import LabelledEnum
from geodata.schema.grid import GridStations
from geodata.schema.registry import Registry

#: The states that count: what was promised, and what waits for an answer. What is connected is part of the load.
ACCEPTED, WAITING = "accepted", "waiting"


@dataclass(frozen=True, kw_only=True)
class PowerRequest:
    """A request to draw power at a station, from a year on."""

    id: int
    station_code: str
    applicant: str
    power_mw: float
    from_year: int
    state: LabelledEnum
    document_no: str | None = None
    note: str | None = None


def request_tables(registry: Registry) -> Iterator[tuple[type[Feature], type[Detail]]]:
    """Return the layers of stations, each with the table of the requests that hang on it."""
    for kind, grid in layers_of(registry, GridStations):
        if detail := kind.detail(grid.requests):
            yield kind, detail


def list_requests(session: Session, registry: Registry, station_code: str | None = None) -> list[PowerRequest]:
    """Return the requests, the accepted first, then by year."""
    names = ("id", "applicant", "power_mw", "from_year", "state", "document_no", "note")
    found: list[PowerRequest] = []
    for kind, detail in request_tables(registry):
        columns = [detail.column(name).label(name) for name in names]
        query = select(kind.code.label("station_code"), *columns).join(detail, detail.feature_id == kind.id)
        if station_code is not None:
            query = query.where(kind.code == station_code)
        for row in session.execute(query).mappings():
            found.append(PowerRequest(**{**row, "power_mw": float(row["power_mw"])}))
    return sorted(found, key=lambda one: (one.state, one.from_year, one.id))


def request_states(registry: Registry) -> list[LabelledEnum]:
    """Return where a request may stand, in order."""
    specs = (detail.field("state") for _, detail in request_tables(registry))
    return list(dict.fromkeys(state for spec in specs if spec and spec.values for state in spec.values))


def committed_mw(requests: Iterable[PowerRequest], year: int) -> dict[str, tuple[float, float]]:
    """Return station -> (accepted, waiting) MW up to a year. What is connected is part of the load already."""
    found: dict[str, tuple[float, float]] = {}
    for request in requests:
        if request.from_year > year:
            continue
        accepted, waiting = found.get(request.station_code, (0.0, 0.0))
        if request.state == ACCEPTED:
            accepted += request.power_mw
        elif request.state == WAITING:
            waiting += request.power_mw
        found[request.station_code] = (accepted, waiting)
    return found
