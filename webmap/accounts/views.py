"""Signing in and out, one's own account, and the administrator's pages about accounts and the audit log."""

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from geodata.accounts import accounts, logins, tokens
from geodata.accounts.accounts import ACCOUNT_ROLES, COMMAND_LINE, ROLE_LABELS, AuditAction
from geodata.accounts.identities import list_tied
from geodata.accounts.outside import SourceAction
from geodata.accounts.passwords import MAX_LENGTH, MIN_LENGTH, make_password, verify_password
from geodata.accounts.scopes import limit_user, list_areas
from geodata.accounts.second_factor import has_second_factor, list_second_factors
from geodata.base.errors import GeodataError, InvalidValueError
from geodata.base.i18n import N_
from geodata.base.parsing import LARGEST_ID
from geodata.schema.roles import Role
from webmap.accounts.second_factor import ask_for_code
from webmap.accounts.sign_in import confirm_again, end_own_session, is_asked_again, show_password, start_session
from webmap.app.auth import allow, allow_public, client_address, current_reader, current_user, safe_target
from webmap.app.extensions import database, db_session, layers
from webmap.app.i18n import translate_error
from webmap.app.requests import int_argument

blueprint = Blueprint("accounts", __name__)

AUDIT_PAGE = 50
OWN_ACCOUNT = allow(*ACCOUNT_ROLES, before_password_change=True)


@blueprint.get("/login")
@allow_public
def login() -> ResponseReturnValue:
    """Show the sign-in form, or go on when already signed in."""
    target = safe_target(request.args.get("next"))
    if current_user().is_authenticated:
        return redirect(target)
    return render_template("accounts/login.html", target=target, username="")


@blueprint.post("/login")
@allow_public
def sign_in() -> ResponseReturnValue:
    """Let somebody in, with a new token."""
    target = safe_target(request.form.get("next") or request.args.get("next"))
    name, password = request.form.get("username", ""), request.form.get("password", "")
    try:
        account = logins.check_login(db_session(), name=name, password=password, address=client_address())
    except logins.LoginThrottledError as error:
        db_session().commit()
        page = render_template("accounts/login.html", target=target, username=name, problem=translate_error(error))
        return page, 429, {"Retry-After": str(int(logins.WINDOW.total_seconds()))}
    except logins.LoginRefusedError as error:
        db_session().commit()
        page = render_template("accounts/login.html", target=target, username=name, problem=translate_error(error))
        return page, 401
    if has_second_factor(db_session(), account.id):
        db_session().commit()
        return ask_for_code(account, target, "password")
    start_session(account, "password")
    db_session().commit()
    if account.must_change_password:
        return redirect(url_for("accounts.account", next=target))
    return redirect(target)


@blueprint.get("/logout")
@allow_public
def leave() -> ResponseReturnValue:
    """Ask before signing out: a link on another site must not do it."""
    if not current_user().is_authenticated:
        return redirect(url_for("accounts.login"))
    return render_template("accounts/logout.html")


@blueprint.post("/logout")
@allow_public
def logout() -> ResponseReturnValue:
    """End this session, here and in the database."""
    end_own_session()
    db_session().commit()
    session.clear()
    answer = redirect(url_for("accounts.login"))
    # Answers kept by the browser go; drafts stay, as nothing that somebody typed may be lost.
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@blueprint.get("/account")
@OWN_ACCOUNT
def account() -> ResponseReturnValue:
    """Show one's own account."""
    return _account_page(done=request.args.get("done"))


@blueprint.post("/account/password")
@OWN_ACCOUNT
def change_password() -> ResponseReturnValue:
    """Change one's own password; every other session ends."""
    user = current_user()
    new = request.form.get("new_password", "")
    try:
        stored = show_password(request.form.get("current_password", ""))
        if new != request.form.get("repeated_password"):
            raise InvalidValueError(N_("The two new passwords differ."))
        if verify_password(stored.password_hash, new):
            raise InvalidValueError(N_("The new password is the present one."))
        accounts.set_password(db_session(), user.name, new, by=user.name)
    except GeodataError as error:
        db_session().rollback()
        return _account_page(problem=translate_error(error)), 400
    start_session(stored, "password")
    db_session().commit()
    target = safe_target(request.form.get("next"))
    if user.must_change_password and target != "/":
        return redirect(target)
    return redirect(url_for("accounts.account", done="password"))


