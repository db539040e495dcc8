"""Indicators × months of a year as a table that is edited like a spreadsheet; one save is one change set."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from geodata.base.database import today
from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.base.parsing import parse_whole
from geodata.schema.roles import Role
from geodata.statistics.figure_changes import (
    FIRST_YEAR,
    LAST_YEAR,
    LONGEST_NAME,
    LONGEST_SOURCE,
    Cell,
    CellProblem,
    CellsChangedError,
    CellsRefusedError,
    Origin,
    store_cells,
    unfit,
)
from geodata.statistics.figure_checks import REPORTED, compute_figures
from geodata.statistics.indicators import (
    FIGURES,
    PERCENT,
    FigureVersion,
    Month,
    MonthKey,
    Series,
    list_series,
    version_called,
)
from webmap.app.auth import allow, current_reader, current_role, current_user
from webmap.app.extensions import database, db_session
from webmap.app.i18n import current_language, translate, translate_error
from webmap.map.charts import series_name
from webmap.statistics.indicators import say_check
from webmap.statistics.month_origin import asked_origin
from webmap.statistics.numbers import EXAMPLE, read_number, write_number

blueprint = Blueprint("figure_grid", __name__, url_prefix="/indicators/grid")

EDITORS = (Role.PLANNER, Role.ADMIN)
READERS = allow(*EDITORS, Role.LEADER)
WRITERS = allow(*EDITORS)
MOST_CELLS = 4_000


@dataclass(frozen=True, kw_only=True)
class CellView:
    """A cell of the table. `text`: what is stored; `computed`: what follows from other figures; `differs`: beyond rounding."""

    key: str
    month: int
    text: str
    computed: str
    differs: bool


@dataclass(frozen=True, kw_only=True)
class RowView:
    """A figure of a series over the months."""

    label: str
    short: str
    unit: str
    cells: tuple[CellView, ...]


@dataclass(frozen=True, kw_only=True)
class GroupView:
    """A series with its figures."""

    code: str
    name: str
    rows: tuple[RowView, ...]


#: What the figures are called beside the name of their series.
SHORT = {
    "value": N_("In the month"), "month_change_percent": N_("On the month before"),
    "year_change_percent": N_("On the same month last year"), "cumulative": N_("Year so far"),
    "cumulative_change_percent": N_("Year so far against last year"),
}  # fmt: skip


@blueprint.get("")
@READERS
def index() -> str:
    """Show the table of a year."""
    with database().reading(current_reader()) as connection:
        series = list_series(connection)
    year = asked_year(series, request.args.get("year", ""))
    version, scenario = _version(request.args.get("version", "actual")), request.args.get("scenario", "")[:LONGEST_NAME]
    scenario = scenario if version is FigureVersion.SCENARIO else ""
    known = sorted({month.scenario for one in series for month in one.months if month.scenario})
    return render_template(
        "statistics/indicators/grid.html",
        groups=[_group(one, year, version, scenario) for one in series],
        year=year, years=known_years(series, year), version=version, scenario=scenario, versions=FigureVersion.labels(),
        origin=asked_origin(db_session(), series, year, version, scenario), scenarios=known, months=range(1, 13), first_month=_first_month(year), may_write=current_role() in EDITORS,
        account=current_user().name, role=current_role().value, saved=_saved(), example=write_number(EXAMPLE), is_reported=version in REPORTED,
    )  # fmt: skip


@blueprint.post("")
@WRITERS
def save() -> ResponseReturnValue:
    """Store what was changed, all or nothing; where figures do not fit each other, say so first."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("cells"), list):
        raise InvalidValueError(name="cells", value="", reason=N_("a list is needed"))
    cells, problems = _read(body["cells"])
    if problems:
        return _refused(422, problems)
    session = db_session()
    source = str(body.get("source") or "").replace("\x00", "").strip()[:LONGEST_SOURCE]
    if not body.get("confirmed"):
        with database().reading(current_reader(), is_fresh=True) as connection:
            odd = unfit(list_series(connection), cells)
        if odd:
            told = [(_key(code, month, check.figure), say_check(check).text) for code, month, check in odd]
            return _refused(409, told, error="unfit")
    try:
        made = store_cells(session, cells, Origin(by=current_user().name, source=source))
    except CellsChangedError as error:
        session.rollback()
        stored = {_said(one)[0]: _stored(one) for one in error.problems}
        return _refused(409, [_said(one) for one in error.problems], error="changed_since", stored=stored)
    except CellsRefusedError as error:
        session.rollback()
        return _refused(422, [_said(one) for one in error.problems])
    session.commit()
    return jsonify({"change_set": made.id if made else None, "cells": made.counts["cells"] if made else 0})


