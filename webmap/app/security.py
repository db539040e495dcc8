"""What a browser is told: what it may load, keep, embed and reveal, and how what it keeps for us is signed. Decides no rights."""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import Signer

from webmap.app.settings import Settings

ONE_YEAR_S = 31_536_000

_DOCUMENTS = ("text/html", "image/svg+xml", "text/javascript", "application/javascript", "application/xml", "text/xml")
_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",  # tile.openstreetmap.org refuses requests without an origin
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(self), microphone=(), payment=(), usb=()",
}

#: Flask and Flask-WTF sign by HMAC with SHA-1 where nobody says otherwise (OWASP ASVS 5.0, 11.4.1); the latter asks the library.
Signer.default_digest_method = staticmethod(hashlib.sha256)


class _Sessions(SecureCookieSessionInterface):
    digest_method = staticmethod(hashlib.sha256)


View = TypeVar("View", bound=Callable[..., Any])


def embeddable(view: View) -> View:
    """Let the sites of the setting EMBED_HOSTS show this page in a frame; all others may be framed by us only."""
    vars(view)["is_embeddable"] = True
    return view


def csp_nonce() -> str:
    """Return the nonce of this response, for `<script nonce=...>` written by a template."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def allow_images(origins: Iterable[str]) -> None:
    """Let this page show pictures of these origins too: maps of other servers that an administrator allowed."""
    g.image_origins = sorted(set(origins))


def content_security_policy(*, nonce: str | None, image_origins: Sequence[str], frame_ancestors: str) -> str:
    """Return the policy of a document: own files, marked inline blocks, pictures of the maps of others."""
    inline = f" 'nonce-{nonce}'" if nonce else ""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self'{inline}",
            f"style-src 'self'{inline}",
            " ".join(filter(None, ["img-src 'self' data:", *image_origins])),
            "font-src 'self'",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            f"frame-ancestors {frame_ancestors}",
        ]
    )


def init_security(app: Flask) -> None:
    """Add the headers to every response, errors included."""
    settings: Settings = app.config["SETTINGS"]
    app.session_interface = _Sessions()
    app.jinja_env.globals["csp_nonce"] = csp_nonce

    @app.after_request
    def _add_headers(response: Response) -> Response:
        for name, value in _FIXED.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", _policy(response, settings))
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "private, no-store"
        if settings.secure_cookies:
            response.headers["Strict-Transport-Security"] = f"max-age={ONE_YEAR_S}; includeSubDomains"
        return response


def _policy(response: Response, settings: Settings) -> str:
    if response.mimetype not in _DOCUMENTS:
        return "default-src 'none'; frame-ancestors 'none'"  # data: shown alone, it runs and loads nothing
    return content_security_policy(
        nonce=g.get("csp_nonce"),
        image_origins=[settings.basemap_origin, *g.get("image_origins", ())],
        frame_ancestors=_frame_ancestors(settings),
    )


def _frame_ancestors(settings: Settings) -> str:
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "is_embeddable", False):
        return " ".join(["'self'", *settings.embed_hosts])
    return "'self'"
