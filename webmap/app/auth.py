"""Who is asking, and whether the endpoint lets them in: nothing is open that does not say so.

Every view carries @allow(...) or @allow_public; check_declarations() refuses to start without. What a role may
see of a layer is asked in geodata.accounts.access, never here and never in a template.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import (
    Flask,
    Response,
    abort,
    current_app,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.local import LocalProxy

from geodata.accounts import tokens
from geodata.accounts.accounts import ACCOUNT_ROLES, ROLE_LABELS
from geodata.accounts.logins import SignedIn, find_session, touch_session
from geodata.accounts.reader import ANYBODY, Reader
from geodata.base.errors import ForbiddenError
from geodata.base.i18n import N_
from geodata.editing import Editor
from geodata.schema.roles import Role
from webmap.app.cookies import cookie_name
from webmap.app.errors import wants_json
from webmap.app.extensions import STORED_DAY, database, db_session, layers
from webmap.app.i18n import current_language, translate
from webmap.app.settings import Settings

LOGIN_KEY = "login"
#: Where a token is looked at; pages are for sessions.
FOR_PROGRAMS = ("/api/", "/ogc/", "/tiles/", "/openapi.json")

csrf = CSRFProtect()
log = logging.getLogger(__name__)

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class AccessRule:
    """Which roles an endpoint lets in. Accounts that must change their password count as public elsewhere."""

    roles: frozenset[Role]
    before_password_change: bool = False


@dataclass(frozen=True, kw_only=True)
class CurrentUser:
    """Who sends this request. `role` is what counts; `own_role` is that of the account."""

    name: str = ""
    full_name: str | None = None
    own_role: Role = Role.PUBLIC
    must_change_password: bool = False
    account_id: int | None = None
    token_sha256: str = ""
    areas: tuple[str, ...] = ()
    has_second_factor: bool = False
    must_set_second_factor: bool = False
    is_reading_only: bool = False

    @property
    def is_authenticated(self) -> bool:
        """Whether somebody is signed in."""
        return self.account_id is not None

    @property
    def role(self) -> Role:
        """The role that decides: public until a given password is replaced and a second factor that is due is set up."""
        return Role.PUBLIC if self.must_change_password or self.must_set_second_factor else self.own_role

    @property
    def role_label(self) -> str:
        """The account's role, marked for translation."""
        return ROLE_LABELS[self.own_role]

    @property
    def display_name(self) -> str:
        """How to call them."""
        return self.full_name or self.name


NOBODY = CurrentUser()


def allow(*roles: Role, before_password_change: bool = False) -> Callable[[View], View]:
    """Let these roles call the view, and nobody else."""
    if not roles:
        raise TypeError("name the roles: @allow(Role.GIS, ...)")

    def declare(view: View) -> View:
        rule = AccessRule(roles=frozenset(roles), before_password_change=before_password_change)
        vars(view)["access_rule"] = rule
        return view

    return declare


def allow_public(view: View) -> View:
    """Let everybody call the view; what it shows still depends on current_role()."""
    return allow(*Role)(view)


def access_rule(view: Callable[..., Any]) -> AccessRule | None:
    """Return what the view declares, or None."""
    return getattr(view, "access_rule", None)


def may_open(endpoint: str, role: Role) -> bool:
    """Say whether a role may open a page, by the page's own rule."""
    view = current_app.view_functions.get(endpoint)
    rule = access_rule(view) if view else None
    return rule is not None and role in rule.roles


def current_user() -> CurrentUser:
    """Return who sends this request; asks the database once, and only when there is a cookie."""
    if "current_user" not in g:
        g.current_user = NOBODY  # stays when the database is away: the error page must not ask again
        g.current_user = _load_user()
    user: CurrentUser = g.current_user
    return user


def current_role() -> Role:
    """Return the role that decides what this request may see."""
    return current_user().role


