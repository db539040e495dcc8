"""Who may see what, in which language, as which bytes. No SQL, no geometry."""

from flask import Flask
from sqlalchemy import Connection, Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from geodata.database import new_engine
from geodata.layer import Registry
from geodata.layers import LAYERS
from webmap.areas import init_areas
from webmap.auth import init_auth
from webmap.compression import init_compression
from webmap.errors import init_errors
from webmap.extensions import init_database
from webmap.i18n import init_i18n
from webmap.modules import init_modules
from webmap.navigation import init_navigation
from webmap.security import init_security
from webmap.settings import Settings, from_env
from webmap.then import init_then
from webmap.views import register_views

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
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxy_count, x_proto=settings.proxy_count)  # type: ignore[method-assign]
    replicas = [new_engine(url, statement_timeout_s=STATEMENT_TIMEOUT_S) for url in settings.replica_urls]
    init_database(app, bind or new_engine(statement_timeout_s=STATEMENT_TIMEOUT_S), layers, replicas)
    init_i18n(app)
    init_errors(app)
    init_security(app)
    init_compression(app)
    init_modules(app)
    register_views(app)
    init_auth(app)
    init_navigation(app)
    init_then(app)
    init_areas(app)
    return app
