"""A layer's public page in words: its list, its filters, the fact sheet of a feature. Shows what the public may see."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from geodata.accounts.access import readable_by, visible_fields
from geodata.base.crs import Bbox
from geodata.base.database import ReadConnection
from geodata.base.errors import NotFoundError
from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.query import features
from geodata.schema.charts import Showcase
from geodata.schema.feature import Feature
from geodata.schema.fields import Field, LabelledEnum
from geodata.schema.filters import Choice, Condition, Range
from geodata.schema.registry import Registry
from geodata.schema.roles import Role
from geodata.statistics.dashboard import Totals, conditions_of, names_of, newest_change, totals, values_of
from webmap.app.i18n import format_number, format_word, translate
from webmap.app.query import FilterParser
from webmap.map.present import FeatureView, Row, present_feature, present_value
from webmap.showcase.nearby import Ask, Download, Near, contact, downloads, nearby

PAGE_SIZE = 100

#: Arguments that shape the page and filter nothing.
OWN_ARGUMENTS = frozenset({"embed", "lang", "sort", "cursor"})

SINGULAR = N_("{count} entry")
PLURAL = N_("{count} entries")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A layer with its showcase, and its fields that everybody may see."""

    kind: type[Feature]
    spec: Showcase
    fields: tuple[Field, ...]
    registry: Registry

    def field(self, name: str) -> Field:
        """Return a public field. Raises NotFoundError."""
        found = next((field for field in self.fields if field.name == name), None)
        if found is None:
            raise NotFoundError(value=name)
        return found

    def names(self, connection: ReadConnection, name: str, codes: Iterable[str]) -> dict[str, str]:
        """Return code -> name for a field whose values are the codes of another layer's features."""
        other = self.kind.layer.refers.get(name)
        return names_of(connection, self.registry.get(other), sorted(set(codes))) if other else {}


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of the list; `sort` is the argument its heading asks for."""

    name: str
    label: str
    unit: str
    is_number: bool
    sort: str = ""
    direction: str = ""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the list. `headline` is its leading number, written."""

    id: int
    code: str
    name: str
    headline: str
    is_illustration: bool
    cells: tuple[tuple[Column, str], ...]


@dataclass(frozen=True, kw_only=True)
class Select:
    """A field of the form: its options as (value, text, is chosen)."""

    name: str
    label: str
    options: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, kw_only=True)
class ListPage:
    """Everything the list shows."""

    columns: tuple[Column, ...]
    entries: tuple[Entry, ...]
    selects: tuple[Select, ...]
    sentences: tuple[str, ...]
    totals: Totals
    headline: Field
    only: tuple[str, ...]
    next_cursor: str | None
    extent: Bbox | None
    query: str
    as_of: date | None


@dataclass(frozen=True, kw_only=True)
class FactSheet:
    """Everything a fact sheet shows; `related` are features it names, as (label, name, layer, id)."""

    feature: FeatureView
    facts: tuple[Row, ...]
    groups: tuple[tuple[str, tuple[Row, ...]], ...]
    related: tuple[tuple[str, str, str, int], ...]
    near: tuple[Near, ...]
    contact: tuple[Ask, ...]
    downloads: tuple[Download, ...]
    extent: Bbox | None
    query: str
    as_of: date | None


def find_showcase(registry: Registry, slug: str) -> Shown:
    """Return the layer of a page's address. Raises NotFoundError."""
    for kind in registry:
        spec = kind.layer.showcase
        if spec is not None and spec.slug == slug and Role.PUBLIC in kind.layer.access.view:
            return Shown(kind=kind, spec=spec, fields=visible_fields(Role.PUBLIC, kind), registry=registry)
    raise NotFoundError(value=slug)


