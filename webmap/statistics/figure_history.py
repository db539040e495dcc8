"""What was changed in the indicators, by whom, and the way back."""

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from geodata.base.errors import ConflictError
from geodata.base.i18n import N_
from geodata.base.parsing import LARGEST_ID
from geodata.history.change_sets import ChangeKind, ChangeSet
from geodata.statistics.figure_changes import (
    MonthChange,
    get_change_set,
    list_change_sets,
    list_changes,
    take_back,
    undone_by,
)
from geodata.statistics.indicators import Series, list_series
from webmap.app.auth import current_reader, current_user
from webmap.app.extensions import database, db_session
from webmap.app.i18n import current_language, translate, translate_error
from webmap.app.requests import int_argument
from webmap.map.charts import series_name
from webmap.statistics.figure_lines import FigureLine, figure_line
from webmap.statistics.grid import WRITERS

blueprint = Blueprint("figure_history", __name__, url_prefix="/indicators/changes")

PAGE = 50
KINDS = {
    ChangeKind.EDIT: N_("Typed in"), ChangeKind.IMPORT: N_("From a file"), ChangeKind.UNDO: N_("Undone"),
}  # fmt: skip


@blueprint.get("")
@WRITERS
def index() -> str:
    """List the change sets, the latest first."""
    before = int_argument("before", 0, low=0, high=LARGEST_ID)
    found = list_change_sets(db_session(), limit=PAGE + 1, before_id=before or None)
    undone = undone_by(db_session(), [one.id for one in found])
    return render_template(
        "statistics/indicators/changes.html",
        change_sets=found[:PAGE], undone=undone, kinds=KINDS, more=found[PAGE - 1].id if len(found) > PAGE else None,
        may_write=True,
    )  # fmt: skip


@blueprint.get("/<int:number>")
@WRITERS
def change_set(number: int) -> str:
    """Show what a change set did, figure by figure."""
    return _page(get_change_set(db_session(), number))


@blueprint.post("/<int:number>/undo")
@WRITERS
def undo(number: int) -> ResponseReturnValue:
    """Take a change set back; what was changed later stays."""
    session = db_session()
    try:
        undoing, _ = take_back(session, number, by=current_user().name)
    except ConflictError as error:
        session.rollback()
        return _page(get_change_set(session, number), problem=translate_error(error)), 409
    session.commit()
    return redirect(url_for("figure_history.change_set", number=undoing.id))


def _page(found: ChangeSet, problem: str = "") -> str:
    session = db_session()
    with database().reading(current_reader(), is_fresh=True) as connection:
        known = {one.code: one for one in list_series(connection)}
    lines = [line for change in list_changes(session, found.id) for _, line in _lines(change, known)]
    return render_template(
        "statistics/indicators/change_set.html",
        found=found, kinds=KINDS, lines=lines, problem=problem,
        undone_by=undone_by(session, [found.id]).get(found.id), kept=_kept(found, known), may_write=True,
    )  # fmt: skip


def _kept(found: ChangeSet, known: Mapping[str, Series]) -> list[FigureLine]:
    """Return what an undo left alone, because it was changed again before: what it should have brought back, and did not."""
    if found.undoes_id is None:
        return []
    done = {(one.code, one.key): one for one in list_changes(db_session(), found.id)}
    kept = []
    for change in list_changes(db_session(), found.undoes_id):
        undone = done.get((change.code, change.key))
        names = {name for name, _, _ in undone.figures()} if undone else set()
        kept += [line for name, line in _lines(change, known) if name not in names]
    return kept


def _lines(change: MonthChange, known: Mapping[str, Series]) -> list[tuple[str, FigureLine]]:
    language = current_language()
    series = known.get(change.code)
    title, unit = (series_name(series, language), translate(series.unit)) if series else (change.code, "")
    return [
        (name, figure_line(title, unit, change.key, name, (before, after))) for name, before, after in change.figures()
    ]
