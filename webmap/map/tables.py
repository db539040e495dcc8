"""The table as it is shown, as Excel or CSV for people, and what such a file says of itself."""

import io
from collections.abc import Sequence

from flask import Response, request, send_file

from geodata.base.database import ReadConnection
from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.export.formats import FORMATS, check_count
from geodata.query import features
from geodata.query.spatial import MEASURED, measures_of
from geodata.schema.fields import Field
from geodata.schema.filters import CHOOSE
from webmap.app.about import about_lines
from webmap.app.auth import current_reader
from webmap.app.extensions import database
from webmap.app.i18n import current_language, format_value, format_word, translate
from webmap.app.requests import LayerRequest
from webmap.map.workbook import Sheet, shown_fields, write_table, write_workbook

#: Formats that have a form for people, and how many rows they hold.
FOR_PEOPLE = frozenset({"xlsx", "csv"})
MOST_ROWS = 100_000
_TOO_MANY = N_(
    "These are {count} objects; a table for people holds at most {most}. Narrow the filter or take the file for programs."
)


def wants_labels() -> bool:
    """Whether the file is for people. Raises InvalidValueError."""
    heads = request.args.get("heads") or "names"
    if heads not in {"names", "labels"}:
        raise InvalidValueError(name="heads", value=heads[:20], reason=CHOOSE, choices=["names", "labels"])
    return heads == "labels"


def table_for_people(asked: LayerRequest, name: str) -> Response:
    """Answer the table as it is shown, in the language asked for."""
    file, language = io.BytesIO(), current_language()
    with database().reading(current_reader(), in_transaction=True) as connection:
        conditions = asked.conditions(connection)
        check_count(connection, asked.kind, conditions, MOST_ROWS, _TOO_MANY)
        measures = measures_of(asked.kind, conditions)
        sort = features.parse_sort(asked.kind, asked.fields, request.args.get("sort"), measures)
        sheet = Sheet(asked.kind, _chosen(asked), conditions, measures, sort)
        if name == "xlsx":
            write_workbook(connection, [sheet], file, language, about_file(connection, [sheet]))
        else:
            write_table(connection, sheet, file, language)
    file.seek(0)
    title = translate(asked.kind.layer.title)
    file_name = f"{title}.{name}"
    return send_file(file, download_name=file_name, as_attachment=True, mimetype=FORMATS[name].mimetype)


def _chosen(asked: LayerRequest) -> list[Field]:
    """Return the fields of the argument `columns`, in its order; without it what people read."""
    names = [name for name in request.args.get("columns", "").split(",") if name]
    known = {field.name: field for field in asked.fields}
    for name in names:
        if name not in known and name not in {field.name for field in MEASURED}:
            raise InvalidValueError(name="columns", value=name[:80], reason=CHOOSE, choices=sorted(known))
    return [known[name] for name in dict.fromkeys(names) if name in known] or shown_fields(asked.fields)


def about_file(connection: ReadConnection, sheets: Sequence[Sheet]) -> list[tuple[str, str]]:
    """Return what a table says of itself: what was filtered, how much that is, when and by whom it was made."""
    said = about_lines(connection, [sheet.kind for sheet in sheets])
    for sheet in sheets:
        count = features.count_features(connection, sheet.kind, sheet.conditions)
        sentences = [condition.say(translate, format_word) for condition in sheet.conditions]
        what = "; ".join(sentences) or translate(N_("all objects, without a filter"))
        said.append((translate(sheet.kind.layer.title), f"{format_value(count)}: {what}"))
    return said
