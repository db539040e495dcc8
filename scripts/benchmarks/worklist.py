"""First page of the inspectors' worklist on 500,000 sites: all, by certificate, by kind; aim 300 ms."""

import json
import statistics
import time

from sqlalchemy.orm import Session

from geodata.inspections.sites import Site
from geodata.inspections.worklist import rank_sites
from scripts.benchmarks._seed import prepare_database
from scripts.console import announce
from scripts.paths import WORK

ROUNDS = 5
AIM_MS = 300


def main() -> int:
    """Fill, measure, print and write var/bench/worklist.json."""
    filters = {
        "all sites": [],
        "certificate never issued": [Site.column("certificate_state") == "never_issued"],
        "petrol": [Site.column("kind") == "petrol"],
        "nearest first": [],
    }
    results = {}
    with Session(prepare_database()) as session:
        for name, conditions in filters.items():
            here = (106.68, 20.86) if name == "nearest first" else None
            times = []
            for _ in range(ROUNDS):
                begun = time.perf_counter()
                found = rank_sites(session, conditions, here=here, nearest_first=here is not None)
                times.append((time.perf_counter() - begun) * 1000)
            results[name] = {"median_ms": round(statistics.median(times)), "sites": found.total, "aim_ms": AIM_MS}
            announce(f"{name:28} {results[name]['median_ms']:6} ms  (aim {AIM_MS} ms)")
    folder = WORK / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "worklist.json").write_text(json.dumps(results, indent=1), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
