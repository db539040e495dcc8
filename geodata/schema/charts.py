"""What a layer shows of itself beside the map: figures of the dashboard, a public page of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field as dataclass_field


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A figure of the dashboard: features per value of a choice, per span of a number, or ending within days.

    `spans` are values of the field's own filter (`80..99.9`): what a bar counts is what the map shows when
    it is opened. `days`: a span from today for each number. `only`: field -> the values counted at all.
    `sums`: number fields added up beside the count.
    """

    title: str
    field: str
    spans: tuple[str, ...] = ()
    days: tuple[int, ...] = ()
    only: Mapping[str, tuple[str, ...]] = dataclass_field(default_factory=dict)
    sums: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Showcase:
    """The layer's own public page at /<slug>: list, map and a fact sheet for each feature.

    `headline`: the number the page leads with; `steps`: the lower ends it offers. `columns` are listed,
    `facts` stand at the top of a fact sheet, `filters` are offered. `only`: field -> the values shown at
    all.
    """

    slug: str
    title: str
    intro: str
    headline: str
    steps: tuple[int, ...]
    columns: tuple[str, ...]
    facts: tuple[str, ...]
    filters: tuple[str, ...]
    only: Mapping[str, tuple[str, ...]] = dataclass_field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ReportFigure:
    """A figure of the monthly report: how many features the filters keep, or the sum of a number field over them.

    `only`: field -> values, as the map's own filters take them. `by`: one figure for each value of this choice. `within`:
    the day field that must lie in the reported month. `sums`: the field that is added up instead of counting.
    """

    label: str
    only: Mapping[str, tuple[str, ...]] = dataclass_field(default_factory=dict)
    by: str = ""
    within: str = ""
    sums: str = ""


@dataclass(frozen=True, kw_only=True)
class Reported:
    """What the monthly report tells of a layer; `place` is that of its section."""

    place: int
    figures: tuple[ReportFigure, ...]
