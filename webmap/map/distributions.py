"""Charts of a selection in words: what /api/layers/<layer>/charts answers as JSON and as a file."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import NotRequired, TypedDict

from geodata.base.i18n import N_
from geodata.export.tables import csv_cell
from geodata.query.distributions import Bar, Distribution, Distributions, Scale
from geodata.schema.fields import Field
from geodata.schema.filters import UNKNOWN
from webmap.app.i18n import format_number, translate

SPAN, BELOW, FROM_ON = N_("{low} to under {high}"), N_("under {high}"), N_("{low} and more")
UNTIL_YEAR, FROM_YEAR = N_("until {year}"), N_("from {year} on")
OTHERS = N_("Other values ({count})")
#: Decimals of sums; more would tell a certainty that nobody has.
SUM_DECIMALS = 2

#: Field -> code -> the name of the feature that has it.
Names = Mapping[str, Mapping[str, str]]


class Heading(TypedDict):
    """What a field is called, and the unit of its numbers."""

    label: str
    unit: str


class SumLine(Heading):
    """The sum of a field over the selection, None where nothing is known."""

    name: str
    value: float | None


class BarLine(TypedDict):
    """A bar: how many features, and the sum of each field that is added up; `tick`: the text at its left end."""

    value: str
    label: str
    count: int
    sums: list[float | None]
    tick: NotRequired[str]


class Chart(Heading):
    """The features of a selection by a field; `unknown`: those without a value, `rest`: those of rarer values."""

    field: str
    help: str
    scale: str
    bars: list[BarLine]
    unknown: BarLine
    rest: BarLine | None


class Charts(TypedDict):
    """The charts of a selection; `blank`: labels of the fields of which nothing is known."""

    numberMatched: int
    sums: list[SumLine]
    charts: list[Chart]
    blank: list[str]


def describe_distributions(found: Distributions, sums: Sequence[Field], names: Names, language: str) -> Charts:
    """Return a selection's charts; `sums` are the fields added up, in the order of each bar's numbers."""
    return {
        "numberMatched": found.count,
        "sums": [
            {"name": field.name, **_heading(field, language), "value": _rounded(value)}
            for field, value in zip(sums, found.sums, strict=True)
        ],
        "charts": [_chart(one, names.get(one.field.name, {}), language) for one in found.charts],
        "blank": [translate(field.label, language) for field in found.blank],
    }


def write_csv(described: Charts, language: str) -> str:
    """Return the same figures as a file that spreadsheets open: a line for each bar."""
    out = io.StringIO()
    writer = csv.writer(out)
    heads = [_with_unit(one) for one in described["sums"]]
    texts = (N_("Field"), N_("Value"), N_("Count"), N_("Share (%)"))
    writer.writerow([*(translate(text, language) for text in texts), *heads])
    total = described["numberMatched"]
    sums = [one["value"] for one in described["sums"]]
    for name, label, count, added in [
        (translate(N_("In all"), language), "", total, sums),
        *((_with_unit(chart), bar["label"], bar["count"], bar["sums"]) for chart, bar in _lines(described)),
    ]:
        share = round(100 * count / total, 1) if total else 0.0
        writer.writerow([csv_cell(cell) for cell in (name, label, count, share, *added)])
    return "\ufeff" + out.getvalue()


def _lines(described: Charts) -> Iterator[tuple[Chart, BarLine]]:
    for chart in described["charts"]:
        for bar in (*chart["bars"], chart["rest"], chart["unknown"]):
            if bar and (bar["count"] or bar is not chart["unknown"]):
                yield chart, bar


def _chart(one: Distribution, names: Mapping[str, str], language: str) -> Chart:
    rest = None
    if one.rest is not None:
        label = translate(OTHERS, language).format(count=format_number(one.rest[0], language))
        rest = _bar(one.rest[1], label)
    return {
        "field": one.field.name,
        **_heading(one.field, language),
        "help": translate(one.field.help, language),
        "scale": one.scale.value,
        "bars": [_with_tick(one, bar, _bar(bar, _label(one, bar, names, language)), language) for bar in one.bars],
        "unknown": _bar(one.unknown, translate("Unknown", language)),
        "rest": rest,
    }


def _heading(field: Field, language: str) -> Heading:
    """Return label and unit; a closed set's texts say their unit themselves."""
    has_texts = field.values or getattr(field.filter, "labels", None)
    return {
        "label": translate(field.label, language),
        "unit": "" if has_texts else translate(field.unit, language) if field.unit else "",
    }


def _with_unit(one: Heading) -> str:
    return f"{one['label']} ({one['unit']})" if one["unit"] else one["label"]


def _bar(bar: Bar, label: str) -> BarLine:
    sums = [_rounded(value) for value in bar.sums]
    return {"value": bar.value, "label": label, "count": bar.count, "sums": sums}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, SUM_DECIMALS)


def _with_tick(one: Distribution, bar: Bar, line: BarLine, language: str) -> BarLine:
    """Return a bar with the text at its left end, where it stands on an axis."""
    if one.scale is Scale.CHOICE:
        return line
    start = bar.low if bar.low is not None else bar.high
    sign = "<" if bar.low is None else ""
    text = str(start) if one.scale is Scale.YEAR else format_number(start or 0, language)
    return {**line, "tick": sign + text}


def _label(one: Distribution, bar: Bar, names: Mapping[str, str], language: str) -> str:
    if one.scale is Scale.CHOICE:
        field = one.field
        texts = field.values.labels() if field.values else getattr(field.filter, "labels", None) or names
        return translate(texts.get(bar.value, N_("Unknown") if bar.value == UNKNOWN else bar.value), language)
    if one.scale is Scale.YEAR:
        if bar.low is None:
            return translate(UNTIL_YEAR, language).format(year=int(bar.high or 0) - 1)
        return str(bar.low) if bar.high is not None else translate(FROM_YEAR, language).format(year=bar.low)
    low, high = ("" if end is None else format_number(end, language) for end in (bar.low, bar.high))
    if bar.low is None or bar.high is None:
        return translate(BELOW if bar.low is None else FROM_ON, language).format(low=low, high=high)
    if one.decimals == 0:
        last = bar.high - 1
        return low if last == bar.low else f"{low}–{format_number(last, language)}"
    return translate(SPAN, language).format(low=low, high=high)
