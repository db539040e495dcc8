"""OGC API – Features and Tiles over HTTP: what the standards ask, for every layer and role, and as GDAL reads it."""

import gzip
import json
import xml.etree.ElementTree as ET
from datetime import date, datetime

import pytest

import pyogrio
import pyproj
import shapely

from geodata.accounts.access import visible_names
from geodata.base.crs import HAI_PHONG, WEB_MERCATOR, WGS84
from geodata.layers import LAYERS
from geodata.query.projections import CRS84, EPSG, offered_systems
from geodata.schema.roles import Role
from tests.factories import CENTRE, make_feature
from tests.geodata.query.test_tiles import decode, tile_at
from tests.webmap.app.test_privacy import NAMES, ROLES, TRACES, filled, hidden

ALL = pytest.mark.parametrize("kind", list(LAYERS), ids=NAMES)
SYSTEMS = list(offered_systems(HAI_PHONG).values())
#: The test point of the project's CRS notes: EPSG:9210 by the register's operation.
IN_9210 = (596943.67, 2307792.14)
PLAIN = ["/ogc/", "/ogc/conformance", "/ogc/collections"]
BY_LAYER = ["", "/queryables", "/schema", "/items", "/tiles", "/tiles/WebMercatorQuad", "/styles", "/styles/default"]


def url(kind, rest="/items"):
    return f"/ogc/collections/{kind.layer.name}{rest}"


def links(document, rel):
    return [link["href"] for link in document["links"] if link["rel"] == rel]


def local(address):
    return address.removeprefix("http://localhost")


def codes(answer):
    assert answer.status_code == 200, answer.text
    return [feature["properties"]["code"] for feature in answer.json["features"]]


# Features: Part 1 ----------------------------------------------------------------------------------------


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


# Part 2: reference systems -------------------------------------------------------------------------------


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


# Part 3: what one may ask by -----------------------------------------------------------------------------


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


# Pages ---------------------------------------------------------------------------------------------------


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


# Rights --------------------------------------------------------------------------------------------------


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


# Tiles and symbols ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
@ALL
def test_tiles_are_those_of_the_map_row_before_column_with_code_and_name(login, session, kind, role):
    feature = make_feature(session, kind)
    client = login(role)
    for zoom in (6, 13):
        _, x, y = tile_at(*CENTRE, zoom)
        for query in ("", "?q=doi", "?q=nothing-like-it"):
            ours = client.get(f"/tiles/{kind.layer.name}/{zoom}/{x}/{y}.mvt{query}")
            theirs = client.get(url(kind, f"/tiles/WebMercatorQuad/{zoom}/{y}/{x}{query}"))
            assert theirs.status_code == ours.status_code
            assert without_names(theirs.data, feature) == decode(ours.data)
            for name in ("Cache-Control", "Vary", "Content-Type"):
                assert theirs.headers.get(name) == ours.headers.get(name)
            known = client.get(theirs.request.path + query, headers={"If-None-Match": theirs.headers["ETag"]})
            assert known.status_code == 304
    assert client.get(url(kind, "/tiles/WebMercatorQuad/3/0/9")).status_code == 404


def without_names(content, feature):
    """Return a decoded tile without code and name, which are the feature's wherever they stand."""
    layers = decode(content)
    for layer in layers.values():
        for item in layer["features"]:
            said = item["properties"].pop("code", feature.code), item["properties"].pop("name", feature.name)
            assert said == (feature.code, feature.name)
    return layers


@ALL
def test_a_tile_of_single_objects_names_each(client, session, kind):
    make_feature(session, kind, code="Đ-1", name="Đối tượng 1")
    _, x, y = tile_at(*CENTRE, 16)
    layer = decode(client.get(url(kind, f"/tiles/WebMercatorQuad/16/{y}/{x}")).data)[kind.layer.name]
    assert {(item["properties"]["code"], item["properties"]["name"]) for item in layer["features"]} == {
        ("Đ-1", "Đối tượng 1")
    }


