"""The calendar of each role behind a secret address: visits, what falls due for the role, and for what somebody follows."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from hashlib import sha256

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from icalendar import Event

from geodata.accounts.access import readable_by
from geodata.accounts.reader import Reader
from geodata.base.database import ReadConnection, today
from geodata.base.errors import GeodataError
from geodata.base.i18n import N_
from geodata.following.dues import Falling, read_dues
from geodata.following.follows import read_follows
from geodata.inspections import calendar
from geodata.projects.dossiers import ending, with_terms
from geodata.schema.fields import LabelledEnum
from geodata.schema.roles import INSPECTION, STAFF, STEERING, Role
from webmap.app.auth import allow, allow_public, current_user
from webmap.app.extensions import database, db_session, layers
from webmap.app.i18n import translate
from webmap.app.links import map_address
from webmap.following.covering import Covering, Follower
from webmap.following.words import object_address
from webmap.papers.due import due_reports

blueprint = Blueprint("calendar", __name__, url_prefix="/calendar")

#: Days ahead that a calendar shows.
DAYS_AHEAD = 366


@blueprint.get("")
@allow(*STAFF)
def index() -> str:
    """Say what the calendar shows, and whether there is an address."""
    return _page(None)


@blueprint.post("")
@allow(*STAFF)
def new() -> str:
    """Give a new secret address; the old one ends."""
    token = calendar.new_feed(db_session(), current_user().name)
    db_session().commit()
    return _page(url_for("calendar.feed", token=token, _external=True))


@blueprint.post("/end")
@allow(*STAFF)
def end() -> ResponseReturnValue:
    """End the address."""
    calendar.end_feed(db_session(), current_user().name)
    db_session().commit()
    return redirect(url_for("calendar.index"))


@blueprint.get("/<token>.ics")
@allow_public
def feed(token: str) -> Response:
    """Answer the calendar of whoever owns the secret address, with his rights of this moment: calendars cannot sign in."""
    owner = calendar.find_owner(db_session(), token)
    events: list[Event] = []
    if Role(owner.role) in INSPECTION:
        contact = owner.full_name or owner.name
        events += calendar.visit_events(db_session(), owner.name, contact, link=_visit_address)
    follower = Follower.of(owner)
    with database().reading(follower.reader, in_transaction=True) as connection:
        events += _events(connection, follower, today())
    return Response(calendar.write_calendar(events), mimetype="text/calendar")


def _page(address: str | None) -> str:
    return render_template(
        "following/calendar.html", address=address, exists=calendar.has_feed(db_session(), current_user().name)
    )


def _visit_address(number: int) -> str:
    return url_for("visits.visit", paper_id=number, _external=True)


def _events(connection: ReadConnection, follower: Follower, on: date) -> Iterator[Event]:
    found = {(one.kind.layer.name, one.due.title, one.row_id): one for one in _dues(connection, follower, on)}
    stamp = datetime.now(UTC)
    for (layer, _, row_id), one in found.items():
        what = translate(one.what.label) if isinstance(one.what, LabelledEnum) else one.what
        summary = f"{translate(one.due.title)}: {one.name}" + (f" – {what}" if what else "")
        uid = f"due-{layer}-{one.due.day}-{row_id}@webmap"
        yield calendar.day_event(uid, one.on, summary, url=_absolute(_address(one)), stamp=stamp)
    if follower.reader.role in STEERING:
        yield from _terms(connection, follower.reader, on, stamp)
        yield from _reports(connection, follower.reader, on, stamp)


def _dues(connection: ReadConnection, follower: Follower, on: date) -> Iterator[Falling]:
    covering = Covering(connection=connection, registry=layers(), follower=follower)
    role, kinds = covering.role, covering.kinds
    yield from read_dues(connection, role, kinds, on, days=DAYS_AHEAD)
    for follow in read_follows(connection, follower.account_id):
        try:
            covered = covering.of(follow)
        except GeodataError:  # a filter that is no longer his: the page of follows says so
            continue
        yield from read_dues(connection, role, kinds, on, ids=covered, days=DAYS_AHEAD)


def _terms(connection: ReadConnection, reader: Reader, on: date, stamp: datetime) -> Iterator[Event]:
    for kind, detail, term in with_terms(readable_by(reader.role, layers())):
        for one in ending(connection, kind, detail, term, on):
            summary = f"{translate(term.title)}: {one.feature} – {one.group}"
            group = sha256(str(one.group).encode()).hexdigest()[:12]
            uid = f"term-{kind.layer.name}-{one.feature_id}-{one.ends_on}-{group}@webmap"
            address = map_address(kind.layer.name, selected=one.feature_id)
            yield calendar.day_event(uid, one.ends_on, summary, url=_absolute(address), stamp=stamp)


def _reports(connection: ReadConnection, reader: Reader, on: date, stamp: datetime) -> Iterator[Event]:
    if reader.areas:
        return
    for one in due_reports(connection, layers(), on, DAYS_AHEAD):
        summary = f"{translate(N_('Reports'))}: {translate(one.title)} {one.period.in_words(translate)}"
        url = url_for("monthly.index", period=one.period.text, _external=True)
        yield calendar.day_event(f"report-{one.name}-{one.period.text}@webmap", one.on, summary, url=url, stamp=stamp)


def _address(one: Falling) -> str:
    return object_address(one.kind, one.code, one.feature_id)


def _absolute(address: str) -> str:
    return request.host_url.rstrip("/") + address
