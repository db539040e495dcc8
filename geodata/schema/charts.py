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
class Nearest:
    """The feature of another layer that is nearest to one, told with its distance on the ellipsoid.

    `only`: field -> values of those that count; `told`: number fields of it that are told beside its name.
    """

    label: str
    layer: str
    only: Mapping[str, tuple[str, ...]] = dataclass_field(default_factory=dict)
    told: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Showcase:
    """The layer's own public page at /<slug>: list, map and a fact sheet for each feature.

    `headline`: the number the page leads with; `steps`: the lower ends it offers. `columns` are listed,
    `facts` stand at the top of a fact sheet, `filters` are offered. `only`: field -> the values shown at
    all. `nearest` are told on the fact sheet. `contact`: the fields that say whom to ask -> the scheme of a link ("" for none).
    `downloads`: the detail whose rows name documents to take along.
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
    nearest: tuple[Nearest, ...] = ()
    contact: Mapping[str, str] = dataclass_field(default_factory=dict)
    downloads: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReportFigure:
    """A figure of a periodic report: how many features the filters keep, or the sum of a number field over them.

    `name`: what templates call it. `only`: field -> values, as the map's own filters take them. `by`: one figure for each
    value of this choice. `within`: the day field that must lie in the reported period. `sums`: the field that is added up
    instead of counting.
    """

    name: str
    label: str
    only: Mapping[str, tuple[str, ...]] = dataclass_field(default_factory=dict)
    by: str = ""
    within: str = ""
    sums: str = ""


@dataclass(frozen=True, kw_only=True)
class Reported:
    """What the monthly report tells of a layer; `place` is that of its section. `statutory`: its report to the ministry."""

    place: int
    figures: tuple[ReportFigure, ...]
    statutory: "Statutory | None" = None


@dataclass(frozen=True, kw_only=True)
class Statutory:
    """A half-yearly and yearly report that law asks for: its figures, and what enterprises state in it.

    `name` is the paper's. `figures` are counted as in other reports; `only`: the features that it is about. `active`: filters of those that
    have something to state; `holder`: the field that names who has to. `stated`: the detail whose fields `wanted` are asked
    for, `period` its day. What has the same name in the layer is compared with it. `source`: the law.
    """

    name: str
    title: str
    subject: str
    source: str
    only: Mapping[str, tuple[str, ...]]
    figures: tuple[ReportFigure, ...]
    active: Mapping[str, tuple[str, ...]]
    holder: str
    stated: str
    period: str
    wanted: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A paper that lists the layer's features by the values of a choice, as they were on a day.

    `name` is the paper's; `columns` stand beside name and address, `widths` in cm are those of them.
    """

    name: str
    title: str
    subject: str
    by: str
    columns: tuple[str, ...]
    widths: tuple[float, ...]
    only: Mapping[str, tuple[str, ...]] = dataclass_field(default_factory=dict)
