"""A tile of stored points shows what one shows that reads the layer itself, whatever has happened since."""

import random

import mapbox_vector_tile
import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from geodata.accounts.access import readable_by, visible_names
from geodata.base.data_version import DataChange, fold_data_changes
from geodata.base.database import new_engine, reading_all
from geodata.housekeeping import merge_points
from geodata.layers import LAYERS
from geodata.query import merging, tiles
from geodata.query.merged import (
    MergedLevel,
    MergedPoint,
    PlacedPoint,
    fields_of,
    layers_merged,
    merged_zooms,
    stored_for,
    stored_zooms,
)
from geodata.query.merging import refresh_merged
from geodata.query.tiles import read_tile, tile_range, tile_reach
from geodata.schema.roles import Role
from tests.conftest import migrated_database
from tests.factories import CENTRE, make_feature

KINDS = [kind for kind in LAYERS if merged_zooms(kind)]
ROLES = (Role.PUBLIC, Role.INSPECTOR)
#: Edges of tiles of zoom 9 and of cells run through it.
PROVINCE = (106.3, 20.35, 107.6, 21.1)
#: Where half of all points lie.
CITY = (CENTRE[0] - 0.02, CENTRE[1] - 0.02, CENTRE[0] + 0.02, CENTRE[1] + 0.02)


@pytest.fixture
def engine(worker):
    """A database of its own, where transactions are real."""
    engine = new_engine(migrated_database(f"merging_{worker}"))
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch):
    monkeypatch.setattr(merging, "LEAST_OBJECTS", 5)


def sees(kind):
    return {visible_names(role, kind) for role in Role}


def refresh(session, kind):
    written = refresh_merged(session, kind, sees(kind))
    session.commit()
    return written


def decoded(content):
    """Class, number, id, label and place of each point, in the order in which they are drawn."""
    layers = mapbox_vector_tile.decode(content, default_options={"y_coord_down": True}) if content else {}
    return [
        (properties["c"], properties.get("n", 1), each["id"], properties.get("t"), *each["geometry"]["coordinates"])
        for layer in layers.values()
        for each in layer["features"]
        for properties in [each["properties"]]
    ]


def assert_same(stored, merged):
    """The same points in the same order; a mean place may be rounded to the next of 4,096 units, as sums are added in another order."""
    assert [each[:4] for each in stored] == [each[:4] for each in merged]
    for one, other in zip(stored, merged, strict=True):
        assert abs(one[4] - other[4]) <= (one[1] > 1)
        assert abs(one[5] - other[5]) <= (one[1] > 1)


def tiles_of(kind):
    for zoom in stored_zooms(kind):
        left, right, top, bottom = tile_range(PROVINCE if zoom in merged_zooms(kind) else CITY, zoom)
        step = max(1, (right - left) // 3)
        yield from ((zoom, x, y) for x in range(left, right + 1, step) for y in range(top, bottom + 1, step))


def compare(session, kind, role):
    """Compare all tiles and return how many of them were of stored points, partly of them, and not."""
    connection, visible = reading_all(session), visible_names(role, kind)
    number = [0, 0, 0]
    for tile in tiles_of(kind):
        stored = stored_for(connection, kind, visible, tile_reach(tile))
        number[2 if stored is None else stored.changed is not None] += 1
        assert_same(
            decoded(read_tile(connection, kind, visible, tile, is_for_all=True)),
            decoded(read_tile(connection, kind, visible, tile)),
        )
    return tuple(number)


def fill(session, kind, draw, number=60):
    west, south, east, north = PROVINCE
    for _ in range(number):
        lon, lat = draw.choice([CENTRE, (draw.uniform(west, east), draw.uniform(south, north))])
        make_feature(session, kind, lon=lon + draw.gauss(0, 0.01), lat=lat + draw.gauss(0, 0.01), **_class(kind, draw))
    session.commit()


def _class(kind, draw):
    stored = [each for each in kind.layer.style.by if not kind.field(each.field).derived]
    return {each.field: draw.choice(list(each.cases)) for each in stored}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.layer.name)
