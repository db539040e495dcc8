"""What the database writes as GeoJSON is what Python would have written."""

import json
from datetime import UTC, datetime

import pytest

from geodata.accounts.access import visible_fields
from geodata.base.crs import HAI_PHONG
from geodata.layers import LAYERS
from geodata.query import features
from geodata.query.geojson import list_geojson
from geodata.query.projections import find_system
from geodata.schema.roles import Role
from tests.factories import make_feature

ALL = pytest.mark.parametrize("kind", list(LAYERS), ids=[kind.layer.name for kind in LAYERS])


def with_moments(written, fields):
    """Return features with moments in place of their texts: the database leaves out the last zeros of a fraction."""
    names = [field.name for field in fields if field.python_type is datetime]
    for feature in written:
        properties = feature["properties"]
        properties |= {name: datetime.fromisoformat(properties[name]) for name in names if properties[name]}
    return written


def pages(connection, kind, fields, **options):
    """Return the features of all pages as both write them."""
    ours, theirs, cursor = [], [], None
    while True:
        page = features.list_features(connection, kind, fields, cursor=cursor, **options)
        written = list_geojson(connection, kind, fields, cursor=cursor, **options)
        theirs += with_moments([json.loads(json.dumps(features.as_geojson(row))) for row in page.rows], fields)
        ours += with_moments(json.loads(b"[%b]" % written.content), fields)
        assert written.count == len(page.rows)
        assert written.next_cursor == page.next_cursor
        cursor = page.next_cursor
        if cursor is None:
            return ours, theirs


@ALL
@pytest.mark.parametrize("role", list(Role))
def test_the_database_writes_each_feature_as_python_does(demo_connection, kind, role):
    fields = visible_fields(role, kind)
    ours, theirs = pages(demo_connection, kind, fields, limit=1000)
    assert theirs
    assert ours == theirs


@ALL
def test_pages_go_on_in_every_order_and_system(demo_connection, kind):
    fields = visible_fields(Role.ADMIN, kind)
    vn2000 = find_system(HAI_PHONG, "crs", "http://www.opengis.net/def/crs/EPSG/0/9210")
    for sort in ("name", "-valid_from"):
        parsed = features.parse_sort(kind, fields, sort)
        ours, theirs = pages(demo_connection, kind, fields, limit=7, sort=parsed, system=vn2000)
        assert ours == theirs


def test_letters_that_json_writes_apart_and_missing_values_are_kept(session):
    kind = LAYERS.get("markets")
    market = make_feature(session, kind, name='Chợ "Sắt" \\ </script>\t\u2028', address=None)
    market.updated_at = datetime(2026, 12, 1, 7, 26, 10, 975890, UTC)
    session.flush()
    fields = visible_fields(Role.ADMIN, kind)
    content = list_geojson(session.connection(), kind, fields).content
    (row,) = features.list_features(session.connection(), kind, fields).rows
    written = [json.loads(content), json.loads(json.dumps(features.as_geojson(row)))]
    ours, theirs = with_moments(written, fields)
    assert ours == theirs
    bare = list_geojson(session.connection(), kind, (), with_geometry=False).content
    assert json.loads(bare) == {"type": "Feature", "id": row["id"], "geometry": None, "properties": {}}
