"""Compute the 110 kV network of a year under a load: loading, outages, headroom."""

import argparse
import json
from typing import TYPE_CHECKING

from geodata.base.database import reading_all
from geodata.grid.records import Scenario
from scripts.base.console import Exit, Failure, announce
from scripts.cluster.session import database_session

if TYPE_CHECKING:
    from geodata.grid.documents import StudyDocument


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `grid`."""
    parser.add_argument("--year", type=int, help="năm tính toán, mặc định năm nay (this year by default)")
    parser.add_argument("--scenario", choices=[str(item) for item in Scenario], default=str(Scenario.DAY_PEAK))
    parser.add_argument("--hot", action="store_true", help="dòng điện cho phép ở 40 °C (rated currents derated)")
    parser.add_argument("--json", action="store_true", help="in kết quả dạng JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the study as one JSON object, or as tables."""
    from geodata.grid.reading import read_records
    from geodata.grid.report import as_document
    from geodata.grid.study import run_study
    from geodata.grid.tables import read_parameters
    from geodata.layers import LAYERS
    from geodata.query.years import FIRST_YEAR, LAST_YEAR, this_year

    year = this_year() if arguments.year is None else arguments.year
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Failure(Exit.ERROR, f"Năm phải từ {FIRST_YEAR} đến {LAST_YEAR}", "year out of range")
    with database_session() as session:
        records, parameters = read_records(reading_all(session), LAYERS), read_parameters(session)
    if arguments.hot:
        parameters = parameters.at_40c()
    study = run_study(records, parameters, year, Scenario(arguments.scenario))
    document = as_document(study)
    announce(json.dumps(document, ensure_ascii=False) if arguments.json else _tables(document))
    return 0


def _tables(document: "StudyDocument") -> str:
    """Return what a person reads in a terminal: circuits and stations, the most loaded first, and what is over."""
    lines = [
        f"{document['year']} {document['scenario']}: tổn thất (losses) {document['losses_mw']:.2f} MW"
        if document["converged"]
        else f"{document['year']} {document['scenario']}: không có nghiệm (no solution) {document['collapse']}"
    ]
    inputs = " / ".join(str(document["inputs"][name]) for name in ("measured", "stated", "assumed"))
    lines.append("chỉ để định hướng, theo tiêu chí quy hoạch N-1 (for orientation only, a planning criterion)")
    lines.append(f"giá trị đo / khai báo / giả định (measured / stated / assumed values): {inputs}")
    lines += ["", "sơ đồ (topology)"]
    lines += [f"{row['code']}\t{row['problem']}\t{_text(row['metres'], 0)} m\t{row['about']}" for row in document["topology"]]  # fmt: skip
    lines += ["", "mạch (circuit)\tmang tải %\tA\tMW"]
    for row in sorted(document["circuits"], key=lambda row: -(row["loading_percent"] or 0)):
        values = [_text(row["loading_percent"], 1), _text(row["current_a"], 0), _text(row["p_from_mw"], 1)]
        lines.append("\t".join([row["code"], *values]))
    lines += ["", "trạm (station)\tpu\tMW\tMBA %\tN-0 MW\tN-1 MW\tgiới hạn (binding)"]
    for station in document["stations"]:
        values = [
            _text(station["vm_pu"], 4), _text(station["load_mw"], 1), _text(station["transformer_loading_percent"], 1),
            _text(station["headroom_n0_mw"], 1), _text(station["headroom_n1_mw"], 1),
        ]  # fmt: skip
        binding = station["binding"]
        limit = f"{binding['element']} / {binding['outage'] or ''}" if binding else " / "
        lines.append("\t".join([station["code"], *values, limit]))
    lines += ["", "vượt giới hạn (beyond a limit)\tkhi sự cố (outage)\t%\tpu"]
    for beyond in document["existing"]:
        values = [_text(beyond["loading_percent"], 1), _text(beyond["vm_pu"], 4)]
        lines.append("\t".join([beyond["element"], beyond["outage"] or "–", *values]))
    return "\n".join(lines)


def _text(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