@ALL
def test_the_tile_set_says_where_its_tiles_are(client, session, kind):
    make_feature(session, kind)
    (listed,) = client.get(url(kind, "/tiles")).json["tilesets"]
    tileset = client.get(local(links(listed, "self")[0])).json
    scheme = client.get(local(links(tileset, "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme")[0])).json
    assert tileset["tileMatrixSetURI"] == scheme["uri"]
    assert tileset["layers"][0]["id"] == kind.layer.name
    for limits, matrix in zip(tileset["tileMatrixSetLimits"], scheme["tileMatrices"], strict=True):
        assert limits["tileMatrix"] == matrix["id"]
        assert matrix["matrixWidth"] * matrix["tileWidth"] * matrix["cellSize"] == pytest.approx(40075016.6856)
        _, x, y = tile_at(*CENTRE, int(matrix["id"]))
        assert limits["minTileCol"] <= x <= limits["maxTileCol"] < matrix["matrixWidth"]
        assert limits["minTileRow"] <= y <= limits["maxTileRow"] < matrix["matrixHeight"]
    assert scheme["tileMatrices"][0]["scaleDenominator"] == pytest.approx(559082264.0287178)
    _, x, y = tile_at(*CENTRE, 13)
    template = local(links(tileset, "item")[0])
    address = template.replace("{tileMatrix}", "13").replace("{tileRow}", str(y)).replace("{tileCol}", str(x))
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("role", ROLES)
@ALL
def test_the_style_draws_each_class_of_the_tiles_once(login, kind, role):
    style = login(role).get(url(kind, "/styles/default")).json
    assert style["version"] == 8
    assert list(style["sources"]) == [kind.layer.name]
    symbols = kind.layer.style.classes(visible_names(Role(role), kind))
    drawn = {}
    for layer in style["layers"]:
        for number in layer.get("filter", ["in", "c"])[2:]:
            drawn.setdefault(number, []).append(layer["type"])
    assert set(drawn) == set(range(len(symbols)))
    assert all(len(types) == len(set(types)) for types in drawn.values())
    assert style["layers"][-1]["minzoom"] == kind.layer.style.label_min_zoom - 1


@pytest.mark.parametrize("role", ROLES)
def test_the_project_holds_every_layer_as_the_public_sees_it(login, role):
    answer = login(role).get("/ogc/project.qgs")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    project = ET.fromstring(answer.text)
    found = project.findall("projectlayers/maplayer")
    assert [layer.findtext("id") for layer in found] == [node.get("id") for node in project.iter("layer-tree-layer")]
    for layer, kind in zip(found, LAYERS, strict=True):
        assert f"typename='{kind.layer.name}'" in layer.findtext("datasource")
        assert "url='http://localhost/ogc/'" in layer.findtext("datasource")
        assert len(layer.findtext("id")) > 10  # QGIS throws shorter ones away
        renderer, public = layer.find("renderer-v2"), visible_names(Role.PUBLIC, kind)
        classes = kind.layer.style.classes(public)
        assert len(renderer.findall("categories/category")) == len(renderer.findall("symbols/symbol")) == len(classes)
        named = {variation.field for variation in kind.layer.style.by if f'"{variation.field}"' in renderer.get("attr")}
        assert named == {variation.field for variation in kind.layer.style.variations(public)}


def test_the_project_says_its_coordinate_systems_whole(login):
    """QGIS takes a system with the authority's number alone for none, and draws nothing."""
    project = ET.fromstring(login("public").get("/ogc/project.qgs").text)
    systems = project.findall(".//spatialrefsys")
    assert len(systems) == 3 + len(list(LAYERS))
    assert project.findtext("properties/SpatialRefSys/ProjectionsEnabled") == "1"
    for system in systems:
        said = pyproj.CRS.from_user_input(system.findtext("authid"))
        assert pyproj.CRS.from_wkt(system.findtext("wkt")) == said
        assert pyproj.CRS.from_proj4(system.findtext("proj4")).is_geographic == said.is_geographic
        assert system.findtext("srid") == str(said.to_epsg())
        # QGIS's own list: WGS 84 is number 3452, Web Mercator 3857.
        assert system.findtext("srsid") == {4326: "3452", 3857: "3857"}[said.to_epsg()]
        assert system.findtext("geographicflag") == str(said.is_geographic).lower()


@pytest.mark.parametrize(
    ("address", "accept", "status", "media"),
    [
        ("/ogc/collections?f=JSON", "text/html", 200, "application/json"),
        ("/ogc/collections?f=Html", "application/json", 200, "text/html"),
        ("/ogc/collections/", "application/json", 200, "application/json"),
        ("/ogc/conformance/", "*/*", 200, "application/json"),
        ("/ogc/collections/markets/items/", "application/geo+json", 200, "application/geo+json"),
        ("/ogc/collections/markets/tiles/", "*/*", 200, None),
        ("/ogc/tileMatrixSets/WebMercatorQuad/", "*/*", 200, None),
        ("/ogc/collections/markets/styles/default/", "*/*", 200, None),
        ("/ogc/project.qgs/", "*/*", 200, None),
        ("/openapi.json/", "*/*", 200, None),
        ("/openapi.json?lan=vi", "*/*", 400, None),
        ("/ogc/collections", "image/png", 406, None),
        ("/ogc/collections?f=json", "image/png", 200, "application/json"),
        ("/ogc/collections?fromat=json", "*/*", 400, None),
    ],
)
def test_forms_are_asked_for_as_the_standards_say(login, address, accept, status, media):
    answer = login("public").get(address, headers={"Accept": accept})
    assert answer.status_code == status
    if media:
        assert answer.mimetype == media
    if media or status == 406:
        assert "Accept" in answer.headers["Vary"].split(", ")


