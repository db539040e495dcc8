"""The monthly report in the form that the department publishes: results, then tasks. In Vietnamese, for authorities.

Form: reports 2/2020, 5/2021 and 5/2022 of the department; letterhead by Decree 30/2020/NĐ-CP.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.base.database import ReadConnection
from geodata.base.i18n import N_
from geodata.layers.petitions import Petition
from geodata.papers.sent import KeptFigure
from geodata.projects.records import ProjectRecord, read_projects
from geodata.projects.schedule import delay_of, duties, explain
from geodata.query.features import have_illustration
from geodata.schema.feature import Feature
from geodata.schema.registry import Registry
from geodata.statistics.figure_checks import Check, check_figures
from geodata.statistics.indicators import (
    FIGURES,
    Series,
    list_series,
)
from webmap.app.i18n import DEFAULT_LANGUAGE, format_word, translate
from webmap.app.papers import ILLUSTRATION_BLOCK, ILLUSTRATION_FIELDS, Filled, said_illustration
from webmap.papers.campaigns import CAMPAIGN_FIELDS, CAMPAIGN_ROWS, read_campaigns, said_campaigns
from webmap.papers.figures import figure_names, month_sections
from webmap.papers.goals import GOAL_BLOCK, GOAL_FIELDS, said_goals
from webmap.papers.indicators import (
    CHART_BLOCKS,
    INDICATOR_FIELDS,
    INDICATOR_ROWS,
    entered_month,
    entry_address,
    indicator_lines,
    said_indicators,
)
from webmap.papers.periods import Period
from webmap.papers.written import (
    FIGURE_FIELDS,
    NUMERALS,
    PERIOD,
    SECTIONS,
    CampaignLine,
    Missing,
    Report,
    number,
    said_figures,
    said_sections,
    told,
)
from webmap.templating.fields import Fields, Group, Listing, Text
from webmap.templating.forms import Each, Form, Lines, Rows, When

NAME = "monthly"
TITLE = N_("Monthly report of the department")
_TASK_FIELDS: Fields = {"due": Text(label="Hạn"), "what": Text(label="Việc"), "who": Text(label="Đơn vị")}
_AFTER = ("inspections", "difficulties", "tasks", "notes")


def form(registry: Registry) -> Form:
    """Return the form of the monthly report: which figures it can name is what the layers declare."""
    return Form(
        name=NAME, title=TITLE, heading="BÁO CÁO", fields=_fields(registry), blocks=_BLOCKS, signatures=("GIÁM ĐỐC",),
        recipients=("Như trên", "Các phòng liên quan", "Lưu: VT"), addressee="……………………",
    )  # fmt: skip


def _fields(registry: Registry) -> Fields:
    return {
        **ILLUSTRATION_FIELDS,
        "period": PERIOD,
        **INDICATOR_FIELDS,
        **GOAL_FIELDS,
        "sections": SECTIONS,
        "figures": Group(
            label="Từng số liệu tự động",
            fields={kind.layer.name: _layer_fields(kind) for kind in registry if kind.layer.reported},
        ),
        "numerals": Group(label="Số La Mã của các mục sau", fields={name: Text(label="Số La Mã") for name in _AFTER}),
        **CAMPAIGN_FIELDS,
        "difficulties": Listing(label="Khó khăn, vướng mắc", fields={"text": Text(label="Nội dung")}),
        "next_month": Text(label="Tháng sau"),
        "tasks": Listing(label="Nhiệm vụ tháng sau", fields=_TASK_FIELDS),
        "notes": Listing(label="Số liệu còn thiếu hoặc chưa khớp", fields={"text": Text(label="Nội dung")}),
    }


def _layer_fields(kind: type[Feature]) -> Group:
    specs = kind.layer.reported.figures if kind.layer.reported else ()
    return Group(
        label=translate(kind.layer.title, DEFAULT_LANGUAGE),
        fields={
            name: Group(
                label=": ".join(translate(one, DEFAULT_LANGUAGE) for one in (label, value) if one), fields=FIGURE_FIELDS
            )
            for name, label, value in figure_names(kind, specs)
        },
    )


_BLOCKS = (
    ILLUSTRATION_BLOCK,
    "Số liệu tự động tính đến ngày {period.day}, theo dữ liệu đang lưu. Dấu “–”: chưa có số liệu.",
    "# I. Chỉ tiêu sản xuất công nghiệp và thương mại",
    INDICATOR_ROWS,
    GOAL_BLOCK,
    *CHART_BLOCKS,
    Each(
        of="sections", name="section",
        blocks=(
            "# {section.numeral}. {section.title}",
            Rows(
                of="section.figures", header=("Chỉ tiêu", "{period.title}", "{period.before}", "{period.last_year}"),
                cells=("{row.label}", "{row.now}", "{row.before}", "{row.last_year}"), widths=(7.8, 2.9, 2.9, 2.9),
                right=frozenset({1, 2, 3}), otherwise="Không có.",
            ),
        ),
    ),
    "# {numerals.inspections}. Công tác kiểm tra",
    CAMPAIGN_ROWS,
    "# {numerals.difficulties}. Khó khăn, vướng mắc, kiến nghị",
    Lines(of="difficulties", text="- {line.text}", otherwise="Không có."),
    "# {numerals.tasks}. Nhiệm vụ tháng {next_month}",
    Rows(
        of="tasks", header=("Hạn", "Việc", "Đơn vị"), cells=("{row.due}", "{row.what}", "{row.who}"), widths=(2.4, 9.3, 4.8),
        otherwise="Không có.",
    ),
    When(
        has="notes",
        blocks=("# {numerals.notes}. Số liệu còn thiếu hoặc chưa khớp", Lines(of="notes", text="- {line.text}")),
    ),
)  # fmt: skip


def read_month(connection: ReadConnection, registry: Registry, period: Period, *, office: str) -> Report:
    """Read the report of a month at its cut-off day."""
    day = period.cut_off
    projects = read_projects(connection, registry, day)
    series = list_series(connection)
    sections = month_sections(connection, tuple(registry), period)
    missing = [
        Missing(
            text=f"Chưa có số liệu của tháng: {one.name}",
            who="bộ phận quy hoạch nhập tại trang Chỉ tiêu",
            address=entry_address(one.code, period.first),
        )
        for one in series
        if entered_month(one, period.first) is None
    ]
    contradictions = [_said_check(name, check) for name, check in _checks(series, period.first)]
    with Session(connection) as session:
        campaigns = read_campaigns(session, period)
    first_after = 1 + len(sections)
    values = {
        "subject": f"Tình hình thực hiện kế hoạch sản xuất công nghiệp và hoạt động thương mại tháng {period.month} "
        f"và {period.month} tháng năm {period.year}",
        **said_illustration(is_some=have_illustration(connection, [kind for kind in registry if kind.layer.reported])),
        "period": said_period(period),
        **said_indicators(series, period),
        **said_goals(series, period.year, period.month),
        "sections": said_sections(sections, 1),
        "figures": said_figures(sections),
        "numerals": {name: NUMERALS[first_after + place] for place, name in enumerate(_AFTER)},
        **said_campaigns(campaigns),
        "difficulties": [{"text": line} for line in _difficulties(projects, day)],
        "next_month": str(period.after.month),
        "tasks": _tasks(connection, projects, period.after),
        "notes": [{"text": f"{one.text} ({one.who})."} for one in missing]
        + [{"text": f"{one}."} for one in contradictions],
    }
    filled = Filled(form=form(registry), values=values, office=office, number="…/BC-SCT", day=day)
    return Report(
        name=NAME, title=TITLE, period=period, day=day, sections=sections, missing=missing, contradictions=contradictions,
        filled=filled, stated_as_kept=_as_kept(series, period.first, campaigns), campaigns=campaigns, indicators=indicator_lines(series, period.first),
    )  # fmt: skip


def said_period(period: Period) -> dict[str, str]:
    """Return how papers write a month."""

    def head(month: Period) -> str:
        return f"Tháng {month.month}/{month.year}"

    return {
        "text": f"tháng {period.month} năm {period.year}", "title": head(period), "day": told(period.cut_off),
        "year": str(period.year), "before": head(period.before), "last_year": head(period.last_year),
    }  # fmt: skip


def _as_kept(series: Iterable[Series], month: date, campaigns: Iterable[CampaignLine]) -> list[KeptFigure]:
    """Return what is entered of indicators and what is counted of campaigns, as it is kept with a sent report."""
    told: list[tuple[str, Decimal | None]] = []
    for one in series:
        entered = entered_month(one, month)
        told += [
            (f"{one.name}: {label}", getattr(entered, name) if entered else None) for name, label in FIGURES.items()
        ]
    told += [(f"{line.title}: {label}", values[0]) for line in campaigns for label, values in line.figures]
    return [
        {"key": key, "value": f"{value.normalize():f}", "filters": {}, "rows": []}
        for key, value in told
        if value is not None
    ]


def _tasks(connection: ReadConnection, projects: Iterable[ProjectRecord], period: Period) -> list[dict[str, str]]:
    """Return what is due in a month: milestones, obstacles and answers to voters."""
    begins, ends = period.first, period.last + timedelta(days=1)
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
    answers = select(Petition.due_on, Petition.name, Petition.assigned_to).where(
        Petition.due_on >= begins, Petition.due_on < ends,
        Petition.answered_on.is_(None) | (Petition.answered_on >= begins),
    )  # fmt: skip
    found += [
        (due_on, f"Trả lời kiến nghị: {name}", who or "")
        for due_on, name, who in connection.execute(answers)
        if due_on is not None
    ]
    found.sort(key=lambda row: (str(row[0]), row[1]))
    return [{"due": told(day), "what": what, "who": who} for day, what, who in found]


def _difficulties(projects: Sequence[ProjectRecord], day: date) -> Iterator[str]:
    for project in projects:
        delay = delay_of(project, day)
        if delay.is_behind:
            yield f"{project.name}: {explain(delay).say(_say, _word)}."
    for duty in duties(projects, day):
        if duty.is_obstacle:
            due = f", hạn {told(duty.due_on)}" if duty.due_on else ""
            yield f"{duty.project.name}: {duty.what} ({duty.who}{due})."


def _checks(series: Iterable[Series], month: date) -> Iterator[tuple[str, Check]]:
    """Return the figures of a month that contradict each other, with the series they are of."""
    for one in series:
        if (entered := entered_month(one, month)) is not None:
            yield from ((one.name, check) for check in check_figures(entered, one.months) if not check.is_consistent)


def _said_check(name: str, check: Check) -> str:
    return f"{name}: {check.message.say(_say, number)}"


def _say(text: str) -> str:
    return translate(text, DEFAULT_LANGUAGE)


def _word(value: object) -> str:
    return format_word(value, DEFAULT_LANGUAGE)
