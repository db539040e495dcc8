"""The board of dossiers for staff: what is on its way in each layer that has a procedure, and terms that end."""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, render_template, url_for

from geodata.accounts.access import Action, may
from geodata.base.database import ReadConnection, today
from geodata.projects.dossiers import Coming, Dossier, Ending, coming, ending, overdue, read_dossiers, with_terms
from geodata.query.cache import keep
from geodata.schema.details import Detail
from geodata.schema.feature import Feature
from geodata.schema.pipeline import Pipeline, Term
from geodata.schema.roles import STAFF, STEERING
from webmap.app.auth import allow, current_reader, current_role
from webmap.app.bell import Reminders, rings_for
from webmap.app.extensions import database, layers
from webmap.app.i18n import translate
from webmap.app.links import map_address

blueprint = Blueprint("dossiers", __name__)


@dataclass(frozen=True, kw_only=True)
class Board:
    """The dossiers of a layer under their states, each with the address that opens it."""

    title: str
    columns: list[tuple[str, list[tuple[Dossier, str]]]]
    late: int


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The rows of a table whose term ends, and those that do not count yet, each with the address that opens its object."""

    title: str
    days: int
    rows: list[tuple[Ending, str]]
    coming: list[tuple[Coming, str]]


@blueprint.get("/clusters/pipeline")
@allow(*STAFF)
def pipeline() -> str:
    """Show each dossier under its state, with how long it has been there and how late it is."""
    on = today()
    with database().reading(current_reader()) as connection:
        boards = [_board(connection, kind, way) for kind, way in _ways()]
        terms = [_terms(connection, *found) for found in with_terms(layers())]
    return render_template(
        "projects/pipeline.html",
        on=on,
        boards=boards,
        terms=terms,
        may_edit=any(_may_edit(kind) for kind, _ in _ways()),
    )


def _ways() -> list[tuple[type[Feature], Pipeline]]:
    """Return the layers with a procedure, in the order of the boards."""
    ways = [(kind, kind.layer.pipeline) for kind in layers() if kind.layer.pipeline is not None]
    return sorted(ways, key=lambda found: found[1].place)


def _may_edit(kind: type[Feature]) -> bool:
    return may(current_role(), Action.WRITE, kind)


def _board(connection: ReadConnection, kind: type[Feature], way: Pipeline) -> Board:
    dossiers, edit = read_dossiers(connection, kind, way), _may_edit(kind)
    columns = [
        (
            translate(state.label),
            [(one, map_address(kind.layer.name, selected=one.id, edit=edit)) for one in dossiers if one.state == state],
        )
        for state in way.states
    ]
    return Board(title=translate(way.title), columns=columns, late=len(overdue(dossiers, today())))


def _terms(connection: ReadConnection, kind: type[Feature], detail: type[Detail], term: Term) -> Terms:
    edit = _may_edit(kind)
    ends, comes = ending(connection, kind, detail, term, today()), coming(connection, kind, detail, term)

    def address(number: int) -> str:
        return map_address(kind.layer.name, selected=number, edit=edit)

    return Terms(
        title=translate(term.title), days=term.days, rows=[(one, address(one.feature_id)) for one in ends],
        coming=[(one, address(one.feature_id)) for one in comes],
    )  # fmt: skip


def count_late() -> Reminders | None:
    """Return how many dossiers are late and terms end, for who moves them on."""
    if current_role() not in STEERING or current_reader().areas:
        return None
    on = today()
    with database().reading(current_reader()) as connection:
        read = [kind.layer.name for kind in layers()]
        count = keep(connection, read, ("late dossiers", on), lambda: _count_late(connection, on))
    return Reminders(label=translate("Dossiers and price plans"), count=count, address=url_for("dossiers.pipeline"))


def _count_late(connection: ReadConnection, on: date) -> int:
    late = sum(len(overdue(read_dossiers(connection, kind, way), on)) for kind, way in _ways() if way.steps)
    return late + sum(len(ending(connection, *found, on)) for found in with_terms(layers()))


rings_for(blueprint, count_late)
