"""Petitions of voters and the answers that are due: a page, and a number on the bell."""

from dataclasses import dataclass
from datetime import date
from typing import TypedDict, cast

from flask import Blueprint, render_template, request, url_for
from sqlalchemy import func, select

from geodata.accounts.access import Action, may
from geodata.base.collation import name_key
from geodata.base.database import ReadConnection, today
from geodata.layers.petitions import SOON_DAYS, AnswerState, Petition
from geodata.layers.projects import Project
from geodata.query.references import Referred, find_object
from geodata.schema.roles import STAFF, STEERING
from webmap.app.auth import allow, current_reader, current_role
from webmap.app.bell import Reminders, rings_for
from webmap.app.extensions import database, layers
from webmap.app.i18n import current_language, translate
from webmap.app.links import map_address

blueprint = Blueprint("petitions", __name__, url_prefix="/petitions")

TONES = {
    AnswerState.OVERDUE: ("late", "exclamation-triangle-fill"), AnswerState.SOON: ("risk", "hourglass-split"),
    AnswerState.WAITING: ("none", "envelope"), AnswerState.ANSWERED: ("done", "check-circle-fill"),
}  # fmt: skip


class PetitionRow(TypedDict):
    """The columns of a petition that the list shows; `answer_state` is an AnswerState."""

    id: int
    code: str
    name: str
    asked_by: str | None
    council_session: str | None
    object_code: str | None
    received_on: date | None
    due_on: date | None
    answered_on: date | None
    answer: str | None
    assigned_to: str | None
    is_illustration: bool
    answer_state: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A petition as the list shows it; `days` are left until the answer is due, below 0 when it is late."""

    row: PetitionRow
    state: AnswerState
    tone: str
    icon: str
    label: str
    days: int | None
    about: str
    about_address: str
    address: str
    edit_address: str


@blueprint.get("")
@allow(*STAFF)
def index() -> str:
    """Show all petitions, the most urgent first."""
    state = request.args.get("answer", "")
    with database().reading(current_reader()) as connection:
        lines = [_line(connection, row) for row in _rows(connection)]
    order = list(AnswerState)
    lines.sort(key=lambda line: (order.index(line.state), line.row["due_on"] or date.max, name_key(line.row["name"])))
    counts = {each: sum(line.state == each for line in lines) for each in order}
    return render_template(
        "projects/petitions.html",
        lines=[line for line in lines if not state or line.state == state],
        counts=[(each, translate(each.label), *TONES[each], count) for each, count in counts.items() if count],
        chosen=state,
        total=len(lines),
        map_address=map_address(Petition.layer.name),
    )


def count_due() -> Reminders | None:
    """Return how many answers are late or due soon, for who answers petitions."""
    if current_role() not in STEERING or current_reader().areas:
        return None
    query = select(func.count()).where(
        Petition.answered_on.is_(None), Petition.due_on <= func.current_date() + SOON_DAYS
    )
    with database().reading(current_reader()) as connection:
        count = connection.execute(query).scalar_one()
    return Reminders(label=translate("Voters' petitions"), count=count, address=url_for("petitions.index"))


rings_for(blueprint, count_due)


def _rows(connection: ReadConnection) -> list[PetitionRow]:
    query = select(*(Petition.column(name).label(name) for name in PetitionRow.__annotations__))
    return [cast(PetitionRow, row._asdict()) for row in connection.execute(query)]


def _line(connection: ReadConnection, row: PetitionRow) -> Line:
    state = next(each for each in AnswerState if each == row["answer_state"])
    others = (kind for kind in layers() if kind is not Petition)
    about = find_object(connection, others, row["object_code"]) if row["object_code"] else None
    tone, icon = TONES[state]
    may_write = may(current_role(), Action.WRITE, Petition)
    return Line(
        row=row,
        state=state,
        tone=tone,
        icon=icon,
        label=translate(state.label, current_language()),
        days=(row["due_on"] - today()).days if row["due_on"] and state != AnswerState.ANSWERED else None,
        about=about.name if about else row["object_code"] or "",
        about_address=_address_of(about, row["object_code"]) if about and row["object_code"] else "",
        address=map_address(Petition.layer.name, selected=row["id"]),
        edit_address=map_address(Petition.layer.name, selected=row["id"], edit=True) if may_write else "",
    )


def _address_of(about: Referred, code: str) -> str:
    """Return the page of the project that a petition is about, or its object on the map."""
    if about.kind is Project:
        return url_for("projects.project", code=code)
    return map_address(about.kind.layer.name, selected=about.id)
