"""Sign-in by a single sign-on: OpenID Connect, code flow with PKCE, state and nonce, all of them Authlib's.

Off unless OIDC_ISSUER is set. What is believed of the answer: the issuer that the settings name, a signature by one of its
keys (never a shared secret or none), the audience, the time; then `geodata.accounts.identities` says whose account it is.
"""

import logging
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import FlaskOAuth2App, OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Blueprint, Flask, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from joserfc.errors import JoseError

from geodata.accounts.identities import Identity, NoAccountError, account_of, untie
from geodata.accounts.second_factor import has_second_factor
from geodata.base.errors import NotFoundError
from geodata.base.i18n import N_
from geodata.base.values import JsonObject
from geodata.schema.roles import Role
from webmap.accounts.second_factor import ask_for_code
from webmap.accounts.sign_in import start_session
from webmap.app.auth import allow, allow_public, client_address, current_user, safe_target
from webmap.app.extensions import db_session
from webmap.app.gate import dear
from webmap.app.i18n import translate, translate_error
from webmap.app.settings import Settings

blueprint = Blueprint("oidc", __name__)
log = logging.getLogger(__name__)

_NAME = "sso"
_NEXT = "sso_next"
_TIMEOUT_S = 10
_LONGEST = 255
_FAILURES = (AuthlibBaseError, JoseError, requests.RequestException, ValueError, KeyError, RuntimeError)
_AWAY = N_("The single sign-on cannot be reached now. Sign in by name and password, or try again later.")
_REFUSED = N_("The single sign-on did not let you in. Try again, or sign in by name and password.")


class _Session(OAuth2Session):  # type: ignore[misc]  # Authlib has no types
    """Asks the issuer where its addresses are and nowhere else: a redirect is an error."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.max_redirects = 0


class _Client(FlaskOAuth2App):  # type: ignore[misc]  # Authlib has no types
    client_cls = _Session


def init_oidc(app: Flask) -> None:
    """Give the application its client, where the settings name an issuer."""
    settings: Settings = app.config["SETTINGS"]
    if not settings.oidc_issuer:
        return
    OAuth(app).register(
        _NAME,
        client_cls=_Client,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid profile email", "code_challenge_method": "S256", "default_timeout": _TIMEOUT_S,
        },
    )  # fmt: skip


@blueprint.get("/login/sso")
@allow_public
@dear
def begin() -> ResponseReturnValue:
    """Send somebody to the single sign-on."""
    client, target = _client(), safe_target(request.args.get("next"))
    if current_user().is_authenticated:
        return redirect(target)
    if request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
        # Another site's link or picture signs nobody in: he presses the button himself.
        return redirect(url_for("accounts.login", next=target))
    for name in [name for name in session if name.startswith(f"_state_{_NAME}_")]:
        session.pop(name)  # of attempts that were given up: the cookie has room for one
    session[_NEXT] = target
    try:
        _check_metadata(client)
        answer: ResponseReturnValue = client.authorize_redirect(url_for("oidc.arrive", _external=True))
    except _FAILURES:
        log.exception("the single sign-on could not be asked")
        return _login_page(translate(_AWAY)), 503
    return answer


@blueprint.get("/login/sso/back")
@allow_public
@dear
def arrive() -> ResponseReturnValue:
    """Let somebody in whom the single sign-on vouches for."""
    client, target = _client(), safe_target(session.pop(_NEXT, None))
    try:
        _check_metadata(client)
        identity = _identity(client.authorize_access_token().get("userinfo") or {})
    except requests.RequestException:
        log.exception("the single sign-on could not be asked")
        return _login_page(translate(_AWAY)), 503
    except _FAILURES as error:
        log.warning("refused at the single sign-on: %s", type(error).__name__)
        return _login_page(translate(_REFUSED)), 401
    try:
        account = account_of(db_session(), identity, address=client_address())
    except NoAccountError as error:
        db_session().commit()
        return _login_page(translate_error(error)), 403
    if has_second_factor(db_session(), account.id):
        db_session().commit()
        return ask_for_code(account, target, "single sign-on")
    start_session(account, "single sign-on")
    db_session().commit()
    return redirect(target)


@blueprint.post("/admin/users/<name>/sso/remove")
@allow(Role.ADMIN)
def remove(name: str) -> ResponseReturnValue:
    """Forget whose an account is at the single sign-on."""
    untie(db_session(), name, by=current_user().name)
    db_session().commit()
    return redirect(url_for("accounts.users", done="sso", about=name))


def _client() -> Any:
    oauth: OAuth | None = current_app.extensions.get("authlib.integrations.flask_client")
    if oauth is None:
        raise NotFoundError(value="")
    return oauth.create_client(_NAME)


def _check_metadata(client: Any) -> None:
    """Hold the issuer to its name (Discovery 1.0, 4.3), and its signatures to keys that only it has."""
    metadata, settings = client.load_server_metadata(), current_app.config["SETTINGS"]
    if metadata.get("issuer") != settings.oidc_issuer:
        raise ValueError("the issuer calls itself otherwise")
    told = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    metadata["id_token_signing_alg_values_supported"] = [
        name for name in told if name[:2] in {"RS", "PS", "ES"} or name == "EdDSA"
    ]


def _identity(claims: JsonObject) -> Identity:
    """Return whom the claims are about. Raises ValueError where they do not say."""
    settings: Settings = current_app.config["SETTINGS"]
    subject, name = claims.get("sub"), claims.get(settings.oidc_name_claim)
    if not isinstance(subject, str) or not isinstance(name, str) or not subject or not name:
        raise ValueError("the claims do not name anybody")
    if len(subject) > _LONGEST or len(name) > _LONGEST or "\x00" in subject + name:
        raise ValueError("the claims cannot be kept")
    if settings.oidc_name_claim == "email" and claims.get("email_verified") is not True:
        raise ValueError("the address was not verified")
    return Identity(issuer=settings.oidc_issuer, subject=subject, name=name)


def _login_page(problem: str) -> str:
    return render_template("accounts/login.html", target="/", username="", problem=problem)
