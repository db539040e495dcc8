"""A list of inspections as a workbook to save."""

import io
from collections.abc import Sequence

from flask import Response, send_file

from geodata.base.workbook import MIMETYPE, Table, write_workbook
from geodata.inspections.tables import INSPECTED
from webmap.app.about import about_lines, about_sheet
from webmap.app.auth import current_reader
from webmap.app.extensions import database


def send_table(table: Table, name: str, more: Sequence[tuple[str, str]] = ()) -> Response:
    """Answer the table with what it says of itself and `more` that is said."""
    file = io.BytesIO()
    with database().reading(current_reader(), is_fresh=True) as connection:
        lines = about_lines(connection, INSPECTED)
    write_workbook(file, [table], about_sheet([*lines, *more]))
    file.seek(0)
    return send_file(file, download_name=name, as_attachment=True, mimetype=MIMETYPE)