def list_page(connection: ReadConnection, shown: Shown, arguments: MultiDict[str, str], language: str) -> ListPage:
    """Return the list that the arguments ask for. Raises InvalidFilterError, InvalidValueError."""
    asked = MultiDict((name, value) for name, value in arguments.items(multi=True) if name not in OWN_ARGUMENTS)
    parser = FilterParser(
        kind=shown.kind, visible=shown.fields, readable=readable_by(Role.PUBLIC, shown.registry), connection=connection
    )
    wanted = parser.parse(asked)
    conditions = (*conditions_of(shown.kind, shown.spec.only), *wanted)
    sort = features.parse_sort(shown.kind, shown.fields, arguments.get("sort") or f"-{shown.spec.headline}")
    page = features.list_features(
        connection, shown.kind, shown.fields, conditions,
        limit=PAGE_SIZE, cursor=arguments.get("cursor"), sort=sort, with_geometry=False,
    )  # fmt: skip
    columns = tuple(_column(shown.field(name), sort, shown.spec, language) for name in shown.spec.columns)
    names = {
        name: shown.names(connection, name, {str(row[name]) for row in page.rows if row[name]})
        for name in shown.kind.layer.refers
    }
    headline = shown.field(shown.spec.headline)
    return ListPage(
        columns=(_column(shown.field("name"), sort, shown.spec, language), *columns),
        entries=tuple(_entry(shown, row, columns, names, language) for row in page.rows),
        selects=_selects(connection, shown, asked, wanted, language),
        sentences=tuple(_say(connection, shown, condition, language) for condition in wanted),
        totals=totals(connection, shown.kind, [headline.name], conditions),
        headline=headline,
        only=tuple(
            _say(connection, shown, condition, language) for condition in conditions_of(shown.kind, shown.spec.only)
        ),
        next_cursor=page.next_cursor,
        extent=features.extent(connection, shown.kind, conditions),
        query=_query(shown, list(asked.items(multi=True))),
        as_of=newest_change(connection, shown.kind, conditions_of(shown.kind, shown.spec.only)),
    )


def fact_sheet(connection: ReadConnection, shown: Shown, code: str, language: str) -> FactSheet:
    """Return the public facts of a feature. Raises NotFoundError, also for one the page does not show."""
    this = this_one(connection, shown, code)
    feature_id = features.find_by_code(connection, shown.kind, code) or 0
    row = features.get_feature(connection, shown.kind, feature_id, shown.fields)
    feature = present_feature(connection, shown.kind, shown.fields, feature_id, language)
    names = {name: shown.names(connection, name, [str(row[name])]) for name in shown.kind.layer.refers if row[name]}
    facts = tuple(_row(shown.field(name), row[name], language) for name in shown.spec.facts)
    ask = contact(shown.kind, row, shown.spec, language)
    top = {fact.label for fact in facts} | {one.label for one in ask}
    groups = [(heading, tuple(line for line in lines if line.label not in top)) for heading, lines in feature.groups]
    return FactSheet(
        feature=feature,
        facts=facts,
        groups=tuple((heading, lines) for heading, lines in groups if lines),
        related=tuple(_related(connection, shown, names, language)),
        near=nearby(connection, shown.registry, shown.kind, feature_id, shown.spec, language=language),
        contact=ask,
        downloads=downloads(connection, shown.kind, feature_id, shown.spec, language),
        extent=features.extent(connection, shown.kind, this),
        query=_query(shown, []),
        as_of=newest_change(connection, shown.kind, this),
    )


def this_one(connection: ReadConnection, shown: Shown, code: str) -> tuple[Condition, ...]:
    """Return the conditions that keep one feature. Raises NotFoundError, also for one the page does not show."""
    feature_id = features.find_by_code(connection, shown.kind, code)
    this = (*conditions_of(shown.kind, shown.spec.only), _is(shown.kind, feature_id or 0))
    if feature_id is None or not features.count_features(connection, shown.kind, this):
        raise NotFoundError(value=code)
    return this


