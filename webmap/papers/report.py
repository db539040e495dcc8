"""The monthly report in the form that the department publishes: results, then tasks. In Vietnamese, for authorities.

Form: reports 2/2020, 5/2021 and 5/2022 of the department; letterhead by Decree 30/2020/NĐ-CP.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import xlsxwriter
from sqlalchemy.orm import Session

from geodata.export.blocks import Block, Grid
from geodata.export.papers import Paper
from geodata.layers.petitions import Petition
from geodata.projects.records import ProjectRecord, read_projects
from geodata.projects.schedule import delay_of, duties, explain
from geodata.schema.registry import Registry
from geodata.statistics.dashboard import progress_on
from geodata.statistics.indicators import (
    FIGURES,
    PERCENT,
    Check,
    FigureVersion,
    Month as Entered,
    Series,
    check_figures,
    list_series,
)
from webmap.app.i18n import DEFAULT_LANGUAGE, format_number, format_value, format_word, translate
from webmap.app.papers import wording
from webmap.papers.figures import Figure, Section, cut_off, month_after, month_sections

NAME = "monthly"
TITLE = "Báo cáo tháng của Sở"
_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
_DOTS = "……………………"


@dataclass(frozen=True, kw_only=True)
class Month:
    """All that a month's report is made of, read at its cut-off day."""

    period: date
    day: date
    series: Sequence[Series]
    sections: Sequence[Section]
    campaigns: Sequence[Sequence[str]]
    projects: Sequence[ProjectRecord]
    tasks: Sequence[Sequence[str]]

    @property
    def missing(self) -> list[str]:
        """The figures that nobody has entered for the month."""
        return [series.name for series in self.series if _entered(series, self.period) is None]

    @property
    def checks(self) -> list[tuple[str, Check]]:
        """The figures of the month that contradict each other, with the series they are of."""
        found = []
        for series in self.series:
            month = _entered(series, self.period)
            if month is not None:
                found += [(series.name, one) for one in check_figures(month, series.months) if not one.is_consistent]
        return found


def read_month(session: Session, registry: Registry, period: date) -> Month:
    """Read what the report of a month tells."""
    connection, day = session.connection(), cut_off(period)
    projects = read_projects(connection, registry, day)
    return Month(
        period=period,
        day=day,
        series=list_series(connection),
        sections=month_sections(connection, tuple(registry), period),
        campaigns=_campaigns(session, day),
        projects=projects,
        tasks=_tasks(session, projects, period),
    )


def _campaigns(session: Session, day: date) -> list[list[str]]:
    return [
        [
            f"{one.campaign.number}: {one.campaign.title}", _number(one.planned), f"{_number(one.done)} ({one.percent} %)",
            _number(one.violations), _number(one.fines_vnd), _number(one.overdue_remedies),
        ]
        for one in progress_on(session, day)
        if one.campaign.decided_on is None or one.campaign.decided_on <= day
    ]  # fmt: skip


def _tasks(session: Session, projects: Iterable[ProjectRecord], period: date) -> list[list[str]]:
    """Return what is due in the month after: milestones, obstacles and answers to voters."""
    begins = month_after(period)
    ends = month_after(begins)
    found = [
        (one.planned_on, f"{project.name}: {one.name}", one.responsible or project.owner or "")
        for project in projects
        for one in project.milestones
        if one.planned_on and begins <= one.planned_on < ends and one.done_on is None
    ]
    found += [
        (one.due_on, f"{project.name}: {one.description}", one.responsible)
        for project in projects
        for one in project.obstacles
        if one.due_on and begins <= one.due_on < ends and one.state != "settled"
    ]
    answers = session.query(Petition).where(
        Petition.due_on >= begins, Petition.due_on < ends,
        Petition.answered_on.is_(None) | (Petition.answered_on >= begins),
    )  # fmt: skip
    found += [(one.due_on, f"Trả lời kiến nghị: {one.name}", one.assigned_to or "") for one in answers if one.due_on]
    return [[_value(day), what, who] for day, what, who in sorted(found, key=lambda row: (str(row[0]), row[1]))]


def month_paper(month: Month, *, office: str) -> Paper:
    """Return the report of a month."""
    number = f"tháng {month.period.month}"
    numerals = iter(_NUMERALS)
    blocks: list[Block] = [
        f"Số liệu tự động tính đến ngày {_value(month.day)}, theo dữ liệu đang lưu. Dấu “–”: chưa có số liệu.",
        f"# {next(numerals)}. Chỉ tiêu sản xuất công nghiệp và thương mại",
        _indicators(month),
    ]
    for section in month.sections:
        blocks += [f"# {next(numerals)}. {_say(section.title)}", _figures(section.figures, month.period)]
    blocks += [f"# {next(numerals)}. Công tác kiểm tra", _grid(_CAMPAIGN_HEAD, month.campaigns, _CAMPAIGN_CM)]
    blocks += [f"# {next(numerals)}. Khó khăn, vướng mắc, kiến nghị", *_difficulties(month)]
    blocks += [
        f"# {next(numerals)}. Nhiệm vụ tháng {month_after(month.period).month}",
        _grid(_TASK_HEAD, month.tasks, _TASK_CM),
    ]
    if notes := _notes(month):
        blocks += [f"# {next(numerals)}. Số liệu còn thiếu hoặc chưa khớp", *notes]
    return Paper(
        wording=wording(), office=office, number="…/BC-SCT", day=month.day, title="BÁO CÁO", addressee=_DOTS,
        subject=f"Tình hình thực hiện kế hoạch sản xuất công nghiệp và hoạt động thương mại {number} "
        f"và {month.period.month} tháng năm {month.period.year}",
        blocks=blocks, signatures=(("GIÁM ĐỐC", ""),), recipients=("Như trên", "Các phòng liên quan", "Lưu: VT"),
    )  # fmt: skip


