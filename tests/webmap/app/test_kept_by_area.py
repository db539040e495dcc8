"""A change in one place leaves what was made of other places kept; and whatever happens, a tile shows what is stored now."""

import gzip
import random
from datetime import date

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from geodata.accounts.access import readable_by, visible_names
from geodata.base.data_version import Source, data_version, data_versions
from geodata.base.database import new_engine, reading_all
from geodata.layers import LAYERS
from geodata.layers.industrial_clusters.details import ClusterReport
from geodata.query.tiles import read_tile, tile_range, tile_reach
from geodata.schema.roles import Role
from tests.asking import Asking, cookies_of_roles
from tests.conftest import demo_database
from tests.factories import CENTRE, make_feature, shape_for

KINDS = list(LAYERS)
#: Some tiles of zoom 12 from the centre.
FAR = (106.42, 20.73)


def tile_at(lon, lat, zoom):
    left, _, top, _ = tile_range((lon, lat, lon, lat), zoom)
    return zoom, left, top


#: Those of zoom 12 that hold the two places, and one that holds both.
TILES = {"here": tile_at(*CENTRE, 12), "there": tile_at(*FAR, 12), "both": tile_at(*CENTRE, 8)}
HANGING = [(kind, detail) for kind in KINDS for detail in kind.details]


@pytest.fixture(scope="module")
def engine(worker):
    """The demo in a database of its own, where transactions are real."""
    engine = new_engine(demo_database(f"kept_by_area_{worker}"))
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def app(engine, make_app):
    return make_app(engine)


@pytest.fixture(scope="module")
def cookies(app):
    return cookies_of_roles(app)


@pytest.fixture
def kept(app):
    """kept(kind) -> which of the tiles are still kept; all are, afterwards."""
    asking = Asking(app)

    def ask(kind):
        return {name for name, place in TILES.items() if asking.has_kept(address_of(kind, place))}

    return ask


def address_of(kind, place):
    return f"/tiles/{kind.layer.name}/{'/'.join(map(str, place))}.mvt"


def test_the_places_lie_in_their_tiles():
    for name, (lon, lat) in (("here", CENTRE), ("there", FAR), ("both", CENTRE), ("both", FAR)):
        west, south, east, north = tile_reach(TILES[name])
        assert west < lon < east
        assert south < lat < north
    assert tile_reach(TILES["there"])[2] < tile_reach(TILES["here"])[0]


@pytest.mark.parametrize("kind", readable_by(Role.PUBLIC, KINDS), ids=lambda kind: kind.layer.name)
def test_an_object_that_comes_moves_and_goes_leaves_tiles_of_other_places_kept(engine, kept, kind):
    kept(kind)
    with Session(engine, expire_on_commit=False) as session:
        feature = make_feature(session, kind)
        assert kept(kind) == set(TILES), "what is not committed changes nothing"
        session.commit()
        assert kept(kind) == {"there"}
        feature.name = "Tên khác"
        session.commit()
        assert kept(kind) == {"there"}
        feature.geom = func.ST_GeomFromText(shape_for(kind, *FAR).wkt, 4326)
        session.commit()
        assert kept(kind) == set(), "it was here and is there"
        feature.note = "Ghi chú"
        session.commit()
        assert kept(kind) == {"here"}
        session.execute(update(kind).where(kind.id == feature.id, kind.code == "không có").values(name="Khác"))
        session.commit()
        assert kept(kind) == set(TILES), "nothing has changed"
        session.delete(feature)
        session.commit()
        assert kept(kind) == {"here"}


@pytest.mark.parametrize(("outside", "is_shown"), [(-0.01, True), (-1e-6, True), (1e-6, True), (3e-4, False)], ids=str)
def test_a_change_in_the_buffer_of_a_tile_changes_the_tile(engine, kept, outside, is_shown):
    """A buffer of 128 of 4,096; what lies a millionth of a degree beyond it is drawn too, as boxes have single precision."""
    kind = next(kind for kind in KINDS if kind.is_point())
    zoom, x, _ = TILES["here"]
    west = 360 / 2**zoom * (x - 128 / 4096) - 180
    _, south, _, north = tile_reach(TILES["here"])
    kept(kind)
    with Session(engine) as session:
        feature = make_feature(session, kind, lon=west - outside, lat=(south + north) / 2)
        shown = read_tile(reading_all(session), kind, visible_names(Role.PUBLIC, kind), TILES["here"])
        session.commit()
        assert (kept(kind) == {"there"}) is is_shown
        session.delete(feature)
        session.commit()
        without = read_tile(reading_all(session), kind, visible_names(Role.PUBLIC, kind), TILES["here"])
    assert (shown != without) is is_shown


