"""The audit lines that no single view writes: what was refused to somebody, and what somebody took along as a file.

Only of accounts: nobody's requests are in the web server's log, and would let anybody fill the table.
"""

import logging

from flask import Flask, Response, g, request
from sqlalchemy.exc import SQLAlchemyError

from geodata.accounts.accounts import record_once
from geodata.base.i18n import N_
from webmap.app.auth import user_of_page
from webmap.app.extensions import db_session

log = logging.getLogger(__name__)

REFUSED = N_("Was refused")
TOOK_ALONG = N_("Downloaded a file")

_LONGEST = 300


def init_audit(app: Flask) -> None:
    """Write the lines when an answer is ready."""
    app.after_request(_record)


def _record(response: Response) -> Response:
    is_refused = response.status_code == 403 or bool(g.get("is_hidden"))
    is_file = response.status_code == 200 and "attachment" in response.headers.get("Content-Disposition", "")
    if not (is_refused or is_file):
        return response
    user = user_of_page()
    if user.is_authenticated:
        address = f"{request.method} {request.script_root}{request.full_path.removesuffix('?')}"[:_LONGEST]
        session = db_session()
        try:
            session.rollback()  # what the view left uncommitted is not ours to keep
            record_once(session, by=user.name, action=REFUSED if is_refused else TOOK_ALONG, details=address)
            session.commit()
        except SQLAlchemyError:
            # A database that only reads, or is gone by now: the answer is made, its line is in this log.
            log.exception("not in the audit log: %s %s", user.name, address)
    return response
