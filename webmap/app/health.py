"""Alive, and ready: for load balancers and for ./scripts/serve."""

from functools import cache

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from geodata import migrations
from geodata.accounts.reader import ANYBODY
from webmap.app.auth import allow_public
from webmap.app.extensions import database

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@allow_public
def healthz() -> Response:
    """Say that the process answers."""
    return jsonify({"status": "ok"})


@blueprint.get("/readyz")
@allow_public
def readyz() -> Response:
    """Say whether the database answers and has this program's schema."""
    try:
        with database().reading(ANYBODY) as connection:
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except SQLAlchemyError:
        found = None
    ready = found == _head()
    response = jsonify({"status": "ready" if ready else "not ready", "schema": found, "expected": _head()})
    response.status_code = 200 if ready else 503
    return response


@cache
def _head() -> str | None:
    config = Config()
    config.set_main_option("script_location", str(migrations.__path__[0]))
    return ScriptDirectory.from_config(config).get_current_head()
