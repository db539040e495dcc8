"""The answers of the questions' form, read back into options of the import."""

from collections.abc import Mapping
from typing import Any

from geodata.importing.sessions.model import ImportSession
from geodata.schema.described import Described
from geodata.schema.feature import Feature
from webmap.app.i18n import translate
from webmap.imports.filled import fields_of
from webmap.imports.labels import MODE_TEXTS

#: How the columns of places are said on the page -> the names of their inputs and what each holds.
_PLACES = {
    "two": (("places.first", "x"), ("places.second", "y")),
    "degrees": (("places.first", "lon"), ("places.second", "lat")),
    "pair": (("places.first", "pair"),),
    "wkt": (("places.first", "wkt"),),
}


def columns_of_places(form: Mapping[str, str]) -> dict[str, str]:
    """Return what -> column of what a form says of places; empty where they are to be recognised."""
    if form["places"] == "none":
        return {"none": ""}
    wanted = _PLACES.get(form["places"], ())
    found = {what: form.get(name, "") for name, what in wanted}
    return found if found and all(found.values()) else {}


def _cut_columns(found: ImportSession) -> dict[str, list[str]]:
    """Return column -> the fields it may be, as the question says them."""
    question = found.report.get("question") or {}
    known = {column["name"] for column in found.facts.get("columns", [])}
    columns: dict[str, list[str]] = {}
    for choice in question.get("choices", []) if question.get("about") == "columns" else []:
        field, equals, column = str(choice["value"]).partition("=")
        if equals and column in known:
            columns.setdefault(column, []).append(field)
    return columns


def cut_columns(kind: type[Described], found: ImportSession) -> dict[str, dict[str, str]]:
    """Return column -> field -> its label, of columns cut so short that several fields fit."""
    labels = {field.name: translate(field.label) for field in kind.fields()}
    return {column: {name: labels.get(name, name) for name in names} for column, names in _cut_columns(found).items()}


def fields_of_cut_columns(found: ImportSession, form: Mapping[str, str]) -> dict[str, str]:
    """Return field -> column of what a form says of columns that were cut; "" for fields that are none of them."""
    answered = {column: fields for column, fields in _cut_columns(found).items() if f"cut.{column}" in form}
    mapping = {field: "" for fields in answered.values() for field in fields}
    for column, fields in answered.items():
        if (chosen := form[f"cut.{column}"]) in fields:
            mapping[chosen] = column
    return mapping


def answers_of(kind: type[Feature], found: ImportSession, form: Mapping[str, str]) -> dict[str, Any]:
    """Return the answers of the form; what is not in it stays as it was."""
    answers: dict[str, Any] = {}
    for name in ("source_layer", "header_row", "dates", "crs", "encoding"):
        if name in form:
            answers[name] = form[name].strip() or None
    if form.get("crs") == "other":
        answers["crs"] = form.get("crs_other", "").strip() or None
    if "places" in form:
        answers["coordinates"] = columns_of_places(form)
    if form.get("axes"):
        answers["swap_axes"] = form["axes"] == "swap"
    if "match_asked" in form:
        answers["match"] = "match" in form
    if form.get("mode") in MODE_TEXTS:
        answers["mode"] = form["mode"]
    answers |= _columns_and_values(kind, found, form)
    if "forget" in form:
        answers |= {"forget": True, "crs": None, "encoding": None, "mapping": {}, "constants": {}, "values": {}}
        answers |= {"swap_axes": False, "match": False, "matches": {}}
        answers |= {"header_row": None, "dates": None, "coordinates": {}}
    return answers


def _columns_and_values(kind: type[Feature], found: ImportSession, form: Mapping[str, str]) -> dict[str, Any]:
    """Return what the form says of columns, constants and values."""
    answers: dict[str, Any] = {}
    names = {field.name for field in fields_of(kind, found)}
    columns = {name: form[f"map.{name}"] for name in names if f"map.{name}" in form}
    if columns:
        before = found.report.get("mapping") or {}
        changed = {name: column for name, column in columns.items() if column != before.get(name, "")}
        answers["mapping"] = {**(found.options.get("mapping") or {}), **changed}
        answers["constants"] = {
            name: form[f"set.{name}"].strip() for name in names if form.get(f"set.{name}", "").strip()
        }
    if cut := fields_of_cut_columns(found, form):
        answers["mapping"] = {**answers.get("mapping", found.options.get("mapping") or {}), **cut}
    tables = _value_tables(names, form)
    if tables:
        answers["values"] = {**(found.options.get("values") or {}), **tables}
    return answers


def _value_tables(names: set[str], form: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return field -> cell -> allowed value of inputs value.FIELD.N beside from.FIELD.N."""
    tables: dict[str, dict[str, str]] = {}
    for key, chosen in form.items():
        start, _, rest = key.partition(".")
        name, _, index = rest.partition(".")
        source = form.get(f"from.{name}.{index}")
        if start == "value" and name in names and source is not None and chosen:
            tables.setdefault(name, {})[source] = chosen
    return tables
