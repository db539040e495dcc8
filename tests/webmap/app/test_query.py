"""Filters narrow, refuse what they cannot read, and say what they did."""

import contextlib
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from geodata.base.errors import InvalidFilterError
from geodata.layers import LAYERS
from geodata.query import features
from geodata.query.features import area_kinds
from geodata.schema.fields import LabelledEnum
from geodata.schema.filters import UNKNOWN, DateRange, Range
from geodata.schema.roles import Role
from tests.factories import CENTRE, make_feature, shape_for
from webmap.app.query import FilterParser

ALL = pytest.mark.parametrize("kind", list(LAYERS), ids=[kind.layer.name for kind in LAYERS])
WORDS = {"one": "Chợ Đổng Quốc Bình", "two": "Cụm Tân Trào"}


def parse(session, kind, /, **arguments):
    parser = FilterParser(kind=kind, visible=kind.fields(), readable=LAYERS, connection=session.connection())
    return parser.parse(MultiDict(arguments))


def count(session, kind, /, **arguments):
    return features.count_features(session.connection(), kind, parse(session, kind, **arguments))


@ALL
def test_every_stored_filter_keeps_the_matching_feature_only(session, kind):
    tried = 0
    for field in kind.fields():
        if field.filter is None or field.derived or field.name == "name":
            continue
        value, argument = _example(field)
        if value is None:
            continue
        tried += 1
        before = count(session, kind, **{field.name: argument})
        make_feature(session, kind, **{field.name: value})
        make_feature(session, kind)
        assert count(session, kind, **{field.name: argument}) == before + 1, field.name
    assert tried > 0


def _example(field):
    if field.values is not None and issubclass(field.values, LabelledEnum):
        member = next(iter(field.values))
        return member, member.value
    if field.name.endswith("_year"):
        return 2021, "2020..2022"
    if isinstance(field.filter, Range):
        return (77, "70..80") if field.python_type is not Decimal else (Decimal("77.5"), "77.5")
    if isinstance(field.filter, DateRange):
        return date(2020, 3, 2), "2020-03-02..2020-03-02"
    if field.python_type is int:
        return None, None
    return "11341", "11341"


@ALL
def test_unknown_asks_for_the_missing_values(session, kind):
    field = next(f for f in kind.fields() if f.values and not f.derived)
    make_feature(session, kind, **{field.name: next(iter(field.values))})
    unknown = make_feature(session, kind)
    conditions = parse(session, kind, **{field.name: "unknown"})
    page = features.list_features(session.connection(), kind, kind.fields(), conditions)
    assert [row["id"] for row in page.rows] == [unknown.id]


@ALL
def test_text_is_found_without_accents_and_wildcards_are_plain_characters(session, kind):
    wanted = make_feature(session, kind, name="Chợ Đổng Quốc Bình 100%")
    make_feature(session, kind, name="Tân Trào")
    for text in ("dong quoc", "ĐỔNG", "quoc dong", "100%"):
        conditions = parse(session, kind, q=text)
        page = features.list_features(session.connection(), kind, kind.fields(), conditions)
        assert [row["id"] for row in page.rows] == [wanted.id], text
    assert count(session, kind, name="%") == 1
    assert count(session, kind, name="dong quoc binh") == 1
    assert count(session, kind, name="_") == 0


@ALL
def test_places_filter_by_box_distance_and_area(session, kind):
    near = make_feature(session, kind)
    make_feature(session, kind, lon=107.3, lat=20.75)
    lon, lat = CENTRE
    assert count(session, kind, bbox=f"{lon - 0.01},{lat - 0.01},{lon + 0.01},{lat + 0.01}") == 1
    assert count(session, kind, near=f"{lon},{lat},2") == 1
    assert count(session, kind, near=f"{lon},{lat},200") == 2
    for name, area_kind in features.area_kinds(LAYERS).items():
        area = make_feature(session, area_kind, code=f"AREA-{name}")
        kept = parse(session, kind, **{name: area.code})
        page = features.list_features(session.connection(), kind, kind.fields(), kept)
        assert near.id in {row["id"] for row in page.rows}
        session.delete(area)
        session.flush()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nonsense", "1"),
        ("stall_count", "many"),
        ("stall_count", "9..1"),
        ("stall_count", "NaN"),
        ("stall_count", ".."),
        ("status", "demolished"),
        ("document_on", "02/03/2020"),
        ("document_on", "2020-12-31..2020-01-01"),
        ("bbox", "1,2,3"),
        ("bbox", "106,21,105,20"),
        ("near", "106,20"),
        ("near", "106,20,-1"),
        ("within", "no-such-zone"),
        ("unit", "99999999999999999999999"),
        ("q", "   "),
        ("stall_count", "1; DROP TABLE market"),
    ],
)
def test_a_value_that_cannot_be_read_is_refused_with_the_filters_name(session, name, value):
    with pytest.raises(InvalidFilterError) as raised:
        parse(session, LAYERS.get("markets"), **{name: value})
    assert raised.value.details["name"] == name


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    name=st.sampled_from(
        ["stall_count", "status", "document_on", "name", "q", "bbox", "near", "within", "admin_unit_code"]
    ),
    value=st.text(max_size=30),
)
def test_no_text_breaks_a_filter(session, name, value):
    with contextlib.suppress(InvalidFilterError):
        count(session, LAYERS.get("markets"), **{name: value})


