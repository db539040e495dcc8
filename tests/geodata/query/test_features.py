"""Reading features, through geodata's functions, for every layer."""

import contextlib
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy.orm import Session

import shapely

from geodata.base.errors import InvalidValueError, NotFoundError
from geodata.layers import LAYERS
from geodata.query import features, summary
from geodata.schema.filters import Choice
from geodata.schema.layer_filters import bbox_filter
from tests.factories import CENTRE, make_feature

ALL = pytest.mark.parametrize("kind", list(LAYERS), ids=[kind.layer.name for kind in LAYERS])


@ALL
def test_pages_in_any_order_give_every_feature_once(session, kind):
    made = {
        make_feature(session, kind, name=f"Tên {n % 3}", valid_from=[None, date(2020, 1, n + 1)][n % 2]).id
        for n in range(7)
    }
    for text in ("id", "name", "-name", "valid_from", "-valid_from", "code", "-updated_at"):
        sort = features.parse_sort(kind, kind.fields(), text)
        seen, cursor = [], None
        while True:
            page = features.list_features(session.connection(), kind, kind.fields(), limit=2, cursor=cursor, sort=sort)
            seen += [row["id"] for row in page.rows]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert len(seen) == len(made)
        assert set(seen) == made


@ALL
def test_numeric_and_derived_fields_sort_with_unknown_last(session, kind):
    numeric = [field for field in kind.fields() if field.python_type is Decimal]
    for field in numeric:
        sort = features.parse_sort(kind, kind.fields(), f"-{field.name}")
        features.list_features(session.connection(), kind, kind.fields(), limit=5, sort=sort)


@ALL
def test_facets_add_up_to_the_number_of_features(session, kind):
    for _ in range(4):
        make_feature(session, kind)
    counts = features.facets(session.connection(), kind, kind.fields())
    choices = [f.name for f in kind.fields() if isinstance(f.filter, Choice) and f.filter.labels is not None]
    assert set(counts) == set(choices)
    for values in counts.values():
        assert sum(values.values()) == 4


@ALL
def test_a_filtered_field_still_counts_its_other_values(session, kind):
    field = next((f for f in kind.fields() if f.values and f.filter and not f.derived), None)
    assert field is not None
    first, second = list(field.values)[:2]
    make_feature(session, kind, **{field.name: first})
    make_feature(session, kind, **{field.name: second})
    condition = field.filter.parse(field.name, field.label, [first.value], kind.column(field.name))
    counts = features.facets(session.connection(), kind, kind.fields(), [condition])
    assert counts[field.name] == {first.value: 1, second.value: 1}
    others = [sum(values.values()) for name, values in counts.items() if name != field.name]
    assert set(others) <= {1}
    assert features.count_features(session.connection(), kind, [condition]) == 1


@ALL
def test_a_feature_reads_back_as_geojson(session, kind):
    feature = make_feature(session, kind, name="Chợ Đổng Quốc Bình")
    row = features.get_feature(session.connection(), kind, feature.id, kind.fields())
    geojson = features.as_geojson(row)
    assert geojson["properties"]["name"] == "Chợ Đổng Quốc Bình"
    assert geojson["geometry"]["type"].upper() == kind.layer.geometry.value
    west, south, east, north = features.extent(session.connection(), kind)
    assert west <= CENTRE[0] <= east
    assert south <= CENTRE[1] <= north


@ALL
def test_an_unknown_feature_is_not_found(session, kind):
    with pytest.raises(NotFoundError):
        features.get_feature(session.connection(), kind, 10**9, kind.fields())


@ALL
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cursor=st.text(max_size=40))
def test_a_made_up_cursor_is_refused_or_read_never_a_crash(session, kind, cursor):
    with contextlib.suppress(InvalidValueError):
        features.list_features(session.connection(), kind, kind.fields(), limit=1, cursor=cursor or "x")


@ALL
def test_names_come_in_vietnamese_order_both_ways(session, kind):
    names = ["An", "Ăn", "Ân", "Dung", "Đông", "Em", "Ở", "Vũ"]
    for name in reversed(names):
        make_feature(session, kind, name=name)
    for text, expected in (("name", names), ("-name", names[::-1])):
        sort = features.parse_sort(kind, kind.fields(), text)
        page = features.list_features(session.connection(), kind, kind.fields(), sort=sort)
        assert [row["name"] for row in page.rows] == expected


@ALL
def test_what_is_unknown_comes_last_in_both_ways(session, kind):
    days = [date(2020, 1, 1), None, date(2021, 1, 1), None]
    for day in days:
        make_feature(session, kind, valid_from=day)
    for text, expected in (("valid_from", [days[0], days[2]]), ("-valid_from", [days[2], days[0]])):
        sort = features.parse_sort(kind, kind.fields(), text)
        page = features.list_features(session.connection(), kind, kind.fields(), sort=sort)
        assert [row["valid_from"] for row in page.rows] == [*expected, None, None]


def test_counts_follow_every_committed_change_at_once(engine):
    kind = next(iter(LAYERS))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as reading, Session(engine) as session:
        before = features.count_features(reading, kind)
        made = make_feature(session, kind)
        assert features.count_features(reading, kind) == before
        session.commit()
        assert features.count_features(reading, kind) == before + 1
        assert features.count_facets(reading, kind, kind.fields())[0] == before + 1
        session.delete(made)
        session.commit()
        assert features.count_features(reading, kind) == before


def test_of_many_who_count_at_once_after_a_change_one_counts(engine, monkeypatch):
    kind, people, counted, arrived = next(iter(LAYERS)), 6, [], threading.Semaphore(0)
    with Session(engine) as session:
        made = make_feature(session, kind)
        session.commit()
        read = summary._read

        def slowly(*asked):
            counted.append(1)
            for _ in range(people):
                arrived.acquire(timeout=10)
            return read(*asked)

        def ask(_):
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as reading:
                arrived.release()
                return features.count_facets(reading, kind, kind.fields())

        monkeypatch.setattr(summary, "_read", slowly)
        with ThreadPoolExecutor(people) as pool:
            first, *others = pool.map(ask, range(people))
        session.delete(made)
        session.commit()
    assert counted == [1]
    assert others == [first] * (people - 1)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lon=st.floats(106.5, 106.7), lat=st.floats(20.7, 20.9), width=st.sampled_from([0, 1e-9, 0.05]), edge=st.booleans()
)
def test_a_point_is_in_the_box_exactly_when_it_meets_it(session, lon, lat, width, edge):
    kind = LAYERS.get("markets")
    west = lon if edge else math.nextafter(lon, 200)
    box = (west, lat, west + width, lat + width)
    with session.begin_nested() as point:
        make_feature(session, kind, shape=shapely.Point(lon, lat))
        condition = bbox_filter("bbox", box, kind.column("geom"))
        assert features.count_features(session.connection(), kind, [condition]) == int(edge)
        point.rollback()
