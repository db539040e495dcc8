"""The follow-up board: what is overdue, what is due, what came of it."""

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from geodata.base.errors import GeodataError, InvalidValueError
from geodata.inspections import followup
from geodata.inspections.entries import whole_text
from geodata.inspections.followup import DUE_LABELS, Due
from geodata.inspections.tables import follow_up_table
from geodata.schema.filters import CHOOSE
from webmap.app.auth import allow
from webmap.app.extensions import db_session
from webmap.app.gate import dear
from webmap.app.i18n import translate, translate_error
from webmap.inspections.files import send_table
from webmap.inspections.form_fields import INSPECTORS, current_day, day_field, number_field, person, render_page

blueprint = Blueprint("followup", __name__, url_prefix="/inspections/followup")


@blueprint.get("")
@allow(*INSPECTORS)
def index() -> str:
    """Show the findings of one column of the board."""
    return _page()


@blueprint.get("/table.xlsx")
@allow(*INSPECTORS)
@dear
def as_table() -> Response:
    """Answer the column as XLSX."""
    due = _due()
    rows = followup.list_follow_ups(db_session(), person(), due, current_day(), limit=5000)
    return send_table(
        follow_up_table(rows, translate=translate, title=translate(DUE_LABELS[due])), f"khac-phuc-{due.value}.xlsx"
    )


@blueprint.post("/<int:finding_id>")
@allow(*INSPECTORS)
def record(finding_id: int) -> ResponseReturnValue:
    """Write what followed from a finding."""
    try:
        followup.record_follow_up(
            db_session(), person(), finding_id,
            sanction_decision_no=_entered("sanction_decision_no", 100),
            fine_vnd=number_field("fine_vnd"), extra_penalty=_entered("extra_penalty", 500),
            fine_paid_on=day_field("fine_paid_on"), remedy_due_on=day_field("remedy_due_on"),
            remedied_on=day_field("remedied_on"),
            remedy_evidence=_entered("remedy_evidence", 1000), on=current_day(),
        )  # fmt: skip
    except GeodataError as error:
        db_session().rollback()
        return _page(translate_error(error), about=finding_id), 400
    db_session().commit()
    return redirect(url_for("followup.index", due=_due().value) + f"#finding-{finding_id}")


def _entered(name: str, longest: int) -> str | None:
    return whole_text(name, request.form.get(name, ""), longest) or None


def _due() -> Due:
    text = request.values.get("due", Due.OVERDUE.value)
    if text not in set(Due):
        raise InvalidValueError(name="due", value=text[:20], reason=CHOOSE)
    return Due(text)


def _page(problem: str = "", about: int | None = None) -> str:
    session, who, day = db_session(), person(), current_day()
    due = _due()
    return render_page(
        "inspections/followup.html",
        due=due, counts=followup.count_follow_ups(session, who, day), problem=problem, about=about, today=day,
        rows=followup.list_follow_ups(session, who, due, day), entered=request.form if problem else {},
    )  # fmt: skip
