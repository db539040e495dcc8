"""An answer that is given again is the one the application would give now, to this person: whatever has changed since."""

import asyncio
import re
import threading

import pytest
from cachetools import LRUCache
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from geodata.accounts.access import create_user
from geodata.accounts.scopes import limit_user
from geodata.base.database import new_engine
from geodata.layers import LAYERS
from geodata.query import cache
from geodata.schema.roles import Role
from scripts.base.ports import free_port
from tests.asking import Asking, cookie_of, cookies_of_roles, in_a_loop
from tests.conftest import PASSWORD, demo_database
from tests.factories import make_feature
from webmap.app.kept import ENTRY_BYTES, KeptAnswers

NAMES = [kind.layer.name for kind in LAYERS]
#: The whole province in one tile, and a quarter of it.
PLACES = ("8/203/112", "9/407/225")
#: Tiles as the map asks for them: one layer, all of them, filtered by choice, text and another day, and as OGC has them.
FILTERS = ("", "?q=cho", "?as_of=2021-06-30", "?bbox=106.6,20.8,106.8,20.9", "?status=planned")


@pytest.fixture(scope="module")
def engine(worker):
    """The demo in a database of its own, where transactions are real."""
    engine = new_engine(demo_database(f"kept_{worker}"))
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def app(engine, make_app):
    return make_app(engine)


@pytest.fixture(scope="module")
def cookies(app):
    """The cookie of somebody of each role."""
    return cookies_of_roles(app)


@pytest.fixture
def asking(app):
    return Asking(app)


def addresses():
    zoom, x, y = PLACES[1].split("/")
    yield f"/ogc/collections/{NAMES[0]}/tiles/WebMercatorQuad/{zoom}/{y}/{x}"
    yield f"/tiles/{','.join(NAMES)}/{PLACES[0]}.mvt"
    for number, name in enumerate(NAMES):
        yield f"/tiles/{name}/{PLACES[1]}.mvt{FILTERS[number % len(FILTERS)]}"


def worded_addresses():
    """What the panel and the table ask for: all layers described; hits of a search; counts, a page of rows and charts of each."""
    yield "/api/layers"
    yield from (
        f"/api/search?q={text}" for text in ("cho", "CHO-1", "tram%20bien%20ap", "2810", "nghi%20dinh", "xyzxyz")
    )
    for name in NAMES:
        yield f"/api/layers/{name}/facets?extent=true"
        yield f"/api/layers/{name}/features?limit=3&sort=name&geometry=false"
        yield f"/api/layers/{name}/features?limit=3&near=106.68,20.86&within_km=5"
        yield f"/api/layers/{name}/charts"


def plain(answer):
    """An answer without what differs each time."""
    status, headers, content = answer
    return status, {name: value for name, value in headers.items() if name != "x-request-id"}, content


def applications_own(asking, address, **headers):
    """What the application says, asked without anything that is kept."""
    return plain(Asking(asking.app).get(address, **headers))


@pytest.mark.parametrize("role", list(Role))
def test_whatever_is_given_again_is_what_the_application_says(asking, cookies, role):
    kept = 0
    for address in addresses():
        for coding in ({}, {"accept_encoding": "gzip, br"}):
            asked = cookies[role] | coding
            first = asking.get(address, **asked)
            before = asking.calls
            again = asking.get(address, **asked)
            kept += asking.calls == before
            own = applications_own(asking, address, **asked)
            assert plain(first) == plain(again) == own, address
            assert first[1]["x-request-id"] != again[1]["x-request-id"]
            if "etag" in first[1] and first[0] == 200:
                known = asked | {"if_none_match": f'"other", {first[1]["etag"]}'}
                assert plain(asking.get(address, **known)) == applications_own(asking, address, **known)
                assert asking.get(address, **known)[0] == 304
    assert kept > len(NAMES)


@pytest.mark.parametrize("role", list(Role))
def test_lists_counts_and_charts_given_again_are_what_the_application_says_in_each_language(asking, cookies, role):
    kept, answers = 0, {}
    for address in worded_addresses():
        for language in ("vi", "en"):
            asked = {"cookie": "; ".join([*cookies[role].values(), f"lang={language}"])}
            asking.get(address, **asked)
            before = asking.calls
            again = asking.get(address, **asked)
            kept += asking.calls == before
            assert plain(again) == applications_own(asking, address, **asked), (address, language)
            answers[address, language] = again[2]
    assert answers["/api/layers", "vi"] != answers["/api/layers", "en"]
    assert kept > 2 * len(NAMES)


