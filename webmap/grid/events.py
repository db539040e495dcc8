"""Events that must not lose power, for staff: the register, and how each is fed on its day."""

from collections.abc import Mapping
from datetime import date

from flask import Blueprint, Response, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from geodata.base.database import today
from geodata.base.errors import GeodataError, InvalidValueError
from geodata.base.i18n import N_
from geodata.grid import events, results
from geodata.grid.documents import StudyDocument
from geodata.grid.records import Scenario
from geodata.query.places import parse_place
from geodata.schema.roles import STAFF
from webmap.app.auth import allow, current_role, current_user
from webmap.app.extensions import db_session, layers
from webmap.app.i18n import DEFAULT_LANGUAGE, answer_in, translate_error
from webmap.app.papers import send_form
from webmap.grid import sheets, words
from webmap.grid.asked import USUAL, Asked, has_illustration, kept_study, office_name, render_page, scenario_of
from webmap.grid.forms import KEEPERS, read_decimal

blueprint = Blueprint("grid_events", __name__)


@blueprint.get("/grid/events")
@allow(*STAFF)
def index() -> str:
    """Show the register, and how each event is fed."""
    return _index_page()


@blueprint.get("/grid/events/plan")
@allow(*STAFF)
def plan() -> ResponseReturnValue:
    """Show how a place is fed on a day, without keeping it."""
    try:
        found = _read(request.args)
    except GeodataError as error:
        return _index_page(translate_error(error), request.args), 400
    return _plan_page(found)


@blueprint.get("/grid/events/<int:number>")
@allow(*STAFF)
def event(number: int) -> str:
    """Show how an event of the register is fed."""
    return _plan_page(events.get_event(db_session(), number))


@blueprint.get("/grid/events/<int:number>.<format>")
@allow(*STAFF)
def event_sheet(number: int, format: str) -> Response:
    """Answer the plan of an event."""
    answer_in(DEFAULT_LANGUAGE)
    found = events.get_event(db_session(), number)
    asked = _asked(found)
    kept = kept_study(asked)
    made = results.event_plan(db_session(), layers(), found, kept.document, asked.scenario)
    lines = words.event_lines(made, words.names_of(kept.document))
    filled = sheets.filled_event(
        made, lines, kept.document, scenario=asked.scenario, computed=sheets.day_text(kept.computed_at), office=office_name(), day=today(),
        is_illustration=has_illustration(),
    )  # fmt: skip
    return send_form(db_session(), filled, f"cap-dien-su-kien-{number}", format)


@blueprint.post("/grid/events")
@allow(*KEEPERS)
def save() -> ResponseReturnValue:
    """Keep an event in the register."""
    session = db_session()
    try:
        found = _read(request.form)
    except GeodataError as error:
        return _index_page(translate_error(error), request.form), 400
    found.entered_by = current_user().name
    session.add(found)
    session.commit()
    return redirect(url_for("grid_events.event", number=found.id))


@blueprint.post("/grid/events/<int:number>/remove")
@allow(*KEEPERS)
def remove(number: int) -> ResponseReturnValue:
    """Take an event out of the register."""
    session = db_session()
    session.delete(events.get_event(session, number))
    session.commit()
    return redirect(url_for("grid_events.index"))


def _index_page(problem: str = "", sent: Mapping[str, str] | None = None) -> str:
    rows = []
    for found in events.list_events(db_session()):
        document = kept_study(Asked(year=found.begins_on.year, scenario=USUAL)).document
        rows.append(results.event_plan(db_session(), layers(), found, document))
    now = kept_study(Asked(year=today().year, scenario=USUAL)).document
    return render_page(
        "events", plans=rows, problem=problem, form=sent or {}, stations=_stations(now), names=words.names_of(now),
    )  # fmt: skip


def _plan_page(found: events.GridEvent) -> str:
    asked = _asked(found)
    kept = kept_study(asked)
    made = results.event_plan(db_session(), layers(), found, kept.document, asked.scenario)
    names = words.names_of(kept.document)
    return render_page(
        "event", plan=made, event=found, asked=asked, names=names, lines=words.event_lines(made, names), kept=kept,
        may_keep=current_role() in KEEPERS, stations=_stations(kept.document), sent=request.args,
    )  # fmt: skip


def _asked(found: events.GridEvent) -> Asked:
    scenario: Scenario = scenario_of(request.args.get("scenario") or str(USUAL))
    return Asked(year=found.begins_on.year, scenario=scenario)


def _stations(document: StudyDocument) -> list[tuple[str, str]]:
    return sorted((row["name"], row["code"]) for row in document["stations"] if not row["is_infeed"])


def _read(form: Mapping[str, str]) -> events.GridEvent:
    """Read an event that was sent. Raises InvalidValueError."""
    sent = {key: value.strip() for key, value in form.items()}
    places = parse_place(sent.get("place", ""), current_app.config["SETTINGS"].province)
    if not places:
        raise InvalidValueError(
            name="place", value=sent.get("place", "")[:40], reason=N_("give its coordinates: degrees, or X Y of VN-2000")
        )  # fmt: skip
    begins_on = _day(sent, "begins_on")
    return events.check_event(
        events.GridEvent(
            name=sent.get("name", ""), lon=places[0].lon, lat=places[0].lat, begins_on=begins_on,
            ends_on=_day(sent, "ends_on") if sent.get("ends_on") else begins_on,
            power_mw=read_decimal("power_mw", sent["power_mw"]) if sent.get("power_mw") else None,
            station_code=sent.get("station_code", "")[:64] or None, is_illustration=False,
        )
    )  # fmt: skip


def _day(sent: dict[str, str], name: str) -> date:
    try:
        day = date.fromisoformat(sent.get(name, ""))
    except ValueError:
        raise InvalidValueError(name=name, value=sent.get(name, "")[:40], reason=N_("give a day")) from None
    if not 2000 <= day.year <= 2100:
        raise InvalidValueError(name=name, value=str(day), reason=N_("give a day"))
    return day
