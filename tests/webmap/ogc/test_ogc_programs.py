"""How programs get answers: forms, compression, links through a proxy, and GDAL reading all of it."""

import gzip
import json

import pytest

import pyogrio
import pyproj
import shapely

from geodata.accounts.access import visible_names
from geodata.base.crs import HAI_PHONG, WGS84
from geodata.layers import LAYERS
from geodata.schema.roles import Role
from tests.factories import make_feature
from tests.webmap.ogc.asking import BY_LAYER, PLAIN


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