def test_through_any_life_of_a_layer_stored_points_are_those_of_the_layer(engine, kind, heavy):
    draw = random.Random(f"{kind.__tablename__} 58")
    roles = [role for role in ROLES if kind in readable_by(role, LAYERS)]
    with Session(engine, expire_on_commit=False) as session:
        fill(session, kind, draw)
        assert {compare(session, kind, role)[0] for role in roles} == {0}, "nothing is stored yet"
        assert refresh(session, kind) > 0
        assert {compare(session, kind, role)[1:] for role in roles} == {(0, 0)}
        assert refresh(session, kind) == 0
        for step in range(40 if heavy else 8):
            ids = session.scalars(select(kind.id)).all()
            one = draw.choice(ids)
            match step % 4:
                case 0:
                    fill(session, kind, draw, number=3)
                case 1:
                    place = func.ST_Translate(kind.geom, draw.gauss(0, 0.05), draw.gauss(0, 0.05))
                    session.execute(update(kind).where(kind.id == one).values(geom=place))
                case 2:
                    changed = _class(kind, draw) | {"name": f"Tên mới {step}"}
                    session.execute(update(kind).where(kind.id.in_(draw.sample(ids, 4))).values(**changed))
                case _:
                    session.execute(text(f"DELETE FROM {kind.__tablename__} WHERE id = {one}"))
            session.commit()
            role = draw.choice(roles)
            stored, partly, merged = compare(session, kind, role)
            assert partly > 0, "where it has changed the layer is asked"
            assert merged == 0
            refresh(session, kind)
            assert compare(session, kind, role) == (stored + partly, 0, 0)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.layer.name)
@pytest.mark.parametrize("table", [MergedPoint, PlacedPoint], ids=["merged", "placed"])
def test_what_is_drawn_is_what_is_stored(engine, kind, table):
    visible = visible_names(Role.PUBLIC, kind)
    merged = len(merged_zooms(kind))
    zooms = stored_zooms(kind)[:merged] if table is MergedPoint else stored_zooms(kind)[merged:]
    with Session(engine) as session:
        fill(session, kind, random.Random(11))
        refresh(session, kind)
        connection = reading_all(session)
        shown = {zoom: read_tile(connection, kind, visible, _above_the_city(zoom), is_for_all=True) for zoom in zooms}
        session.execute(delete(table))
        assert all(shown.values())
        for zoom in zooms:
            assert not read_tile(connection, kind, visible, _above_the_city(zoom), is_for_all=True)
            named = read_tile(connection, kind, visible, _above_the_city(zoom), is_for_all=True, is_named=True)
            assert bool(named) is (table is PlacedPoint), "names are read from the layer"


def _above_the_city(zoom):
    return (zoom, *tile_range((*CENTRE, *CENTRE), zoom)[::2])


def test_a_change_elsewhere_leaves_stored_points_in_use(engine):
    kind = KINDS[0]
    visible = visible_names(Role.PUBLIC, kind)
    with Session(engine) as session:
        fill(session, kind, random.Random(1))
        refresh(session, kind)
        make_feature(session, kind, lon=107.7, lat=20.3)
        session.commit()
        connection = reading_all(session)
        assert stored_for(connection, kind, visible, (106.0, 20.5, 107.0, 21.0)).changed is None
        assert stored_for(connection, kind, visible, (107.5, 20.0, 108.0, 21.0)).changed == (107.7, 20.3, 107.7, 20.3)
        session.execute(text(f"TRUNCATE {kind.__tablename__} CASCADE"))
        assert stored_for(connection, kind, visible, (106.0, 20.5, 107.0, 21.0)) is None


def test_yesterdays_points_are_not_used_and_made_anew(engine):
    kind = KINDS[0]
    with Session(engine) as session:
        fill(session, kind, random.Random(2))
        refresh(session, kind)
        session.execute(update(MergedLevel).values(made_on=func.current_date() - 1))
        session.commit()
        assert compare(session, kind, Role.PUBLIC)[0] == 0
        assert refresh(session, kind) > 0
        assert compare(session, kind, Role.PUBLIC)[1:] == (0, 0)


def test_a_level_that_is_made_anew_while_a_tile_is_drawn_leaves_the_tile_right(engine, monkeypatch):
    kind = KINDS[0]
    visible, tile = (
        visible_names(Role.PUBLIC, kind),
        _above_the_city(merged_zooms(kind)[-1]),
    )
    with Session(engine) as session, Session(engine) as other:
        fill(session, kind, random.Random(9))
        refresh(session, kind)

        def then_made_anew(*arguments):
            found = stored_for(*arguments)
            other.execute(update(MergedLevel).values(made_on=func.current_date() - 1))
            assert refresh(other, kind) > 0
            return found

        merged = decoded(read_tile(reading_all(session), kind, visible, tile))
        session.commit()
        monkeypatch.setattr(tiles, "stored_for", then_made_anew)
        assert_same(decoded(read_tile(reading_all(session), kind, visible, tile, is_for_all=True)), merged)
        assert merged


