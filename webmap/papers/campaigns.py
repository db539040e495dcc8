"""Inspection campaigns in a report: how far each is, beside the period before and the same time a year earlier."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from geodata.inspections.campaigns import Progress
from geodata.statistics.dashboard import progress_on
from webmap.papers.periods import Period
from webmap.papers.written import FIGURE_FIELDS, NOTHING, CampaignLine, number
from webmap.templating.fields import Fields, Listing, Text
from webmap.templating.forms import Rows

_LABELS = {
    "planned": "Số cơ sở theo kế hoạch", "done": "Đã kiểm tra", "violations": "Số vi phạm", "fines": "Tiền phạt, đồng",
    "overdue": "Quá hạn khắc phục",
}  # fmt: skip
#: What a template may name of campaigns: each in a row, or each of its figures in one.
CAMPAIGN_FIELDS: Fields = {
    "campaigns": Listing(
        label="Đợt kiểm tra",
        fields={
            "title": Text(label="Kế hoạch, quyết định"),
            **{name: Text(label=label) for name, label in _LABELS.items()},
            "figures": Listing(label="Các số liệu của đợt", fields={"label": Text(label="Tên số liệu"), **FIGURE_FIELDS}),
        },
    ),
    "campaign_figures": Listing(
        label="Số liệu của các đợt kiểm tra, mỗi đợt một dòng đầu", fields={"label": Text(label="Tên đợt hoặc số liệu"), **FIGURE_FIELDS},
    ),
}  # fmt: skip
CAMPAIGN_ROWS = Rows(
    of="campaign_figures", header=("Chỉ tiêu", "{period.title}", "{period.before}", "{period.last_year}"),
    cells=("{row.label}", "{row.now}", "{row.before}", "{row.last_year}"), widths=(7.8, 2.9, 2.9, 2.9), right=frozenset({1, 2, 3}),
    otherwise="Không có.",
)  # fmt: skip


def read_campaigns(session: Session, period: Period) -> list[CampaignLine]:
    """Return the campaigns that were decided by the period's end, the newest first, with their figures on three days."""
    days = (period.cut_off, period.before.cut_off, period.last_year.cut_off)
    found = [{one.campaign.id: one for one in _decided(session, day)} for day in days]
    return [_line(one, [each.get(number) for each in found]) for number, one in found[0].items()]


def said_campaigns(lines: Sequence[CampaignLine]) -> dict[str, object]:
    """Return the values of CAMPAIGN_FIELDS."""
    said = [(line, _said(line)) for line in lines]
    blank = dict.fromkeys(FIGURE_FIELDS, "")
    return {
        "campaigns": [
            {"title": line.title, **{name: row["now"] for name, row in zip(_LABELS, rows, strict=True)}, "figures": rows}
            for line, rows in said
        ],
        "campaign_figures": [
            row
            for line, rows in said
            for row in ({"label": line.title, **blank}, *({**one, "label": f"– {one['label']}"} for one in rows))
        ],
    }  # fmt: skip


def _said(line: CampaignLine) -> list[dict[str, str]]:
    """Return each figure in words; beside how many were visited stands their share of those planned."""
    (_, planned), *_ = line.figures
    rows = []
    for label, values in line.figures:
        said = [number(value) for value in values]
        if label == _LABELS["done"]:
            shares = [_share(value, whole) for value, whole in zip(values, planned, strict=True)]
            said = [text if text == NOTHING else f"{text} ({share})" for text, share in zip(said, shares, strict=True)]
        rows.append({"label": label, **dict(zip(FIGURE_FIELDS, said, strict=True))})
    return rows


def _share(value: Decimal | None, whole: Decimal | None) -> str:
    return f"{round(100 * value / whole) if value and whole else 0}\N{NO-BREAK SPACE}%"


def _decided(session: Session, day: date) -> list[Progress]:
    """Return how far the campaigns are that had been decided by a day."""
    found = progress_on(session, day)
    return [one for one in found if one.campaign.decided_on is None or one.campaign.decided_on <= day]


def _line(one: Progress, days: Sequence[Progress | None]) -> CampaignLine:
    numbers = [_numbers(day) if day else (None,) * len(_LABELS) for day in days]
    figures = list(zip(_LABELS.values(), zip(*numbers, strict=True), strict=True))
    return CampaignLine(id=one.campaign.id, title=f"{one.campaign.number}: {one.campaign.title}", figures=figures)


def _numbers(one: Progress) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, (one.planned, one.done, one.violations, one.fines_vnd, one.overdue_remedies)))
