"""The catalogue of violations as a table: looked up, edited, imported, exported; and offered to the visit's form."""

import csv
import io
from collections.abc import Iterator, Sequence
from zipfile import BadZipFile, ZipFile

from flask import Blueprint, Response, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.base.workbook import Table
from geodata.inspections import catalogue
from geodata.inspections.catalogue import FIELDS, CatalogueError
from webmap.app.auth import allow
from webmap.app.extensions import db_session
from webmap.app.i18n import translate, translate_error
from webmap.inspections.files import send_table
from webmap.inspections.form_fields import INSPECTORS, LEADING, current_day, day_field, person, render_page

blueprint = Blueprint("catalogue", __name__, url_prefix="/inspections/catalogue")

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MAX_BYTES = 5_000_000
#: A workbook is a zip: what it says to hold is looked at before anything is unpacked.
_MAX_UNPACKED_BYTES, _MAX_PARTS, _MAX_COLUMNS = 50_000_000, 200, 100
_HEADS_WITHIN = 20


@blueprint.get("")
@allow(*INSPECTORS)
def index() -> str:
    """Show the catalogue, whole or of a day."""
    return _page()


@blueprint.get("/choices")
@allow(*INSPECTORS)
def choices() -> Response:
    """Answer what was in force on a day, for the visit's form."""
    found = catalogue.list_violations(db_session(), on=day_field("on", current_day()))
    names = ("code", "act", "article", "clause", "point", "wording")
    rows = [{name: getattr(row, name) or "" for name in names} | {"label": _label(row)} for row in found]
    return jsonify({"violations": rows})


@blueprint.get("/table.xlsx")
@allow(*INSPECTORS)
def as_table() -> Response:
    """Answer the catalogue as XLSX; imported again it changes nothing."""
    rows = [
        [
            ("x" if value else "") if isinstance(value, bool) else value
            for value in (getattr(row, name) for name in FIELDS)
        ]
        for row in catalogue.list_violations(db_session())
    ]
    return send_table(
        Table(name="Danh mục", title=translate(N_("Catalogue of violations")), heads=list(FIELDS.values()), rows=rows),
        "danh-muc-vi-pham.xlsx",
    )


@blueprint.get("/new")
@allow(*LEADING)
def new() -> str:
    """Show the form of a new row."""
    return _form(None)


@blueprint.get("/<int:violation_id>")
@allow(*LEADING)
def edit(violation_id: int) -> str:
    """Show the form of a row."""
    return _form(violation_id)


@blueprint.post("/save")
@allow(*LEADING)
def save() -> ResponseReturnValue:
    """Store a row, new or changed."""
    session, text = db_session(), request.form.get("id", "")
    number = int(text) if text.isascii() and text.isdigit() else None
    try:
        catalogue.save_violation(session, request.form, by=person().name, violation_id=number)
    except InvalidValueError as error:
        session.rollback()
        return _form(number, problem=translate_error(error)), 400
    session.commit()
    return redirect(url_for("catalogue.index"))


@blueprint.post("/import")
@allow(*LEADING)
def take_file() -> ResponseReturnValue:
    """Store the rows of a CSV or XLSX file by their code, all or none."""
    session, sent = db_session(), request.files.get("file")
    try:
        rows = list(_rows(sent.filename or "", sent.stream.read(_MAX_BYTES + 1)) if sent else [])
        if not rows:
            raise InvalidValueError(name="file", value="", reason=N_("a CSV or XLSX file with rows is needed"))
        new_, changed = catalogue.import_violations(session, rows, by=person().name)
    except CatalogueError as error:
        session.rollback()
        return _page(translate_error(error), error), 400
    except InvalidValueError as error:
        session.rollback()
        return _page(translate_error(error)), 400
    session.commit()
    told = translate(N_("{new} rows are new, {changed} changed, {same} as they were."))
    flash(told.format(new=new_, changed=changed, same=len(rows) - new_ - changed), "success")
    return redirect(url_for("catalogue.index"))


def _page(problem: str = "", error: CatalogueError | None = None) -> str:
    on = day_field("on")
    return render_page(
        "inspections/catalogue.html",
        rows=catalogue.list_violations(db_session(), on=on, text=request.args.get("q", "")[:100]), on=on,
        reference=catalogue.reference, problem=problem, problems=error.problems if error else [], heads=FIELDS,
        today=current_day(),
    )  # fmt: skip


def _form(violation_id: int | None, problem: str = "") -> str:
    row = catalogue.get_violation(db_session(), violation_id) if violation_id is not None else None
    told = {name: getattr(row, name) for name in FIELDS} if row is not None else {}
    if request.form:
        told = {name: request.form.get(name, "") for name in FIELDS}
    return render_page("inspections/catalogue_form.html", told=told, number=violation_id, heads=FIELDS, problem=problem)


def _label(row: catalogue.Violation) -> str:
    wording = row.wording if len(row.wording) <= 90 else row.wording[:89] + "…"
    return f"{catalogue.reference(row)}: {wording}"


def _rows(name: str, data: bytes) -> Iterator[dict[str, object]]:
    """Return the rows below the headings, by field. Raises InvalidValueError."""
    if len(data) > _MAX_BYTES:
        raise InvalidValueError(name="file", value=name[:40], reason=N_("at most 5 MB"))
    lines = iter(_xlsx(name, data) if data.startswith(b"PK") else _csv(name, data))
    for number, line in enumerate(lines):
        names = catalogue.names_of(line)
        if sum(each is not None for each in names) >= 3:
            break
        if number > _HEADS_WITHIN:
            names = []
            break
    else:
        names = []
    if not names:
        raise InvalidValueError(
            name="file", value=name[:40], reason=N_("no row of headings was found; take those of the downloaded table")
        )
    for line in lines:
        if any(str(cell or "").strip() for cell in line):
            yield {field: cell for field, cell in zip(names, line, strict=False) if field is not None}


def _xlsx(name: str, data: bytes) -> Sequence[Sequence[object]]:
    # Late: only who sends a catalogue needs it, and each process would load it at its start.
    from openpyxl import load_workbook

    try:
        with ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
        if len(parts) > _MAX_PARTS or sum(part.file_size for part in parts) > _MAX_UNPACKED_BYTES:
            raise InvalidValueError(name="file", value=name[:40], reason=N_("at most 50 MB when unpacked"))
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(values_only=True, max_row=catalogue.MAX_ROWS + 100, max_col=_MAX_COLUMNS)
        return list(rows)
    except (BadZipFile, KeyError, ValueError, OSError, IndexError) as error:
        raise InvalidValueError(name="file", value=name[:40], reason=N_("the file is damaged")) from error


def _csv(name: str, data: bytes) -> Sequence[Sequence[object]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidValueError(name="file", value=name[:40], reason=N_("a CSV in UTF-8 is needed")) from error
    first = text.partition("\n")[0]
    return list(csv.reader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ","))
