"""First page of the inspectors' worklist on 500,000 sites: each filter, combinations, the nearest, the whole page; aim 300 ms.

First the ranking alone as a function, then the whole page over HTTP for a signed-in inspector, one at a time; and
what a day's route costs the background.
"""

import json
import statistics
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Engine, func, insert, literal, select, text
from sqlalchemy.orm import Session

from geodata.accounts.access import create_user
from geodata.accounts.accounts import Account
from geodata.inspections import scores
from geodata.inspections.facts import today
from geodata.inspections.records import CampaignField, InspectionCampaign, InspectionTarget
from geodata.inspections.routing import RouteOptions, Stop, solve
from geodata.inspections.sites import Site
from geodata.inspections.worklist import STORED, in_campaign, not_visited_since, of_site, rank_sites, sells, within
from scripts.base.console import announce
from scripts.base.paths import WORK
from scripts.benchmarks._seed import PASSWORD, SEED, SITES, prepare_database
from scripts.benchmarks._server import ask, print_table, running_server, sign_in

ROUNDS = 7
INSPECTOR = "bench-inspector"
AIM_MS = 300
HERE = (106.68, 20.86)
#: number of targets of the campaigns made for the benchmark
CAMPAIGNS = {"BM-1/KH-SCT": 300, "BM-2/KH-SCT": 20_000}


def main() -> int:
    """Fill, measure, print and write var/bench/worklist.json."""
    engine = prepare_database()
    with Session(engine) as session:
        campaigns = _add_campaigns(session)
        begun = time.perf_counter()
        written = scores.refresh(session)
        session.commit()
        announce(f"{written} scores written in {time.perf_counter() - begun:.1f} s")
        filters = _filters(session, campaigns)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE) inspection_score, inspection_score_mark, inspection_target"))
    rows = [
        {"first page": name, "aim ms": AIM_MS, **_measure(engine, conditions, options)}
        for name, (conditions, options) in filters.items()
    ]
    print_table(rows)
    pages = _measure_pages(engine, campaigns)
    print_table(pages)
    route = _measure_route()
    print_table([route])
    folder = WORK / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    results = {"ranking": rows, "pages": pages, "route": route}
    (folder / "worklist.json").write_text(json.dumps(results, indent=1, ensure_ascii=False), "utf-8")
    return 0


def _measure_pages(engine: Engine, campaigns: Mapping[str, int]) -> list[dict[str, object]]:
    """Return what whole pages cost a signed-in inspector, one at a time, over HTTP."""
    with Session(engine) as session:
        if session.scalar(select(Account.id).where(Account.name == INSPECTOR)) is None:
            create_user(session, name=INSPECTOR, role="inspector", password=PASSWORD)
            session.commit()
    _, large = campaigns.values()
    queries = {
        "all": "",
        "certificate": "certificate_state=never_issued",
        "status": "inspection_status=remedy_overdue",
        "campaign of 20,000": f"campaign={large}",
        "unit": "admin_unit_code=BM-0000007",
        "never visited": "visited=never",
        "product": "product=DO+0,05S",
        "volume": "min_volume=80",
        "nearest": f"here={HERE[0]},{HERE[1]}&order=near",
        "nearest within 10 km": f"here={HERE[0]},{HERE[1]}&order=near&km=10",
        "certificate, status, unit, volume": "certificate_state=valid&inspection_status=remedy_overdue"
        "&admin_unit_code=BM-0000007&min_volume=95",
        "nothing found": "certificate_state=valid&inspection_status=passed&visited=never",
    }
    with running_server() as host:
        header = {"Cookie": sign_in(host, INSPECTOR)}
        ask(host, "start", [("/inspections/worklist", header)] * 8)
        results = [
            ask(host, name, [(f"/inspections/worklist?{query}", header)] * ROUNDS * 2, connections=1)
            for name, query in queries.items()
        ]
    if any(result.errors for result in results):
        raise RuntimeError("a page could not be shown")
    return [
        {"whole page": result.name, "aim ms": AIM_MS, "p50 ms": result.p50_ms, "p95 ms": result.p95_ms}
        for result in results
    ]


def _measure_route() -> dict[str, object]:
    """Return how long the background needs for 300 sites and 5 people."""
    places = np.random.default_rng(SEED).uniform((106.4, 20.65), (107.0, 21.0), (300, 2))
    stops = [
        Stop(id=number, lon=lon, lat=lat, is_urgent=number < 6) for number, (lon, lat) in enumerate(places, start=1)
    ]
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        found = solve(stops, list("abcde"), HERE, RouteOptions())
        times.append(time.perf_counter() - begun)
    placed = sum(len(route["stops"]) for route in found["routes"])
    return {
        "route": "300 sites, 5 inspectors", "aim s": 3, "median s": round(statistics.median(times), 2),
        "worst s": round(max(times), 2), "visits placed": placed,
    }  # fmt: skip


