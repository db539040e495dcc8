"""The daily mail: asked for by an address, confirmed by a link, ended by another; where a mail server is set."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from geodata.accounts.accounts import Account
from geodata.base.errors import ConflictError, ForbiddenError
from geodata.base.i18n import N_
from geodata.following import digests
from geodata.following.mail import MailError, MailServer, send_mail
from geodata.schema.roles import STAFF, Role
from webmap.app.auth import allow, allow_public, current_role, current_user
from webmap.app.bell import Reminders, rings_for
from webmap.app.extensions import db_session
from webmap.app.i18n import current_language, translate
from webmap.app.settings import Settings

blueprint = Blueprint("mail", __name__, url_prefix="/following/mail")

NOT_SET = N_("No mail server is set up. The administrator can do so.")


@blueprint.get("")
@allow(*STAFF)
def index() -> str:
    """Show whether and where the daily mail goes; to administrators, how many could not be sent."""
    row = db_session().get(digests.MailDigest, _account().id)
    failing = digests.count_failing(db_session()) if current_role() is Role.ADMIN else 0
    return render_template("following/mail.html", server=_server(), row=row, failing=failing)


@blueprint.post("")
@allow(*STAFF)
def ask() -> ResponseReturnValue:
    """Send a link to the form's `email` that confirms it. Raises ConflictError where no mail can be sent."""
    server = _server()
    if server is None:
        raise ConflictError(NOT_SET)
    email = request.form.get("email", "").replace("\x00", "").strip()
    code = digests.ask(db_session(), _account(), email, current_language())
    address = url_for("mail.confirm_page", code=code, _external=True)
    text = translate(
        N_("{name}, somebody signed in as you asked for a daily mail of what you follow. Open this link to confirm it:")
    ).format(name=current_user().display_name)
    ignore = translate(N_("If that was not you, do nothing: no mail will come."))
    try:
        send_mail(
            server, to=email, subject=translate(N_("Confirm the daily mail")), text=f"{text}\n\n{address}\n\n{ignore}\n"
        )
    except MailError as error:
        db_session().rollback()
        raise ConflictError(N_("The mail could not be sent. Try again later, or tell the administrator.")) from error
    db_session().commit()
    flash(translate(N_("A link was sent to {email}. Open it within three days.")).format(email=email), "success")
    return redirect(url_for("mail.index"))


@blueprint.post("/end")
@allow(*STAFF)
def end() -> ResponseReturnValue:
    """End my daily mail."""
    row = db_session().get(digests.MailDigest, _account().id)
    if row is not None:
        digests.end(db_session(), row)
        db_session().commit()
    return redirect(url_for("mail.index"))


@blueprint.get("/confirm/<code>")
@allow_public
def confirm_page(code: str) -> str:
    """Show the button that confirms: programs that look at links in mails press none."""
    digests.find_to_confirm(db_session(), code)
    return render_template("following/mail_link.html", is_stop=False, done=False)


@blueprint.post("/confirm/<code>")
@allow_public
def confirm(code: str) -> str:
    """Confirm the address that a link was sent to."""
    digests.confirm(db_session(), code)
    db_session().commit()
    return render_template("following/mail_link.html", is_stop=False, done=True)


@blueprint.get("/stop/<code>")
@allow_public
def stop_page(code: str) -> str:
    """Show the button that ends the mail."""
    digests.find_to_stop(db_session(), code)
    return render_template("following/mail_link.html", is_stop=True, done=False)


@blueprint.post("/stop/<code>")
@allow_public
def stop(code: str) -> str:
    """End the mail in which a link stood."""
    digests.end(db_session(), digests.find_to_stop(db_session(), code))
    db_session().commit()
    return render_template("following/mail_link.html", is_stop=True, done=True)


def count_failing() -> Reminders | None:
    """Return how many digests could not be sent, for administrators, while there are any."""
    if current_role() is not Role.ADMIN or _server() is None:
        return None
    count = digests.count_failing(db_session())
    return Reminders(label=translate("Mail not sent"), count=count, address=url_for("mail.index")) if count else None


rings_for(blueprint, count_failing)


def _server() -> MailServer | None:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.mail.server if settings.mail else None


def _account() -> Account:
    account_id = current_user().account_id
    if account_id is None:  # @allow lets nobody else in
        raise ForbiddenError(roles=sorted(STAFF))
    return db_session().get_one(Account, account_id)
