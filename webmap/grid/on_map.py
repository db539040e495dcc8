"""The network on the main map: circuits by loading with the way of the flow, stations by headroom; for staff."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypedDict

from flask import Blueprint, Response, jsonify, url_for

from geodata.base.database import today
from geodata.base.i18n import N_
from geodata.grid import results
from geodata.grid.documents import CircuitRow, StationRow, StudyDocument
from geodata.grid.results import Drawn, LonLat
from geodata.schema.grid import GridCircuits, GridStations
from geodata.schema.roles import STAFF
from webmap.app.areas import is_open
from webmap.app.as_stored import stored_day
from webmap.app.auth import allow, current_reader, current_role, current_user, may_open
from webmap.app.extensions import database, layers
from webmap.app.i18n import format_value, translate
from webmap.grid import words
from webmap.grid.asked import YEARS, Asked, asked_study, kept_study
from webmap.grid.drawing import LEAST_MW

blueprint = Blueprint("grid_map", __name__)

#: Tone -> what the legend says of it, of circuits and of stations.
CIRCUIT_TONES = {
    "fine": "≤ 60 %", "near": "60–80 %", "heavy": "80–100 %", "over": "> 100 %", "unknown": N_("unknown, no supply"),
}  # fmt: skip
STATION_TONES = {
    "fine": "≥ 10 MW", "near": "1–10 MW", "heavy": N_("only N-0"), "over": N_("full"), "unknown": N_("unknown"),
    "infeed": N_("infeed, holds its voltage"), "dead": N_("without supply"),
}  # fmt: skip

#: What a result rests on.
BASIS = N_(
    "Planning criterion N-1, no legal duty; from {measured} measured, {stated} stated and {assumed} assumed values."
)


class NetworkTool(TypedDict):
    """What the map's tool needs: addresses, years, and value or tone with its text in the page's language."""

    address: str
    impact: str
    page: str
    method: str
    this_year: int
    last_year: int
    scenarios: list[dict[str, str]]
    circuits: list[list[str]]
    stations: list[list[str]]


class Offer(TypedDict):
    """A further outage that an element on the map leads to: a short label, its name, its address."""

    code: str
    label: str
    name: str
    impact: str


class _Common(TypedDict):
    code: str
    name: str
    layer: str
    id: int
    impact: str


class StationProperties(_Common):
    """What the map says of a station; `lines`: sentences, `anchor`: its row on the page."""

    kind: Literal["station", "infeed"]
    tone: words.Tone
    lines: list[str]
    offers: list[Offer]
    anchor: str


class CircuitProperties(_Common):
    """What the map says of a circuit. `forward`: which way it flows, None where nothing does; its `place` among those `beside` it."""

    kind: Literal["circuit"]
    tone: words.Tone
    forward: bool | None
    place: int
    beside: int
    lines: list[str]
    offers: list[Offer]
    anchor: str


class PointGeometry(TypedDict):
    """GeoJSON, EPSG:4326 (lon, lat)."""

    type: Literal["Point"]
    coordinates: LonLat


class LinesGeometry(TypedDict):
    """GeoJSON, EPSG:4326 (lon, lat)."""

    type: Literal["MultiLineString"]
    coordinates: tuple[tuple[LonLat, ...], ...]


class Element(TypedDict):
    """A circuit or station as a GeoJSON feature."""

    type: Literal["Feature"]
    geometry: PointGeometry | LinesGeometry
    properties: StationProperties | CircuitProperties


@blueprint.app_context_processor
def _map() -> dict[str, object]:
    return {"grid_on_map": grid_on_map}


def grid_on_map() -> NetworkTool | None:
    """Return what the map's tool needs to ask for the network, or None for who may not see it and on an earlier day's map."""
    is_limited = bool(current_user().areas) and not is_open(blueprint.name)
    if not may_open("grid_map.network", current_role()) or is_limited or stored_day() is not None:
        return None
    first = today().year
    return {
        "address": url_for("grid_map.network"),
        "impact": url_for("grid_outages.impact"),
        "page": url_for("grid.index"),
        "method": url_for("grid.method"),
        "this_year": first,
        "last_year": first + YEARS,
        "scenarios": [{"value": value, "label": translate(label)} for value, label in words.SCENARIOS.items()],
        "circuits": [[tone, translate(label)] for tone, label in CIRCUIT_TONES.items()],
        "stations": [[tone, translate(label)] for tone, label in STATION_TONES.items()],
    }


@blueprint.get("/grid/map.json")
@allow(*STAFF)
def network() -> Response:
    """Answer a year under a load as GeoJSON, with what the map says of each circuit and station."""
    asked = asked_study()
    kept = kept_study(asked)
    with database().reading(current_reader(), is_fresh=True) as connection:
        drawn = results.drawn_network(connection, layers())
    names, worst = words.names_of(kept.document), words.worst_outages(kept.document)
    features = [
        *_circuits(kept.document, drawn, names, worst, asked),
        *_stations(kept.document, drawn, names, worst, asked),
    ]
    told = {
        "type": "FeatureCollection",
        "features": features,
        **asked.query,
        "title": f"{asked.year} · {translate(words.SCENARIOS[asked.scenario])}",
        "computed": format_value(kept.computed_at),
        "basis": translate(BASIS).format(**kept.document["inputs"]),
        "is_stale": kept.is_stale,
        "converged": kept.document["converged"],
        "beyond": _beyond(kept.document),
    }
    answer = jsonify(told)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _beyond(document: StudyDocument) -> list[dict[str, str]]:
    """Return what is beyond a limit with nothing out, the worst first."""
    rows = words.overload_rows(document)
    return [{"code": row["element"], "text": row["text"]} for row in rows if not row["outage"]]


def _layer_of(declaration: type[GridStations] | type[GridCircuits]) -> str:
    return next((kind.layer.name for kind in layers() if isinstance(kind.layer.grid, declaration)), "")


def _circuits(
    document: StudyDocument, drawn: Drawn, names: words.Names, worst: Mapping[str, str], asked: Asked
) -> Iterable[Element]:
    layer, side = _layer_of(GridCircuits), Counter[Any]()
    rows = [row for row in document["circuits"] if row["code"] in drawn.circuits]
    route = {row["code"]: _route(drawn.circuits[row["code"]]) for row in rows}
    beside = Counter(route.values())
    towers = _tower_lines(document, names, asked)
    for row in rows:
        lines = drawn.circuits[row["code"]]
        place = side[route[row["code"]]]
        side[route[row["code"]]] += 1
        p_mw = row["p_from_mw"]
        flow = None if p_mw is None or abs(p_mw) < LEAST_MW else p_mw > 0
        yield {
            "type": "Feature",
            "geometry": {"type": "MultiLineString", "coordinates": lines},
            "properties": {
                **_common(row, layer, asked),
                "kind": "circuit",
                "tone": words.tone_of_circuit(row),
                "forward": flow,
                "place": place,
                "beside": beside[route[row["code"]]],
                "lines": [_carries(row, names), worst.get(row["code"], "")],
                "offers": towers[row["code"]],
                "anchor": "circuits",
            },
        }


def _tower_lines(document: StudyDocument, names: words.Names, asked: Asked) -> dict[str, list[Offer]]:
    """Return of each circuit the tower lines it stands on: what the map offers of each."""
    label = translate("What fails with its towers")
    found: dict[str, list[Offer]] = defaultdict(list)
    for row in document["tower_lines"]:
        for code in row["circuits"]:
            found[code].append(_offer(row["outage"], label, names, asked))
    return found


def _transformers(document: StudyDocument, names: words.Names, asked: Asked) -> dict[str, list[Offer]]:
    """Return of each station its transformers: what the map offers of each."""
    found: dict[str, list[Offer]] = defaultdict(list)
    for row in document["outages"]:
        if row["kind"] == "transformer":
            station, _, unit = row["outage"].rpartition("/")
            label = translate("Transformer {unit}").format(unit=unit)
            found[station].append(_offer(row["outage"], label, names, asked))
    return found


def _offer(code: str, label: str, names: words.Names, asked: Asked) -> Offer:
    """Return a further outage that an element on the map leads to: a short label, its name, its address."""
    address = url_for("grid_outages.impact", out=code, **asked.query)
    return {"code": code, "label": label, "name": names.of(code), "impact": address}


def _route(lines: tuple[tuple[tuple[float, float], ...], ...]) -> tuple[Any, ...]:
    return tuple(sorted((lines[0][0], lines[-1][-1])))


def _carries(row: CircuitRow, names: words.Names) -> str:
    """Return how a circuit is loaded and which way its power goes."""
    if row["p_from_mw"] is None or not row["is_energised"]:
        return translate("No supply, or the flow has no solution")
    start, finish = (names.of(end) or translate("junction") for end in (row["from"], row["to"]))
    if row["p_from_mw"] < 0:
        start, finish = finish, start
    percent, power = words.number(row["loading_percent"]), words.number(abs(row["p_from_mw"]))
    return f"{percent} % · {power} MW, {start} → {finish}"


def _stations(
    document: StudyDocument, drawn: Drawn, names: words.Names, worst: Mapping[str, str], asked: Asked
) -> Iterable[Element]:
    layer, units = _layer_of(GridStations), _transformers(document, names, asked)
    for row in document["stations"]:
        if row["code"] not in drawn.stations:
            continue
        yield {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": drawn.stations[row["code"]]},
            "properties": {
                **_common(row, layer, asked),
                "kind": "infeed" if row["is_infeed"] else "station",
                "tone": words.tone_of_headroom(row),
                "lines": [*_takes(row), words.limit_text(row["binding"], names) or worst.get(row["code"], "")],
                "offers": units[row["code"]],
                "anchor": f"s-{row['code']}",
            },
        }


def _takes(row: StationRow) -> list[str]:
    """Return what a station draws, and what more it could."""
    loaded = row["transformer_loading_percent"]
    percent = "" if loaded is None else f" · {translate('transformers')} {words.number(loaded)} %"
    draws = f"{words.number(row['load_mw'])} MW{percent}"
    if row["is_infeed"]:
        return [draws, translate("infeed, holds its voltage")]
    left = translate("Still {n0} MW (N-0), {n1} MW (N-1)")
    return [draws, left.format(n0=words.number(row["headroom_n0_mw"]), n1=words.number(row["headroom_n1_mw"]))]


def _common(row: StationRow | CircuitRow, layer: str, asked: Asked) -> _Common:
    return {
        "code": row["code"],
        "name": row["name"],
        "layer": layer,
        "id": row["id"],
        "impact": url_for("grid_outages.impact", out=row["code"], **asked.query),
    }
