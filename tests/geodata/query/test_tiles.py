"""Tiles are decoded, so that what a map receives is what is tested."""

import mapbox_vector_tile
import pytest
from sqlalchemy import select

from geodata.accounts.access import visible_names
from geodata.layers import LAYERS
from geodata.query.tiles import class_number, read_tile
from geodata.schema.filters import Choice
from geodata.schema.roles import Role
from tests.factories import CENTRE, make_feature

ALL = list(LAYERS)
NAMES = [kind.layer.name for kind in ALL]
THINNED = [kind for kind in ALL if kind.layer.style.thin_below_zoom]
FIRST = [kind for kind in LAYERS if kind.layer.style.first_named]


def tile_at(lon, lat, zoom):
    import math

    x = int((lon + 180) / 360 * 2**zoom)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**zoom)
    return zoom, x, y


def decode(content):
    return mapbox_vector_tile.decode(content, default_options={"y_coord_down": True})


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
@pytest.mark.parametrize("zoom", [6, 10, 13, 15])
def test_a_feature_is_in_the_tile_of_its_place_with_declared_attributes_only(session, kind, zoom):
    feature = make_feature(session, kind)
    content = read_tile(session.connection(), kind, visible_names(Role.ADMIN, kind), tile_at(*CENTRE, zoom))
    decoded = decode(content)
    assert set(decoded) <= {kind.layer.name, f"{kind.layer.name}_label"}
    (drawn,) = decoded[kind.layer.name]["features"]
    assert drawn["id"] == feature.id
    assert set(drawn["properties"]) <= {"c", "n", "o", "t"}


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_a_tile_elsewhere_is_empty(session, kind):
    make_feature(session, kind)
    assert read_tile(session.connection(), kind, visible_names(Role.ADMIN, kind), tile_at(107.5, 20.2, 13)) == b""


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
@pytest.mark.parametrize("role", list(Role))
def test_the_class_number_finds_the_symbol_of_the_same_values(session, kind, role):
    visible = visible_names(role, kind)
    variations = kind.layer.style.variations(visible)
    classes = kind.layer.style.classes(visible)
    stored = [v for v in variations if not kind.field(v.field).derived]
    for step in range(max((len(v.cases) for v in stored), default=1)):
        values = {v.field: list(v.cases)[step % len(v.cases)] for v in stored}
        feature = make_feature(session, kind, **values)
        columns = [kind.column(v.field) for v in variations]
        number, *found = session.execute(
            select(class_number(kind, visible), *columns).where(kind.id == feature.id)
        ).one()
        expected = tuple(value if value in v.cases else None for v, value in zip(variations, found, strict=True))
        assert classes[number][0] == expected


def test_a_role_that_may_not_see_a_field_gets_no_class_from_it():
    for kind in LAYERS:
        public = kind.layer.style.variations(visible_names(Role.PUBLIC, kind))
        for variation in public:
            roles = kind.field(variation.field).roles
            assert roles is None or Role.PUBLIC in roles


@pytest.mark.parametrize("kind", THINNED, ids=[kind.layer.name for kind in THINNED])
def test_points_of_one_class_in_one_place_are_merged_with_their_number(session, kind):
    zoom = kind.layer.style.thin_below_zoom - 1
    pixel = 360 / (256 * 2**zoom)  # degrees of longitude
    for _ in range(3):
        make_feature(session, kind)
    make_feature(session, kind, lon=CENTRE[0] + 12 * pixel)
    content = read_tile(session.connection(), kind, visible_names(Role.ADMIN, kind), tile_at(*CENTRE, zoom))
    counts = sorted(f["properties"].get("n", 1) for f in decode(content)[kind.layer.name]["features"])
    assert counts == [1, 3]


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_labels_come_only_from_their_zoom_on(session, kind):
    make_feature(session, kind, name="Chợ Đổng Quốc Bình")
    visible = visible_names(Role.ADMIN, kind)
    first = kind.layer.style.label_min_zoom - 1
    texts = []
    for zoom in (first - 1, first):
        decoded = decode(read_tile(session.connection(), kind, visible, tile_at(*CENTRE, zoom)))
        texts.append({f["properties"].get("t") for layer in decoded.values() for f in layer["features"]} - {None})
    assert texts[0] == set()
    assert len(texts[1]) == 1
    assert texts[1].pop().startswith("Chợ Đổng Quốc Bình")


@pytest.mark.parametrize("kind", FIRST, ids=[kind.layer.name for kind in FIRST])
def test_some_areas_are_named_earlier_and_marked_as_first_where_all_are_named(session, kind):
    make_feature(session, kind, name="Vĩnh Bảo", former_district="Huyện Vĩnh Bảo")
    make_feature(session, kind, name="Vĩnh Hải", former_district="Huyện Vĩnh Bảo")
    make_feature(session, kind, name="Cảng biển")
    visible = visible_names(Role.PUBLIC, kind)
    style = kind.layer.style
    named = []
    for zoom in (style.first_min_zoom - 2, style.first_min_zoom - 1, style.label_min_zoom - 1):
        decoded = decode(read_tile(session.connection(), kind, visible, tile_at(*CENTRE, zoom)))
        labels = decoded.get(f"{kind.layer.name}_label", {"features": []})["features"]
        named.append({f["properties"]["t"]: f["properties"].get("f") for f in labels})
    assert named == [{}, {"Vĩnh Bảo": 1}, {"Vĩnh Bảo": 1, "Vĩnh Hải": None, "Cảng biển": None}]


def test_every_choice_filter_names_the_values_of_its_field():
    for kind in LAYERS:
        for field in kind.fields():
            if field.values is not None and isinstance(field.filter, Choice):
                assert set(field.filter.labels) == {member.value for member in field.values}
