"""What no request may hold, whatever address it is for: looked at once, before any view.

Ids beyond the database's, texts that PostgreSQL cannot store (NUL, lone surrogates), JSON nested without end, addresses
that are none. Views then take a text as a text.
"""

import math
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request, session
from flask.json.provider import DefaultJSONProvider
from werkzeug.datastructures import MultiDict
from werkzeug.routing import IntegerConverter, ValidationError
from werkzeug.sansio.utils import host_is_trusted

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.base.parsing import LARGEST_ID
from webmap.app.auth import LOGIN_KEY
from webmap.app.settings import Settings

#: A form of somebody who is not signed in: a name, a password, a token.
MOST_BYTES_UNKNOWN = 64 * 2**10
_DEEPEST = 50
_SHOWN = 80


class IdConverter(IntegerConverter):
    """A whole number of the path that the database can hold; any other address does not exist."""

    regex = r"[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        """Return the number. Raises ValidationError beyond bigint."""
        number = int(super().to_python(value))
        if number > LARGEST_ID:
            raise ValidationError
        return number


class BoundedJson(DefaultJSONProvider):
    """JSON as far as it can be stored; what is not counts as no JSON at all."""

    def loads(self, s: str | bytes, **options: Any) -> Any:
        """Return the value. Raises ValueError."""
        try:
            value = super().loads(s, **options)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        _check_json(value)
        return value


def init_guard(app: Flask) -> None:
    """Look at every address and header before anything else does. `init_body_guard` follows when the role is known."""
    app.json = BoundedJson(app)
    app.url_map.converters["int"] = IdConverter
    app.before_request(_check_address)


def init_body_guard(app: Flask) -> None:
    """Look at forms, after access was checked: nobody's upload is read who may not send it."""
    app.before_request(_check_form)


def _check_address() -> Response | None:
    settings: Settings = current_app.config["SETTINGS"]
    host = request.environ.get("HTTP_HOST")  # HTTP/1.0 has none; links are then made from the address it came to
    if host is not None and not host_is_trusted(host.lower(), settings.trusted_hosts):
        # No page: its links would be made from that very name.
        return Response("This server does not go by that name (TRUSTED_HOSTS).\n", 400, mimetype="text/plain")
    if LOGIN_KEY not in session:
        request.max_content_length = MOST_BYTES_UNKNOWN
    if not is_plain(request.path):
        raise InvalidValueError(name="path", value="", reason=_NOT_PLAIN)
    _check_texts(request.args)
    try:
        urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        # It only says where to go back to; without it that is the map.
        request.environ.pop("HTTP_REFERER", None)
    return None


def _check_form() -> None:
    if request.method not in {"GET", "HEAD", "OPTIONS"}:
        _check_texts(request.form)


_NOT_PLAIN = N_("it contains a sign that cannot be stored")


def is_plain(text: str) -> bool:
    """Say whether PostgreSQL can store a text: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _check_texts(sent: MultiDict[str, str]) -> None:
    for name, value in sent.items(multi=True):
        if not is_plain(name) or not is_plain(value):
            shown = "".join(char for char in name if char.isprintable())[:_SHOWN]
            raise InvalidValueError(name=shown, value="", reason=_NOT_PLAIN)


def _check_json(value: Any) -> None:
    """Raise ValueError for texts that cannot be stored, numbers that are none, and what is nested too deeply."""
    level: list[Any] = [value]
    for _ in range(_DEEPEST):
        texts = [one for one in level if isinstance(one, str)]
        texts += [name for one in level if isinstance(one, dict) for name in one]
        numbers = [one for one in level if isinstance(one, float)]
        if not all(map(is_plain, texts)) or not all(map(math.isfinite, numbers)):
            raise ValueError("it holds what cannot be stored")
        level = [part for one in level for part in _parts(one)]
        if not level:
            return
    raise ValueError("nested too deeply")


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
