"""The demo data: illustration for every layer, read from the files beside this module.

Layers go through the import that users' files go through; what hangs on them is read here. README.md in
this folder says what is fact and what is invented.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Enum, func, insert, inspect, select, update
from sqlalchemy.orm import Session

from geodata.base.crs import WGS84
from geodata.base.database import Base
from geodata.grid.events import GridEvent
from geodata.importing import ImportOptions, commit_import, preview_import
from geodata.inspections.catalogue import import_violations
from geodata.inspections.records import InspectionCampaign, InspectionTarget
from geodata.layers import LAYERS
from geodata.query.documents import FeatureDocument, LegalAct
from geodata.statistics.indicators import Indicator, IndicatorValue

FOLDER = Path(__file__).parent
USER = "demo"

#: The day the dates of today's certificates are written for; loading moves them to the day of loading.
REFERENCE_DATE = date(2026, 11, 1)
RELATIVE_COLUMNS = frozenset(
    {
        "certificate_issued_on",
        "certificate_expires_on",
        "certificate_suspended_from",
        "certificate_suspended_to",
        "fire_safety_expires_on",
        "issued_on",
        "expires_on",
        "suspended_from",
        "suspended_to",
    }
)
RELATIVE_FILES = frozenset({"fuel_sites.csv", "certificates.csv"})

LAYER_FILES = (
    ("admin_units", "admin_units.geojson"),
    ("planning_zones", "planning_zones.geojson"),
    ("industrial_clusters", "industrial_clusters.geojson"),
    ("substations", "substations.csv"),
    ("power_lines", "power_lines.geojson"),
    ("markets", "markets.csv"),
    ("fuel_sites", "fuel_sites.csv"),
    ("projects", "projects.csv"),
    ("petitions", "petitions.csv"),
    ("transport_hubs", "transport_hubs.csv"),
    ("waterways", "waterways.geojson"),
)
#: layer, its table of details, file; visits come before the findings made at them.
DETAIL_FILES = (
    ("industrial_clusters", "dossier_steps", "dossier_steps.csv"),
    ("industrial_clusters", "downloads", "cluster_documents.csv"),
    ("substations", "transformers", "transformers.csv"),
    ("substations", "load_measurements", "load_measurements.csv"),
    ("substations", "load_requests", "load_requests.csv"),
    ("markets", "price_plans", "price_plans.csv"),
    ("markets", "conversion_steps", "conversion_steps.csv"),
    ("fuel_sites", "certificates", "past_certificates.csv"),
    ("fuel_sites", "certificates", "certificates.csv"),
    ("fuel_sites", "visits", "visits.csv"),
    ("fuel_sites", "findings", "findings.csv"),
    ("projects", "milestones", "project_milestones.csv"),
    ("projects", "progress", "project_progress.csv"),
    ("projects", "obstacles", "project_obstacles.csv"),
    ("projects", "capital_years", "project_capital.csv"),
    ("projects", "objects", "project_objects.csv"),
    ("projects", "meetings", "project_meetings.csv"),
)

Row = dict[str, object]


class DemoDataError(RuntimeError):
    """The demo files and the schema no longer fit: a mistake of the project, not of its user."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """A column filled with the id of another row, found by columns of the file."""

    column: str
    by: tuple[str, ...]
    ids: Mapping[tuple[Any, ...], int]


def is_loaded(session: Session) -> bool:
    """Return whether the database has the demo data; its campaigns come in the last transaction."""
    return session.scalar(select(InspectionCampaign.id).where(InspectionCampaign.is_illustration).limit(1)) is not None


def load_demo(session: Session, today: date | None = None) -> None:
    """Store the demo data, or bring it back to what the files say.

    The imports commit layer by layer; the rest is left to the caller to commit.
    """
    on = today or session.scalar(select(func.current_date())) or REFERENCE_DATE
    days = on - REFERENCE_DATE
    with TemporaryDirectory() as folder:
        for layer, name in LAYER_FILES:
            _load_layer(session, layer, _moved(FOLDER / name, days, Path(folder)))
    _load_campaigns(session)
    for layer, detail, name in DETAIL_FILES:
        _load_details(session, layer, detail, name, days)
    _load_targets(session)
    _load_documents(session)
    _load_indicators(session)
    events = _parsed(GridEvent, _read("grid_events.csv"))
    _store(session, GridEvent, events, key=("name",))
    _load_violations(session)
    session.flush()


def _load_violations(session: Session) -> None:
    with (FOLDER / "violations.csv").open(encoding="utf-8", newline="") as file:
        import_violations(session, list(csv.DictReader(file)), by=USER)


def _load_layer(session: Session, layer: str, path: Path) -> None:
    options = ImportOptions(crs=f"EPSG:{WGS84}", encoding="UTF-8", file_name=path.name)
    preview = preview_import(session, LAYERS.get(layer), path, options)
    report = commit_import(session, preview, user_name=USER, accept_partial=False)
    if report.counts.rejected or report.status != "ok":
        problems = [problem.as_json() for problem in report.problems[:5]]
        raise DemoDataError(f"{path.name}: {report.status}, {report.counts}, {problems}, {report.question}")


def _moved(path: Path, days: timedelta, folder: Path) -> Path:
    """Return the file, or a copy whose relative dates are moved."""
    if path.name not in RELATIVE_FILES or not days:
        return path
    rows = _read(path.name, days)
    copy = folder / path.name
    with copy.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return copy


def _read(name: str, days: timedelta = timedelta()) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if name in RELATIVE_FILES:
        for row in rows:
            for column in RELATIVE_COLUMNS & row.keys():
                if row[column]:
                    row[column] = (date.fromisoformat(row[column]) + days).isoformat()
    return rows


def _load_campaigns(session: Session) -> None:
    _store(session, InspectionCampaign, _parsed(InspectionCampaign, _read("campaigns.csv")), key=("number",))


def _load_details(session: Session, layer: str, detail: str, name: str, days: timedelta) -> None:
    kind = LAYERS.get(layer)
    table = kind.detail(detail)
    if table is None:
        raise DemoDataError(f"{name}: {layer} has no {detail}")
    links = [Link(column="feature_id", by=("parent_code",), ids=_ids(session, kind, "code"))]
    rows = _read(name, days)
    if "campaign_number" in rows[0]:
        links.append(
            Link(column="campaign_id", by=("campaign_number",), ids=_ids(session, InspectionCampaign, "number"))
        )
    if "visited_on" in rows[0] and "visited_on" not in inspect(table).columns:
        links.append(_visit_link(session, layer))
    _store(session, table, _parsed(table, rows, links), key=("feature_id", *table.detail.key))


def _visit_link(session: Session, layer: str) -> Link:
    """Return what finds a visit by the code of the site and the day."""
    kind = LAYERS.get(layer)
    visits = kind.detail("visits")
    if visits is None:
        raise DemoDataError(f"{layer} has no visits")
    query = select(kind.column("code"), visits.column("visited_on"), visits.column("id")).join(
        visits, visits.column("feature_id") == kind.column("id")
    )
    ids = {(code, day.isoformat()): number for code, day, number in session.execute(query)}
    return Link(column="visit_id", by=("parent_code", "visited_on"), ids=ids)


def _load_targets(session: Session) -> None:
    links = [
        Link(column="campaign_id", by=("campaign_number",), ids=_ids(session, InspectionCampaign, "number")),
        Link(column="feature_id", by=("parent_code",), ids=_ids(session, LAYERS.get("fuel_sites"), "code")),
    ]
    rows = _parsed(InspectionTarget, _read("targets.csv"), links)
    _store(session, InspectionTarget, rows, key=("campaign_id", "feature_id"))


def _load_documents(session: Session) -> None:
    _store(session, LegalAct, _parsed(LegalAct, _read("legal_acts.csv")), key=("number", "issued_on"))
    acts = Link(column="legal_act_id", by=("act_number",), ids=_ids(session, LegalAct, "number"))
    rows = _read("feature_documents.csv")
    for layer in sorted({row["layer"] for row in rows}):
        features = Link(column="feature_id", by=("parent_code",), ids=_ids(session, LAYERS.get(layer), "code"))
        linked = _parsed(FeatureDocument, [row for row in rows if row["layer"] == layer], [features, acts])
        _store(session, FeatureDocument, linked, key=("layer", "feature_id", "legal_act_id"))


def _load_indicators(session: Session) -> None:
    """Store the series, then their months; one file holds both, a line a month."""
    rows = _read("indicators.csv")
    of_series = ("code", "name", "name_en", "unit", "is_index", "position")
    series = {row["code"]: {name: row[name] for name in of_series} for row in rows}
    _store(session, Indicator, _parsed(Indicator, list(series.values())), key=("code",))
    links = [Link(column="indicator_id", by=("code",), ids=_ids(session, Indicator, "code"))]
    months = [{name: text for name, text in row.items() if name == "code" or name not in of_series} for row in rows]
    values = [row | {"scenario": row["scenario"] or ""} for row in _parsed(IndicatorValue, months, links)]
    _store(session, IndicatorValue, values, key=("indicator_id", "period", "version", "scenario"))


def _ids(session: Session, table: type[Base], column: str) -> dict[tuple[Any, ...], int]:
    columns = inspect(table).columns
    return {(value,): number for value, number in session.execute(select(columns[column], columns["id"]))}


_READ: dict[type, Callable[[str], Any]] = {
    bool: lambda text: {"true": True, "false": False}[text],
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
    Decimal: Decimal,
    float: float,
    int: int,
    str: str,
}


def _parsed(table: type[Base], rows: Sequence[Mapping[str, str]], links: Sequence[Link] = ()) -> list[Row]:
    """Return the rows with the types of the table's columns; columns that only find a link are left out."""
    columns = inspect(table).columns
    finders = {name for link in links for name in link.by}
    parsed: list[Row] = []
    for row in rows:
        values: Row = {link.column: link.ids[tuple(row[name] for name in link.by)] for link in links}
        for name, text in row.items():
            if name in finders and name not in columns:
                continue
            type_ = columns[name].type
            read = type_.enum_class if isinstance(type_, Enum) and type_.enum_class else _READ[type_.python_type]
            values[name] = read(text) if text else None
        parsed.append(values)
    return parsed


def _store(session: Session, table: type[Base], rows: Sequence[Row], key: tuple[str, ...]) -> None:
    """Insert the rows, or update those that are there by their key."""
    columns = inspect(table).columns
    query = select(columns["id"], *(columns[name] for name in key))
    stored = {tuple(values): number for number, *values in session.execute(query)}
    new, known = [], []
    for row in rows:
        number = stored.get(tuple(row[name] for name in key))
        if number is None:
            new.append(row)
        else:
            known.append({"id": number, **row})
    if new:
        session.execute(insert(table), new)
    if known:
        session.execute(update(table), known)
