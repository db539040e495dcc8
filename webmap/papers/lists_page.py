"""Lists by the values of a choice, as files: on the day of the address, else today."""

from flask import Blueprint, Response, current_app, request

from geodata.base.database import today
from geodata.base.parsing import parse_day
from geodata.schema.roles import STAFF
from webmap.app.auth import allow, current_reader
from webmap.app.extensions import database, db_session, layers
from webmap.app.gate import dear
from webmap.app.papers import send_form
from webmap.papers.lists import read_list

blueprint = Blueprint("paper_lists", __name__, url_prefix="/papers/lists")


@blueprint.get("/<name>.<any(docx, pdf):format>")
@allow(*STAFF)
@dear
def file(name: str, format: str) -> Response:
    """Answer a list."""
    text = request.args.get("on", "").strip()
    day = parse_day("on", text) if text else today()
    office: str = current_app.config["SETTINGS"].department_name
    with database().reading(current_reader(), is_fresh=True) as connection:
        filled, _counts = read_list(connection, layers(), name, day, office=office.upper())
    return send_form(db_session(), filled, f"danh-sach-{day:%Y-%m-%d}", format)
