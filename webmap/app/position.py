"""Who has written reads what he wrote, also where replicas answer.

After an answer that may have written, and after each page of who is signed in, a cookie says how far the first server's
log had come. A replica answers this person when it has come as far; else the first server does. So what a page fetches
is never older than the page. Programs with a token have no cookies: the first server answers them.
"""

import re

from flask import Flask, Response, current_app, has_request_context, request
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from webmap.app.cookies import cookie_name, give_cookie

_COOKIE = "position"
#: A replica that is further behind than this is no replica any more.
_KEPT_S = 600
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_WRITTEN = re.compile(r"[0-9A-F]{1,8}/[0-9A-F]{1,8}")  # of the type pg_lsn
_REACHED = text(
    "SELECT NOT pg_is_in_recovery() OR coalesce(pg_last_wal_replay_lsn(), '0/0') >= CAST(:position AS pg_lsn)"
)


def wants_first_server() -> bool:
    """Return whether the first server answers this request whatever replicas have come to."""
    return has_request_context() and "Authorization" in request.headers


def has_come_far_enough(replica: Connection) -> bool:
    """Return whether a replica has all that this request's sender has written or been shown; leaves no transaction.

    It is asked each time, so that one which is gone is found out before somebody waits for what he wants to read.
    Raises DBAPIError then.
    """
    position = request.cookies.get(cookie_name(current_app, _COOKIE), "") if has_request_context() else ""
    asked = position if _WRITTEN.fullmatch(position) else "0/0"
    reached = bool(replica.scalar(_REACHED, {"position": asked}))
    replica.rollback()
    return reached


def init_position(app: Flask, first: Engine) -> None:
    """Have answers say how far the log of the first server has come; where no replicas answer this is not called."""

    @app.after_request
    def _tell(response: Response) -> Response:
        is_page = response.mimetype == "text/html" and app.config["SESSION_COOKIE_NAME"] in request.cookies
        if request.method in _SAFE and not is_page:
            return response
        try:
            with first.connect() as connection:
                position = connection.scalar(text("SELECT pg_current_wal_insert_lsn()::text"))
        except DBAPIError:
            return response  # nothing was written, and the error page says why
        give_cookie(response, _COOKIE, str(position), seconds=_KEPT_S)
        return response
