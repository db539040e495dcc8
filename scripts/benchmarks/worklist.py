"""First page of the inspectors' worklist on 500,000 sites: each filter, combinations, the nearest, the whole page; aim 300 ms.

“filter and rank” is the ranking alone as a function, “page” the whole answer over HTTP to a signed-in inspector.
"""

import json
import statistics
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, func, insert, literal, select, text
from sqlalchemy.orm import Session

from geodata.inspection_records import CampaignField, InspectionCampaign, InspectionTarget
from geodata.inspections import scores
from geodata.inspections.facts import today
from geodata.inspections.sites import Site
from geodata.inspections.worklist import STORED, in_campaign, not_visited_since, of_site, rank_sites, sells, within
from scripts.benchmarks._seed import prepare_database
from scripts.console import announce
from scripts.paths import WORK

ROUNDS = 7
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
    results = {}
    for name, (conditions, options) in filters.items():
        results[name] = row = _measure(engine, conditions, options)
        announce(f"{name:58} {row['median_ms']:5} {row['worst_ms']:5} ms  {row['sites']:>6} sites")
    folder = WORK / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "worklist.json").write_text(json.dumps(results, indent=1, ensure_ascii=False), "utf-8")
    return 0


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
    return {
        "median_ms": round(statistics.median(times)), "worst_ms": round(max(times)), "sites": found.total, "aim_ms": AIM_MS
    }  # fmt: skip


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
            step = 500_000 // size
            sites = select(literal(row.id), Site.id).where(Site.id % step == 0).limit(size)
            session.execute(insert(InspectionTarget).from_select(["campaign_id", "feature_id"], sites))
        found[number] = row.id
    session.commit()
    return found


if __name__ == "__main__":
    raise SystemExit(main())