def current_reader() -> Reader:
    """Return for whom this request reads: who sends it, in which language, under the address of which day."""
    user, day = current_user(), request.environ.get(STORED_DAY)
    return Reader(role=user.role, areas=user.areas, day=day, language=current_language())


def user_of_page() -> CurrentUser:
    """Return whom the page greets: nobody when the database is away, so that the error page can still be shown."""
    try:
        return current_user()
    except SQLAlchemyError:
        return NOBODY


def check_declarations(app: Flask) -> None:
    """Raise RuntimeError when an endpoint does not say who may call it."""
    silent = sorted(name for name, view in app.view_functions.items() if access_rule(view) is None)
    if silent:
        raise RuntimeError(f"endpoints without @allow or @allow_public: {', '.join(silent)}")


def refuse(roles: Iterable[Role]) -> Response:
    """Return the answer for somebody who is none of these roles: sign in, or which role it takes."""
    wanted = frozenset(roles)
    needed = [role for role in ACCOUNT_ROLES if role in wanted]
    user = current_user()
    if not user.is_authenticated:
        text = N_("Your session has ended. Please sign in again.") if g.get("session_ended") else N_("Please sign in.")
        return _send_to(url_for("accounts.login", next=_return_address()), 401, "login_required", text)
    if user.must_change_password:
        address = url_for("accounts.account", next=_return_address())
        return _send_to(address, 403, "password_change_required", N_("Please choose your own password first."))
    if user.must_set_second_factor:
        text = N_("Your role needs a second factor. Set it up before you go on.")
        return _send_to(url_for("second_factor.setup"), 403, "second_factor_required", text)
    labels = ", ".join(translate(ROLE_LABELS[role]) for role in needed)
    if _is_program():
        message = translate(ForbiddenError.template).format(roles=labels)
        return _json(403, "forbidden", message, {"roles": [role.value for role in needed]})
    return make_response(render_template("accounts/forbidden.html", labels=labels), 403)


def safe_target(target: str | None) -> str:
    """Return a path of this site, below the prefix under which a proxy shows it, to go on to; anything else becomes the map."""
    home = f"{request.script_root}/"
    if (
        not target
        or not target.startswith(home)
        or target.startswith("//")
        or "\\" in target
        or not target.isprintable()
    ):
        return home
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or parts.path.removeprefix(request.script_root) in {"/login", "/logout"}:
        return home
    return target


def client_address() -> str:
    """Return the address the request comes from; ProxyFix decides whether a proxy is believed."""
    return request.remote_addr or "?"


def init_auth(app: Flask) -> None:
    """Check every request before its view runs: first the role, then the CSRF token. Call it when all views are there."""
    app.config.update(
        SESSION_COOKIE_NAME=cookie_name(app, "session"),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        SESSION_COOKIE_DOMAIN=None,
        WTF_CSRF_TIME_LIMIT=None,  # the token lives as long as the session: inspectors fill long forms
    )
    if "static" in app.view_functions:
        allow_public(app.view_functions["static"])
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    app.before_request(_check_token)
    app.before_request(_check_access)
    csrf.init_app(app)
    app.before_request(_check_csrf)
    app.register_error_handler(CSRFError, _csrf_failed)
    app.register_error_handler(ForbiddenError, _forbidden)
    app.after_request(_tell_role)
    app.context_processor(lambda: {"current_user": LocalProxy(user_of_page)})
    check_declarations(app)


def current_editor() -> Editor:
    """Return who sends this request, as one who edits."""
    user = current_user()
    return Editor(name=user.name, role=user.role, areas=user.areas, registry=layers())


