"""Lists as XLSX: every cell as text or number, never as a formula."""

import io
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import xlsxwriter

from geodata.base.i18n import N_
from geodata.inspections.campaigns import TargetRow
from geodata.inspections.followup import FollowUp
from geodata.inspections.worklist import RankedSite
from geodata.layers.fuel_sites import CertificateState, FuelKind, InspectionStatus
from geodata.schema.explanations import Explanation

Translate = Callable[[str], str]
Cell = str | int | float | date | None


def write_worklist(
    sites: Sequence[RankedSite], *, translate: Translate, say: Callable[[Explanation], str], title: str
) -> bytes:
    """Return the worklist with its reasons."""
    columns = (
        N_("Rank"), N_("Points"), N_("Code"), N_("Name"), N_("Kind"), N_("Address"), N_("Certificate"),
        N_("Inspection"), N_("Last visit"), N_("Why"), N_("Longitude"), N_("Latitude"),
    )  # fmt: skip
    rows: list[list[Cell]] = [
        [
            number, site.score, site.code, site.name, _label(FuelKind, site.kind, translate), site.address,
            _label(CertificateState, site.certificate, translate), _label(InspectionStatus, site.inspection, translate),
            site.last_visit, "; ".join(f"{say(reason.text)} ({reason.points:+d})" for reason in site.reasons),
            site.lon, site.lat,
        ]
        for number, site in enumerate(sites, start=1)
    ]  # fmt: skip
    return write_table(translate(N_("Worklist")), title, [translate(column) for column in columns], rows)


def write_targets(targets: Sequence[TargetRow], *, translate: Translate, title: str) -> bytes:
    """Return a campaign's targets."""
    columns = (
        N_("No."), N_("Code"), N_("Name"), N_("Trader"), N_("Address"), N_("Target"), N_("Visited on"), N_("Findings"),
        N_("Findings open"), N_("Waived because"), N_("Also wanted by"),
    )  # fmt: skip
    rows: list[list[Cell]] = [
        [
            number, row.site.code, row.site.name, row.site.trader, row.site.address, translate(row.target.state.label),
            row.visited_on, row.findings, row.open_findings, row.target.waive_reason, ", ".join(row.clashes),
        ]
        for number, row in enumerate(targets, start=1)
    ]  # fmt: skip
    return write_table(translate(N_("Targets")), title, [translate(column) for column in columns], rows)


def write_follow_ups(rows_: Sequence[FollowUp], *, translate: Translate, title: str) -> bytes:
    """Return findings with their deadlines."""
    columns = (
        N_("No."), N_("Code"), N_("Name"), N_("Found on"), N_("Severity"), N_("Finding"), N_("Article, clause, point"),
        N_("Sanction decision"), N_("Fine"), N_("Remedy due"), N_("Days left"), N_("Remedied on"),
    )  # fmt: skip
    rows: list[list[Cell]] = [
        [
            number, row.site.code, row.site.name, row.finding.found_on, translate(row.finding.severity.label),
            row.finding.description, row.finding.article, row.finding.sanction_decision_no, row.finding.fine_vnd,
            row.finding.remedy_due_on, row.days, row.finding.remedied_on,
        ]
        for number, row in enumerate(rows_, start=1)
    ]  # fmt: skip
    return write_table(translate(N_("Findings")), title, [translate(column) for column in columns], rows)


def write_table(sheet: str, title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """Return a workbook of one sheet with a title, a header that stays in view and dates as dates."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(
        target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    page = book.add_worksheet(sheet[:31])
    bold = book.add_format({"bold": True, "font_name": "Times New Roman", "text_wrap": True, "bottom": 1})
    plain = book.add_format({"font_name": "Times New Roman", "text_wrap": True, "valign": "top"})
    day = book.add_format({"font_name": "Times New Roman", "num_format": "dd/mm/yyyy", "valign": "top"})
    page.write_string(0, 0, title, book.add_format({"bold": True, "font_name": "Times New Roman", "font_size": 13}))
    widths = [len(column) for column in columns]
    for number, column in enumerate(columns):
        page.write_string(2, number, column, bold)
    for line, row in enumerate(rows, start=3):
        for number, cell in enumerate(row):
            _write(page, (line, number), cell, plain=plain, day=day)
            widths[number] = max(widths[number], min(len(str(cell or "")), 50))
    for number, width in enumerate(widths):
        page.set_column(number, number, width + 2)
    page.freeze_panes(3, 0)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(2)
    book.close()
    return target.getvalue()


def _write(page: Any, place: tuple[int, int], cell: Cell, *, plain: Any, day: Any) -> None:
    line, number = place
    if cell is None or cell == "":
        page.write_blank(line, number, None, plain)
    elif isinstance(cell, date):
        page.write_datetime(line, number, cell, day)
    elif isinstance(cell, int | float):
        page.write_number(line, number, cell, plain)
    else:
        page.write_string(line, number, cell, plain)


def _label(values: Any, value: str | None, translate: Translate) -> str:
    return translate(values.labels().get(str(value), "")) if value else ""
