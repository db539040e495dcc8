"""Write a paper of the department: the monthly report, as DOCX, PDF or XLSX."""

import argparse
import os
from pathlib import Path

from scripts.base.console import Exit, Failure, announce
from scripts.cluster.session import database_session

FORMATS = ("docx", "pdf", "xlsx")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `paper`."""
    names = parser.add_subparsers(dest="name", metavar="NAME", required=True)
    names.add_parser("list", help="các báo cáo có sẵn (what there is)")
    monthly = names.add_parser("monthly", help="báo cáo tháng của Sở (monthly report)")
    monthly.add_argument("file", type=Path, help="tệp kết quả (where it is written)")
    monthly.add_argument("--period", required=True, help="tháng, ví dụ 2020-02 (a month)")
    monthly.add_argument("--format", choices=FORMATS, help="mặc định theo đuôi tệp (by the file's extension)")


def run(arguments: argparse.Namespace) -> int:
    """Write the paper, or print the names."""
    from webmap.papers import report

    if arguments.name == "list":
        announce(f"{report.NAME}\t{report.TITLE}\t{', '.join(FORMATS)}")
        return 0
    format_ = arguments.format or arguments.file.suffix.removeprefix(".").lower()
    if format_ not in FORMATS:
        raise Failure(Exit.ERROR, f"Không rõ định dạng “{format_}”; chọn: {', '.join(FORMATS)}", "unknown format")
    arguments.file.write_bytes(_written(arguments.period, format_))
    return 0


def _written(period: str, format_: str) -> bytes:
    """Return the report of a month in a format."""
    from geodata.export.papers import write_docx, write_pdf
    from geodata.layers import LAYERS
    from webmap.app.settings import Settings
    from webmap.papers import report
    from webmap.papers.figures import parse_month

    with database_session() as session:
        month = report.read_month(session, LAYERS, parse_month(period))
    if format_ == "xlsx":
        links = [[figure.query for figure in section.figures] for section in month.sections]
        return report.write_month_workbook(month, links)
    paper = report.month_paper(month, office=(os.environ.get("DEPARTMENT_NAME") or Settings.department_name).upper())
    return write_docx(paper) if format_ == "docx" else write_pdf(paper)
