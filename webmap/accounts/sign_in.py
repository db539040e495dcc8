"""The moment of signing in, however it came about, and the password asked for again before what signing in takes is changed."""

from flask import request, session

from geodata.accounts import accounts, logins
from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from webmap.app.auth import LOGIN_KEY, client_address, current_user
from webmap.app.extensions import db_session


def start_session(account: accounts.Account, shown: str) -> None:
    """Replace whatever the browser held by a new session. `shown`: by what he signed in, for the audit log."""
    if current_user().is_authenticated:
        end_own_session()
    session.clear()
    session[LOGIN_KEY] = logins.open_session(
        db_session(), account, address=client_address(), user_agent=request.user_agent.string, shown=shown
    )


def end_own_session() -> None:
    """End the session of this request, if it has one."""
    user = current_user()
    if user.is_authenticated:
        logins.close_session(db_session(), name=user.name, token_sha256=user.token_sha256, address=client_address())


def is_asked_again() -> bool:
    """Say whether one's password is asked for again: the session is not of a moment ago."""
    return not logins.is_fresh(db_session(), current_user().token_sha256)


def confirm_again() -> None:
    """Let go on who has just signed in or shows his password in `present_password`. Raises like `show_password`."""
    if is_asked_again():
        show_password(request.form.get("present_password", ""))


def show_password(password: str) -> accounts.Account:
    """Return one's own account to who shows its password; wrong ones count like those at the sign-in.

    Raises InvalidValueError, LoginThrottledError; the failure is committed.
    """
    try:
        return logins.check_login(db_session(), name=current_user().name, password=password, address=client_address())
    except logins.LoginRefusedError:
        db_session().commit()
        raise InvalidValueError(N_("The present password is not right.")) from None
    except logins.LoginThrottledError:
        db_session().commit()
        raise
