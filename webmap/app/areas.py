"""Accounts limited to areas: which pages they open. What these read is limited by webmap.app.extensions."""

from flask import Flask, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from geodata.accounts.scopes import list_areas
from webmap.app.auth import current_reader, current_user, user_of_page
from webmap.app.extensions import database, layers
from webmap.app.i18n import translate

#: All that is read here goes through Database.reading() (tests/webmap/app/test_doors.py); a page that reads otherwise stays closed.
OPEN = frozenset(
    {
        "accounts", "api", "batch_editing", "calendar", "dashboard", "documents", "dossiers", "due", "editing", "exports", "features", "following", "health",
        "help", "mail", "map", "ogc", "ogc_edit", "ogc_tiles", "openapi", "petitions", "project_site", "projects", "proposals", "reports", "saved_views",
        "second_factor", "showcase", "showcase_files", "sketches", "tiles", "tools",
    }
)  # fmt: skip


def is_open(blueprint: str | None) -> bool:
    """Say whether who is limited to areas may open the pages of a blueprint."""
    return blueprint is None or blueprint in OPEN


def init_areas(app: Flask) -> None:
    """Close what is not open to limited accounts, and tell them what they see."""
    app.before_request(_admit)
    app.context_processor(_banner)


def _admit() -> ResponseReturnValue | None:
    if request.endpoint is None or is_open(request.blueprint) or not current_user().areas:
        return None
    return make_response(render_template("accounts/forbidden.html", labels="", is_limited=True), 403)


def _banner() -> dict[str, str]:
    """Give templates the names of the areas; none for most people, and none while the database is away."""
    if not user_of_page().areas:
        return {"own_areas": ""}
    try:
        with database().reading(current_reader()) as connection:
            names = [name for _, name in list_areas(connection, layers(), current_reader().areas)]
    except SQLAlchemyError:
        return {"own_areas": ", ".join(current_reader().areas)}
    return {"own_areas": ", ".join(names) or translate("none")}
