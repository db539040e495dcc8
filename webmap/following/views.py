"""What I follow: one page with what is new of each, buttons to follow and to stop; and its number on the bell."""

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from geodata.base.database import ReadConnection, today
from geodata.base.errors import ForbiddenError, NotFoundError
from geodata.following import follows
from geodata.following.follows import Follow
from geodata.following.marks import mark, parse_mark
from geodata.schema.roles import STAFF
from webmap.app.addresses import read_address
from webmap.app.auth import allow, current_reader, current_role, current_user, safe_target
from webmap.app.bell import Reminders, rings_for
from webmap.app.errors import wants_json
from webmap.app.extensions import database, db_session, layers
from webmap.app.i18n import current_language, translate, translate_error
from webmap.app.requests import layer_request, readable_layers
from webmap.following import words
from webmap.following.covering import Covering, Follower
from webmap.following.reading import count_news, read_news

blueprint = Blueprint("following", __name__, url_prefix="/following")


@blueprint.get("")
@allow(*STAFF)
def index() -> str:
    """Show what I follow, what is new of it first."""
    mine = follows.list_follows(db_session(), follower().account_id)
    seen = mark(db_session())
    db_session().commit()
    with database().reading(current_reader()) as connection:
        found = [read_news(connection, layers(), follower(), one, today()) for one in mine]
    found.sort(key=lambda news: -news.count)
    kinds, language = readable_layers(), current_language()
    return render_template(
        "following/index.html",
        news=found,
        mark=seen.text,
        words=words,
        kinds=kinds,
        due_line=lambda one: words.due_line(one, today(), language),
        error_text=translate_error,
        address=lambda news: words.follow_address(news.follow, news, kinds),
    )


@blueprint.post("")
@allow(*STAFF)
def add() -> ResponseReturnValue:
    """Follow the object of the form's `layer` and `code`, or what its `address` of the map filters, under its `name`."""
    address = request.form.get("address", "").replace("\x00", "")
    made = _follow_address(address) if address else _follow_object()
    db_session().commit()
    return _answer({"id": made.id, "name": made.name})


@blueprint.post("/<int:number>/stop")
@allow(*STAFF)
def stop(number: int) -> ResponseReturnValue:
    """Follow one of mine no longer."""
    follows.stop(db_session(), follower().account_id, number)
    db_session().commit()
    return _answer({"id": None})


@blueprint.post("/seen")
@allow(*STAFF)
def see() -> ResponseReturnValue:
    """Note that I have looked at all news, or at those of the form's `number`, up to the form's `mark`."""
    account = follower().account_id
    wanted = request.form.get("number", type=int)
    mine = follows.list_follows(db_session(), account)
    if wanted is not None:
        mine = [follows.get_follow(db_session(), account, wanted)]
    seen = parse_mark(request.form.get("mark", ""))
    db_session().commit()
    with database().reading(current_reader()) as connection:
        found = [read_news(connection, layers(), follower(), one, today()) for one in mine]
    for news in found:
        if news.problem is None:
            follows.see(db_session(), news.follow, news.covered, seen)
    db_session().commit()
    return _answer({"count": 0})


def follower() -> Follower:
    """Return who is signed in, as one who is told of what he follows."""
    user = current_user()
    if user.account_id is None:  # @allow lets nobody else in
        raise ForbiddenError(roles=sorted(STAFF))
    return Follower(account_id=user.account_id, name=user.name, reader=current_reader())


def count_following() -> Reminders | None:
    """Return how much is new of what I follow; None for who follows nothing."""
    if current_role() not in STAFF:
        return None
    with database().reading(current_reader()) as connection:
        mine = follows.read_follows(connection, follower().account_id)
        if not mine:
            return None
        count = count_news(connection, layers(), follower(), mine, on=today())
    return Reminders(label=translate("Following"), count=count, address=url_for("following.index"))


rings_for(blueprint, count_following)


def _follow_object() -> Follow:
    """Follow an object. Raises NotFoundError, ForbiddenError."""
    layer, code = request.form.get("layer", ""), request.form.get("code", "").replace("\x00", "")
    asked = layer_request(layer)
    with database().reading(current_reader()) as connection:
        covered = _covering(connection).of_object(layer, code)
        if not covered:
            raise NotFoundError(value=code)
        name = connection.execute(select(asked.kind.name).where(asked.kind.id == covered[layer][0])).scalar_one()
    return follows.follow(db_session(), follower().account_id, name=name, covered=covered, layer=layer, code=code)


def _follow_address(address: str) -> Follow:
    """Follow what an address filters. Raises InvalidValueError, InvalidFilterError."""
    asked = read_address(address, readable_layers())
    with database().reading(current_reader()) as connection:
        covering = _covering(connection)
        covered = covering.of_address(asked)
        name = request.form.get("name", "").replace("\x00", "").strip()
        name = name or words.name_of(covering, asked, current_language())
    return follows.follow(db_session(), follower().account_id, name=name, covered=covered, address=asked.address())


def _covering(connection: ReadConnection) -> Covering:
    return Covering(connection=connection, registry=layers(), follower=follower())


def _answer(told: dict[str, object]) -> ResponseReturnValue:
    """Tell a script; send a form back to where it came from."""
    if wants_json():
        return jsonify(told)
    return redirect(safe_target(request.form.get("next") or url_for("following.index")))
