"""What the database itself guarantees."""

from itertools import pairwise

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from hypothesis import given, strategies as st
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from geoalchemy2.functions import ST_X, ST_Y
from shapely.geometry import MultiPolygon, Point, Polygon

from geodata.base import database
from geodata.base.crs import HAI_PHONG, VN2000_TM3
from geodata.base.data_version import data_version
from geodata.base.database import new_engine
from geodata.layers import LAYERS
from tests.conftest import ROOT
from tests.examples import examples
from tests.factories import make_feature

ALL = pytest.mark.parametrize("kind", list(LAYERS), ids=[kind.layer.name for kind in LAYERS])


def test_the_models_and_the_migrations_agree(engine):
    config = Config(toml_file=str(ROOT / "pyproject.toml"))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.check(config)


def test_each_migration_runs_up_and_down_again_and_the_whole_chain_twice(empty_database, worker):
    url = empty_database(f"migrate_{worker}")
    config = Config(toml_file=str(ROOT / "pyproject.toml"))
    chain = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]  # newest first
    engine = new_engine(url)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        for revision in reversed(chain):  # each by a run of its own: an installation may stop at any of them
            command.upgrade(config, revision)
        command.check(config)
        for revision, earlier in pairwise([*chain, "base"]):
            command.downgrade(config, earlier)
            command.upgrade(config, revision)
            command.downgrade(config, earlier)
        left = connection.scalar(text("SELECT count(*) FROM pg_tables WHERE tablename = 'market'"))
        command.upgrade(config, "head")
        command.check(config)
        connection.rollback()
    engine.dispose()
    assert (left, chain[-1]) == (0, "0001")


def test_a_vn2000_point_lands_within_a_metre_of_its_wgs84_place(connection):
    point = func.ST_Transform(func.ST_SetSRID(func.ST_Point(596943.67, 2307792.14), 9210), 4326)
    lon, lat = connection.execute(select(ST_X(point), ST_Y(point))).one()
    assert abs(lon - 106.6835) * 104_000 < 1
    assert abs(lat - 20.8605) * 111_000 < 1


@pytest.mark.parametrize("srid", sorted(VN2000_TM3))
def test_every_vn2000_zone_agrees_with_the_epsg_register(connection, srid):
    from pyproj import Transformer

    east, north = Transformer.from_crs(4326, srid, always_xy=True).transform(106.6835, 20.8605)
    point = func.ST_Transform(func.ST_SetSRID(func.ST_Point(106.6835, 20.8605), 4326), srid)
    found = connection.execute(select(ST_X(point), ST_Y(point))).one()
    assert found == pytest.approx((east, north), abs=1)


def test_the_extent_in_the_database_is_the_provinces(connection):
    box = func.province_extent()
    found = connection.execute(
        select(*(f(box) for f in (func.ST_XMin, func.ST_YMin, func.ST_XMax, func.ST_YMax)))
    ).one()
    assert tuple(found) == HAI_PHONG.extent


@ALL
def test_a_second_feature_with_the_same_key_is_refused(session, kind):
    make_feature(session, kind, code="SAME")
    with pytest.raises(IntegrityError, match="key"):
        make_feature(session, kind, code="SAME")


@ALL
def test_a_place_outside_the_province_is_refused(session, kind):
    with pytest.raises(IntegrityError, match="inside_extent"):
        make_feature(session, kind, lon=100.0, lat=13.7)


@pytest.mark.parametrize("kind", [k for k in LAYERS if k.layer.geometry == "MULTIPOLYGON"], ids=lambda k: k.layer.name)
def test_a_bow_tie_is_refused(session, kind):
    bow_tie = MultiPolygon([Polygon([(106.6, 20.8), (106.7, 20.9), (106.7, 20.8), (106.6, 20.9)])])
    with pytest.raises(IntegrityError, match="valid_geometry"):
        make_feature(session, kind, shape=bow_tie)


@ALL
def test_the_wrong_geometry_type_is_refused(session, kind):
    wrong = Point(106.7, 20.8) if not kind.is_point() else Point(106.7, 20.8).buffer(0.01)
    with pytest.raises(DBAPIError):
        make_feature(session, kind, shape=wrong)


@ALL
def test_empty_codes_and_ends_before_starts_are_refused(session, kind):
    with pytest.raises(IntegrityError), session.begin_nested():
        make_feature(session, kind, code="")
    with pytest.raises(IntegrityError), session.begin_nested():
        make_feature(session, kind, valid_from="2025-07-01", valid_to="2020-01-01")