def _check_token() -> ResponseReturnValue | None:
    """Let the owner of a token in, on the addresses for programs; a token that is no longer one lets nobody in."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not request.path.startswith(FOR_PROGRAMS):
        return None
    with database().reading(ANYBODY) as connection:
        found = tokens.find_token(connection, secret.strip())
    if found is None:
        text = N_("This token is unknown, has ended or was revoked.")
        response = _json(401, "token_refused", translate(text), {})
        response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        return response
    if found.owner.needs_touch:
        tokens.touch_token(db_session(), found.token_id)
        db_session().commit()
    g.by_token = True
    g.current_user = _user(found.owner, is_reading_only=not found.can_write)
    if not found.can_write and request.method not in {"GET", "HEAD", "OPTIONS"}:
        return _json(403, "token_reads_only", translate(N_("This token may only read.")), {})
    return None


def _check_csrf() -> None:
    """Check that a form comes from a page of ours; who sends a token cannot be led by another site."""
    if current_app.config["WTF_CSRF_ENABLED"] and request.endpoint is not None and not g.get("by_token"):
        csrf.protect()


def _check_access() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None  # no such page: the router's 404 or 405 follows
    rule = access_rule(current_app.view_functions[request.endpoint])
    if rule is None:
        log.error("endpoint %s does not say who may call it", request.endpoint)
        abort(403)
    if Role.PUBLIC in rule.roles:
        return None
    user = current_user()
    role = user.own_role if rule.before_password_change else user.role
    return None if role in rule.roles else refuse(rule.roles)


def _tell_role(response: Response) -> Response:
    """Say for whom the answer was made: an open map learns from it that its login has ended."""
    user = g.get("current_user")
    if user is not None:
        response.headers["X-Role"] = user.role.value
    return response


def _load_user() -> CurrentUser:
    token = session.get(LOGIN_KEY)
    if not isinstance(token, str):
        return NOBODY
    with database().reading(ANYBODY) as connection:
        found = find_session(connection, token)
    if found is None:
        session.pop(LOGIN_KEY)
        g.session_ended = True
        return NOBODY
    if found.needs_touch:
        touch_session(db_session(), found.token_sha256)
        db_session().commit()
    return _user(found)


def _user(found: SignedIn, *, is_reading_only: bool = False) -> CurrentUser:
    settings: Settings = current_app.config["SETTINGS"]
    return CurrentUser(
        name=found.name,
        full_name=found.full_name,
        own_role=found.role,
        must_change_password=found.must_change_password,
        account_id=found.account_id,
        token_sha256=found.token_sha256,
        areas=found.areas,
        has_second_factor=found.has_second_factor,
        must_set_second_factor=not found.has_second_factor and found.role in settings.second_factor_roles,
        is_reading_only=is_reading_only,
    )


def _is_program() -> bool:
    """Whether a script asks: fetch() would follow a redirect and show the login page in a popup."""
    return wants_json() or request.headers.get("Sec-Fetch-Dest") == "empty"


def _send_to(address: str, status: int, code: str, text: str) -> Response:
    """Send people to a page; tell programs."""
    if not _is_program():
        return make_response(redirect(address))
    return _json(status, code, translate(text), {})


def _json(status: int, code: str, message: str, details: dict[str, object]) -> Response:
    return make_response(jsonify({"error": code, "message": message, "details": details}), status)


def _return_address() -> str:
    """Return where to come back to: this page, or the one a form or a script was on."""
    if request.method in {"GET", "HEAD"} and not _is_program():
        return safe_target(request.script_root + request.full_path.removesuffix("?"))
    came_from = urlsplit(request.referrer or "")
    if came_from.netloc != request.host:
        return safe_target(None)
    return safe_target(f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path)


def _csrf_failed(error: CSRFError) -> Response:
    text = N_("This form was opened before you signed in or out, or its session has ended. Open the page again.")
    if _is_program():
        return _json(400, "csrf", translate(text), {})
    back = request.path if request.path == url_for("accounts.login") else _return_address()
    return make_response(render_template("accounts/stale_form.html", message=translate(text), back=back), 400)


def _forbidden(error: ForbiddenError) -> Response:
    if error.code != ForbiddenError.code and _is_program():
        return _json(403, error.code, error.said.say(translate), {})
    named = error.details.get("roles")
    words = named if isinstance(named, list) else str(named or "").replace(",", " ").split()
    return refuse(role for role in ACCOUNT_ROLES if role in words)