def test_lists_counts_and_charts_are_made_anew_when_any_layer_changes(asking, engine, cookies):
    asked = cookies[Role.INSPECTOR]
    answers = [address for address in worded_addresses() if asking.get(address, **asked)[0] == 200]
    assert all(asking.has_kept(address, **asked) for address in answers)
    with Session(engine) as session:
        feature = make_feature(session, LAYERS.get(NAMES[1]), name="Ngayvuadoi")
        session.commit()
    assert not any(asking.has_kept(address, **asked) for address in answers)
    with Session(engine) as session:
        session.delete(session.merge(feature))
        session.commit()
    assert not asking.has_kept(answers[0], **asked)


@pytest.mark.parametrize("table", ["legal_act", "feature_document"])
def test_hits_of_a_search_are_made_anew_when_a_legal_act_changes(asking, engine, table):
    address = "/api/search?q=nghi%20dinh"
    asking.get(address)
    assert asking.has_kept(address)
    with engine.begin() as connection:
        connection.execute(text(f"DELETE FROM {table} WHERE false"))
    assert not asking.has_kept(address)


def test_all_that_lists_counts_and_charts_read_is_in_the_versions(app, engine, cookies, monkeypatch):
    monkeypatch.setattr(cache, "_KEPT", LRUCache(1))  # what others have read is read again
    read: set[str] = set()

    def note(_connection, _cursor, statement, *_rest):
        if "FROM account" not in statement:  # who asks is looked at before each answer
            read.update(re.findall(r"(?:FROM|JOIN) (\w+)", statement))

    asking = Asking(app)
    event.listen(Engine, "before_cursor_execute", note)
    try:
        for address in worded_addresses():
            asking.get(address, **cookies[Role.ADMIN])
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        tables = set(connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")))
        watched = set(
            connection.scalars(text("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'note_data_change'"))
        )
    assert {kind.__tablename__ for kind in LAYERS} <= read
    assert read & tables - watched == {"data_change", "data_change_sum"}, "what versions are made of, and nothing else"


def test_each_role_gets_its_own_answer_whoever_asked_before(app, cookies):
    asking = Asking(app)
    for _ in range(2):
        for role in Role:
            for name in NAMES:
                address = f"/tiles/{name}/{PLACES[0]}.mvt"
                answer = asking.get(address, **cookies[role])
                assert plain(answer) == applications_own(asking, address, **cookies[role])
                assert answer[0] == 403 or answer[1].get("x-role") == role.value


def test_a_change_of_the_data_is_in_the_next_answer(asking, engine):
    address, other = f"/tiles/{NAMES[1]}/{PLACES[0]}.mvt?q=ngayvuadoi", f"/tiles/{NAMES[2]}/{PLACES[0]}.mvt"
    empty = asking.get(address)
    asking.get(other)
    assert asking.has_kept(address)
    with Session(engine) as session:
        feature = make_feature(session, LAYERS.get(NAMES[1]), name="Ngayvuadoi")
        assert asking.has_kept(address), "what is not committed changes nothing"
        session.commit()
    assert not asking.has_kept(address)
    assert asking.get(address)[2] != empty[2]
    assert asking.has_kept(other), "another layer has not changed"
    with Session(engine) as session:
        session.delete(session.merge(feature))
        session.commit()
    assert plain(asking.get(address))[2] == empty[2]


def test_who_loses_a_role_or_a_session_gets_what_he_may_see_now(app, engine):
    client = sign_in_as(app, engine, "kept-person", "planner")
    asking, address, me = Asking(app), f"/tiles/{NAMES[0]}/{PLACES[0]}.mvt", cookie_of(client)
    for _ in range(2):
        assert asking.get(address, **me)[1]["x-role"] == "planner"
    asking.get(address)
    for change, role in (("role = 'inspector'", "inspector"), ("must_change_password = true", "public")):
        with engine.begin() as connection:
            connection.execute(text(f"UPDATE account SET {change} WHERE name = 'kept-person'"))
        assert asking.get(address, **me)[1]["x-role"] == role
        assert plain(asking.get(address, **me)) == applications_own(asking, address, **me)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE account SET must_change_password = false, disabled_at = now() WHERE name = 'kept-person'")
        )
    answer = asking.get(address, **me)
    assert plain(answer)[0] == 200
    assert "set-cookie" in answer[1], "the cookie of an ended session is taken back"
    assert "set-cookie" not in asking.get(address)[1]