@pytest.mark.parametrize(("kind", "detail"), HANGING, ids=lambda one: one.__tablename__)
def test_what_hangs_on_an_object_changes_where_the_object_is(engine, kind, detail):
    here, there = (Source((kind.layer.name,), tile_reach(TILES[name])) for name in ("here", "there"))
    with Session(engine) as session:
        feature = make_feature(session, kind)
        if detail is ClusterReport:  # the demo has none
            cluster = session.scalar(select(kind.id).limit(1))
            session.add(ClusterReport(feature_id=cluster, period_ends_on=date(2020, 12, 31)))
            session.flush()
        row, parent = session.execute(select(detail.id, detail.feature_id).limit(1)).one()
        session.execute(update(detail).where(detail.id == row).values(feature_id=feature.id))
        table = detail.__tablename__
        stored = session.scalar(text(f"SELECT to_jsonb(d)::text FROM {table} d WHERE id = {row}"))
        session.commit()
        for statement in (
            update(detail).where(detail.id == row).values(feature_id=detail.feature_id),
            delete(detail).where(detail.id == row),
            text(
                f"INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, CAST(:row AS jsonb))"
            ).bindparams(row=stored),
        ):
            before = data_versions(reading_all(session))
            session.execute(statement, execution_options={"synchronize_session": False})
            session.commit()
            after = data_versions(reading_all(session))
            assert before.of(here) != after.of(here)
            assert before.of(there) == after.of(there)
        session.execute(update(detail).where(detail.id == row).values(feature_id=parent))
        session.delete(feature)
        session.commit()


_MANY = (
    "INSERT INTO market (code, name, geom) SELECT 'V-' || n, 'Chợ', ST_SetSRID(ST_Point(106.68, 20.86), 4326)"
    " FROM generate_series(1, {}) AS n"
)


@pytest.mark.parametrize(
    ("statement", "is_everywhere"),
    [(_MANY.format(5000), False), (_MANY.format(5001), True), ("TRUNCATE market CASCADE", True)],
)
def test_what_changes_very_much_or_all_changes_everywhere(engine, statement, is_everywhere):
    elsewhere = Source(("markets",), (103.0, 18.0, 104.0, 19.0))
    with Session(engine) as session:
        before = data_versions(reading_all(session)).of(elsewhere)
        session.execute(text(statement))
        assert (data_versions(reading_all(session)).of(elsewhere) != before) is is_everywhere
        session.rollback()


def test_an_area_that_grows_in_one_transaction_takes_in_all_its_changes(engine):
    with Session(engine) as session:
        versions = [data_version(session, "markets")]
        kind = LAYERS.get("markets")
        for place in (CENTRE, FAR):
            make_feature(session, kind, lon=place[0], lat=place[1])
            versions.append(data_version(session, "markets"))
        found = data_versions(reading_all(session))
        elsewhere = Source(("markets",), (103.0, 18.0, 104.0, 19.0))
        first = found.of(elsewhere)
        session.rollback()
    assert len(set(versions)) == 3
    with Session(engine) as session:
        assert data_versions(reading_all(session)).of(elsewhere) == first, "nothing of it lay there"


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.INSPECTOR])
def test_after_any_history_each_tile_shows_what_is_stored_now(app, engine, cookies, role, heavy):
    draw = random.Random(f"{role} 57")
    places = [tile_at(*place, zoom) for place in (CENTRE, FAR) for zoom in (6, 9, 11, 13)]
    kinds = [kind for kind in readable_by(role, KINDS) if kind.is_point() or kind.details]
    asking, mine = Asking(app), []
    with Session(engine, expire_on_commit=False) as session:
        for _ in range(200 if heavy else 25):
            kind = draw.choice(kinds)
            for _ in range(draw.randint(1, 2)):
                _change(session, draw, kind, mine)
            session.commit()
            for place in places:
                status, headers, content = asking.get(address_of(kind, place), **cookies[role])
                assert status in {200, 204}
                shown = gzip.decompress(content) if headers.get("content-encoding") == "gzip" else content
                assert shown == read_tile(reading_all(session), kind, visible_names(role, kind), place)
            session.commit()


def _change(session, draw, kind, mine):
    """Do one of the things that people, files and undo do to an object or to what hangs on it."""
    own = [feature for feature in mine if isinstance(feature, kind)]
    what = draw.choice(["add", "move", "class", "delete", "hang"]) if own else "add"
    if what == "add":
        lon, lat = draw.choice((CENTRE, FAR))
        mine.append(make_feature(session, kind, lon=lon + draw.uniform(-0.02, 0.02), lat=lat))
    elif what == "move":
        draw.choice(own).geom = func.ST_GeomFromText(shape_for(kind, *draw.choice((CENTRE, FAR))).wkt, 4326)
    elif what == "class":
        feature, variation = draw.choice(own), draw.choice(kind.layer.style.by)
        if not kind.field(variation.field).derived:
            setattr(feature, variation.field, draw.choice(list(variation.cases)))
    elif what == "delete":
        feature = draw.choice(own)
        if not any(session.scalar(select(detail.id).where(detail.feature_id == feature.id)) for detail in kind.details):
            mine.remove(feature)
            session.delete(feature)
    elif kind.details:
        detail = draw.choice(kind.details)
        row = session.execute(select(detail).order_by(func.random()).limit(1)).scalars().first()
        if row is not None:
            session.execute(update(detail).where(detail.id == row.id).values(feature_id=draw.choice(own).id))
    session.flush()