def _read(sent: list[object]) -> tuple[list[Cell], list[tuple[str, str]]]:
    if len(sent) > MOST_CELLS:
        raise InvalidValueError(name="cells", value=str(len(sent)), reason=N_("too many at once; use a file"))
    cells, problems = [], []
    for one in sent:
        if not isinstance(one, dict):
            raise InvalidValueError(name="cells", value=str(one)[:40], reason=N_("a list is needed"))
        key, texts = str(one.get("key"))[:200], (str(one.get("value") or "")[:60], str(one.get("before") or "")[:60])
        code, month, figure = parse_key(key)
        try:
            value, before = map(read_number, texts)
        except InvalidValueError as error:
            problems.append((key, translate_error(error)))
            continue
        cells.append(Cell(code=code, month=month, figure=figure, value=value, before=before))
    return cells, problems


def parse_key(key: str) -> tuple[str, MonthKey, str]:
    """Return series, month and figure of a cell's key, like retail|2020-02|actual||value. Raises InvalidValueError."""
    try:
        code, period, version, scenario, figure = key.split("|")
        month = MonthKey(date.fromisoformat(f"{period}-01"), version_called(version), scenario)
    except ValueError:
        raise InvalidValueError(name="key", value=key[:40], reason=N_("no such cell")) from None
    return code, month, figure


def _key(code: str, month: MonthKey, figure: str) -> str:
    return f"{code}|{month.period:%Y-%m}|{month.version.value}|{month.scenario}|{figure}"


def _said(problem: CellProblem) -> tuple[str, str]:
    cell = problem.cell
    said = problem.message.say(translate, lambda value: write_number(value) or translate(N_("nothing")))
    return _key(cell.code, cell.month, cell.figure), said


def _stored(problem: CellProblem) -> str:
    value = problem.message.values.get("stored")
    return write_number(value) if isinstance(value, Decimal) else ""


def _refused(
    status: int, problems: list[tuple[str, str]], error: str = "invalid", stored: Mapping[str, str] | None = None
) -> tuple[Response, int]:
    sentences = {
        "invalid": N_("{count} cells cannot be stored as they are. Nothing was stored."),
        "changed_since": N_("Somebody has changed {count} of these cells in the meantime. Nothing was stored."),
        "unfit": N_("{count} figures do not fit each other. Please check them against the report."),
    }
    told = [
        {"key": key, "message": message, **({"stored": stored[key]} if stored else {})} for key, message in problems
    ]
    message = translate(sentences[error]).format(count=len(problems))
    return jsonify({"error": error, "message": message, "details": {"problems": told}}), status


def _group(series: Series, year: int, version: FigureVersion, scenario: str) -> GroupView:
    language = current_language()
    months = {month.key: month for month in series.months}
    keys = [MonthKey(date(year, number, 1), version, scenario) for number in range(1, 13)]
    shown = [months.get(key) or Month(period=key.period, version=version, scenario=scenario) for key in keys]
    computed = [compute_figures(month, series.months) for month in shown]
    rows = []
    for figure, label in FIGURES.items():
        if series.is_index and figure not in PERCENT:
            continue
        cells = []
        for month, follows in zip(shown, computed, strict=True):
            found = follows.get(figure)
            text = write_number(round(found.value, 2), minus="−") if found else ""
            value: Decimal | None = getattr(month, figure)
            cells.append(
                CellView(
                    key=_key(series.code, month.key, figure), month=month.period.month, text=write_number(value),
                    computed=text, differs=found is not None and found.differs,
                )
            )  # fmt: skip
        unit = "%" if figure in PERCENT else translate(series.unit, language)
        rows.append(RowView(label=translate(label), short=translate(SHORT[figure]), unit=unit, cells=tuple(cells)))
    return GroupView(code=series.code, name=series_name(series, language), rows=tuple(rows))


def _saved() -> int:
    """Return the change set that was just stored; 0 for none."""
    text = request.args.get("saved", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def asked_year(series: list[Series], text: str) -> int:
    """Return the year that was asked for, else the last that is reported. Raises InvalidValueError."""
    if text:
        return parse_whole("year", text, low=FIRST_YEAR, high=LAST_YEAR)
    return max((month.period.year for one in series for month in one.months_of(*REPORTED)), default=today().year)


def known_years(series: list[Series], shown: int) -> list[int]:
    """Return the years that there are figures of, those beside the one shown, and this one."""
    known = {month.period.year for one in series for month in one.months} | {shown, shown - 1, shown + 1, today().year}
    return sorted(year for year in known if FIRST_YEAR <= year <= LAST_YEAR)


def _first_month(year: int) -> int:
    """Return the month that a phone shows first: the one before this, which is reported now."""
    now = today()
    return max(1, now.month - 1) if year == now.year else 1


def _version(text: str) -> FigureVersion:
    try:
        return version_called(text)
    except ValueError:
        known = ", ".join(version.value for version in FigureVersion)
        raise InvalidValueError(name="version", value=text[:40], reason=known) from None
