"""The layers as they were stored on an earlier day."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from geodata import features
from geodata.access import visible_fields
from geodata.history import ChangeSet
from geodata.importing import ImportOptions, commit_import, preview_import
from geodata.layer import Role
from geodata.layers import LAYERS
from geodata.past import stored_then
from geodata.tiles import read_tile
from tests.factories import make_feature
from tests.geodata.importing.files import csv

MARKET = LAYERS.get("markets")
NAMES = frozenset(field.name for field in visible_fields(Role.GIS, MARKET))
HEAD = "MA,TEN,SO_HO,lon,lat\n"


@pytest.fixture
def three_days(session, tmp_path):
    """A market from before all history; imports of the 1st, 3rd and 5th of March."""
    make_feature(session, MARKET, code="OLD", name="Chợ Cũ")
    texts = [
        HEAD + "A,Chợ An,10,106.68,20.86\nB,Chợ Ba,20,106.69,20.86\n",
        HEAD + "A,Chợ An Mới,11,106.70,20.86\nC,Chợ Cá,30,106.71,20.86\nOLD,Chợ Cũ Sửa,1,106.60,20.80\n",
        HEAD + "A,Chợ An Mới,12,106.70,20.86\n",
    ]
    for day, (mode, content) in zip((1, 3, 5), zip(("upsert", "upsert", "replace"), texts, strict=True), strict=True):
        preview = preview_import(session, MARKET, csv(tmp_path / "a.csv", content), ImportOptions(mode=mode))
        number = commit_import(session, preview, user_name="an").import_id
        made = datetime(2026, 3, day, 5, tzinfo=UTC)
        session.execute(update(ChangeSet).where(ChangeSet.id == int(number)).values(made_at=made))
    session.commit()


def at(connection, day):
    moment = datetime(2026, 3, day, tzinfo=UTC).date()
    with stored_then(connection, LAYERS, moment):
        rows = connection.execute(select(MARKET.code, MARKET.name, MARKET.column("trader_count"))).all()
    return {code: (name, count) for code, name, count in rows}


@pytest.mark.parametrize(
    ("day", "stored"),
    [
        (1, {"OLD": "Chợ Cũ", "A": "Chợ An", "B": "Chợ Ba"}),
        (2, {"OLD": "Chợ Cũ", "A": "Chợ An", "B": "Chợ Ba"}),
        (3, {"OLD": "Chợ Cũ Sửa", "A": "Chợ An Mới", "B": "Chợ Ba", "C": "Chợ Cá"}),
        (5, {"A": "Chợ An Mới"}),
    ],
)
def test_names_are_as_they_were_stored_at_the_end_of_the_day(connection, three_days, day, stored):
    assert {code: name for code, (name, _) in at(connection, day).items()} == stored


def test_afterwards_everything_is_as_today(connection, three_days):
    at(connection, 1)
    assert connection.scalars(select(MARKET.code)).all() == ["A"]


def test_lists_counts_single_objects_and_tiles_read_the_same_rows(connection, three_days):
    fields = visible_fields(Role.GIS, MARKET)
    with stored_then(connection, LAYERS, datetime(2026, 3, 2, tzinfo=UTC).date()):
        page = features.list_features(connection, MARKET, fields, (), limit=10)
        assert sorted(row["code"] for row in page.rows) == ["A", "B", "OLD"]
        assert features.count_features(connection, MARKET, ()) == 3
        matched, _ = features.count_facets(connection, MARKET, fields, ())
        assert matched == 3
        tile = read_tile(connection, MARKET, NAMES, (0, 0, 0))
    assert tile
    assert tile != read_tile(connection, MARKET, NAMES, (0, 0, 0))
