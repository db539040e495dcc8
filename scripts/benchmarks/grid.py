"""All of the network's study: 60 stations, 100 circuits, 10 years, 3 scenarios, every N-1 and headroom.

A made-up network, the same each time: six infeeds, each station joined to its nearest neighbours, loads that grow.
"""

import json
import math
import random
import time
from concurrent.futures import ProcessPoolExecutor

from geodata.grid.parameters import Parameters
from geodata.grid.records import Circuit, LoadRow, Records, Scenario, Station, Transformer
from geodata.grid.report import as_document
from geodata.grid.study import run_study
from scripts.base.console import announce
from scripts.base.paths import WORK

STATIONS, CIRCUITS, INFEEDS = 60, 100, 6
YEARS = range(2026, 2036)
SCENARIOS = (Scenario.FORECAST_LOW, Scenario.FORECAST_BASE, Scenario.FORECAST_HIGH)
PROCESSES = 2
TARGET_S = 60


def make_records() -> Records:
    """Return the network, the same each time."""
    chance = random.Random(19)  # noqa: S311 - a made-up network, not a secret
    stations = tuple(_station(number, chance) for number in range(STATIONS))
    pairs = sorted(
        ((one, other) for one in range(STATIONS) for other in range(one)),
        key=lambda pair: math.dist(stations[pair[0]].place, stations[pair[1]].place),
    )
    chosen: list[tuple[int, int]] = []
    part = list(range(STATIONS))
    for one, other in pairs:  # first what joins all of them, then the shortest of the rest
        if part[one] != part[other]:
            chosen.append((one, other))
            part = [part[one] if each == part[other] else each for each in part]
    chosen += [pair for pair in pairs if pair not in chosen][: CIRCUITS - len(chosen)]
    return Records(
        stations=stations,
        circuits=tuple(
            Circuit(
                code=f"C{number:03d}", name=f"C{number:03d}", voltage_kv=110, conductor="AC-300/39",
                ends=(stations[one].code, stations[other].code),
                parts=((stations[one].place, stations[other].place),),
                length_km=math.dist(stations[one].place, stations[other].place) / 1000,
            )
            for number, (one, other) in enumerate(chosen)
        ),
    )  # fmt: skip


def _station(number: int, chance: random.Random) -> Station:
    is_infeed = number < INFEEDS
    return Station(
        code=f"S{number:02d}", name=f"S{number:02d}", voltage_kv=220 if is_infeed else 110,
        place=(chance.uniform(0, 60_000), chance.uniform(0, 40_000)),
        transformers=tuple(Transformer(name=f"T{unit}", rated_mva=250 if is_infeed else 63) for unit in (1, 2)),
        loads=(LoadRow(year=2026, kind="evening_peak", p_mw=chance.uniform(10, 30)),),
    )  # fmt: skip


def study(asked: tuple[int, Scenario]) -> tuple[int, int]:
    """Return the number of outages and of stations with headroom of a year and scenario."""
    document = as_document(run_study(make_records(), Parameters(), *asked))
    if not document["converged"]:
        raise RuntimeError(f"{asked}: no solution; the benchmark would measure nothing")
    return len(document["outages"]), sum(row["headroom_n1_mw"] is not None for row in document["stations"])


def main() -> int:
    """Measure it, print it, write var/bench/grid.json; 1 when it took longer than the target."""
    asked = [(year, scenario) for year in YEARS for scenario in SCENARIOS]
    started = time.perf_counter()
    study(asked[0])
    one_s = time.perf_counter() - started
    started = time.perf_counter()
    with ProcessPoolExecutor(PROCESSES) as pool:
        found = list(pool.map(study, asked))
    all_s = time.perf_counter() - started
    result = {
        "stations": STATIONS, "circuits": CIRCUITS, "studies": len(asked), "processes": PROCESSES,
        "outages": sum(outages for outages, _ in found), "headrooms": sum(rooms for _, rooms in found),
        "one_study_s": round(one_s, 2), "all_s": round(all_s, 1), "target_s": TARGET_S,
    }  # fmt: skip
    for name, value in result.items():
        announce(f"{name:12} {value}")
    (WORK / "bench" / "grid.json").write_text(json.dumps(result, indent=1), "utf-8")
    return int(all_s > TARGET_S)


if __name__ == "__main__":
    raise SystemExit(main())