def test_a_condition_says_itself_in_a_sentence(session):
    markets = LAYERS.get("markets")
    says = [c.say(lambda text: text) for c in parse(session, markets, status="planned", stall_count="40..", q="chợ")]
    assert says == ["Status is Planned", "Stalls is at least 40", "text contains “chợ”"]


@ALL
def test_a_number_or_day_may_be_unknown(session, kind):
    for field in kind.fields():
        if not isinstance(field.filter, Range | DateRange) or field.derived or field.required:
            continue
        value, argument = _example(field)
        known, unknown = make_feature(session, kind, **{field.name: value}), make_feature(session, kind)
        far = make_feature(session, kind, **{field.name: _beyond(field, value)})
        mine = {known.id, unknown.id, far.id}
        assert _ids(session, kind, {field.name: UNKNOWN}) & mine == {unknown.id}, field.name
        asked = {field.name: [argument, UNKNOWN]}
        assert _ids(session, kind, asked) & mine == {known.id, unknown.id}, field.name


def _ids(session, kind, arguments):
    conditions = parse(session, kind, **arguments)
    return {row["id"] for row in features.list_features(session.connection(), kind, kind.fields(), conditions).rows}


def _beyond(field, value):
    return (
        value.replace(year=2022) if isinstance(value, date) else value + 10 if value < 90 or value > 200 else value - 30
    )


AREAS = area_kinds(LAYERS)
SHAPES = pytest.mark.parametrize(
    "kind", [kind for kind in LAYERS if not kind.is_point()], ids=[k.layer.name for k in LAYERS if not k.is_point()]
)


@SHAPES
def test_what_only_touches_an_area_is_its_neighbour(session, kind):
    lon, lat, size = 106.7, 20.9, 0.01
    for name, area_kind in AREAS.items():
        area = make_feature(session, area_kind, shape=shape_for(area_kind, lon, lat, size))
        across = make_feature(session, kind, shape=shape_for(kind, lon + size, lat, size / 2))
        beside = make_feature(session, kind, shape=shape_for(kind, lon + 1.5 * size, lat, size / 2))
        corners = [
            (lon - size, lat - size),
            (lon + size, lat - size),
            (lon + size, lat + size),
            (lon - size, lat + size),
        ]
        for arguments in ({name: f"id:{area.id}"}, {"polygon": ";".join(f"{x},{y}" for x, y in corners)}):
            conditions = parse(session, kind, **arguments)
            page = features.list_features(session.connection(), kind, kind.fields(), conditions)
            found = {row["id"] for row in page.rows}
            assert across.id in found
            assert beside.id not in found


def test_a_point_on_the_border_is_inside(session):
    points = next(kind for kind in LAYERS if kind.is_point())
    for name, area_kind in AREAS.items():
        area = make_feature(session, area_kind, shape=shape_for(area_kind, 106.7, 20.9, 0.01))
        border = make_feature(session, points, lon=106.71, lat=20.9)
        conditions = parse(session, points, **{name: f"id:{area.id}"})
        page = features.list_features(session.connection(), points, points.fields(), conditions)
        assert border.id in {row["id"] for row in page.rows}


def test_sentences_write_numbers_and_days_as_the_language_does(client, session):
    kind = next(kind for kind in LAYERS if any(isinstance(f.filter, Range) and not f.roles for f in kind.fields()))
    name = next(
        f.name for f in kind.fields() if isinstance(f.filter, Range) and not f.roles and not f.name.endswith("_year")
    )
    path = f"/api/layers/{kind.layer.name}/facets"
    said = lambda language, **arguments: client.get(  # noqa: E731
        path, query_string={"lang": language, **arguments}
    ).json["sentences"][0]["text"]

    assert "từ 1.234,5 đến 20.000" in said("vi", **{name: "1234.5..20000"})
    assert "from 1,234.5 to 20,000" in said("en", **{name: "1234.5..20000"})
    assert "2,5 km" in said("vi", near="106.68350,20.86050,2.5")
    assert "20,8605" in said("vi", near="106.68350,20.86050,2.5")
    assert "20.8605" in said("en", near="106.68350,20.86050,2.5")
    assert "02/03/2020" in said("vi", valid_from="2020-03-02..")
    assert said("vi", **{name: ["..5", "unknown"]}).endswith("hoặc chưa rõ")


def test_a_filter_given_twice_keeps_what_either_keeps(session):
    for kind in LAYERS:
        one = make_feature(session, kind, name=WORDS["one"])
        two = make_feature(session, kind, name=WORDS["two"])
        make_feature(session, kind, name="Không tên")
        for name, first, second in (("q", one.code, two.code), ("name", WORDS["one"], WORDS["two"])):
            kept = [count(session, kind, **{name: values}) for values in ([first], [second], [first, second])]
            assert kept == [1, 1, 2], (kind.layer.name, name)


