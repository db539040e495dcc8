"""A report of a period as every page, file and sent version has it, whatever it is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from geodata.papers.sent import KeptFigure
from webmap.app.i18n import DEFAULT_LANGUAGE, format_number, format_value, translate
from webmap.app.papers import Filled
from webmap.papers.figures import Figure, Section
from webmap.papers.periods import Period
from webmap.templating.fields import Group, Listing, Text

NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV")
NOTHING = "–"
_MONEY, _MILLION = "VND", Decimal(10) ** 6


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Something that nobody has told: what, who can fill it, and where: on a page or among features of a layer."""

    text: str
    who: str
    address: str = ""
    layer: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report of a period with its figures, what is missing in it and what contradicts itself, and its paper.

    `stated`: what was stated of what, for the workbook; `stated_as_kept`: the same as it is kept; `coverage`: how many stated of how many.
    """

    name: str
    title: str
    period: Period
    day: date
    sections: Sequence[Section]
    missing: Sequence[Missing]
    contradictions: Sequence[str]
    filled: Filled
    stated: Sequence[tuple[str, str]] = ()
    stated_as_kept: Sequence[KeptFigure] = ()
    coverage: tuple[int, int] | None = None
    campaigns: Sequence["CampaignLine"] = ()
    indicators: Sequence["IndicatorLine"] = ()


@dataclass(frozen=True, kw_only=True)
class CampaignLine:
    """A campaign as a report tells it. `figures`: label and numbers of the three days, None before it was decided."""

    id: int
    title: str
    figures: Sequence[tuple[str, tuple[Decimal | None, ...]]]


@dataclass(frozen=True, kw_only=True)
class IndicatorLine:
    """What is entered of a series for a month. `figures`: name, number, and whether it is a percentage."""

    code: str
    name: str
    name_en: str | None
    unit: str
    figures: Sequence[tuple[str, Decimal | None, bool]]


FIGURE_FIELDS = {
    "now": Text(label="Số liệu của kỳ báo cáo"),
    "before": Text(label="Số liệu của kỳ trước"),
    "last_year": Text(label="Số liệu cùng kỳ năm trước"),
}
#: What every report names its figures by.
SECTIONS = Listing(
    label="Các mục số liệu tự động",
    fields={
        "numeral": Text(label="Số La Mã của mục"),
        "title": Text(label="Tên mục"),
        "figures": Listing(label="Các chỉ tiêu của mục", fields={"label": Text(label="Tên chỉ tiêu"), **FIGURE_FIELDS}),
    },
)
PERIOD = Group(
    label="Kỳ báo cáo",
    fields={
        "text": Text(label="Kỳ báo cáo, bằng chữ"),
        "title": Text(label="Kỳ báo cáo, đầu cột"),
        "day": Text(label="Ngày chốt số liệu"),
        "year": Text(label="Năm"),
        "before": Text(label="Kỳ trước, đầu cột"),
        "last_year": Text(label="Cùng kỳ năm trước, đầu cột"),
    },
)


def said_figure(figure: Figure) -> dict[str, str]:
    """Return a figure's three values as papers write them."""
    return dict(zip(FIGURE_FIELDS, map(number, shown_values(figure)), strict=True))


def shown_values(figure: Figure) -> tuple[Decimal | None, ...]:
    """Return a figure's values as they are shown: money in millions of VND."""
    scale = _MILLION if figure.unit == _MONEY else Decimal(1)
    return tuple(None if value is None else value / scale for value in figure.values)


def said_sections(sections: Sequence[Section], first: int) -> list[dict[str, object]]:
    """Return the sections for templates; the first has the numeral at place `first`."""
    return [
        {
            "numeral": NUMERALS[place],
            "title": translate(section.title, DEFAULT_LANGUAGE),
            "figures": [{"label": label_of(figure), **said_figure(figure)} for figure in section.figures],
        }
        for place, section in enumerate(sections, start=first)
    ]


def said_figures(sections: Sequence[Section]) -> dict[str, object]:
    """Return every figure by layer and name, for templates that put one into a sentence."""
    return {section.layer: {figure.name: said_figure(figure) for figure in section.named} for section in sections}


def label_of(figure: Figure, language: str = DEFAULT_LANGUAGE) -> str:
    """Return what a figure is called, with its unit."""
    name = translate(figure.label, language)
    name += f": {translate(figure.value_label, language)}" if figure.value_label else ""
    unit = "million VND" if figure.unit == _MONEY else figure.unit
    return f"{name} ({translate(unit, language)})" if unit else name


def number(value: int | Decimal | None) -> str:
    """Return a number as papers write it, a dash for none."""
    return NOTHING if value is None else format_number(Decimal(value).normalize() + 0, DEFAULT_LANGUAGE)


def told(value: object) -> str:
    """Return a day or other value as papers write it."""
    return format_value(value, DEFAULT_LANGUAGE)
