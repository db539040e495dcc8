"""The moment of signing in, however it came about: a new session in place of whatever the browser held."""

from flask import request, session

from geodata.accounts import accounts, logins
from webmap.app.auth import LOGIN_KEY, client_address, current_user
from webmap.app.extensions import db_session


def start_session(account: accounts.Account) -> None:
    """Replace whatever the browser held by a new session."""
    if current_user().is_authenticated:
        end_own_session()
    session.clear()
    session[LOGIN_KEY] = logins.open_session(
        db_session(), account, address=client_address(), user_agent=request.user_agent.string
    )


def end_own_session() -> None:
    """End the session of this request, if it has one."""
    user = current_user()
    if user.is_authenticated:
        logins.close_session(db_session(), name=user.name, token_sha256=user.token_sha256, address=client_address())