@ALL
def test_places_given_twice_are_both_looked_in_whichever_comes_first(session, kind):
    west, east = "106.60,20.80,106.61,20.81", "106.70,20.90,106.71,20.91"
    for lon, lat in ((106.605, 20.805), (106.705, 20.905), (106.8, 20.7)):
        make_feature(session, kind, lon=lon, lat=lat)
    counts = [count(session, kind, bbox=boxes) for boxes in ([west], [east], [west, east], [east, west])]
    assert counts == [1, 1, 2, 2]


def test_two_areas_are_both_looked_in_and_named(session):
    name, kind = next(iter(area_kinds(LAYERS).items()))
    points = next(each for each in LAYERS if each.is_point())
    places = {"Phường Một": (106.6, 20.8), "Phường Hai": (106.9, 20.7)}
    codes = [make_feature(session, kind, lon=lon, lat=lat, name=title).code for title, (lon, lat) in places.items()]
    for lon, lat in (*places.values(), (106.2, 20.6)):
        make_feature(session, points, lon=lon, lat=lat)
    for asked in (codes, codes[::-1]):
        assert count(session, points, **{name: asked}) == 2
    assert parse(session, points, **{name: codes})[0].say(str).endswith(": Phường Một or Phường Hai")


def test_each_of_several_values_is_also_said_alone(client, session):
    name, kind = next(iter(area_kinds(LAYERS).items()))
    made = [
        make_feature(session, kind, lon=106.6 + i, name=title) for i, title in enumerate(("Phường Một", "Phường Hai"))
    ]
    path = f"/api/layers/{kind.layer.name}/facets"
    (one,) = client.get(path, query_string={name: made[0].code}).json["sentences"]
    (both,) = client.get(path, query_string={name: [each.code for each in made]}).json["sentences"]
    assert "parts" not in one
    assert [part.rpartition(" ")[2] for part in both["parts"]] == ["Một", "Hai"]


@pytest.mark.parametrize(
    ("asked", "kept"), [("30d", {0, 30}), ("0d", {0}), ("-30d", {0, -30}), ("-1000d", {0, -30, -900})]
)
def test_days_to_come_and_passed_are_counted_from_today(session, asked, kept):
    kind = next(kind for kind in LAYERS if kind.field("valid_from"))
    today = session.execute(select(func.current_date())).scalar_one()
    made = {
        days: make_feature(session, kind, valid_from=today + timedelta(days=days)) for days in (-900, -30, 0, 30, 31)
    }
    page = features.list_features(session.connection(), kind, kind.fields(), parse(session, kind, valid_from=asked))
    assert {days for days, each in made.items() if each.id in {row["id"] for row in page.rows}} == kept
    assert "30 days" in parse(session, kind, valid_from="30d")[0].say(str)


def test_a_range_is_said_with_its_unit(client):
    kind, field = next(
        (kind, field)
        for kind in LAYERS
        for field in kind.fields()
        if isinstance(field.filter, Range) and field.unit == "ha" and not field.roles
    )
    path = f"/api/layers/{kind.layer.name}/facets"
    for asked, said in (("10..", "từ 10\u00a0ha"), ("..5", "5\u00a0ha"), ("1..5", "từ 1 đến 5\u00a0ha")):
        assert (
            client.get(path, query_string={field.name: asked, "lang": "vi"}).json["sentences"][0]["text"].endswith(said)
        )


def test_a_filter_for_others_says_who_they_are(client, login):
    kind, field = next(
        (kind, field)
        for kind in LAYERS
        for field in kind.fields()
        if field.filter and field.roles and Role.PLANNER in field.roles
    )
    path = f"/api/layers/{kind.layer.name}/facets"
    answer = client.get(path, query_string={field.name: UNKNOWN, "lang": "vi"})
    assert answer.status_code == 400
    assert answer.json["error"] == "not_for_this_role"
    assert answer.json["message"].startswith("Đăng nhập với vai trò")
    assert Role.PLANNER in answer.json["details"]["roles"]
    assert login(Role.PLANNER).get(path, query_string={field.name: UNKNOWN}).status_code == 200


def test_where_the_result_lies_is_told_when_asked(client, session):
    kind = next(kind for kind in LAYERS if kind.is_point())
    west, east = (make_feature(session, kind, lon=lon, lat=20.9) for lon in (106.6, 106.8))
    path = f"/api/layers/{kind.layer.name}/facets"
    whole = client.get(path, query_string={"extent": "true", "q": [west.code, east.code]}).json["extent"]
    assert whole == pytest.approx([106.6, 20.9, 106.8, 20.9])
    assert client.get(path, query_string={"extent": "true", "q": "không có ai"}).json["extent"] is None
    assert "extent" not in client.get(path).json


def test_another_day_is_given_once(session):
    with pytest.raises(InvalidFilterError):
        parse(session, next(iter(LAYERS)), as_of=["2020-01-01", "2021-01-01"])
