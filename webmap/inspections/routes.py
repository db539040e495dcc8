"""Day routes: asked for, shown on map and paper, assigned, taken along as GPX; and the calendar feed."""

from datetime import timedelta

from flask import Blueprint, Response, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from geodata.base.crs import current_province
from geodata.base.errors import GeodataError
from geodata.base.i18n import N_
from geodata.base.parsing import parse_clock
from geodata.importing.sessions.sessions import is_worker_running
from geodata.inspections import calendar, facts, routes, visits
from geodata.inspections.records import DayRoute
from geodata.inspections.routes import Planning
from geodata.inspections.routing import RouteOptions, clock
from webmap.app.auth import allow, allow_public
from webmap.app.extensions import db_session
from webmap.app.i18n import translate, translate_error
from webmap.inspections.form_fields import (
    INSPECTORS,
    current_day,
    day_field,
    id_list,
    number_field,
    person,
    place_argument,
    render_page,
)

_STAGES = {
    Planning.WAITING: N_("Waiting for the background"),
    Planning.RUNNING: N_("The order is being worked out"),
    Planning.DONE: N_("Ready"),
    Planning.FAILED: N_("Not worked out"),
    Planning.LOST: N_("The work was ended from outside"),
}

_LISTED_DAYS = 30
blueprint = Blueprint("routes", __name__, url_prefix="/inspections")


@blueprint.get("/routes")
@allow(*INSPECTORS)
def index() -> str:
    """List the day routes of the last weeks and those to come."""
    session = db_session()
    found = routes.list_routes(session, person(), current_day() - timedelta(days=_LISTED_DAYS))
    return render_page(
        "inspections/routes.html",
        routes=found, stages={route.id: _STAGES[routes.planning(session, route)] for route in found},
        names=dict(facts.list_inspectors(session)), today=current_day(),
    )  # fmt: skip


@blueprint.get("/routes/new")
@allow(*INSPECTORS)
def new() -> str:
    """Show the form of a day route for the chosen sites."""
    return _form()


@blueprint.post("/routes")
@allow(*INSPECTORS)
def add() -> ResponseReturnValue:
    """Take what is asked of the day; the background works it out."""
    try:
        west, south, east, north = current_province().opening
        route = routes.request_route(
            db_session(), person(), day=day_field("day") or current_day(), site_ids=id_list("site"),
            people=request.form.getlist("person")[:50], options=_options(), campaign_id=number_field("campaign"),
            now=facts.now(db_session()),
            start=place_argument("start") or ((west + east) / 2, (south + north) / 2),
        )  # fmt: skip
    except GeodataError as error:
        db_session().rollback()
        return _form(translate_error(error)), 400
    db_session().commit()
    return redirect(url_for("routes.show", route_id=route.id))


@blueprint.get("/routes/<int:route_id>")
@allow(*INSPECTORS)
def show(route_id: int) -> str:
    """Show who visits what when, printable; or how far the background is with it."""
    session = db_session()
    route = routes.get_route(session, person(), route_id)
    if route.result is None:
        return render_page(
            "inspections/route_progress.html",
            route=route, state=_state(route), stage=routes.planning(session, route), Planning=Planning,
        )  # fmt: skip
    sites = routes.sites_of(session, route)
    return render_page(
        "inspections/route.html",
        route=route, sites=sites, clock=clock, goes=person().name in route.request["people"], reasons=routes.REASONS, names=dict(facts.list_inspectors(session)),
        papers={paper.feature_id: paper for paper, _ in visits.list_papers(session, person(), day=route.day)},
        places=[
            {"person": each["person"], "points": [route.request["places"][str(stop["id"])] for stop in each["stops"]]}
            for each in (route.result or {}).get("routes", [])
        ],
    )  # fmt: skip


@blueprint.get("/routes/<int:route_id>/state")
@allow(*INSPECTORS)
def state(route_id: int) -> Response:
    """Answer how far the background is."""
    return jsonify(_state(routes.get_route(db_session(), person(), route_id)))


@blueprint.post("/routes/<int:route_id>/again")
@allow(*INSPECTORS)
def again(route_id: int) -> ResponseReturnValue:
    """Let the background try a route once more that failed."""
    route = routes.get_route(db_session(), person(), route_id)
    routes.ask_again(db_session(), route)
    db_session().commit()
    return redirect(url_for("routes.show", route_id=route.id))


