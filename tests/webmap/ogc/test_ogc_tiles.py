"""Tiles, tile sets, styles and the QGIS project of the OGC interface."""

import xml.etree.ElementTree as ET

import pytest

import pyproj

from geodata.accounts.access import visible_names
from geodata.layers import LAYERS
from geodata.schema.roles import Role
from tests.factories import CENTRE, make_feature
from tests.geodata.query.test_tiles import decode, tile_at
from tests.webmap.app.test_privacy import ROLES
from tests.webmap.ogc.asking import ALL, links, local, url


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


def test_no_two_hatchings_of_a_layer_are_drawn_alike_by_the_project(login):
    project = ET.fromstring(login("public").get("/ogc/project.qgs").text)
    for layer, kind in zip(project.findall("projectlayers/maplayer"), LAYERS, strict=True):
        patterns = {}
        for number, (_, symbol) in enumerate(kind.layer.style.classes(visible_names(Role.PUBLIC, kind))):
            drawn = layer.find(f"renderer-v2/symbols/symbol[@name='{number}']")
            angles = [
                (one.get("class"), option.get("value"))
                for one in drawn.findall("layer")
                for option in one.findall("Option/Option[@name='angle']")
                or one.findall("Option/Option[@name='distance_x']")
            ]
            patterns.setdefault(symbol.hatch, set()).add(tuple(sorted(angles)))
        assert all(len(found) == 1 for found in patterns.values()), kind.layer.name
        assert len(patterns) == len(set.union(*patterns.values())), kind.layer.name


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