def _measure(engine: Engine, conditions: list[ColumnElement[bool]], options: Mapping[str, Any]) -> dict[str, Any]:
    times = []
    for _ in range(ROUNDS):
        with Session(engine) as session:
            begun = time.perf_counter()
            found = rank_sites(session, conditions, **options)
            session.commit()
            times.append((time.perf_counter() - begun) * 1000)
    if not found.basis.is_stored:
        announce("  worked out directly, without the stored scores")
    return {"median ms": round(statistics.median(times)), "worst ms": round(max(times)), "sites": found.total}


def _filters(
    session: Session, campaigns: Mapping[str, int]
) -> dict[str, tuple[list[ColumnElement[bool]], dict[str, Any]]]:
    def is_(name: str, *values: str) -> ColumnElement[bool]:
        return STORED[name].in_(values)

    near = {"here": HERE, "nearest_first": True}
    unit = is_("admin_unit_code", "BM-0000007")
    long_ago = not_visited_since(today(session) - timedelta(days=730))
    small, large = campaigns.values()
    return {
        "all": ([], {}),
        "page 50 of all": ([], {"page": 50}),
        "certificate never issued": ([is_("certificate_state", "never_issued")], {}),
        "certificate valid": ([is_("certificate_state", "valid")], {}),
        "status remedy overdue": ([is_("inspection_status", "remedy_overdue")], {}),
        "status passed": ([is_("inspection_status", "passed")], {}),
        "campaign of 300": ([in_campaign(small, open_only=True)], {}),
        "campaign of 20,000": ([in_campaign(large, open_only=True)], {}),
        "unit": ([unit], {}),
        "last visit over two years ago": ([long_ago], {}),
        "never visited": ([not_visited_since(None)], {}),
        "product DO": ([sells("DO 0,05S")], {}),
        "product nobody sells": ([sells("xyz")], {}),
        "tank volume from 80 m³": ([STORED["tank_volume_m3"] >= 80], {}),
        "kind petrol": ([is_("kind", "petrol")], {}),
        "within 5 km": ([within(HERE, 5)], {"here": HERE}),
        "within 50 km": ([within(HERE, 50)], {"here": HERE}),
        "nearest first": ([], near),
        "nearest first, never issued": ([is_("certificate_state", "never_issued")], near),
        "nearest first within 10 km": ([within(HERE, 10)], near),
        "never issued, petrol, unit": (
            [is_("certificate_state", "never_issued"), is_("kind", "petrol"), unit], {}
        ),
        "valid, remedy overdue, from 95 m³, unit": (
            [is_("certificate_state", "valid"), is_("inspection_status", "remedy_overdue"),
             STORED["tank_volume_m3"] >= 95, unit], {},
        ),
        "valid, passed, never visited (nothing)": (
            [is_("certificate_state", "valid"), is_("inspection_status", "passed"), not_visited_since(None)], {}
        ),
        "revoked, passed, LPG depot, product, within 20 km": (
            [is_("certificate_state", "revoked"), is_("inspection_status", "passed"), is_("kind", "lpg_depot"),
             sells("E5"), within(HERE, 20)], {"here": HERE},
        ),
        "campaign of 20,000, expired, two years, product": (
            [in_campaign(large, open_only=True), is_("certificate_state", "expired"), long_ago, sells("LPG")], {}
        ),
        "text in the register (no stored field)": ([of_site(func.strpos(Site.column("search_text"), "thuy nguyen") > 0)], {}),
    }  # fmt: skip


def _add_campaigns(session: Session) -> dict[str, int]:
    """Return the ids of the campaigns, made when they are not there: sites spread evenly over the register."""
    found = {}
    for number, size in CAMPAIGNS.items():
        row = session.scalar(select(InspectionCampaign).where(InspectionCampaign.number == number))
        if row is None:
            row = InspectionCampaign(number=number, title="Đo tốc độ", field=CampaignField.PETROL)
            session.add(row)
            session.flush()
            step = SITES // size
            sites = select(literal(row.id), Site.id).where(Site.id % step == 0).limit(size)
            session.execute(insert(InspectionTarget).from_select(["campaign_id", "feature_id"], sites))
        found[number] = row.id
    session.commit()
    return found


if __name__ == "__main__":
    raise SystemExit(main())
