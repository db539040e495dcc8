"""Errors as answers: one JSON shape for programs, one page for people."""

import logging
import secrets

from flask import Flask, Response, jsonify, render_template, request
from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from geodata import errors
from geodata.i18n import N_
from webmap.i18n import translate, translate_error

STATUS: dict[type[errors.GeodataError], int] = {
    errors.NotFoundError: 404,
    errors.InvalidFilterError: 400,
    errors.InvalidValueError: 400,
    errors.ForbiddenError: 403,
    errors.ConflictError: 409,
}

HTTP_TEXTS = {
    400: ("bad_request", N_("The request cannot be understood.")),
    401: ("login_required", N_("Please sign in.")),
    403: ("forbidden", N_("Your role does not allow this.")),
    404: ("not_found", N_("This page does not exist.")),
    405: ("method_not_allowed", N_("This address does not take that kind of request.")),
    413: ("too_large", N_("The upload is larger than this server takes.")),
    429: ("too_many_requests", N_("Too many attempts. Wait a few minutes and try again.")),
    500: ("server_error", N_("Something went wrong here. The error has been recorded.")),
    503: ("database_away", N_("The database does not answer. Try again in a moment.")),
}

log = logging.getLogger(__name__)


def wants_json() -> bool:
    """Say whether this request comes from a program: data paths, or JSON preferred over HTML."""
    if request.path.startswith(("/api/", "/tiles/", "/ogc/", "/healthz", "/readyz")):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json"


def error_response(status: int, code: str, message: str, details: dict[str, object] | None = None) -> Response:
    """Return the error in the form the client understands."""
    if wants_json():
        response = jsonify({"error": code, "message": message, "details": details or {}})
    else:
        response = Response(render_template("error.html", status=status, message=message, details=details or {}))
    response.status_code = status
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response


def init_errors(app: Flask) -> None:
    """Register the handlers."""

    @app.errorhandler(errors.GeodataError)
    def _geodata(error: errors.GeodataError) -> Response:
        status = next((STATUS[cls] for cls in type(error).__mro__ if cls in STATUS), 400)
        return error_response(status, error.code, translate_error(error), dict(error.details))

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        status = error.code or 500
        if error.response is not None or 300 <= status < 400:
            return error.get_response()  # type: ignore[return-value]
        code, text = HTTP_TEXTS.get(status, ("http_error", error.description or ""))
        return error_response(status, code, translate(text))

    @app.errorhandler(OperationalError)
    @app.errorhandler(PoolTimeout)
    def _database_away(error: Exception) -> Response:
        log.error("database away: %s", error)
        return error_response(503, *_texts(503))

    @app.errorhandler(Exception)
    def _unknown(error: Exception) -> Response:
        if isinstance(error, DBAPIError) and "statement timeout" in str(error.orig):
            return error_response(503, "too_slow", translate(N_("This takes too long. Narrow the filter or zoom in.")))
        number = secrets.token_hex(4)
        log.exception("error %s at %s", number, request.path)
        code, text = _texts(500)
        return error_response(500, code, f"{text} ({number})", {"id": number})


def _texts(status: int) -> tuple[str, str]:
    code, text = HTTP_TEXTS[status]
    return code, translate(text)
