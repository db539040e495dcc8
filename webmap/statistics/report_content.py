"""A written report of what the map shows: what was asked, counts, states, the map itself and a list, in the language asked."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from geodata.base.database import ReadConnection
from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.export.blocks import Block, Grid, Picture
from geodata.query import features
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.filters import Condition
from webmap.app.i18n import format_number, format_word, translate
from webmap.map.present import present_value
from webmap.map.tables import MOST_ROWS
from webmap.map.workbook import sheet_name

#: A report lists so many features of a layer; all of them are in the workbook that goes along.
MOST_LISTED = 50
MOST_COLUMNS = 6
#: Letters of the narrowest and the widest column.
_NARROW, _WIDE = 9, 45
_EDGES = 4  # letters that a cell's edges take
MOST_PIXELS = 40_000_000
_MAP_CM = 16.5
_CAPTION = N_("The map has the scale 1:{scale} on this page.")
#: A longer scope leaves no room for the map on the first page: the figures come first then.
_SHORT_SCOPE = 5
_OBJECTS = N_("Number of objects")
_ILLUSTRATION = N_("ILLUSTRATION DATA: places, firms and results are invented. Not for official use.")
_THE_REST = N_("There are {count} more; the whole list: sheet “{sheet}” of the file {file}, attached.")
_TOO_LONG = N_("There are {count} more; the whole list: “Export” in the table of the map, with the same filters.")
#: The workbook that goes along with the whole lists of layers that have more features than a report lists.
LISTS = "danh-sach.xlsx"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A layer of the report: who may see which fields was decided before."""

    kind: type[Feature]
    fields: Sequence[Field]
    conditions: Sequence[Condition]


@dataclass(frozen=True, kw_only=True)
class Says:
    """How a report of one language says texts and numbers."""

    language: str

    def text(self, text: str) -> str:
        """Return a text of the catalogue."""
        return translate(text, self.language)

    def number(self, value: float) -> str:
        """Return a number as it is written."""
        return format_number(value, self.language)

    def value_of(self, field: Field, value: str) -> str:
        """Return a value of a facet."""
        return self.text("Unknown") if value == "unknown" else present_value(field, value, self.language)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The map as PNG, as the page drew it for the report's own width; `scale` 0: unknown."""

    content: bytes
    scale: int = 0

    def blocks(self, says: "Says") -> list[Block]:
        """Return the map with the scale that it has in the report."""
        caption = says.text(_CAPTION).format(scale=says.number(self.scale)) if self.scale else ""
        return [Picture(content=self.content, caption=caption, width=_MAP_CM)]


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report's blocks, and the lists that it names as attached."""

    blocks: list[Block]
    lists: list[Part]


def build_report(connection: ReadConnection, parts: Sequence[Part], sheet: Sheet | None, language: str) -> Report:
    """Return the report: scope, numbers, map, and per layer its states and its first features."""
    counted = [(part, features.count_features(connection, part.kind, part.conditions)) for part in parts]
    return Report(
        blocks=_blocks(connection, counted, sheet, Says(language=language)),
        lists=[part for part, count in counted if MOST_LISTED < count <= MOST_ROWS],
    )


def _blocks(
    connection: ReadConnection, counted: Sequence[tuple[Part, int]], sheet: Sheet | None, says: Says
) -> list[Block]:
    parts = [part for part, _ in counted]
    rows = [
        [
            says.text(part.kind.layer.title),
            says.number(count),
            says.number(features.count_features(connection, part.kind)),
        ]
        for part, count in counted
    ]
    figures: list[Block] = []
    heads = (says.text(N_("Layer of data")), says.text(_OBJECTS), says.text(N_("Whole layer")))
    figures.append(Grid(header=heads, rows=rows, widths=(9.5, 3.5, 3.5)))
    if totals := [row for part, count in counted if count for row in _totals(connection, part, says)]:
        heads = (says.text(N_("Sum")), says.text(N_("Of these objects")), says.text(N_("Unit of measure")))
        figures.append(Grid(header=heads, rows=totals, widths=(9.5, 4.5, 2.5)))
    scope = _scope(parts, says)
    sections = [(N_("Scope"), scope), (N_("Figures"), figures)]
    if sheet:
        sections.insert(1 if len(scope) <= _SHORT_SCOPE else 2, ("Map", sheet.blocks(says)))
    sections += [(part.kind.layer.title, _layer(connection, part, count, says)) for part, count in counted if count]
    blocks: list[Block] = []
    if features.have_illustration(connection, [part.kind for part, count in counted if count]):
        blocks.append(f"# {says.text(_ILLUSTRATION)}")
    for number, (title, inside) in enumerate(sections, start=1):
        blocks += [f"# {number}. {says.text(title)}", *inside]
    return blocks


