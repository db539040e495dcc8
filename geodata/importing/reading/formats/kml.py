"""KML and KMZ: all folders at once with the folder as a column, tables and “name: value” lines of descriptions as columns."""

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np

from geodata.base.i18n import N_
from geodata.base.names import fold_name
from geodata.importing.limits import Limits
from geodata.importing.reading import drivers
from geodata.importing.reading.archive import Source
from geodata.importing.reading.formats.driven import driver_table, drivers_columns_dropped, xml_of
from geodata.importing.reading.formats.picking import AskLayerError, pick
from geodata.importing.reading.formats.sheet import Hints
from geodata.importing.results import Problem, RefusedError, Severity, problem
from geodata.importing.table import Table, Value, row_numbers

#: Columns of the driver that say nothing where they hold only these values.
_OWN = {
    "id", "timestamp", "begin", "end", "altitudemode", "tessellate", "extrude", "visibility", "draworder", "icon",
    "snippet", "description",
}  # fmt: skip
_ALWAYS_OWN = {"id", "tessellate", "extrude", "visibility", "draworder", "altitudemode"}
_EMPTY = (None, "", -1, 0, False)
FOLDER = "folder"
#: What the driver adds to the name of a folder that another one has too.
_FOLDER_AGAIN = re.compile(r" \(#\d+\)$")
_DATA_NAME = re.compile(rb"<(?:\w+:)?(?:Data|SimpleField|SimpleData)\b[^>]*?\sname\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_LINE = re.compile(r"\s*([^:=\n]{1,60}?)\s*[:=]\s*(.+?)\s*$")
#: From this share of objects on, what descriptions say becomes columns.
_SHARE = 0.5


def read_kml(source: Source, inner: str | None, _limits: Limits, _hints: Hints) -> Table:
    """Read KML; links to the network are not followed."""
    data = xml_of(source.path, b"<kml")
    problems: list[Problem] = []
    if b"<NetworkLink" in data:
        if b"<Placemark" not in data:
            raise RefusedError(
                "external_reference", N_("The file only links to other places (NetworkLink); send the data itself.")
            )
        template = N_("Links to other places (NetworkLink) were not followed.")
        problems.append(problem("external_reference", template, severity=Severity.WARNING))
    said = _said_names(data)
    names = drivers.list_layers(source.path, "LIBKML")
    if not names and b"<Placemark" in data:
        names = [source.name]
    if inner is None and len(names) > 1:
        table = _all_folders(source, names)
    else:
        table = driver_table(source, "LIBKML", pick(names, inner), "kml", crs="EPSG:4326")
    table, told = _with_descriptions(_called_as_said(_without_own(table), said))
    return replace(table, problems=(*table.problems, *problems, *told))


def _said_names(data: bytes) -> dict[str, str]:
    """Return the driver's names of the file's own columns, in which each byte beyond ASCII is a line, and what they are."""
    found: dict[str, str] = {}
    for first, second in set(_DATA_NAME.findall(data)):
        name = html.unescape((first or second).decode("utf-8", "replace")).strip()
        plain = re.sub(rb"[^A-Za-z0-9_]", b"_", name.encode()).decode()
        found[plain] = name if found.get(plain, name) == name else plain
    return found


def _called_as_said(table: Table, said: Mapping[str, str]) -> Table:
    """Return the table with the columns called as the file calls them: “Dung tích”, not Dung_t__ch."""
    return replace(table, names=tuple(said.get(name, name) for name in table.names))


def _all_folders(source: Source, names: Sequence[str]) -> Table:
    """Return the objects of all folders as one table. Raises AskLayerError where they are of different kinds."""
    tables = [driver_table(source, "LIBKML", name, "kml", crs="EPSG:4326") for name in names]
    tables = [table for table in tables if len(table)]
    if len(tables) < 2:
        return tables[0] if tables else driver_table(source, "LIBKML", names[0], "kml", crs="EPSG:4326")
    if len({_kinds(table) for table in tables}) > 1:
        raise AskLayerError([table.layer for table in tables])
    columns: dict[str, list[Value]] = {}
    done = 0
    for table in tables:
        for name, column in zip(table.names, table.columns, strict=True):
            found = columns.setdefault(name, [])
            found += [None] * (done - len(found))
            found += column
        done += len(table)
    for column in columns.values():
        column.extend([None] * (done - len(column)))
    folders: list[Value] = [_FOLDER_AGAIN.sub("", table.layer) for table in tables for _ in range(len(table))]
    told = problem(
        "multiple_layers",
        N_("All {count} folders were read together; the name of each is in the column “{column}”."),
        severity=Severity.WARNING,
        count=len(tables),
        column=FOLDER,
    )
    return Table(
        layer=source.name,
        format="kml",
        rows=row_numbers(done),
        names=(*columns, FOLDER),
        columns=(*columns.values(), folders),
        geometries=np.concatenate([table.geometries for table in tables if table.geometries is not None]),
        crs="EPSG:4326",
        crs_source="file",
        problems=(*(item for table in tables for item in table.problems), told),
    )


def _kinds(table: Table) -> str:
    """Return what most objects of a table are."""
    shapes = table.geometries if table.geometries is not None else ()
    kinds = Counter(shape.geom_type.removeprefix("Multi") for shape in shapes if shape is not None)
    return kinds.most_common(1)[0][0] if kinds else ""


def _without_own(table: Table) -> Table:
    """Return the table without a driver's own columns where they are empty."""
    kept = [
        index
        for index, name in enumerate(table.names)
        if name.lower() not in _ALWAYS_OWN
        and not (name.lower() in _OWN and all(value in _EMPTY for value in table.columns[index]))
    ]
    return replace(
        table,
        names=tuple(table.names[index] for index in kept),
        columns=tuple(table.columns[index] for index in kept),
    )


class _Cells(HTMLParser):
    """The rows of two cells of an HTML table, and the lines outside of it."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.lines: list[str] = [""]
        self.cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Begin a row, a cell or a line."""
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"} and self.rows:
            self.rows[-1].append("")
            self.cell = self.rows[-1]
        elif tag in {"br", "p", "div", "li"} and self.cell is None:
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        """End a cell."""
        if tag in {"td", "th", "tr", "table"}:
            self.cell = None

    def handle_data(self, data: str) -> None:
        """Take text into the open cell, else into the line."""
        if self.cell is not None:
            self.cell[-1] += data
        else:
            parts = data.split("\n")
            self.lines[-1] += parts[0]
            self.lines += parts[1:]


def pairs_of(description: str) -> dict[str, str]:
    """Return what a description says as name -> value: rows of two cells, else lines like “name: value”."""
    parser = _Cells()
    parser.feed(description)
    parser.close()
    cells = [[" ".join(cell.split()) for cell in row] for row in parser.rows]
    found = {row[0].rstrip(":"): row[1] for row in cells if len(row) == 2 and row[0] and len(row[0]) <= 60}
    if not found:
        matches = [match for line in parser.lines if (match := _LINE.match(line)) and "//" not in match[0]]
        found = {match[1]: match[2] for match in matches}
    return found


def _only_repeats(table: Table, found: Sequence[Mapping[str, str]], filled: int) -> bool:
    """Say whether descriptions say what stands in columns already, as maps of Google's make them."""
    said = {fold_name(name): column for name, column in zip(table.names, table.columns, strict=True)}
    return 0 < filled == sum(map(bool, found)) and all(
        fold_name(name) in said and str(said[fold_name(name)][at] or "").strip() == value
        for at, pairs in enumerate(found)
        for name, value in pairs.items()
    )


def _with_descriptions(table: Table) -> tuple[Table, list[Problem]]:
    """Return the table with what its descriptions say as columns, where most objects say the same things."""
    at = next((index for index, name in enumerate(table.names) if name.lower() == "description"), None)
    if at is None:
        return table, []
    found = [pairs_of(text) if isinstance(text, str) else {} for text in table.columns[at]]
    filled = sum(bool(text) for text in table.columns[at])
    counts = Counter(name for pairs in found for name in pairs)
    taken = {fold_name(name) for name in table.names}
    names = [name for name, count in counts.items() if count >= _SHARE * filled and fold_name(name) not in taken]
    if not names:
        return (drivers_columns_dropped(table, {"description"}) if _only_repeats(table, found, filled) else table), []
    columns: list[list[Value]] = [[pairs.get(name) or None for pairs in found] for name in names]
    told = problem(
        "bad_value",
        N_("The descriptions of the objects were read as columns: {names}."),
        severity=Severity.WARNING,
        names=", ".join(names)[:300],
    )
    kept = [index for index in range(len(table.names)) if index != at]
    whole = replace(
        table,
        names=(*(table.names[index] for index in kept), *names),
        columns=(*(table.columns[index] for index in kept), *columns),
    )
    return whole, [told]
