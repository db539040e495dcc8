"""Who may see what, in which language, as which bytes. No SQL, no geometry."""

import logging

from flask import Flask
from sqlalchemy import Connection, Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from geodata.base.database import new_engine, new_pooled_engine
from geodata.base.logs import log_as_json
from geodata.layers import LAYERS
from geodata.schema.registry import Registry
from webmap.accounts.oidc import init_oidc
from webmap.app.areas import init_areas
from webmap.app.as_stored import init_then
from webmap.app.audit import init_audit
from webmap.app.auth import init_auth
from webmap.app.bell import init_bell
from webmap.app.errors import init_errors
from webmap.app.extensions import init_database
from webmap.app.gate import init_gate
from webmap.app.ground import init_ground
from webmap.app.guard import init_body_guard, init_guard
from webmap.app.i18n import init_i18n
from webmap.app.navigation import init_navigation
from webmap.app.observe import init_observation
from webmap.app.position import init_position
from webmap.app.security import init_security
from webmap.app.settings import Settings, from_env
from webmap.app.static_files import init_static_files
from webmap.app.templates import init_templates
from webmap.blueprints import register_blueprints

STATEMENT_TIMEOUT_S = 8


def create_app(
    settings: Settings | None = None, *, layers: Registry = LAYERS, bind: Engine | Connection | None = None
) -> Flask:
    """Return the application; tests hand in settings, layers and a connection of their own."""
    settings = settings or from_env()
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SETTINGS=settings,
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        MAX_CONTENT_LENGTH=settings.max_upload_mb * 2**20,
        MAX_FORM_MEMORY_SIZE=2**20,
        MAX_FORM_PARTS=1000,
    )
    if settings.proxy_count:
        count = settings.proxy_count
        # The host is checked against TRUSTED_HOSTS afterwards, like one that no proxy has touched.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count, x_prefix=count)  # type: ignore[method-assign]  # how Flask is wrapped
    replicas = [new_engine(url, statement_timeout_s=STATEMENT_TIMEOUT_S) for url in settings.replica_urls]
    first = bind or _engine_of(settings)
    init_database(app, first, layers, replicas)
    if replicas and isinstance(first, Engine):
        init_position(app, first)
    log_as_json("web", logging.INFO)
    init_observation(app)
    init_templates(app)
    init_guard(app)
    init_gate(app)
    init_i18n(app)
    init_errors(app)
    init_security(app)
    init_static_files(app)
    init_ground(app)
    init_bell(app)
    register_blueprints(app)
    init_oidc(app)
    init_auth(app)
    init_body_guard(app)
    init_navigation(app)
    init_then(app)
    init_areas(app)
    init_audit(app)
    return app


def _engine_of(settings: Settings) -> Engine:
    if settings.pooler_url:
        return new_pooled_engine(settings.pooler_url, statement_timeout_s=STATEMENT_TIMEOUT_S)
    return new_engine(statement_timeout_s=STATEMENT_TIMEOUT_S)