def _totals(connection: ReadConnection, part: Part, says: Says) -> list[list[str]]:
    """Return the sums of a layer's sizes over what the conditions keep, as label, number and unit."""
    life, fields = part.kind.layer.life, {field.name: field for field in part.fields}
    chosen = [fields[name] for name in (life.sums if life else ()) if name in fields]
    sums = features.sums_of(connection, part.kind, [field.name for field in chosen], part.conditions)
    title = says.text(part.kind.layer.title)
    return [
        [f"{title}: {says.text(field.label)}", format_number(value, says.language), says.text(field.unit)]
        for field, value in zip(chosen, sums, strict=True)
        if value is not None
    ]


def check_picture(content: bytes) -> bytes:
    """Return the picture written anew as PNG, so that nothing but pixels goes on. Raises InvalidValueError."""
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise InvalidValueError(name="picture", value="", reason=N_("the picture is too large"))
            made = io.BytesIO()
            image.convert("RGB").save(made, "PNG", optimize=True)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        raise InvalidValueError(name="picture", value="", reason=N_("this is no PNG picture")) from None
    return made.getvalue()


def _scope(parts: Sequence[Part], says: Says) -> list[Block]:
    said: dict[str, list[str]] = {}
    for part in parts:
        for condition in part.conditions:
            sentence = condition.say(says.text, lambda value: format_word(value, says.language))
            said.setdefault(sentence, []).append(says.text(part.kind.layer.title))
    if not said:
        return [says.text(N_("All data of the layers, without a filter."))]
    return [
        f"- {sentence}" if len(titles) == len(parts) else f"- {', '.join(titles)}: {sentence}"
        for sentence, titles in said.items()
    ]


def _layer(connection: ReadConnection, part: Part, count: int, says: Says) -> list[Block]:
    kind, fields = part.kind, {field.name: field for field in part.fields}
    blocks: list[Block] = []
    facets = features.count_facets(connection, kind, part.fields, part.conditions)[1]
    kept = {condition.name: condition.choices for condition in part.conditions if condition.choices is not None}
    for variation in kind.layer.style.by:
        field, found = fields.get(variation.field), facets.get(variation.field, {})
        wanted = kept.get(variation.field, found)  # a facet leaves its own filter out
        values = [(value, number) for value, number in found.items() if number and value in wanted]
        rows = [[says.value_of(field, value), says.number(number)] for value, number in values] if field else []
        if field and rows:
            blocks.append(Grid(header=(says.text(field.label), says.text(_OBJECTS)), rows=rows, widths=(13, 3.5)))
    asked = [condition.name for condition in part.conditions]
    names = dict.fromkeys(("name", "address", *(v.field for v in kind.layer.style.by[:1]), *asked))
    shown = [fields[name] for name in names if name in fields][:MOST_COLUMNS]
    page = features.list_features(
        connection,
        kind,
        shown,
        part.conditions,
        limit=MOST_LISTED,
        sort=features.Sort(name="name"),
        with_geometry=False,
    )
    rows = [
        [str(place), *(present_value(field, row[field.name], says.language) for field in shown)]
        for place, row in enumerate(page.rows, start=1)
    ]
    header = (says.text(N_("No.")), *map(_head(says), shown))
    blocks.append(Grid(header=header, rows=rows, widths=(1.0, *_widths(header[1:], [row[1:] for row in rows]))))
    if count > len(rows):
        told = {"count": says.number(count - len(rows)), "sheet": sheet_name(kind, says.language), "file": LISTS}
        blocks.append(says.text(_THE_REST if count <= MOST_ROWS else _TOO_LONG).format(**told))
    return blocks


def _widths(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[float]:
    """Return widths in cm by what stands in the columns: short ones narrow, none so wide that others break each word."""
    longest = [
        min(max(len(head) / 2, *(len(row[index]) for row in rows), _NARROW), _WIDE) + _EDGES
        for index, head in enumerate(header)
    ]
    return [round((_MAP_CM - 1.0) * one / sum(longest), 2) for one in longest]


def _head(says: Says) -> Callable[[Field], str]:
    """Return what writes the head of a column: its label, with its unit where it has one."""
    return lambda field: says.text(field.label) + (f" ({says.text(field.unit)})" if field.unit else "")
