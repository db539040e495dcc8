"""OGC API – Features and Tiles over HTTP: what the standards ask, for every layer and role, and as GDAL reads it."""

from datetime import date, datetime

import pytest

import pyproj

from geodata.accounts.access import visible_names
from geodata.base.crs import WEB_MERCATOR, WGS84
from geodata.layers import LAYERS
from geodata.query.projections import CRS84, EPSG
from geodata.schema.roles import Role
from tests.factories import CENTRE, make_feature
from tests.geodata.query.test_tiles import tile_at
from tests.webmap.app.test_privacy import NAMES, ROLES, TRACES, filled, hidden
from tests.webmap.ogc.asking import ALL, BY_LAYER, IN_9210, PLAIN, SYSTEMS, codes, links, local, url


def test_from_the_landing_page_everything_is_found(client, session):
    for kind in LAYERS:
        make_feature(session, kind)
    landing = client.get("/ogc/").json
    for rel in ("self", "alternate", "service-desc", "service-doc", "conformance", "data"):
        (address,) = links(landing, rel)
        assert client.get(local(address.partition("#")[0])).status_code == 200, rel
    assert (
        "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"
        in client.get("/ogc/conformance").json["conformsTo"]
    )
    collections = client.get(local(links(landing, "data")[0])).json["collections"]
    assert [one["id"] for one in collections] == NAMES
    for one in collections:
        assert client.get(url(LAYERS.get(one["id"]), "")).json["extent"] == one["extent"]
        assert one["extent"]["spatial"]["bbox"][0][0] <= CENTRE[0] <= one["extent"]["spatial"]["bbox"][0][2]
        assert CRS84 == one["storageCrs"] == one["crs"][0]
        for link in one["links"]:
            answer = client.get(local(link["href"]))
            assert (answer.status_code, answer.mimetype) == (200, link["type"]), link


@ALL
def test_paging_walks_all_objects_exactly_once(client, session, kind):
    made = {make_feature(session, kind).code for _ in range(7)}
    seen, address = [], url(kind) + "?limit=3"
    while address:
        page = client.get(address)
        assert page.mimetype == "application/geo+json"
        assert page.json["numberMatched"] == 7
        assert page.json["numberReturned"] == len(page.json["features"]) <= 3
        assert page.json["timeStamp"].endswith("Z")
        assert len(links(page.json, "self")) == len(links(page.json, "alternate")) == 1
        seen += codes(page)
        following = links(page.json, "next")
        address = local(following[0]) if following else None
    assert sorted(seen) == sorted(made)


def with_moment(feature):
    """Return a feature with its last change as a moment: two writings of the same one differ in zeros at the end."""
    moment = datetime.fromisoformat(feature["properties"]["updated_at"])
    return feature | {"properties": feature["properties"] | {"updated_at": moment}}


@ALL
def test_one_object_is_the_one_of_the_list(client, session, kind):
    feature = make_feature(session, kind)
    (listed,) = client.get(url(kind)).json["features"]
    one = client.get(url(kind, f"/items/{feature.id}"))
    assert one.mimetype == "application/geo+json"
    assert one.headers["Content-Crs"] == f"<{CRS84}>"
    assert with_moment({name: one.json[name] for name in listed}) == with_moment(listed)
    assert local(links(one.json, "collection")[0]) == url(kind, "")
    assert client.get(url(kind, "/items/999999999")).status_code == 404


def test_more_than_a_page_holds_is_no_error(client):
    assert client.get("/ogc/collections/markets/items?limit=100000").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "nonsense=1", "limit=0", "limit=many", "cursor=abc", "cursor=1.!!", "bbox=1,2,3", "bbox=a,b,c,d", "bbox=1,9,2,8",
        "bbox-crs=EPSG:1", "crs=http://www.opengis.net/def/crs/EPSG/0/2154", "datetime=yesterday", "datetime=2020/2019",
        "datetime=../..", "f=xml", "status=gone", "sort=name", "format=shp", "geometry=false", "count=false",
        "bbox=1,2,nan,4", "bbox=1,2,1e400,4",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_with_a_reason(client, query):
    answer = client.get(f"/ogc/collections/markets/items?{query}")
    assert answer.status_code == 400
    assert answer.json["error"] in {"invalid_filter", "invalid_value"}


@pytest.mark.parametrize("address", [*PLAIN, *(f"/ogc/collections/markets{rest}" for rest in BY_LAYER), "/ogc/tileMatrixSets",
                                     "/ogc/tileMatrixSets/WebMercatorQuad", "/ogc/project.qgs"])  # fmt: skip
def test_no_address_takes_a_parameter_it_does_not_know(client, address):
    assert client.get(address).status_code == 200
    assert client.get(f"{address}?nonsense=1").status_code == 400
    assert client.get(f"{address}?f=yaml").status_code == 400


