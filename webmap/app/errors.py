"""Errors as answers: one JSON shape for programs, one page for people."""

import errno
import logging
import secrets
from typing import cast

from flask import Flask, Response, g, jsonify, render_template, request
from sqlalchemy.exc import DBAPIError, TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from geodata.base import errors
from geodata.base.i18n import N_
from geodata.editing import EditRefusedError
from webmap.app.database_errors import AWAY, Refusal, refusal_of
from webmap.app.extensions import end_session
from webmap.app.i18n import translate, translate_error

STATUS: dict[type[errors.GeodataError], int] = {
    errors.NotFoundError: 404,
    errors.InvalidFilterError: 400,
    errors.InvalidValueError: 400,
    errors.ForbiddenError: 403,
    errors.ConflictError: 409,
    errors.QuotaError: 429,
    errors.BusyError: 503,
}

HTTP_TEXTS = {
    400: ("bad_request", N_("The request cannot be understood.")),
    401: ("login_required", N_("Please sign in.")),
    403: ("forbidden", N_("Your role does not allow this.")),
    404: ("not_found", N_("This page does not exist.")),
    405: ("method_not_allowed", N_("This address does not take that kind of request.")),
    412: ("changed_since", N_("Somebody changed this in the meantime. Reload and compare.")),
    413: ("too_large", N_("The upload is larger than this server takes.")),
    415: ("unsupported_type", N_("Send a GeoJSON feature, as application/geo+json.")),
    428: ("version_required", N_("Say in the header If-Match which version is to be changed: the feature's ETag.")),
    429: ("too_many_requests", N_("Too many attempts. Wait a few minutes and try again.")),
    500: ("server_error", N_("Something went wrong here. The error has been recorded.")),
    507: ("storage_full", N_("The server has no room left for this. Nothing was kept. Please tell the administrator.")),
    503: (AWAY.code, AWAY.text),
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
        end_session()  # of what is refused nothing stays, and the bell may tell what is kept for all
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
        g.is_hidden = isinstance(error, errors.HiddenError)
        response = error_response(status, error.code, translate_error(error), dict(error.details))
        if isinstance(error, errors.BusyError | errors.QuotaError):
            response.headers["Retry-After"] = str(error.details["seconds"])
        return response

    @app.errorhandler(EditRefusedError)
    def _invalid(error: EditRefusedError) -> Response:
        problems = [problem.as_json(translate) for problem in error.problems]
        return error_response(422, error.code, translate_error(error), {"problems": problems})

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        status = error.code or 500
        if error.response is not None or 300 <= status < 400:
            return cast(Response, error.get_response())
        code, text = HTTP_TEXTS.get(status, ("http_error", error.description or ""))
        return error_response(status, code, translate(text))

    _init_failures(app)


def _init_failures(app: Flask) -> None:
    """Register the handlers of what is nobody's request's fault."""

    @app.errorhandler(PoolTimeout)
    def _no_connection(error: Exception) -> Response:
        log.error("no connection: %s", error)
        return _refused(AWAY)

    @app.errorhandler(DBAPIError)
    def _database(error: DBAPIError) -> Response:
        refusal = refusal_of(error)
        if refusal is None:
            return _unforeseen(error)
        log.error("database: %s", error.orig)
        return _refused(refusal)

    @app.errorhandler(OSError)
    def _file_system(error: OSError) -> Response:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            return _unforeseen(error)
        log.error("disk full: %s", error)
        return error_response(507, *_texts(507))

    @app.errorhandler(Exception)
    def _unknown(error: Exception) -> Response:
        return _unforeseen(error)


def _unforeseen(error: Exception) -> Response:
    """Answer a fault of the program: recorded under a number that the page tells."""
    number = secrets.token_hex(4)
    log.error("error %s at %s", number, request.path, exc_info=error)
    code, text = _texts(500)
    return error_response(500, code, f"{text} ({number})", {"id": number})


def _refused(refusal: Refusal) -> Response:
    response = error_response(refusal.status, refusal.code, translate(refusal.text))
    if refusal.retry_after_s is not None:
        response.headers["Retry-After"] = str(refusal.retry_after_s)
    return response


def _texts(status: int) -> tuple[str, str]:
    code, text = HTTP_TEXTS[status]
    return code, translate(text)
