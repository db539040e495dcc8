"""The answers of the questions' form, read back into options of the import."""

from collections.abc import Mapping
from dataclasses import replace

from geodata.importing.results import Mode
from geodata.importing.sessions.documents import Answers
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
    question = found.report.question
    known = {column.name for column in found.facts.columns}
    columns: dict[str, list[str]] = {}
    for choice in question.choices if question and question.about == "columns" else ():
        field, equals, column = choice.value.partition("=")
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


def answers_of(kind: type[Feature], found: ImportSession, form: Mapping[str, str]) -> Answers:
    """Return the answers with those of the form; what is not in it stays as it was."""
    if "forget" in form:
        return Answers(
            forget=True, detail=found.options.detail, source_layer=_given(found.options.source_layer, form, "source_layer"),
            mode=_mode(found.options.mode, form), confirmed_by=found.options.confirmed_by,
        )  # fmt: skip
    return _with_columns(kind, found, form, _with_choices(found.options, form))


def _given(before: str | None, form: Mapping[str, str], name: str) -> str | None:
    return form[name].strip() or None if name in form else before


def _mode(before: Mode, form: Mapping[str, str]) -> Mode:
    return Mode(form["mode"]) if form.get("mode") in MODE_TEXTS else before


def _with_choices(before: Answers, form: Mapping[str, str]) -> Answers:
    """Return the answers with what the form says of the file as a whole."""
    crs = form.get("crs_other", "").strip() or None if form.get("crs") == "other" else _given(before.crs, form, "crs")
    return replace(
        before,
        source_layer=_given(before.source_layer, form, "source_layer"),
        header_row=_given(before.header_row, form, "header_row"),
        dates=_given(before.dates, form, "dates"),
        crs=crs,
        encoding=_given(before.encoding, form, "encoding"),
        coordinates=columns_of_places(form) if "places" in form else before.coordinates,
        swap_axes=form["axes"] == "swap" if form.get("axes") else before.swap_axes,
        match="match" in form if "match_asked" in form else before.match,
        mode=_mode(before.mode, form),
    )


def _with_columns(kind: type[Feature], found: ImportSession, form: Mapping[str, str], answers: Answers) -> Answers:
    """Return the answers with what the form says of columns, constants and values."""
    names = {field.name for field in fields_of(kind, found)}
    columns = {name: form[f"map.{name}"] for name in names if f"map.{name}" in form}
    if columns:
        before = found.report.mapping
        changed = {name: column for name, column in columns.items() if column != before.get(name, "")}
        constants = {name: form[f"set.{name}"].strip() for name in names if form.get(f"set.{name}", "").strip()}
        answers = replace(answers, mapping={**answers.mapping, **changed}, constants=constants)
    cut, tables = fields_of_cut_columns(found, form), _value_tables(names, form)
    return replace(answers, mapping={**answers.mapping, **cut}, values={**answers.values, **tables})


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