@pytest.mark.parametrize("address", ["/ogc/collections/nothing", "/ogc/collections/nothing/items",
                                     "/ogc/collections/markets/items/x", "/ogc/collections/markets/tiles/Other",
                                     "/ogc/collections/markets/styles/other"])  # fmt: skip
def test_what_is_not_there_is_404(client, address):
    assert client.get(address).status_code == 404


@ALL
def test_filters_keep_the_same_objects_as_in_the_api(client, session, kind):
    field = next(f for f in kind.fields() if f.values and not f.derived and f.roles is None)
    first, second = list(field.values)[:2]
    for value in (first, first, second, None):
        make_feature(session, kind, **{field.name: value})
    for query in (f"{field.name}={first.value}", f"{field.name}={first.value}&{field.name}=unknown", "q=doi tuong",
                  f"near={CENTRE[0]},{CENTRE[1]},2", f"as_of=2020-06-01&{field.name}={second.value}"):  # fmt: skip
        here, there = client.get(f"{url(kind)}?{query}"), client.get(f"/api/layers/{kind.layer.name}/features?{query}")
        assert codes(here) == codes(there), query
        assert here.json["numberMatched"] == there.json["numberMatched"]


@ALL
def test_datetime_keeps_what_was_valid_then(client, session, kind):
    old = make_feature(session, kind, valid_from=date(2000, 1, 1), valid_to=date(2010, 12, 31)).code
    new = make_feature(session, kind, valid_from=date(2015, 1, 1)).code
    always = make_feature(session, kind).code
    for value, kept in {
        "2005-06-01": {old, always}, "2005-06-01T00:00:00Z": {old, always}, "2012-01-01/2013-01-01": {always},
        "2010-12-31/..": {old, new, always}, "../1999-12-31": {always}, "2020-01-01T00:00:00+07:00/": {new, always},
        # One o'clock in the morning of New Year in Vietnam is still December in Greenwich.
        "2014-12-31T18:00:00Z": {new, always},
    }.items():  # fmt: skip
        assert set(codes(client.get(url(kind), query_string={"datetime": value}))) == kept, value


@pytest.mark.parametrize("system", SYSTEMS, ids=[system.uri.rpartition("/")[2] for system in SYSTEMS])
def test_coordinates_come_in_each_system_in_its_own_axis_order(client, session, system):
    markets = LAYERS.get("markets")
    feature = make_feature(session, markets)
    there = pyproj.Transformer.from_crs(WGS84, system.srid, always_xy=True).transform(*CENTRE)
    first_is_north = system.uri != CRS84 and pyproj.CRS(system.srid).axis_info[0].direction == "north"
    expected = there[::-1] if first_is_north else there
    for address in (url(markets), url(markets, f"/items/{feature.id}")):
        answer = client.get(address, query_string={"crs": system.uri})
        assert answer.headers["Content-Crs"] == f"<{system.uri}>"
        shape = (answer.json["features"][0] if "features" in answer.json else answer.json)["geometry"]
        assert shape["coordinates"] == pytest.approx(expected, abs=1e-7 if system.is_geographic else 1e-3)
        assert "crs" not in shape


def test_the_systems_have_the_right_axes_and_place(client, session):
    make_feature(session, LAYERS.get("markets"))

    def place(srid):
        return client.get(f"/ogc/collections/markets/items?crs={EPSG}{srid}").json["features"][0]["geometry"][
            "coordinates"
        ]

    assert place(WGS84) == pytest.approx(CENTRE[::-1])
    assert place(9210) == pytest.approx(IN_9210, abs=0.01)
    assert {f"{EPSG}{WGS84}", f"{EPSG}9210", f"{EPSG}{WEB_MERCATOR}"} <= {system.uri for system in SYSTEMS}


@ALL
@pytest.mark.parametrize("system", SYSTEMS, ids=[system.uri.rpartition("/")[2] for system in SYSTEMS])
def test_a_box_is_read_in_each_system(client, session, kind, system):
    here = make_feature(session, kind).code
    there = make_feature(session, kind, lon=CENTRE[0] + 0.1, lat=CENTRE[1] + 0.02).code

    def box(west, south, east, north):
        """The corners as the standard wants them: lower one first, in the system's axis order."""
        to = pyproj.Transformer.from_crs(WGS84, system.srid, always_xy=True)
        x1, y1, x2, y2 = to.transform_bounds(west, south, east, north)
        ordered = (y1, x1, y2, x2) if system.is_north_first else (x1, y1, x2, y2)
        return ",".join(map(str, ordered))

    lon, lat = CENTRE
    for corners, kept in (
        ((lon - 0.02, lat - 0.02, lon + 0.02, lat + 0.02), {here}),
        ((lon - 0.02, lat - 0.02, lon + 0.12, lat + 0.04), {here, there}),
        ((lon + 0.2, lat, lon + 0.3, lat + 0.1), set()),
    ):
        answer = client.get(url(kind), query_string={"bbox": box(*corners), "bbox-crs": system.uri})
        assert set(codes(answer)) == kept
        assert answer.json["numberMatched"] == len(kept)


