"""Small networks for tests: rows as the layers would give them, places in metres."""

import math

from geodata.grid.parameters import DEFAULTS, Confidence, Parameter, Parameters
from geodata.grid.records import Circuit, LoadRow, Records, Station, Transformer

YEAR = 2026
TANGENT = math.tan(math.acos(0.95))


def station(code, load_mw=None, *, kv=110, at=0.0, units=(), kind="day_peak", q_mvar=None, year=2026, **other):
    return Station(
        code=code, name=code, voltage_kv=kv, place=(at * 1000, 0.0),
        transformers=tuple(Transformer(name=f"T{number + 1}", rated_mva=mva) for number, mva in enumerate(units)),
        loads=() if load_mw is None else (LoadRow(year=year, kind=kind, p_mw=load_mw, q_mvar=q_mvar),),
        **other,
    )  # fmt: skip


def circuit(code, start, finish, km, *, from_km=0.0, to_km=None, ends=True, **other):
    line = ((from_km * 1000, 0.0), ((from_km + km if to_km is None else to_km) * 1000, 0.0))
    values = {"conductor": "AC-185/29", "length_km": km} | other
    return Circuit(
        code=code, name=code, voltage_kv=110, parts=(line,), ends=(start, finish) if ends else (None, None), **values
    )


#: The hand case has r = 0.157 ohm/km where the table of conductors says 0.159.
HAND = Parameters(
    (
        *(row for row in DEFAULTS if (row.subject, row.name) != ("AC-185/29", "r_ohm_per_km")),
        Parameter(
            subject="AC-185/29", name="r_ohm_per_km", value=0.157, unit="Ω/km", source="DOMAIN.md §3",
            confidence=Confidence.UNVERIFIED,
        ),
    )
)  # fmt: skip


def hand_case(cat_hai_mw, cat_ba_mw, circuits, units=()):
    """Chợ Rộc –25 km– Cát Hải –13,6 km– Cát Bà (DOMAIN.md §3); Chợ Rộc holds 1.03 pu as a station of 220 kV would."""
    return Records(
        stations=(
            station("CR", kv=220, at=0),
            station("CH", cat_hai_mw, at=25, units=units),
            station("CB", cat_ba_mw, at=38.6, units=units),
        ),
        circuits=tuple(
            circuit(f"{start}-{finish}-{number}", start, finish, km, from_km=from_km)
            for start, finish, km, from_km in (("CR", "CH", 25, 0), ("CH", "CB", 13.6, 25))
            for number in range(1, circuits + 1)
        ),
    )