def comparison(sheets: Sequence[FactSheet]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return what fact sheets say side by side: label and a text for each sheet, "" where one says nothing."""
    lines: dict[str, dict[int, str]] = {}
    for index, sheet in enumerate(sheets):
        said = list(_in_words(sheet.facts))
        said += [(near.label, near.text) for near in sheet.near]
        said += _in_words(line for _, group in sheet.groups for line in group)
        said += [(ask.label, ask.text) for ask in sheet.contact]
        said += [(label, name) for label, name, _, _ in sheet.related]
        said += [(translate(N_("Documents")), document.number) for document in sheet.feature.documents]
        said += [(translate(N_("Documents to download")), document.title) for document in sheet.downloads]
        for label, text in said:
            told = lines.setdefault(label, {})
            told[index] = text if index not in told or told[index] == text else f"{told[index]}; {text}"
    return tuple((label, tuple(told.get(index, "") for index in range(len(sheets)))) for label, told in lines.items())


def _in_words(rows: Iterable[Row]) -> Iterable[tuple[str, str]]:
    return ((row.label, f"{row.text} {translate(row.unit)}".strip()) for row in rows if row.text)


def count_text(count: int, language: str) -> str:
    """Return how many entries there are, in words."""
    return translate(SINGULAR if count == 1 else PLURAL, language).format(count=format_number(count, language))


def _column(field: Field, sort: features.Sort, spec: Showcase, language: str) -> Column:
    is_number = isinstance(field.filter, Range)
    may_sort = is_number or field.name == "name"
    is_now = sort.name == field.name
    descending = not sort.descending if is_now else is_number
    return Column(
        name=field.name,
        label=translate(field.label, language),
        unit=field.unit,
        is_number=is_number,
        sort=f"{'-' if descending else ''}{field.name}" if may_sort else "",
        direction=("descending" if sort.descending else "ascending") if is_now else "",
    )


def _entry(shown: Shown, row: Any, columns: Sequence[Column], names: dict[str, dict[str, str]], language: str) -> Entry:
    cells = []
    for column in columns:
        field, value = shown.field(column.name), row[column.name]
        text = names.get(column.name, {}).get(value) or present_value(field, value, language)
        cells.append((column, text))
    return Entry(
        id=row["id"],
        code=row["code"],
        name=row["name"],
        headline=present_value(shown.field(shown.spec.headline), row[shown.spec.headline], language),
        is_illustration=row["is_illustration"],
        cells=tuple(cells),
    )


def _selects(
    connection: ReadConnection, shown: Shown, asked: MultiDict[str, str], wanted: Sequence[Condition], language: str
) -> tuple[Select, ...]:
    headline = shown.field(shown.spec.headline)
    chosen = asked.get(headline.name, "")
    steps = [(f"{step}..", f"≥ {format_number(step, language)} {headline.unit}") for step in shown.spec.steps]
    options = [("", translate(N_("any"), language)), *steps]
    if chosen and chosen not in dict(options):
        options.append((chosen, chosen))
    selects = [_select(headline, options, {chosen}, language)]
    only = conditions_of(shown.kind, shown.spec.only)
    counts = features.facets(connection, shown.kind, shown.fields, (*only, *wanted))
    for name in shown.spec.filters:
        field, picked = shown.field(name), set(asked.getlist(name))
        labels = _labels(field)
        if labels is not None:
            found = counts.get(name, {})
            values = [
                (value, f"{translate(label, language)} ({found.get(value, 0)})")
                for value, label in labels.items()
                if found.get(value) or value in picked
            ]
        else:
            codes = values_of(connection, shown.kind, name, only)
            known = shown.names(connection, name, codes)
            values = sorted(((code, known.get(code, code)) for code in codes), key=lambda pair: pair[1])
        selects.append(_select(field, [("", translate(N_("all"), language)), *values], picked, language))
    return tuple(selects)


def _select(field: Field, options: Iterable[tuple[str, str]], picked: set[str], language: str) -> Select:
    return Select(
        name=field.name,
        label=translate(field.label, language),
        options=tuple((value, text, value in picked and bool(value)) for value, text in options),
    )


def _labels(field: Field) -> dict[str, str] | None:
    if field.values is not None and issubclass(field.values, LabelledEnum):
        return field.values.labels()
    return field.filter.labels if isinstance(field.filter, Choice) else None


def _say(connection: ReadConnection, shown: Shown, condition: Condition, language: str) -> str:
    if condition.name in shown.kind.layer.refers:
        known = shown.names(connection, condition.name, condition.labels)
        condition = replace(condition, labels=tuple(known.get(label, label) for label in condition.labels))
    return condition.say(lambda text: translate(text, language), lambda value: format_word(value, language))


def _query(shown: Shown, asked: list[tuple[str, str]]) -> str:
    """Return the arguments with which the tiles show what the list shows."""
    only = [(name, value) for name, values in shown.spec.only.items() for value in values]
    return urlencode(only + [(name, value) for name, value in asked if value])


def _row(field: Field, value: object, language: str) -> Row:
    return Row(
        label=translate(field.label, language),
        text=present_value(field, value, language),
        unit=field.unit,
        help=translate(field.help, language),
    )


def _related(
    connection: ReadConnection, shown: Shown, names: dict[str, dict[str, str]], language: str
) -> Iterable[tuple[str, str, str, int]]:
    for name, found in names.items():
        other = shown.registry.get(shown.kind.layer.refers[name])
        for code, text in found.items():
            feature_id = features.find_by_code(connection, other, code)
            if feature_id is not None and Role.PUBLIC in other.layer.access.view:
                yield translate(shown.field(name).label, language), text, other.layer.name, feature_id


def _is(kind: type[Feature], feature_id: int) -> Condition:
    return Condition(name="id", sql=kind.id == feature_id, said=Message(template=""))