@blueprint.post("/account/sessions/end")
@OWN_ACCOUNT
def end_other_sessions() -> ResponseReturnValue:
    """End one's sessions on all other devices."""
    user = current_user()
    try:
        confirm_again()
    except GeodataError as error:
        db_session().rollback()
        return _account_page(session_problem=translate_error(error)), 400
    accounts.end_sessions(db_session(), user.account_id or 0, except_token_sha256=user.token_sha256)
    accounts.record_audit(db_session(), by=user.name, action=AuditAction.SESSIONS_ENDED)
    db_session().commit()
    return redirect(url_for("accounts.account", done="sessions"))


@blueprint.post("/account/tokens")
@allow(*ACCOUNT_ROLES)
def add_token() -> ResponseReturnValue:
    """Give oneself a token; its secret is shown this once."""
    days = request.form.get("days", tokens.DAYS, type=int)
    try:
        confirm_again()
        _, secret = tokens.add_token(
            db_session(), current_user().name, name=request.form.get("name", ""), days=days,
            can_write=bool(request.form.get("can_write")), by=current_user().name,
        )  # fmt: skip
    except GeodataError as error:
        db_session().rollback()
        return _account_page(token_problem=translate_error(error)), 400
    db_session().commit()
    return _account_page(secret=secret)


@blueprint.post("/account/tokens/<int:number>/revoke")
@allow(*ACCOUNT_ROLES)
def revoke_token(number: int) -> ResponseReturnValue:
    """End one of one's own tokens at once."""
    user = current_user()
    tokens.revoke_token(db_session(), number, account_id=user.account_id, by=user.name)
    db_session().commit()
    return redirect(url_for("accounts.account", done="token", _anchor="tokens"))


@blueprint.get("/admin/users")
@allow(Role.ADMIN)
def users() -> ResponseReturnValue:
    """List the accounts."""
    return _users_page(done=request.args.get("done"), about=request.args.get("about"))


@blueprint.post("/admin/users")
@allow(Role.ADMIN)
def add_user() -> ResponseReturnValue:
    """Add an account with a made-up password, shown this once."""
    form = {name: request.form.get(name, "") for name in ("name", "full_name", "role")}
    password = make_password()
    try:
        added = accounts.create_user(
            db_session(),
            name=form["name"],
            full_name=form["full_name"],
            role=form["role"],
            password=password,
            must_change_password=True,
            by=current_user().name,
        )
    except GeodataError as error:
        db_session().rollback()
        return _users_page(problem=translate_error(error), form=form), 400
    db_session().commit()
    return _users_page(given=(added.name, password), done="added", about=added.name)


@blueprint.post("/admin/users/<name>/role")
@allow(Role.ADMIN)
def change_role(name: str) -> ResponseReturnValue:
    """Give an account another role; its sessions end."""
    return _change_user(
        name, "role", lambda by: accounts.set_role(db_session(), name, request.form.get("role", ""), by=by)
    )


@blueprint.post("/admin/users/<name>/areas")
@allow(Role.ADMIN)
def change_areas(name: str) -> ResponseReturnValue:
    """Limit a planner to areas, or to none; its sessions end."""
    areas = request.form.getlist("areas")
    return _change_user(name, "areas", lambda by: limit_user(db_session(), layers(), name, areas, by=by))


@blueprint.post("/admin/users/<name>/disable")
@allow(Role.ADMIN)
def disable(name: str) -> ResponseReturnValue:
    """Disable an account; its sessions end."""
    return _change_user(name, "disabled", lambda by: accounts.disable_user(db_session(), name, by=by))


