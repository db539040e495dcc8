"""The second factor on the web: asked for at sign-in, set up by its owner, taken off by an administrator."""

import time

import segno
from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from geodata.accounts import accounts, logins, second_factor
from geodata.accounts.accounts import ACCOUNT_ROLES, Account
from geodata.base.errors import GeodataError
from geodata.schema.roles import Role
from webmap.accounts.sign_in import confirm_again, is_asked_again, start_session
from webmap.app.auth import allow, allow_public, client_address, current_user, safe_target
from webmap.app.extensions import db_session
from webmap.app.i18n import translate_error

blueprint = Blueprint("second_factor", __name__)

PENDING = "second_factor"
#: Seconds for which the password stands without the code.
PATIENCE_S = 600
OWN_ACCOUNT = allow(*ACCOUNT_ROLES, before_password_change=True)


def ask_for_code(account: Account, target: str, shown: str) -> ResponseReturnValue:
    """Remember that the first factor was right, and which it was, and go on to the code."""
    session.clear()
    session[PENDING] = [account.id, int(time.time()), shown]
    return redirect(url_for("second_factor.ask", next=target))


@blueprint.get("/login/code")
@allow_public
def ask() -> ResponseReturnValue:
    """Show the form for the code."""
    if current_user().is_authenticated:
        return redirect(safe_target(request.args.get("next")))
    if _pending() is None:
        return redirect(url_for("accounts.login", next=safe_target(request.args.get("next"))))
    return _code_page()


@blueprint.post("/login/code")
@allow_public
def check() -> ResponseReturnValue:
    """Let somebody in whose code is right."""
    account, target = _pending(), safe_target(request.form.get("next"))
    if account is None:
        return redirect(url_for("accounts.login", next=target))
    try:
        logins.check_second_step(db_session(), account, request.form.get("code", "")[:40], address=client_address())
    except logins.LoginThrottledError as error:
        db_session().commit()
        return _code_page(translate_error(error)), 429, {"Retry-After": str(int(logins.WINDOW.total_seconds()))}
    except logins.CodeRefusedError as error:
        db_session().commit()
        return _code_page(translate_error(error)), 401
    start_session(account, f"{session[PENDING][-1]} + code")
    db_session().commit()
    return redirect(url_for("accounts.account", next=target) if account.must_change_password else target)


@blueprint.get("/account/second-factor")
@OWN_ACCOUNT
def setup() -> ResponseReturnValue:
    """Show the picture to read with an authenticator."""
    return _setup_page()


@blueprint.post("/account/second-factor")
@OWN_ACCOUNT
def confirm() -> ResponseReturnValue:
    """Put the authenticator in force, and show the recovery codes this once."""
    user = current_user()
    try:
        confirm_again()
        codes = second_factor.confirm(
            db_session(), user.account_id or 0, request.form.get("code", "")[:40], by=user.name
        )
    except GeodataError as error:
        db_session().rollback()
        return _setup_page(translate_error(error)), 400
    accounts.end_sessions(db_session(), user.account_id or 0, except_token_sha256=user.token_sha256)
    db_session().commit()
    return render_template("accounts/second_factor_codes.html", codes=codes)


@blueprint.post("/admin/users/<name>/second-factor/remove")
@allow(Role.ADMIN)
def remove(name: str) -> ResponseReturnValue:
    """Take an account's second factor off."""
    second_factor.remove(db_session(), name, by=current_user().name)
    db_session().commit()
    return redirect(url_for("accounts.users", done="second_factor", about=name))


def _pending() -> Account | None:
    """Return whose password was right lately, while the code is missing."""
    pending = session.get(PENDING)
    if not isinstance(pending, list) or time.time() - pending[1] > PATIENCE_S:
        return None
    account = db_session().get(Account, pending[0])
    return account if account is not None and account.disabled_at is None else None


def _code_page(problem: str = "") -> str:
    return render_template(
        "accounts/second_factor_ask.html", problem=problem, target=safe_target(request.values.get("next"))
    )


def _setup_page(problem: str = "") -> str:
    user = current_user()
    if second_factor.has_second_factor(db_session(), user.account_id or 0):
        return render_template("accounts/second_factor_setup.html", problem=problem, secret="")
    secret = second_factor.begin(db_session(), user.account_id or 0)
    db_session().commit()
    issuer: str = current_app.config["SETTINGS"].department_name
    address = second_factor.address_for(secret, name=user.name, issuer=issuer)
    picture = segno.make(address, error="m").svg_data_uri(scale=5)
    spaced = " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))
    return render_template(
        "accounts/second_factor_setup.html",
        problem=problem,
        secret=spaced,
        picture=picture,
        asked_again=is_asked_again(),
    )
