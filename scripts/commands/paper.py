"""Write a paper of the department: a report of a period or a list, as DOCX, PDF or XLSX."""

import argparse
import os
from pathlib import Path

from geodata.base.database import reading_all
from scripts.base.console import Exit, Failure, announce
from scripts.cluster.session import database_session

FORMATS = ("docx", "pdf", "xlsx")
#: The papers, named here so that no other command has to load what they are made of.
PAPERS = {
    "monthly": "Báo cáo tháng của Sở",
    "clusters_half_year": "Báo cáo cụm công nghiệp 6 tháng",
    "clusters_year": "Báo cáo cụm công nghiệp năm",
    "certificates": "Danh sách cơ sở theo giấy chứng nhận",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `paper`."""
    names = parser.add_subparsers(dest="name", metavar="NAME", required=True)
    names.add_parser("list", help="các báo cáo có sẵn (what there is)")
    for name, title in PAPERS.items():
        paper = names.add_parser(name, help=title)
        paper.add_argument("file", type=Path, help="tệp kết quả (where it is written)")
        paper.add_argument(
            "--period", required=True,
            help="tháng 2020-02, nửa năm 2020-H1, năm 2020; danh sách: cuối kỳ (a month, half-year or year; a list: its end)",
        )  # fmt: skip
        paper.add_argument("--format", choices=FORMATS, help="mặc định theo đuôi tệp (by the file's extension)")


def run(arguments: argparse.Namespace) -> int:
    """Write the paper, or print the names."""
    if arguments.name == "list":
        for name, title in PAPERS.items():
            announce(f"{name}\t{title}")
        return 0
    format_ = arguments.format or arguments.file.suffix.removeprefix(".").lower()
    if format_ not in FORMATS:
        raise Failure(Exit.ERROR, f"Không rõ định dạng “{format_}”; chọn: {', '.join(FORMATS)}", "unknown format")
    arguments.file.write_bytes(_written(arguments.name, arguments.period, format_))
    return 0


def _written(name: str, period: str, format_: str) -> bytes:
    """Return a paper of a period in a format. A paper of another span than the period's is refused."""
    from geodata.base.crs import current_province
    from geodata.layers import LAYERS
    from webmap.app.papers import write_form
    from webmap.papers.lists import read_list
    from webmap.papers.periodic import periodic_forms, read_report
    from webmap.papers.periods import parse_period
    from webmap.papers.workbook import write_workbook

    asked = parse_period(period)
    office = (os.environ.get("DEPARTMENT_NAME") or current_province().department).upper()
    with database_session() as session:
        names = {span: form.name for span, form in periodic_forms(LAYERS).items()}
        if name not in names.values():
            filled, _counts = read_list(reading_all(session), LAYERS, name, asked.cut_off, office=office)
            if format_ == "xlsx":
                raise Failure(
                    Exit.ERROR, "Danh sách có docx, pdf; bảng Excel: lệnh export", "a list is docx or pdf; use export"
                )
            return write_form(session, filled, format_)[0]
        if names.get(asked.span) != name:
            raise Failure(
                Exit.ERROR, f"Kỳ {period} không phải của báo cáo {name}", "the period is not one of this paper"
            )
        report = read_report(reading_all(session), LAYERS, asked, office=office)
        if format_ == "xlsx":
            return write_workbook(report, lambda figure: figure.query)
        return write_form(session, report.filled, format_)[0]