@pytest.mark.parametrize(
    ("bbox", "kept"),
    [
        ("-180,-90,180,90", 1), ("106,20,0,107,21,100", 1), ("106,20,-179,21", 1), ("170,20,-170,21", 0),
        ("106.6835,20.8605,106.6835,20.8605", 1), ("-1e17,-1e17,1e17,1e17", 1), ("0,0,1,1", 0),
    ],
)  # fmt: skip
def test_boxes_of_every_shape_and_size(client, session, bbox, kept):
    make_feature(session, LAYERS.get("markets"))
    assert client.get(f"/ogc/collections/markets/items?bbox={bbox}").json["numberMatched"] == kept


def test_a_box_of_the_whole_world_in_metres_is_understood(client, session):
    make_feature(session, LAYERS.get("markets"))
    for srid in (WEB_MERCATOR, 9210):
        query = f"bbox=-1e12,-1e12,1e12,1e12&bbox-crs={EPSG}{srid}"
        assert client.get(f"/ogc/collections/markets/items?{query}").json["numberMatched"] == 1


@ALL
def test_schemas_name_what_the_role_sees_and_may_filter_by(login, session, kind):
    make_feature(session, kind)
    for role in Role:
        client = login(role)
        asked, stored = client.get(url(kind, "/queryables")).json, client.get(url(kind, "/schema")).json
        visible = visible_names(role, kind)
        assert set(stored["properties"]) == visible | {"geometry"}
        assert set(client.get(url(kind)).json["features"][0]["properties"]) == visible
        filters = {field.name for field in kind.fields() if field.filter and field.name in visible}
        assert set(asked["properties"]) == filters | {"geometry"}
        for field in kind.fields():
            if field.filter and field.name not in visible:
                assert client.get(f"{url(kind)}?{field.name}=1").status_code == 400, (role, field.name)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_people_get_pages_in_their_language_and_programs_json(client, session, language):
    markets = LAYERS.get("markets")
    feature = make_feature(session, markets, name="Chợ <script>alert(1)</script>")
    pages = [*PLAIN, *(url(markets, rest) for rest in ("", "/queryables", "/schema", "/items", f"/items/{feature.id}"))]
    for address in pages:
        page = client.get(f"{address}?lang={language}", headers={"Accept": "text/html,application/xml;q=0.9,*/*;q=0.8"})
        assert page.mimetype == "text/html", address
        assert f'<html lang="{language}">' in page.text
        assert "<script>alert" not in page.text
        assert client.get(f"{address}?f=html").mimetype == "text/html"
        for headers in ({}, {"Accept": "*/*"}, {"Accept": "application/geo+json, application/json"}):
            assert "json" in client.get(address, headers=headers).mimetype
        assert "json" in client.get(f"{address}?f=json", headers={"Accept": "text/html"}).mimetype


def test_a_page_of_objects_leads_to_the_next(client, session):
    for _ in range(3):
        make_feature(session, LAYERS.get("markets"))
    page = client.get("/ogc/collections/markets/items?f=html&limit=2").text
    address = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert "Đối tượng" in client.get(local(address)).text


@pytest.mark.parametrize("role", ROLES)
@ALL
def test_no_secret_comes_back_in_anything_a_role_is_sent(session, login, kind, role):
    feature = filled(session, kind, role)
    client = login(role)
    forms = [
        f"{url(kind, rest)}?f={form}" for rest in ("", "/items", "/queryables", "/schema") for form in ("json", "html")
    ]
    tile = tile_at(*CENTRE, 14)
    forms += [
        url(kind, f"/items/{feature.id}"), url(kind, f"/items/{feature.id}?f=html"), url(kind, "/styles/default"),
        url(kind, f"/tiles/WebMercatorQuad/{tile[0]}/{tile[2]}/{tile[1]}"),
        "/ogc/project.qgs", "/openapi.json",
    ]  # fmt: skip
    unseen = {f'"{field.name}"' for field in hidden(kind, role)} - {
        f'"{field.name}"'
        for other in LAYERS
        for field in other.fields()
        if field.name in visible_names(Role(role), other)
    }
    for address in forms:
        answer = client.get(address)
        text = answer.data.decode("utf-8", "replace")
        assert answer.status_code == 200, address
        assert [trace for trace in TRACES if trace in text] == [], address
        assert [name for name in unseen if name in text] == [], address


def test_what_depends_on_the_role_is_private(login, session):
    make_feature(session, LAYERS.get("markets"))
    for address in (*PLAIN, *(f"/ogc/collections/markets{rest}" for rest in BY_LAYER), "/openapi.json"):
        assert "private" in login("public").get(address).headers["Cache-Control"]


def test_no_other_site_may_read_along(client):
    answer = client.get("/ogc/", headers={"Origin": "https://elsewhere.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers
