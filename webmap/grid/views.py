"""The 110 kV network for staff: what it carries, what fails, what can still be connected; parameters and requests."""

import io
from collections import defaultdict

from flask import Blueprint, Response, current_app, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue

from geodata.accounts.access import Action, may
from geodata.base.database import today
from geodata.base.errors import GeodataError, NotFoundError
from geodata.editing import EditRefusedError
from geodata.export.papers import Paper
from geodata.grid import results, tables
from geodata.grid.consumers import Supply
from geodata.grid.documents import StudyDocument
from geodata.grid.parameters import Confidence
from geodata.grid.records import Scenario
from geodata.grid.requests import committed_mw, list_requests, request_states, request_tables
from geodata.schema.grid import GridCircuits, GridStations
from geodata.schema.roles import EDITORS, STAFF, Role
from webmap.app.about import about_lines, about_sheet
from webmap.app.auth import allow, current_editor, current_reader, current_role, current_user
from webmap.app.extensions import database, db_session, layers
from webmap.app.i18n import DEFAULT_LANGUAGE, answer_in, translate, translate_error
from webmap.app.links import map_address
from webmap.app.papers import send_paper, warned
from webmap.grid import sheets, words, workbook
from webmap.grid.asked import (
    Asked,
    asked_study,
    has_illustration,
    kept_study,
    offered_years,
    office_name,
    render_page,
    scenario_of,
)
from webmap.grid.drawing import build_drawing
from webmap.grid.forms import KEEPERS, read_decimal
from webmap.grid.methods import METHODS
from webmap.grid.register import store_request

blueprint = Blueprint("grid", __name__)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/grid")
@allow(*STAFF)
def index() -> str:
    """Show a year under a load, and another scenario beside it when asked."""
    asked = asked_study()
    kept = kept_study(asked)
    committed = committed_mw(list_requests(db_session(), layers()), asked.year)
    with database().reading(current_reader(), is_fresh=True) as connection:
        drawn = results.drawn_network(connection, layers())
    home = current_app.config["SETTINGS"].province.home
    shown = [(asked, build_drawing(kept.document, drawn, home))]
    if request.args.get("beside"):
        other = Asked(year=asked.year, scenario=scenario_of(request.args["beside"]))
        shown.append((other, build_drawing(kept_study(other).document, drawn, home)))
    names = words.names_of(kept.document)
    supplies = results.supplies(db_session(), layers(), asked.scenario)
    return render_page(
        "page",
        asked=asked,
        kept=kept,
        progress=results.progress_of(db_session()),
        years=offered_years(asked.year),
        shown=shown,
        overloads=words.overload_rows(kept.document),
        stations=words.station_rows(kept.document, committed),
        circuits=sorted(kept.document["circuits"], key=lambda row: -(row["loading_percent"] or 0)),
        tone=words.tone_of_loading,
        outages=words.outage_rows(kept.document),
        findings=words.finding_rows(kept.document),
        addresses=_addresses(kept.document),
        forms=_addresses(kept.document, edit=True),
        supplies=[(supply, words.supply_text(supply, names)) for supply in supplies],
        names=names,
        may_keep=current_role() in KEEPERS,
    )


def _addresses(document: StudyDocument, *, edit: bool = False) -> dict[str, str]:
    """Return where the map shows each station and circuit of a result, or its form, by code.

    A code the result lacks has none, nor has one that the role may not change a form.
    """
    found: dict[str, str] = defaultdict(str)
    for declaration, rows in ((GridStations, document["stations"]), (GridCircuits, document["circuits"])):
        for kind in layers():
            if isinstance(kind.layer.grid, declaration) and (not edit or may(current_role(), Action.WRITE, kind)):
                name = kind.layer.name
                found.update((row["code"], map_address(name, selected=row["id"], edit=edit)) for row in rows)
    return found


@blueprint.get("/grid/report.<format>")
@allow(*STAFF)
def report(format: str) -> Response:
    """Answer the plan against local overload (DOCX, PDF), or every table (XLSX)."""
    asked = asked_study()
    kept = kept_study(asked)
    answer_in(DEFAULT_LANGUAGE)
    if format == "xlsx":
        committed = committed_mw(list_requests(db_session(), layers()), asked.year)
        file = io.BytesIO()
        supplies = results.supplies(db_session(), layers(), asked.scenario)
        with database().reading(current_reader(), is_fresh=True) as connection:
            lines = about_lines(connection, [*layers()], DEFAULT_LANGUAGE)
        workbook.write_grid_workbook(
            kept.document,
            committed,
            supplies,
            file,
            computed=sheets.day_text(kept.computed_at),
            about=about_sheet(lines, DEFAULT_LANGUAGE),
        )
        file.seek(0)
        return send_file(file, mimetype=XLSX, as_attachment=True, download_name=f"luoi-110kv-{asked.year}.xlsx")
    supplies = results.supplies(db_session(), layers(), asked.scenario)
    paper = sheets.overload_paper(
        kept.document,
        results.remedies_of(db_session(), layers(), asked.scenario, kept.document),
        supplies,
        results.cures_of(db_session(), layers(), supplies, asked.scenario, asked.year),
        computed=sheets.day_text(kept.computed_at),
        office=office_name(),
        day=today(),
    )
    return _sent(paper, f"chong-qua-tai-{asked.year}", format)


@blueprint.get("/grid/stations/<code>")
@allow(*STAFF)
def station(code: str) -> str:
    """Show what a station can still take, year by year, and who has asked for it."""
    asked, row, years = _station(code)
    kept = kept_study(asked)
    return render_page(
        "station", asked=asked, row=row, years=years, document=kept.document,
        kept=kept, requests=list_requests(db_session(), layers(), code), address=_addresses(kept.document)[code],
    )  # fmt: skip


def _sent(paper: Paper, name: str, form: str) -> Response:
    return send_paper(warned(paper, is_some=has_illustration()), name, form)


@blueprint.get("/grid/stations/<code>.<format>")
@allow(*STAFF)
def station_sheet(code: str, format: str) -> Response:
    """Answer the sheet of a station."""
    answer_in(DEFAULT_LANGUAGE)
    asked, row, years = _station(code)
    kept = kept_study(asked)
    paper = sheets.station_paper(
        row, years, kept.document, computed=sheets.day_text(kept.computed_at), office=office_name(), day=today()
    )
    return _sent(paper, f"tram-{code}", format)


def _station(code: str) -> tuple[Asked, words.StationLine, list[tuple[int, words.StationLine]]]:
    """Return the row of a station in the year that is asked for, and in each year that is computed."""
    asked = asked_study()
    documents = {asked.year: kept_study(asked).document, **results.computed_years(db_session(), asked.scenario)}
    requests = list_requests(db_session(), layers())
    years = []
    for year, document in sorted(documents.items()):
        rows = words.station_rows(document, committed_mw(requests, year))
        years += [(year, row) for row in rows if row["code"] == code]
    found = next((row for year, row in years if year == asked.year), None)
    if found is None:
        raise NotFoundError(value=code)
    return asked, found, years


@blueprint.get("/grid/clusters/<code>")
@allow(*STAFF)
def cluster(code: str) -> str:
    """Show whether a cluster's need can be carried, by whom until when, and what frees it."""
    asked, supply, names = _supply(code)
    cures = results.cures_of(db_session(), layers(), [supply], asked.scenario, supply.short_from).get(code, [])
    kept = kept_study(asked)
    return render_page(
        "cluster",
        asked=asked,
        supply=supply,
        years=sorted(supply.need_by_year),
        sentence=words.supply_text(supply, names),
        limits=words.limits_of(_document_of(supply.short_from or asked.year, asked.scenario), names),
        cures=cures,
        names=names,
        document=kept.document,
        kept=kept,
    )


