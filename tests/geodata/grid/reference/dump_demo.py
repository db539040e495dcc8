"""Writes the demo network as plain numbers for make.py --demo: DATABASE_URL=… python dump_demo.py > network.json.

Takes the rows of the layers and the parameters, not the network that the study builds of them.
"""

import json
import math
import sys

from geodata.base.database import new_engine
from geodata.grid.reading import read_records
from geodata.grid.tables import read_parameters
from geodata.layers import LAYERS

YEAR, SCENARIO = 2026, "forecast"


def main() -> None:
    with new_engine(pool_size=1).connect() as connection:
        records, parameters = read_records(connection, LAYERS), read_parameters(connection)
    circuits = [
        row for row in records.circuits if row.voltage_kv == 110 and row.span.covers(YEAR) and not row.is_open and all(row.ends)
    ]  # fmt: skip
    ends = {code for row in circuits for code in row.ends}
    stations = {}
    for row in records.stations:
        if row.code in ends:
            loads = sorted(
                (load for load in row.loads if load.kind == SCENARIO and load.year <= YEAR), key=lambda load: load.year
            )
            p_mw = loads[-1].p_mw if loads else 0.0
            q_mvar = loads[-1].q_mvar if loads and loads[-1].q_mvar is not None else p_mw * math.tan(math.acos(0.95))
            stations[row.code] = [p_mw, q_mvar, parameters["infeed_voltage_pu"] if row.voltage_kv >= 220 else None]
    rows = []
    for row in circuits:
        conductor = parameters.find_conductor(row.conductor)
        rows.append(
            {
                "code": row.code, "from": row.ends[0], "to": row.ends[1], "length_km": row.length_km,
                "r": conductor.r_ohm_per_km, "x": conductor.x_ohm_per_km, "c_nf": conductor.c_nf_per_km,
                "rated_a": row.rating_a,
            }
        )  # fmt: skip
    json.dump(
        {"year": YEAR, "scenario": SCENARIO, "stations": stations, "circuits": rows}, sys.stdout, ensure_ascii=False
    )


if __name__ == "__main__":
    main()
