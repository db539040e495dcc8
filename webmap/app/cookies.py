"""Cookies beside that of the session: as little open to others as it is."""

from flask import Flask, Response, current_app


def cookie_name(app: Flask, name: str) -> str:
    """Return what a cookie is called; over https only this host can have set it (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-{name}" if app.config["SESSION_COOKIE_SECURE"] else name


def give_cookie(response: Response, name: str, value: str, *, seconds: int) -> None:
    """Have a browser send a value along for so long; no script reads it, no other site sends it."""
    response.set_cookie(
        cookie_name(current_app, name), value, max_age=seconds, samesite="Lax", httponly=True,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )  # fmt: skip