@blueprint.post("/admin/users/<name>/enable")
@allow(Role.ADMIN)
def enable(name: str) -> ResponseReturnValue:
    """Enable an account again."""
    return _change_user(name, "enabled", lambda by: accounts.enable_user(db_session(), name, by=by))


@blueprint.post("/admin/users/<name>/password")
@allow(Role.ADMIN)
def reset_password(name: str) -> ResponseReturnValue:
    """Replace a password by a made-up one, shown this once; the account's sessions end."""
    try:
        password = accounts.reset_password(db_session(), name, by=current_user().name)
    except GeodataError as error:
        db_session().rollback()
        return _users_page(problem=translate_error(error)), 400
    db_session().commit()
    return _users_page(given=(accounts.fold_name(name), password), done="password", about=accounts.fold_name(name))


@blueprint.post("/admin/users/<name>/sessions/end")
@allow(Role.ADMIN)
def sign_out_user(name: str) -> ResponseReturnValue:
    """End all sessions of an account."""
    return _change_user(name, "signed_out", lambda by: accounts.sign_out_user(db_session(), name, by=by))


@blueprint.get("/admin/audit")
@allow(Role.ADMIN)
def audit() -> ResponseReturnValue:
    """List the audit log, newest first; `before` goes on from an entry."""
    before = int_argument("before", 0, low=0, high=LARGEST_ID) or None
    about = request.args.get("account", "")[:64]
    entries = accounts.list_audit(db_session(), before_id=before, about=about, limit=AUDIT_PAGE + 1)
    return render_template(
        "accounts/audit.html",
        entries=entries[:AUDIT_PAGE],
        older=entries[AUDIT_PAGE - 1].id if len(entries) > AUDIT_PAGE else None,
        about=about,
        is_first=before is None,
        action_labels=AuditAction.labels() | tokens.TokenAction.labels() | SourceAction.labels(),
        command_line=COMMAND_LINE,
    )


def _account_page(
    *, problem: str = "", done: str | None = None, secret: str = "", token_problem: str = "", session_problem: str = ""
) -> str:
    user = current_user()
    return render_template(
        "accounts/account.html",
        problem=problem,
        done=done,
        target=safe_target(request.values.get("next")),
        sessions=logins.list_sessions(db_session(), user.account_id or 0),
        own_token_sha256=user.token_sha256,
        has_second_factor=user.has_second_factor,
        tokens=[token for token, _ in tokens.list_tokens(db_session(), user.account_id or 0)],
        secret=secret,
        token_problem=token_problem,
        session_problem=session_problem,
        asked_again=is_asked_again(),
        token_days=tokens.DAYS,
        min_length=MIN_LENGTH,
        max_length=MAX_LENGTH,
    )


def _users_page(
    *,
    problem: str = "",
    done: str | None = None,
    about: str | None = None,
    given: tuple[str, str] | None = None,
    form: dict[str, str] | None = None,
) -> str:
    with database().reading(current_reader(), is_fresh=True) as connection:
        areas = list_areas(connection, layers())
    return render_template(
        "accounts/users.html",
        problem=problem,
        done=done,
        about=about,
        given=given,
        form=form or {},
        users=accounts.list_users(db_session()),
        with_second_factor=list_second_factors(db_session()),
        tied=list_tied(db_session()),
        given_days=accounts.GIVEN_FOR.days,
        signed_in=logins.list_signed_in(db_session()),
        roles=[(role.value, ROLE_LABELS[role]) for role in ACCOUNT_ROLES],
        role_labels=ROLE_LABELS,
        areas=areas,
    )


def _change_user(name: str, done: str, change: Callable[[str], None]) -> ResponseReturnValue:
    try:
        change(current_user().name)
    except GeodataError as error:
        db_session().rollback()
        return _users_page(problem=translate_error(error)), 400
    db_session().commit()
    return redirect(url_for("accounts.users", done=done, about=name))