def _document_of(year: int, scenario: Scenario) -> StudyDocument:
    return kept_study(Asked(year=year, scenario=scenario)).document


@blueprint.get("/grid/clusters/<code>.<format>")
@allow(*STAFF)
def cluster_sheet(code: str, format: str) -> Response:
    """Answer the sheet of a cluster."""
    answer_in(DEFAULT_LANGUAGE)
    asked, supply, names = _supply(code)
    cures = results.cures_of(db_session(), layers(), [supply], asked.scenario, supply.short_from).get(code, [])
    kept = kept_study(asked)
    paper = sheets.cluster_paper(
        supply,
        cures,
        names,
        limits=words.limits_of(_document_of(supply.short_from or asked.year, asked.scenario), names),
        document=kept.document,
        scenario=str(asked.scenario),
        computed=sheets.day_text(kept.computed_at),
        office=office_name(),
        day=today(),
    )
    return _sent(paper, f"cap-dien-{code}", format)


def _supply(code: str) -> tuple[Asked, Supply, words.Names]:
    asked = asked_study()
    kept = kept_study(asked)
    found = results.supplies(db_session(), layers(), asked.scenario)
    supply = next((supply for supply in found if supply.consumer.code == code), None)
    if supply is None:
        raise NotFoundError(value=code)
    return asked, supply, words.names_of(kept.document)


@blueprint.get("/grid/method")
@allow(*STAFF)
def method() -> str:
    """Show how each number is computed."""
    return render_page("method", methods=METHODS)


@blueprint.get("/grid/parameters")
@allow(*STAFF)
def parameters() -> str:
    """Show the parameters with their origin."""
    return _parameters_page()


@blueprint.post("/grid/parameters/<int:number>")
@allow(Role.ADMIN)
def change_parameter(number: int) -> ResponseReturnValue:
    """Change a parameter."""
    session = db_session()
    try:
        tables.change_parameter(
            session, number, value=read_decimal("value", request.form.get("value", "")), source=request.form.get("source", ""),
            confidence=request.form.get("confidence", ""), user=current_user().name,
        )  # fmt: skip
    except GeodataError as error:
        session.rollback()
        return _parameters_page(translate_error(error)), 400
    session.commit()
    return redirect(url_for("grid.parameters") + f"#p{number}")


def _parameters_page(problem: str = "") -> str:
    return render_page(
        "parameters", rows=tables.list_parameters(db_session()), confidences=Confidence, problem=problem,
        may_change=current_role() is Role.ADMIN,
    )  # fmt: skip


@blueprint.get("/grid/requests")
@allow(*STAFF)
def requests() -> str:
    """Show the register of requests for power."""
    return _requests_page()


@blueprint.post("/grid/requests")
@allow(*KEEPERS)
def save_request() -> ResponseReturnValue:
    """Add a request, or change the state of one."""
    try:
        store_request(db_session(), layers(), request.form, current_editor())
    except EditRefusedError as error:
        return _requests_page(" ".join(problem.text.say(translate) for problem in error.problems)), 400
    except GeodataError as error:
        db_session().rollback()
        return _requests_page(translate_error(error)), 400
    return redirect(url_for("grid.requests"))


def _requests_page(problem: str = "") -> str:
    kept = kept_study(Asked(year=today().year, scenario=Scenario.EVENING_PEAK))
    stations = sorted((row["name"], row["code"]) for row in kept.document["stations"] if not row["is_infeed"])
    return render_page(
        "requests", rows=list_requests(db_session(), layers()), stations=stations, states=request_states(layers()),
        files=[(kind.layer.name, detail.detail.name) for kind, detail in request_tables(layers())],
        may_import=current_role() in EDITORS, names=words.names_of(kept.document), problem=problem, form=request.form, may_keep=current_role() in KEEPERS,
    )  # fmt: skip
