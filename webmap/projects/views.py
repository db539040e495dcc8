"""Projects and key works for staff: the portfolio, a page for each, sheets to send up. On any day, as known then."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request
from sqlalchemy import select

from geodata.accounts.access import Action, may
from geodata.base.database import ReadConnection, today
from geodata.base.errors import NotFoundError
from geodata.following.follows import find_follow
from geodata.layers.petitions import Petition
from geodata.layers.projects import Project, ScheduleState
from geodata.projects import photos
from geodata.projects.pictures import milestone_gantt, portfolio_gantt, s_curve
from geodata.projects.records import ProjectRecord, read_projects
from geodata.projects.schedule import by_person, duties
from geodata.query.documents import documents_of
from geodata.schema.filters import parse_day
from geodata.schema.roles import STAFF
from webmap.app.auth import allow, current_reader, current_role, current_user
from webmap.app.extensions import database, db_session, layers
from webmap.app.gate import dear
from webmap.app.i18n import current_language, translate
from webmap.app.links import map_address
from webmap.app.papers import send_form, send_paper
from webmap.projects import sheets, words

blueprint = Blueprint("projects", __name__, url_prefix="/projects")


@blueprint.get("")
@allow(*STAFF)
def index() -> str:
    """Show all projects: what is late and because of whom first."""
    on, language = _asked_day(), current_language()
    projects = _read(on)
    lines = [words.describe(project, on, language) for project in projects]
    state = request.args.get("schedule", "")
    counts = {state: sum(line.delay.state == state for line in lines) for state in ScheduleState}
    return _page(
        "page",
        on=on,
        counts=[
            (state.value, translate(state.label, language), words.TONES[state], words.ICONS[words.TONES[state]], count)
            for state, count in counts.items()
            if count
        ],
        chosen=state,
        lines=sorted(
            (line for line in lines if not state or line.delay.state == state),
            key=lambda line: (-(line.delay.days or 0) if line.delay.is_behind else 1, line.project.name),
        ),
        total=len(lines),
        people=by_person(duties(projects, on)),
        gantt=portfolio_gantt(projects, on, words.language_of(language)),
        map_address=map_address(Project.layer.name),
        may_write=may(current_role(), Action.WRITE, Project),
    )


@blueprint.get("/portfolio.<format>")
@allow(*STAFF)
@dear
def portfolio(format: str) -> Response:
    """Answer the sheet of all projects."""
    on = _asked_day()
    return send_paper(sheets.portfolio_paper(_read(on), on=on, office=_office()), f"du-an-{on:%Y-%m-%d}", format)


@blueprint.get("/<code>")
@allow(*STAFF)
def project(code: str) -> str:
    """Show a project with its schedule, obstacles, money and what it builds."""
    on, language = _asked_day(), current_language()
    record = one_project(code, on)
    with database().reading(current_reader()) as connection:
        acts = documents_of(connection, Project.layer.name, record.id)
        petitions = petitions_about(connection, [record.code, *(one.object_code for one in record.objects)])
    may_write = may(current_role(), Action.WRITE, Project)
    spoken = words.language_of(language)
    shown = photos.list_photos(db_session(), record.id, until=on)
    return _page(
        "project",
        photos=shown,
        on=on,
        line=words.describe(record, on, language),
        project=record,
        duties=duties([record], on),
        layer=Project.layer.name,
        follow=_follow(record.code),
        curve=s_curve(record, on, spoken),
        gantt=milestone_gantt(record, on, spoken),
        acts=acts,
        petitions=[(map_address(Petition.layer.name, selected=number), name) for number, name in petitions],
        map_address=map_address(Project.layer.name, selected=record.id),
        may_write=may_write,
        edit_address=map_address(Project.layer.name, selected=record.id, edit=True) if may_write else "",
        objects=[
            (one, map_address(one.layer, selected=one.id) if one.layer else "") for one in record.objects
        ],
    )  # fmt: skip


@blueprint.get("/<code>.<any(docx, pdf):format>")
@allow(*STAFF)
@dear
def sheet(code: str, format: str) -> Response:
    """Answer the sheet of a project."""
    on = _asked_day()
    record = one_project(code, on)
    latest = photos.list_photos(db_session(), record.id, until=on, limit=sheets.MOST_PHOTOS)
    filled = sheets.filled_project(record, on=on, office=_office(), photos=latest)
    return send_form(db_session(), filled, f"du-an-{code}", format)


def _follow(code: str) -> int | None:
    """Return the number by which the person asking follows a project, or None."""
    account = current_user().account_id
    found = find_follow(db_session(), account, layer=Project.layer.name, code=code) if account else None
    return found.id if found else None


def petitions_about(connection: ReadConnection, codes: Sequence[str]) -> list[tuple[int, str]]:
    """Return id and subject of the petitions about any of these objects."""
    query = select(Petition.id, Petition.name).where(Petition.object_code.in_(codes)).order_by(Petition.due_on)
    return [(number, name) for number, name in connection.execute(query)]


def _page(template: str, **values: Any) -> str:
    return render_template(
        f"projects/{template}.html",
        words=words,
        today=today(),
        query={"on": request.args["on"]} if request.args.get("on") else {},
        **values,
    )


def _asked_day() -> date:
    """Return the day of the address, else today. Raises InvalidFilterError."""
    text = request.args.get("on", "").strip()
    return parse_day("on", text) if text else today()


def _read(on: date, code: str | None = None) -> list[ProjectRecord]:
    with database().reading(current_reader()) as connection:
        return read_projects(connection, layers(), on, code)


def one_project(code: str, on: date) -> ProjectRecord:
    """Return a project as known on a day. Raises NotFoundError."""
    found = _read(on, code)
    if not found:
        raise NotFoundError(value=code)
    return found[0]


def _office() -> str:
    name: str = current_app.config["SETTINGS"].department_name
    return name.upper()
