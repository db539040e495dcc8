"""The lists of inspections as tables of a workbook."""

from collections.abc import Callable, Sequence
from typing import Any

from geodata.base.i18n import N_
from geodata.base.message import Message, Translate
from geodata.base.workbook import Cell, Table
from geodata.inspections.campaigns import TargetRow
from geodata.inspections.followup import FollowUp
from geodata.inspections.worklist import RankedSite
from geodata.layers.fuel_sites import CertificateState, FuelKind, FuelSite, InspectionStatus

#: The layers whose features are inspected.
INSPECTED = (FuelSite,)


def worklist_table(
    sites: Sequence[RankedSite], *, translate: Translate, say: Callable[[Message], str], title: str
) -> Table:
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
    heads = [translate(column) for column in columns]
    return Table(name=translate(N_("Worklist")), title=title, heads=heads, rows=rows, beside=4)


def targets_table(targets: Sequence[TargetRow], *, translate: Translate, title: str) -> Table:
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
    heads = [translate(column) for column in columns]
    return Table(name=translate(N_("Targets")), title=title, heads=heads, rows=rows, beside=4)


def follow_up_table(rows_: Sequence[FollowUp], *, translate: Translate, title: str) -> Table:
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
    heads = [translate(column) for column in columns]
    return Table(name=translate(N_("Findings")), title=title, heads=heads, rows=rows, beside=4)


def _label(values: Any, value: str | None, translate: Translate) -> str:
    return translate(values.labels().get(str(value), "")) if value else ""
