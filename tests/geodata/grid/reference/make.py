"""Makes the reference solutions beside this file with pandapower, in an environment of its own.

    python3 -m venv var/oracle && var/oracle/bin/pip install pandapower==3.5.6 simbench==1.6.3
    var/oracle/bin/python tests/geodata/grid/reference/make.py [--demo NETWORK.json]

The published cases (IEEE 14, 30, 39, 118, MATPOWER's case9) and a SimBench 110 kV network are written as admittances
in ohm and siemens with what each bus draws or feeds in, as pandapower's own solution has it, and its voltages and
flows. `--demo` takes what tests/geodata/grid/reference/dump_demo.py writes: it solves the demo network as `demo.json`.
"""

import copy
import json
import math
import sys
from pathlib import Path

import numpy as np
import pandapower as pp
import pandapower.networks as pn
from pandapower.pypower.idx_brch import BR_B, BR_G, BR_R, BR_X, F_BUS, PF, PT, QF, QT, SHIFT, T_BUS, TAP
from pandapower.pypower.idx_bus import BASE_KV, BS, BUS_TYPE, GS, VA, VM

FOLDER = Path(__file__).parent
SLACK = 3
#: The hand case of DOMAIN.md section 3.
R, X, C_NF, RATED_KA = 0.157, 0.41, 8.9, 0.51


def solved(net, **options):
    pp.runpp(net, tolerance_mva=1e-10, numba=False, init="flat", calculate_voltage_angles=True, **options)
    return net


def as_case(net):
    """Return a solved network in physical units, from the matrices its equations were solved with."""
    ppc = net._ppc["internal"]
    bus, base = ppc["bus"], net.sn_mva
    voltage = bus[:, VM] * np.exp(1j * np.radians(bus[:, VA]))
    drawn = -(voltage * np.conj(ppc["Ybus"] @ voltage)) * base  # without shunts, which are part of Ybus
    rows = []
    for row in ppc["branch"]:
        f, t = int(row[F_BUS].real), int(row[T_BUS].real)
        kv = bus[t, BASE_KV]
        ohm = kv**2 / base
        rows.append(
            {
                "from": f, "to": t,
                "r_ohm": float(row[BR_R].real * ohm), "x_ohm": float(row[BR_X].real * ohm),
                "g_siemens": float(row[BR_G].real / ohm), "b_siemens": float(row[BR_B].real / ohm),
                "ratio": float(row[TAP].real or 1.0), "shift_rad": math.radians(float(row[SHIFT].real)),
                "p_from_mw": float(row[PF].real), "q_from_mvar": float(row[QF].real),
                "p_to_mw": float(row[PT].real), "q_to_mvar": float(row[QT].real),
            }
        )  # fmt: skip
    return {
        "buses": [
            {"kv": float(row[BASE_KV]), "vm_pu": float(row[VM]), "va_rad": math.radians(float(row[VA])),
             "is_source": bool(row[BUS_TYPE] == SLACK), "p_mw": float(power.real), "q_mvar": float(power.imag),
             "shunt_g_siemens": float(row[GS] / row[BASE_KV] ** 2), "shunt_b_siemens": float(row[BS] / row[BASE_KV] ** 2)}
            for row, power in zip(bus, drawn, strict=True)
        ],
        "branches": rows,
    }  # fmt: skip


def published():
    cases = {
        "case9": pn.case9,
        "ieee14": pn.case14,
        "ieee30": pn.case_ieee30,
        "ieee39": pn.case39,
        "ieee118": pn.case118,
    }
    for name, make in cases.items():
        yield name, as_case(solved(make()))


def simbench_110kv():
    import simbench

    net = simbench.get_simbench_net("1-HV-urban--0-sw")
    return as_case(solved(net))


def circuits_net(stations, circuits):
    """Return a network of lines between 110 kV buses: stations code -> (MW, MVAr, held pu or None)."""
    net = pp.create_empty_network(f_hz=50, sn_mva=100)
    at = {code: pp.create_bus(net, 110, name=code) for code in stations}
    for code, (p_mw, q_mvar, held) in stations.items():
        pp.create_load(net, at[code], p_mw, q_mvar)
        if held:
            pp.create_ext_grid(net, at[code], vm_pu=held)
    for row in circuits:
        pp.create_line_from_parameters(
            net, at[row["from"]], at[row["to"]], row["length_km"], row["r"], row["x"], row["c_nf"], row["rated_a"] / 1000,
            name=row["code"],
        )  # fmt: skip
    return net


def results(net):
    lines = net.res_line.assign(code=net.line.name)
    return {
        "vm_pu": {net.bus.name[i]: _known(v) for i, v in net.res_bus.vm_pu.items()},
        "loading_percent": {row.code: _known(row.loading_percent) for row in lines.itertuples()},
        "p_from_mw": {row.code: _known(row.p_from_mw) for row in lines.itertuples()},
        "losses_mw": float(net.res_line.pl_mw.sum()),
    }


def _known(value):
    return None if math.isnan(value) else float(value)


def with_outages(net):
    """Return the state with nothing out and with each line out, the network rebuilt each time."""
    found = {"base": results(solved(net)), "out": {}}
    for line in net.line.index:
        code, rest = net.line.name[line], copy.deepcopy(net)
        rest.line = rest.line.drop(line)
        found["out"][code] = results(solved(rest))
    return found


def hand_case():
    rows = []
    for cat_hai, cat_ba in ((45, 25), (60, 40), (80, 50)):
        for count in (1, 2):
            tangent = math.tan(math.acos(0.95))
            stations = {
                "CR": (0, 0, 1.03),
                "CH": (cat_hai, cat_hai * tangent, None),
                "CB": (cat_ba, cat_ba * tangent, None),
            }
            circuits = [
                {"code": f"{a}-{b}-{n + 1}", "from": a, "to": b, "length_km": km, "r": R, "x": X, "c_nf": C_NF, "rated_a": 510}
                for a, b, km in (("CR", "CH", 25), ("CH", "CB", 13.6)) for n in range(count)
            ]  # fmt: skip
            rows.append(
                {"load_mw": [cat_hai, cat_ba], "circuits": count, **with_outages(circuits_net(stations, circuits))}
            )
    return rows


def demo(path):
    given = json.loads(Path(path).read_text("utf-8"))
    stations = {code: tuple(values) for code, values in given["stations"].items()}
    return {**given, **with_outages(circuits_net(stations, given["circuits"]))}


def write(name, document):
    (FOLDER / f"{name}.json").write_text(json.dumps(document, ensure_ascii=False) + "\n", "utf-8")
    sys.stderr.write(f"{name}\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--demo"]:
        write("demo", demo(sys.argv[2]))
    else:
        for name, case in published():
            write(name, case)
        write("simbench_hv_urban", simbench_110kv())
        write("hand", hand_case())
