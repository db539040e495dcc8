"""The map of an earlier day: every address of it lies under /then/YYYY-MM-DD, so that nothing read there mixes with today.

Only what shows the map is there; whatever else is asked for leads back to the present.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any
from wsgiref.types import WSGIEnvironment
from zoneinfo import ZoneInfo

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue

from geodata.base.database import TIME_ZONE, today
from geodata.history.as_stored import end_of
from geodata.history.change_sets import first_change
from geodata.schema.roles import Role
from webmap.app.auth import current_role, refuse
from webmap.app.extensions import STORED_DAY, db_session
from webmap.app.i18n import current_language, format_value

#: The history is open to these; so is what it says of a day.
READERS = (Role.GIS, Role.ADMIN)

_ADDRESS = re.compile(r"(/then/(\d{4}-\d{2}-\d{2}))(/.*)?$", re.ASCII)
#: All that is read here goes through Database.reading(): tests/webmap/app/test_doors.py asks all of it.
SHOWN = frozenset({"map", "tiles", "api", "features", "exports", "tools"})


def stored_day() -> date | None:
    """Return the day whose data this request reads, or None for the present."""
    day: date | None = request.environ.get(STORED_DAY) if request else None
    return day


def shown_until() -> datetime | None:
    """Return the moment up to which this request shows what was stored, or None for the present."""
    day = stored_day()
    return end_of(day) if day else None


def address_of(day: date) -> str:
    """Return where the map of a day is."""
    return f"{request.environ.get('SCRIPT_NAME', '')}/then/{day.isoformat()}/"


def init_then(app: Flask) -> None:
    """Serve the map of earlier days."""
    inner = app.wsgi_app

    def split(environ: WSGIEnvironment, start_response: Callable[..., Any]) -> Iterable[bytes]:
        found = _ADDRESS.match(environ.get("PATH_INFO", ""))
        day = _day(found[2]) if found else None
        if found and day:
            environ |= {
                "SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + found[1], "PATH_INFO": found[3] or "/", STORED_DAY: day,
                "webmap.map.present": environ.get("SCRIPT_NAME", "") + (found[3] or "/"),
            }  # fmt: skip
        return inner(environ, start_response)

    app.wsgi_app = split  # type: ignore[method-assign]  # how Flask is wrapped
    app.before_request(_admit)
    app.context_processor(_banner)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _admit() -> ResponseReturnValue | None:
    day = stored_day()
    if day is None or request.endpoint is None or request.endpoint == "static":
        return None
    if request.blueprint not in SHOWN or day >= today():
        return redirect(_present())
    return None if current_role() in READERS else refuse(frozenset(READERS))


def _present() -> str:
    query = request.query_string.decode("latin1")
    return str(request.environ["webmap.map.present"]) + (f"?{query}" if query else "")


def _banner() -> dict[str, object]:
    day = stored_day()
    if day is None:
        return {"shown_day": None}
    return {
        "shown_day": format_value(day, current_language()), "present_address": _present(), "history_begins": _history_begins,
    }  # fmt: skip


def _history_begins() -> str:
    """Return the day from which on changes are written down, where the day shown is before it; else nothing."""
    day, first = stored_day(), first_change(db_session())
    begins = first.astimezone(ZoneInfo(TIME_ZONE)).date() if first else today()
    return format_value(begins, current_language()) if day and day < begins else ""