def test_who_is_limited_to_areas_gets_nothing_that_is_kept(app, engine):
    client = sign_in_as(app, engine, "kept-ward", "planner")
    with Session(engine) as session:
        limit_user(session, LAYERS, "kept-ward", ["unit=11581"])
        session.commit()
    asking, address, me = Asking(app), f"/tiles/{NAMES[0]}/{PLACES[0]}.mvt", cookie_of(client)
    whole = asking.get(address, **cookie_of(sign_in_as(app, engine, "kept-whole", "planner")))
    assert not asking.has_kept(address, **me)
    assert asking.get(address, **me)[2] != whole[2]


def sign_in_as(app, engine, name, role):
    with Session(engine) as session:
        create_user(session, name=name, role=role, password=PASSWORD)
        session.commit()
    client = app.test_client()
    assert client.post("/login", data={"username": name, "password": PASSWORD}).status_code == 302
    return client


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("?limit=1", {}), ("?lang=en", {}), ("?code=", {}), ("?unheard=1", {}),
        ("", {"method": "HEAD"}), ("", {"authorization": "Bearer nothing"}), ("", {"host": "elsewhere.example"}),
    ],
)  # fmt: skip
def test_what_means_nothing_or_asks_otherwise_is_not_kept(asking, address, headers):
    tile = f"/tiles/{NAMES[0]}/{PLACES[0]}.mvt"
    asking.get(tile)
    assert asking.has_kept(tile)
    for _ in range(2):
        own = applications_own(asking, tile + address, **headers)
        before = asking.calls
        assert plain(asking.get(tile + address, **headers)) == own
        assert asking.calls == before + 1


def test_the_map_of_an_earlier_day_is_never_kept(asking, cookies):
    asking.get(f"/tiles/{NAMES[0]}/{PLACES[0]}.mvt", **cookies[Role.GIS])
    then = f"/then/2026-01-01/tiles/{NAMES[0]}/{PLACES[0]}.mvt"
    asking.get(then, **cookies[Role.GIS])
    assert not asking.has_kept(then, **cookies[Role.GIS])


def test_what_is_kept_stays_within_its_bound_and_the_longest_unused_goes_first(app):
    asking = Asking(app)
    asking.front._kept = KeptAnswers(app, max_bytes=3 * ENTRY_BYTES)
    one, *others = (f"/tiles/{NAMES[1]}/19/{x}/1.mvt" for x in range(5))
    asking.get(one)
    for address in others[:2]:
        asking.get(address)
    assert asking.has_kept(one)
    asking.get(others[2])
    assert asking.has_kept(one)
    assert not asking.has_kept(others[0])


def test_a_tile_that_many_ask_for_is_made_once_and_the_others_hold_no_thread(app):
    """One makes it; sixteen wait, more than there are threads, and a page is answered meanwhile."""
    asking, may_go = Asking(app, threads=1, tile_threads=1, tiles_waiting=0), threading.Event()
    address = f"/tiles/{NAMES[0]}/{PLACES[1]}.mvt"
    inner = asking.front._application

    def slow(environ, start_response):
        if environ["PATH_INFO"] == address:
            assert may_go.wait(30)
        return inner(environ, start_response)

    asking.front._application = slow

    async def ask():
        first = asyncio.ensure_future(asking.get_soon(address))
        while not asking.front._flights:
            await asyncio.sleep(0)
        others = [asyncio.ensure_future(asking.get_soon(address)) for _ in range(16)]
        page, _, _ = await asking.get_soon("/login")
        refused, headers, _ = await asking.get_soon(f"/tiles/{NAMES[1]}/{PLACES[1]}.mvt")
        may_go.set()
        return page, (refused, headers.get("retry-after")), await asyncio.gather(first, *others)

    page, refused, answers = in_a_loop(ask())
    assert page == 200
    assert refused == (503, "1"), "the lane of tiles is full: others are told when to come back"
    assert len({answer[2] for answer in answers}) == 1
    assert {answer[0] for answer in answers} == {200}
    assert asking.calls == 2


def test_a_look_that_fails_leaves_it_to_the_application(make_app, engine):
    broken = new_engine(engine.url.set(port=free_port(), host="127.0.0.1"))
    asking, address = Asking(make_app(engine)), f"/tiles/{NAMES[0]}/{PLACES[0]}.mvt"
    assert asking.get(address)[0] == 200
    asking.app.extensions["database"].bind = broken
    assert asking.get(address)[0] == 503


def test_a_look_whose_connection_is_lost_connects_anew(asking, engine):
    address = f"/tiles/{NAMES[0]}/{PLACES[1]}.mvt"
    asking.get(address)
    assert asking.has_kept(address)
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    assert [asking.get(address)[0], asking.get(address)[0]] == [200, 200]
    assert asking.has_kept(address)