@pytest.mark.parametrize("address", ["/ogc/collections?f=json", "/ogc/project.qgs", "/openapi.json"])
def test_long_answers_leave_compressed_to_who_takes_that(login, address):
    plain = login("public").get(address)
    small = login("public").get(address, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.data) == plain.data
    assert len(small.data) * 2 < len(plain.data)
    assert all("Accept-Encoding" in answer.headers["Vary"] for answer in (plain, small))


def test_pages_with_tokens_and_answers_with_a_tag_are_not_compressed(login):
    page = login("public").get("/ogc/collections?f=html", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in page.headers


@pytest.mark.parametrize(
    "address",
    ["/ogc/", "/ogc/collections", "/ogc/collections/markets", "/ogc/collections/markets/tiles", "/ogc/tileMatrixSets"],
)
def test_a_document_links_to_itself(login, address):
    document = login("public").get(address).get_json()
    assert [item["href"].partition("?")[0] for item in document["links"] if item["rel"] == "self"] == [
        f"http://localhost{address}"
    ]


@pytest.mark.parametrize(
    ("proxies", "start"), [(1, "https://ban-do.example/dich-vu/ogc/"), (0, "http://localhost/ogc/")]
)
def test_links_lead_back_through_the_proxy_where_one_is_believed(connection, make_app, proxies, start):
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "ban-do.example", "X-Forwarded-Prefix": "/dich-vu"}
    app = make_app(connection, proxy_count=proxies, trusted_hosts=("ban-do.example", "localhost"))
    document = app.test_client().get("/ogc/?f=json", headers=headers).get_json()
    assert all(item["href"].startswith(start.removesuffix("ogc/")) for item in document["links"])
    assert next(item["href"] for item in document["links"] if item["rel"] == "self").startswith(start)
    described = app.test_client().get("/openapi.json", headers=headers).get_json()
    assert described["servers"] == [{"url": start.removesuffix("/ogc/")}]
    sent = app.test_client().get("/imports?page=2", headers=headers).location
    prefix = "/dich-vu" if proxies else ""
    assert sent == f"{prefix}/login?next={prefix}/imports?page%3D2"
    shown = app.test_client().get("/login?next=//evil.example/", headers=headers).text
    assert f'name="next" value="{prefix}/"' in shown


# As programs read it -------------------------------------------------------------------------------------


@pytest.mark.skipif("OAPIF" not in pyogrio.list_drivers(), reason="this GDAL reads no OGC API – Features")
@pytest.mark.parametrize("crs", [None, "EPSG:9210"])
def test_gdal_reads_every_layer_page_by_page(server, demo_connection, crs):
    from geodata.query.features import count_features

    for kind in LAYERS:
        options = {"PAGE_SIZE": 7} | ({"CRS": crs} if crs else {})
        meta, _, shapes, _ = pyogrio.raw.read(f"OAPIF:{server.url}/ogc/", layer=kind.layer.name, **options)
        assert len(shapes) == count_features(demo_connection, kind)
        assert set(meta["fields"]) - {"id"} == visible_names(Role.PUBLIC, kind)
        system = HAI_PHONG.metric_srid if crs else WGS84
        extent = pyproj.Transformer.from_crs(WGS84, system, always_xy=True).transform_bounds(*HAI_PHONG.extent)
        assert shapely.box(*extent).contains(shapely.from_wkb(shapes)).all()


@pytest.mark.skipif("OGCAPI" not in pyogrio.list_drivers(), reason="this GDAL reads no OGC API – Tiles")
@pytest.mark.filterwarnings("ignore:More than one layer")
def test_gdal_finds_the_vector_tiles(server):
    address = f"OGCAPI:{server.url}/ogc/collections/markets"
    meta, *_ = pyogrio.raw.read(address, API="TILES", TILEMATRIXSET="WebMercatorQuad", max_features=3)
    assert meta["crs"] == "EPSG:3857"
    assert "c" in set(meta["fields"])


def test_everything_is_json_that_any_parser_takes(client, session):
    make_feature(session, LAYERS.get("markets"))
    for address in (*PLAIN, *(f"/ogc/collections/markets{rest}" for rest in BY_LAYER)):
        json.loads(client.get(address).data, parse_constant=pytest.fail)