def test_small_layers_are_not_stored_and_those_that_become_small_are_forgotten(engine):
    kind = KINDS[0]
    with Session(engine) as session:
        fill(session, kind, random.Random(3), number=6)
        assert refresh(session, kind) > 0
        session.execute(
            text(f"DELETE FROM {kind.__tablename__} WHERE id IN (SELECT id FROM {kind.__tablename__} LIMIT 2)")
        )
        session.commit()
        assert refresh(session, kind) == 0
        assert session.scalar(select(func.count()).select_from(MergedPoint)) == 0
        assert session.scalar(select(func.count()).select_from(PlacedPoint)) == 0
        assert session.scalar(select(func.count()).select_from(MergedLevel)) == 0


def test_changes_are_not_folded_before_they_are_in_the_stored_points(engine):
    kind = KINDS[0]
    with Session(engine) as session:
        fill(session, kind, random.Random(4))
        refresh(session, kind)
        make_feature(session, kind)
        session.execute(update(DataChange).values(noted_on=func.current_date() - 1))
        session.commit()
        fold_data_changes(session, layers_merged(session))
        session.commit()
        assert session.scalar(select(func.count()).select_from(DataChange)) == 1
        assert compare(session, kind, Role.PUBLIC)[1] > 0
        refresh(session, kind)
        fold_data_changes(session, layers_merged(session))
        session.commit()
        assert session.scalar(select(func.count()).select_from(DataChange)) == 0
        assert compare(session, kind, Role.PUBLIC)[1:] == (0, 0)


def test_what_another_commits_while_points_are_merged_waits_for_the_next_time(engine, monkeypatch):
    kind = KINDS[0]
    merge = merging._merge

    def meanwhile(session, *arguments):
        with Session(engine) as other:
            make_feature(other, kind)
            other.commit()
        return merge(session, *arguments)

    with Session(engine) as session:
        fill(session, kind, random.Random(5))
        monkeypatch.setattr(merging, "_merge", meanwhile)
        refresh(session, kind)
        monkeypatch.setattr(merging, "_merge", merge)
        assert compare(session, kind, Role.PUBLIC)[1] > 0
        refresh(session, kind)
        assert compare(session, kind, Role.PUBLIC)[1:] == (0, 0)


def test_the_background_merges_each_large_layer_for_each_audience(engine):
    with Session(engine) as session:
        for kind in KINDS:
            fill(session, kind, random.Random(8), number=5)
        merge_points(session, LAYERS)
        found = {(level.layer, level.fields) for level in session.scalars(select(MergedLevel))}
        roles = {kind: [role for role in Role if kind in readable_by(role, LAYERS)] for kind in KINDS}
        assert found == {
            (kind.layer.name, fields_of(kind, visible_names(role, kind))) for kind in KINDS for role in roles[kind]
        }
        assert {compare(session, kind, roles[kind][-1])[1:] for kind in KINDS} == {(0, 0)}


def test_what_has_gathered_while_no_worker_ran_is_worked_off_at_once(engine):
    kind = KINDS[0]
    with Session(engine) as session:
        fill(session, kind, random.Random(10))
        refresh(session, kind)
        gathered = (
            "INSERT INTO data_change (layer, transaction_id) SELECT :layer, -n FROM generate_series(1, 30000) AS n"
        )
        session.execute(text(gathered), {"layer": kind.layer.name})
        session.commit()
        assert refresh(session, kind) > 0
        assert session.scalar(select(func.count()).where(~DataChange.is_merged)) == 0
        assert compare(session, kind, Role.PUBLIC)[1:] == (0, 0)


def test_while_one_merges_another_leaves_it_to_him(engine):
    kind = KINDS[0]
    with Session(engine) as session, Session(engine) as other:
        fill(session, kind, random.Random(6))
        assert refresh_merged(session, kind, sees(kind)) > 0
        assert refresh_merged(other, kind, sees(kind)) == 0


def test_each_audience_has_the_classes_of_the_fields_that_it_sees(engine):
    kind = next(
        kind
        for kind in KINDS
        if fields_of(kind, visible_names(Role.PUBLIC, kind)) != fields_of(kind, visible_names(Role.INSPECTOR, kind))
    )
    with Session(engine) as session:
        fill(session, kind, random.Random(7))
        refresh(session, kind)
        levels = {stored_for(reading_all(session), kind, visible_names(role, kind), PROVINCE) for role in ROLES}
        assert len(levels) == 2
        assert None not in levels
