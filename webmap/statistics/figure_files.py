"""Figures of indicators from a file, with everything that would change shown first; and the file that goes back in."""

import hashlib
import io
import json
import tempfile
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path

from flask import Blueprint, Response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from geodata.base.errors import GeodataError, InvalidValueError
from geodata.base.i18n import N_
from geodata.base.numbers import NumberStyle
from geodata.history.change_sets import ChangeKind
from geodata.statistics.figure_changes import (
    LONGEST_SOURCE,
    Cell,
    CellsRefusedError,
    Origin,
    store_cells,
    unfit,
)
from geodata.statistics.figure_files import LIMITS, FigureFile, Told, figure_rows, read_figures
from geodata.statistics.indicators import MonthKey, Series, list_series, version_called
from webmap.app.auth import current_reader, current_user
from webmap.app.extensions import database, db_session
from webmap.app.i18n import current_language, translate, translate_error
from webmap.map.charts import month_text, series_name
from webmap.statistics.figure_lines import FigureLine, figure_line
from webmap.statistics.figure_tables import as_csv, as_xlsx
from webmap.statistics.grid import MOST_CELLS, READERS, WRITERS
from webmap.statistics.indicators import say_check
from webmap.statistics.numbers import write_number

blueprint = Blueprint("figure_files", __name__, url_prefix="/indicators/file")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STYLES = {
    NumberStyle.UNKNOWN.value: N_("as the file shows"), NumberStyle.VIETNAMESE.value: "1.234,5",
    NumberStyle.ENGLISH.value: "1,234.5",
}  # fmt: skip
FACTS = {"sheet": N_("Sheet of the workbook"), "header": N_("Row of headings"), "numbers": N_("Numbers are written"), "units": N_("Units converted")}  # fmt: skip


@blueprint.get("")
@WRITERS
def form() -> str:
    """Show the form that takes a file."""
    return _form()


@blueprint.post("")
@WRITERS
def preview() -> ResponseReturnValue:
    """Read a file and show what it would change; nothing is stored."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _form(translate(N_("No file was chosen."))), 400
    data = sent.stream.read(LIMITS.file_bytes + 1)
    style = NumberStyle(request.form["numbers"]) if request.form.get("numbers") in STYLES else NumberStyle.UNKNOWN
    with database().reading(current_reader()) as connection:
        series = list_series(connection)
    try:
        if len(data) > LIMITS.file_bytes:
            raise InvalidValueError(name="file", value=sent.filename[:40], reason=N_("at most 5 MB"))
        read = read_bytes(data, sent.filename, series, sheet=request.form.get("sheet", "").strip() or None, style=style)
    except GeodataError as error:
        return _form(translate_error(error)), 400
    return _preview(read, series, file_name=Path(sent.filename).name[:200], sha256=hashlib.sha256(data).hexdigest())


@blueprint.post("/store")
@WRITERS
def store() -> ResponseReturnValue:
    """Store what the preview showed, where nobody has changed it since."""
    try:
        cells = [_cell(one) for one in json.loads(request.form.get("cells", ""))]
    except (ValueError, TypeError, ArithmeticError):
        raise InvalidValueError(name="cells", value="", reason=N_("a list is needed")) from None
    session, name = db_session(), request.form.get("file_name", "").replace("\x00", "")[:200]
    source = request.form.get("source", "").replace("\x00", "").strip()[:LONGEST_SOURCE] or name
    sha256 = "".join(sign for sign in request.form.get("sha256", "") if sign in "0123456789abcdef")[:64]
    origin = Origin(
        by=current_user().name, kind=ChangeKind.IMPORT, source=source, file_name=name or None, file_sha256=sha256
    )
    try:
        made = store_cells(session, cells, origin)
    except CellsRefusedError as error:
        session.rollback()
        return _form(
            translate_error(error) + " " + translate(N_("Send the file again to see what is stored now."))
        ), 409
    session.commit()
    return redirect(url_for("figure_history.change_set", number=made.id) if made else url_for("figure_files.form"))


@blueprint.get("/indicators.<any(xlsx, csv):format>")
@READERS
def export(format: str) -> Response:
    """Answer all figures as the table that goes back in unchanged."""
    with database().reading(current_reader()) as connection:
        rows = figure_rows(list_series(connection))
    content = as_xlsx(rows) if format == "xlsx" else as_csv(rows)
    kind = XLSX if format == "xlsx" else "text/csv; charset=utf-8"
    return send_file(io.BytesIO(content), mimetype=kind, as_attachment=True, download_name=f"chi-tieu.{format}")


def read_bytes(
    data: bytes, file_name: str, series: list[Series], *, sheet: str | None = None, style: NumberStyle = NumberStyle.UNKNOWN
) -> FigureFile:  # fmt: skip
    """Read a file that was sent. Raises RefusedError, InvalidValueError."""
    with tempfile.TemporaryDirectory(prefix="figures-") as folder:
        path = Path(folder) / "figures"
        path.write_bytes(data)
        return read_figures(path, file_name, series, sheet=sheet, style=style)


def _form(problem: str = "") -> str:
    return render_template("statistics/indicators/file.html", problem=problem, styles=STYLES, may_write=True)


def _preview(read: FigureFile, series: list[Series], *, file_name: str, sha256: str) -> str:
    names = {one.code: (series_name(one, current_language()), translate(one.unit)) for one in series}
    changes = read.changes
    odd = unfit(series, changes) if not read.problems else []
    return render_template(
        "statistics/indicators/preview.html",
        file_name=file_name, sha256=sha256, problems=[_told(one) for one in read.problems],
        oddities=[_told(one) for one in read.oddities], changes=[_change_line(cell, names) for cell in changes],
        unfit=[(names[code][0], month_text(month.period, current_language()), say_check(check).text) for code, month, check in odd],
        facts=[(translate(FACTS[name]), text) for name, text in read.facts.items() if text],
        counts=(len(read.cells) - len(changes), sum(cell.before is None for cell in changes)), too_many=len(changes) > MOST_CELLS,
        cells=json.dumps([_sent(cell) for cell in changes], separators=(",", ":")), most=MOST_CELLS, may_write=True,
    )  # fmt: skip


def _change_line(cell: Cell, names: dict[str, tuple[str, str]]) -> FigureLine:
    name, unit = names[cell.code]
    return figure_line(name, unit, cell.month, cell.figure, (cell.before, cell.value), place=cell.place)


def _told(told: Told) -> tuple[int, str, str]:
    return told.row, told.cell, told.message.say(translate, partial(write_number, minus="−"))


def _sent(cell: Cell) -> list[str | None]:
    month = cell.month
    numbers = [None if value is None else str(value) for value in (cell.value, cell.before)]
    return [cell.code, f"{month.period:%Y-%m-%d}", month.version.value, month.scenario, cell.figure, *numbers]


def _cell(sent: list[str | None]) -> Cell:
    code, period, version, scenario, figure, value, before = sent
    month = MonthKey(date.fromisoformat(str(period)), version_called(str(version)), str(scenario))
    numbers = [None if number is None else Decimal(number) for number in (value, before)]
    return Cell(code=str(code), month=month, figure=str(figure), value=numbers[0], before=numbers[1])