@blueprint.post("/routes/<int:route_id>/assign")
@allow(*INSPECTORS)
def assign(route_id: int) -> ResponseReturnValue:
    """Make the stops planned visits of their inspectors."""
    route = routes.get_route(db_session(), person(), route_id)
    count = routes.assign_route(db_session(), person(), route)
    db_session().commit()
    flash(translate(N_("{count} visits are assigned.")).format(count=count), "success")
    if person().name in route.request["people"]:
        return redirect(url_for("day.index", day=route.day.isoformat()))
    return redirect(url_for("routes.show", route_id=route_id))


@blueprint.get("/routes/<int:route_id>.gpx")
@allow(*INSPECTORS)
def gpx(route_id: int) -> Response:
    """Answer one person's stops as GPX."""
    route = routes.get_route(db_session(), person(), route_id)
    who = request.args.get("person", person().name)
    content = routes.write_gpx(route, who, routes.sites_of(db_session(), route))
    return Response(
        content,
        mimetype="application/gpx+xml",
        headers={"Content-Disposition": f"attachment; filename=route-{route_id}.gpx"},
    )


@blueprint.post("/calendar")
@allow(*INSPECTORS)
def new_calendar() -> str:
    """Give a new secret address of the calendar feed; the old one ends."""
    token = calendar.new_feed(db_session(), person().name)
    db_session().commit()
    return render_page(
        "inspections/calendar.html", address=url_for("routes.calendar_feed", token=token, _external=True)
    )


@blueprint.get("/calendar")
@allow(*INSPECTORS)
def calendar_page() -> str:
    """Say what the calendar feed is."""
    return render_page("inspections/calendar.html", address=None)


@blueprint.get("/calendar/<token>.ics")
@allow_public
def calendar_feed(token: str) -> Response:
    """Answer the visits of whoever owns the secret address: calendar programs cannot sign in. No findings in it."""
    content = calendar.write_feed(
        db_session(), token, link=lambda number: url_for("visits.visit", paper_id=number, _external=True)
    )
    return Response(content, mimetype="text/calendar")


def _state(route: DayRoute) -> dict[str, object]:
    """Return what the page asks for each second; the same as of an import."""
    stage = routes.planning(db_session(), route)
    return {
        "stage": stage, "working": stage in {Planning.WAITING, Planning.RUNNING}, "waiting": stage is Planning.WAITING,
        "worker": is_worker_running(db_session()), "step": translate(_STAGES[stage]), "share": None,
        "rows": translate(N_("{sites} sites, {people} inspectors")).format(
            sites=len(route.request["places"]), people=len(route.request["people"])
        ),
        "left": "", "next": url_for("routes.show", route_id=route.id),
    }  # fmt: skip


def _options() -> RouteOptions:
    defaults = RouteOptions()
    return RouteOptions(
        starts=_minutes("starts", defaults.starts),
        ends=_minutes("ends", defaults.ends),
        lunch_from=_minutes("lunch_from", defaults.lunch_from),
        lunch_to=_minutes("lunch_to", defaults.lunch_to),
        lunch_minutes=_number("lunch_minutes", defaults.lunch_minutes),
        visit_minutes=_number("visit_minutes", defaults.visit_minutes),
        speed_kmh=float(_number("speed_kmh", int(defaults.speed_kmh))),
    )


def _number(name: str, default: int) -> int:
    value = number_field(name)
    return default if value is None else value


def _minutes(name: str, default: int) -> int:
    text = request.form.get(name, "").strip()
    if not text:
        return default
    return parse_clock(name, text)


def _form(problem: str = "") -> str:
    session, now, options = db_session(), facts.now(db_session()), RouteOptions()
    sites = facts.list_sites(session, id_list("site")[: routes.MAX_STOPS])
    # Late in the day the next one is offered: the form shall not start with what will be refused.
    is_over = now.hour * 60 + now.minute + options.visit_minutes > options.ends
    first = current_day() + timedelta(days=1) if is_over else current_day()
    return render_page(
        "inspections/route_form.html",
        sites=sites, inspectors=facts.list_inspectors(session), options=options, clock=clock,
        day=day_field("day", first), today=current_day(), campaign=number_field("campaign"), problem=problem,
        chosen=request.form.getlist("person") or [person().name], form=request.form,
    )  # fmt: skip
