"""Columns of codes with a list that says what each means (domains and subtypes): read as the map program shows them, and told."""

import sqlite3
from collections.abc import Mapping
from dataclasses import replace

from lxml import etree

from geodata.base.i18n import N_
from geodata.importing.reading import drivers
from geodata.importing.reading.archive import Source
from geodata.importing.results import Problem, RefusedError, Severity, problem
from geodata.importing.table import Table, Value

#: Column -> code as text -> what it is called.
Lists = dict[str, dict[str, str]]
_ARE_TABLES = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('gpkg_data_columns', 'gpkg_data_column_constraints')"
_DOMAINS_OF_A_PACKAGE = (
    "SELECT c.column_name, v.value, v.description FROM gpkg_data_columns c "
    "JOIN gpkg_data_column_constraints v ON v.constraint_name = c.constraint_name "
    "WHERE c.table_name = ? AND v.constraint_type = 'enum' AND v.description IS NOT NULL LIMIT 100000"
)


def lists_of_geopackage(source: Source, layer: str) -> Lists:
    """Return the lists of a GeoPackage's columns."""
    found: Lists = {}
    connection = sqlite3.connect(f"{source.path.as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        # Views could be endless.
        if connection.execute(_ARE_TABLES).fetchone() != (2,):
            return {}
        for column, code, name in connection.execute(_DOMAINS_OF_A_PACKAGE, (layer,)):
            found.setdefault(str(column), {})[str(code)] = str(name)
    except sqlite3.Error:
        return {}
    finally:
        connection.close()
    return found


def lists_of_geodatabase(source: Source, layer: str) -> Lists:
    """Return the lists of a feature class of a File Geodatabase, from its own table of definitions."""
    try:
        items = drivers.read_layer(source.path, "OpenFileGDB", "GDB_Items")
    except RefusedError:
        return {}
    definitions = [
        tree
        for name, column in zip(items.names, items.columns, strict=True)
        if name == "Definition"
        for text in column
        if isinstance(text, str) and (tree := _tree(text)) is not None
    ]
    domains = {
        str(tree.findtext("DomainName")): _codes(tree) for tree in definitions if tree.find("DomainName") is not None
    }
    found: Lists = {}
    for tree in definitions:
        if tree.find("DomainName") is None and tree.findtext("Name") == layer:
            for field in tree.iter("GPFieldInfoEx"):
                if codes := domains.get(str(field.findtext("DomainName"))):
                    found[str(field.findtext("Name"))] = codes
            subtypes = {
                str(item.findtext("SubtypeCode")): str(item.findtext("SubtypeName")) for item in tree.iter("Subtype")
            }
            if subtypes:
                found[str(tree.findtext("SubtypeFieldName"))] = subtypes
    return found


def _tree(text: str) -> etree._Element | None:
    try:
        return etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return None


def _codes(tree: etree._Element) -> dict[str, str]:
    return {str(item.findtext("Code")): str(item.findtext("Name")) for item in tree.iter("CodedValue")}


def with_names_of_codes(table: Table, lists: Mapping[str, Mapping[str, str]]) -> Table:
    """Return the table with codes replaced by what their lists call them; a code that is in no list stays."""
    columns, told = list(table.columns), []
    for index, name in enumerate(table.names):
        codes = lists.get(name, {})
        named = {value: codes[text] for value in set(columns[index]) if (text := _code(value)) in codes}
        if any(value != called for value, called in named.items()):
            columns[index] = [named.get(value, value) for value in columns[index]]
            told.append(_told(name, named))
    return replace(table, columns=tuple(columns), problems=(*table.problems, *told)) if told else table


def _code(value: Value) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _told(name: str, named: Mapping[Value, str]) -> Problem:
    code, called = next(iter(named.items()))
    template = N_("“{column}” holds codes of a list; they were read as what the list calls them ({value}: {stored}).")
    return problem(
        "bad_value", template, severity=Severity.WARNING, column=name, value=str(code)[:80], stored=called[:80]
    )