@ALL
def test_the_data_version_changes_with_a_transaction_that_writes(engine, kind):
    from sqlalchemy.orm import Session

    with Session(engine) as session:
        before = data_version(session, kind.layer.name)
        feature = make_feature(session, kind)
        session.commit()
        changed = data_version(session, kind.layer.name)
        session.delete(feature)
        session.commit()
        assert len({before, changed, data_version(session, kind.layer.name)}) == 3


def test_the_audit_log_can_only_be_added_to(session):
    session.execute(text("INSERT INTO audit_entry (action) VALUES ('login')"))
    for statement in ("UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"):
        with pytest.raises(DBAPIError, match="only be added to"), session.begin_nested():
            session.execute(text(statement))


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Đổng Quốc Bình", "dong quoc binh"),
        ("THUỶ Nguyên", "thuy nguyen"),
        ("Thủy", "thuy"),
        ("Ha\u0309i Pho\u0300ng", "hai phong"),
    ],
)
def test_text_folds_to_plain_letters(connection, written, folded):
    assert connection.execute(select(func.fold_text(written))).scalar() == folded


def one_connection_cut(database_url, other):
    """Return an engine that keeps one connection, which the server has just ended."""
    engine = new_engine(database_url)
    with engine.connect() as connection:
        number = connection.scalar(text("SELECT pg_backend_pid()"))
    other.execute(text("SELECT pg_terminate_backend(:number, 5000)"), {"number": number})
    return engine


def test_a_connection_that_broke_while_it_rested_is_replaced_unseen(database_url, connection, monkeypatch):
    monkeypatch.setattr(database, "REST_S", 0)
    engine = one_connection_cut(database_url, connection)
    with engine.connect() as found:
        assert found.scalar(text("SELECT 1")) == 1
    engine.dispose()


def test_one_that_broke_just_after_it_was_used_fails_once_and_no_more(database_url, connection, monkeypatch):
    monkeypatch.setattr(database, "REST_S", 3600)
    engine = one_connection_cut(database_url, connection)
    with engine.connect() as found, pytest.raises(OperationalError):
        found.scalar(text("SELECT 1"))
    with engine.connect() as found:
        assert found.scalar(text("SELECT 1")) == 1
    engine.dispose()


#: Letters of Vietnamese whole and in parts, and whatever else Unicode has (no NUL, no halves: PostgreSQL has none).
_TEXTS = st.lists(
    st.one_of(
        st.sampled_from([*"ạẩỹđĐƯờaAeo \u0323\u0302\u0301\u031b\u0300", "\u1ea1", "\u212b", "\u0340"]),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    max_size=30,
).map("".join)


@examples(100, heavy=3000)
@given(value=_TEXTS)
def test_a_folded_text_is_that_of_its_composed_form(connection, value):
    composed = "lower(unaccent('unaccent'::regdictionary, normalize(:value, NFC)))"
    row = connection.execute(text(f"SELECT fold_text(:value), {composed}"), {"value": value}).one()
    assert row[0] == row[1]


@ALL
def test_an_object_names_only_a_change_set_that_is_there(session, kind):
    with pytest.raises(IntegrityError, match="change set 4711"), session.begin_nested():
        make_feature(session, kind, change_set_id=4711)
    stored = make_feature(session, kind)
    with pytest.raises(IntegrityError, match="change set 4711"), session.begin_nested():
        session.execute(update(kind).where(kind.id == stored.id).values(change_set_id=4711))


@ALL
def test_a_change_set_stays_as_long_as_objects_are_of_it(session, kind):
    made = session.scalar(
        text("INSERT INTO change_set (kind, layer, user_name) VALUES ('edit', :layer, 'an') RETURNING id"),
        {"layer": kind.layer.name},
    )
    stored = make_feature(session, kind, change_set_id=made)
    remove = text("DELETE FROM change_set WHERE id = :id")
    with pytest.raises(IntegrityError, match=f"of change set {made}"), session.begin_nested():
        session.execute(remove, {"id": made})
    session.execute(update(kind).where(kind.id == stored.id).values(change_set_id=None))
    session.execute(text("DELETE FROM feature_change"))  # that it was added goes with the change set
    session.execute(remove, {"id": made})