_CAMPAIGN_HEAD = ("Kế hoạch, quyết định", "Kế hoạch", "Đã kiểm tra", "Vi phạm", "Tiền phạt, đồng", "Quá hạn khắc phục")
_CAMPAIGN_CM = (5.8, 1.9, 2.4, 1.7, 2.6, 2.1)
_TASK_HEAD, _TASK_CM = ("Hạn", "Việc", "Đơn vị"), (2.4, 9.3, 4.8)


def _indicators(month: Month) -> Block:
    rows = []
    for series in month.series:
        entered = _entered(series, month.period)
        values = [getattr(entered, name) if entered else None for name in FIGURES]
        texts = [_number(value) + (" %" if name in PERCENT else "") if value is not None else "–"
                 for name, value in zip(FIGURES, values, strict=True)]  # fmt: skip
        rows.append([f"{series.name} ({_say(series.unit)})", *texts])
    head = ("Chỉ tiêu", "Trong tháng", "So tháng trước", "So cùng kỳ", "Lũy kế", "Lũy kế so cùng kỳ")
    return _grid(head, rows, (5, 2.4, 2.2, 2.2, 2.4, 2.3))


def _figures(figures: Sequence[Figure], period: date) -> Block:
    rows = [
        [label_of(figure), *(_number(value) if value is not None else "–" for value in figure.values)]
        for figure in figures
    ]
    head = ("Chỉ tiêu", f"Tháng {period.month}/{period.year}", "Tháng trước", "Cùng kỳ năm trước")
    return _grid(head, rows, (8.4, 2.6, 2.6, 2.9))


def label_of(figure: Figure, language: str = DEFAULT_LANGUAGE) -> str:
    """Return what a figure is called, with its unit."""
    name = translate(figure.label, language)
    name += f": {translate(figure.value_label, language)}" if figure.value_label else ""
    return f"{name} ({translate(figure.unit, language)})" if figure.unit else name


def _difficulties(month: Month) -> list[Block]:
    lines: list[Block] = []
    for project in month.projects:
        delay = delay_of(project, month.day)
        if delay.is_behind:
            lines.append(f"- {project.name}: {explain(delay).say(_say, _word)}.")
    for duty in duties(month.projects, month.day):
        if duty.is_obstacle:
            due = f", hạn {_value(duty.due_on)}" if duty.due_on else ""
            lines.append(f"- {duty.project.name}: {duty.what} ({duty.who}{due}).")
    return lines or ["Không có."]


def _notes(month: Month) -> list[Block]:
    notes: list[Block] = [
        f"- Chưa có số liệu: {name} (nhập tại trang Chỉ tiêu, vai trò quy hoạch)." for name in month.missing
    ]
    for name, check in month.checks:
        numbers = {key: _number(value) for key, value in check.numbers.items()}
        notes.append(f"- {name}: {_say(check.sentence).format(**numbers)}.")
    return notes


def write_month_workbook(month: Month, links: Sequence[Sequence[str]]) -> bytes:
    """Return the figures of a month as a workbook; `links`: for each section the address of each figure's rows."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet, bold = book.add_worksheet("Số liệu"), book.add_format({"bold": True})
        sheet.set_column(0, 1, 44)
        sheet.set_column(2, 4, 18)
        head = ("Mục", "Chỉ tiêu", f"{month.period:%m/%Y}", "Tháng trước", "Cùng kỳ năm trước", "Danh sách")
        sheet.write_row(0, 0, head, bold)
        place = 1
        for section, addresses in zip(month.sections, links, strict=True):
            for figure, address in zip(section.figures, addresses, strict=True):
                sheet.write_row(place, 0, (_say(section.title), label_of(figure)))
                for column, value in enumerate(figure.values, start=2):
                    if value is not None:
                        sheet.write_number(place, column, float(value))
                sheet.write_string(place, 5, address)
                place += 1
    return target.getvalue()


def _entered(series: Series, period: date) -> Entered | None:
    months = series.months_of(FigureVersion.ACTUAL, FigureVersion.ESTIMATE)
    return next((month for month in months if month.period == period), None)


def _grid(header: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]) -> Block:
    return Grid(header=header, rows=rows, widths=widths) if rows else "Không có."


def _say(text: str) -> str:
    return translate(text, DEFAULT_LANGUAGE)


def _word(value: object) -> str:
    return format_word(value, DEFAULT_LANGUAGE)


def _value(value: object) -> str:
    return format_value(value, DEFAULT_LANGUAGE)


def _number(value: int | Decimal) -> str:
    return format_number(Decimal(value).normalize() + 0, DEFAULT_LANGUAGE)
