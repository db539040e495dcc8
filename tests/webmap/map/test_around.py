"""What is around an object, and how much of what lies in an area: distances and overlaps are those of the ground."""

import io
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from openpyxl import load_workbook

import pyogrio
import shapely
from pyproj import Geod

from geodata.base.data_version import DataChange
from geodata.export.formats import FORMATS
from geodata.importing import ImportOptions, preview_import
from geodata.layers import LAYERS
from geodata.query.features import area_kinds
from geodata.query.spatial import ground_within
from geodata.schema.feature import GeometryType
from geodata.schema.roles import Role
from tests.factories import CENTRE, make_feature

GEOD = Geod(ellps="WGS84")
LON, LAT = CENTRE
KINDS = list(LAYERS)
POINT, LINE, POLYGON = (next(kind for kind in KINDS if kind.layer.geometry is geometry) for geometry in GeometryType)
#: What each layer stores with its lowest point at CENTRE's parallel, and its west end at its meridian.
EAST = {
    GeometryType.POINT: shapely.Point(LON, LAT),
    GeometryType.LINE: shapely.MultiLineString([[(LON, LAT), (LON + 0.01, LAT)]]),
    GeometryType.POLYGON: shapely.MultiPolygon([shapely.box(LON, LAT, LON + 0.01, LAT + 0.01)]),
}


def west_of(metres):
    """Return a place on CENTRE's parallel, some metres to the west."""
    return GEOD.fwd(LON, LAT, 270, metres)[:2]


def inside(client, **arguments):
    answer = client.get("/api/inside", query_string=arguments)
    assert answer.status_code == 200, answer.get_json()
    return {layer["name"]: layer for layer in answer.get_json()["layers"]}


def around(feature, metres):
    return f"{type(feature).layer.name}:{feature.id}:{metres}"


@pytest.mark.parametrize("origin", KINDS, ids=[kind.layer.name for kind in KINDS])
@pytest.mark.parametrize("kind", [POINT, LINE, POLYGON], ids=["point", "line", "area"])
def test_of_two_sites_a_metre_apart_the_distance_keeps_the_nearer(client, session, origin, kind):
    middle = make_feature(session, origin, shape=EAST[origin.layer.geometry])
    shapes = {}
    for metres in (799, 801):
        lon, lat = west_of(metres)
        shapes[metres] = {
            GeometryType.POINT: shapely.Point(lon, lat),
            GeometryType.LINE: shapely.MultiLineString([[(lon - 0.002, lat), (lon, lat)]]),
            GeometryType.POLYGON: shapely.MultiPolygon([shapely.box(lon - 0.002, lat, lon, lat + 0.002)]),
        }[kind.layer.geometry]
    near, far = (make_feature(session, kind, shape=shape) for shape in shapes.values())

    found = inside(client, around=around(middle, 800))[kind.layer.name]

    assert [feature["id"] for feature in found["features"]] == [near.id]
    assert found["features"][0]["distance_m"] == pytest.approx(799, abs=0.2)
    listed = client.get(f"/api/layers/{kind.layer.name}/features?around={around(middle, 800)}").get_json()
    assert listed["numberMatched"] == found["count"] == 1
    both = inside(client, around=around(middle, 802))[kind.layer.name]["features"]
    assert [feature["id"] for feature in both] == [near.id, far.id]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bearings=st.lists(st.floats(0, 360), min_size=1, max_size=12),
    metres=st.floats(1, 50_000),
    shares=st.lists(st.floats(0.9, 1.1), min_size=12, max_size=12),
)
def test_what_is_near_enough_is_what_the_geodesic_says(client, session, bearings, metres, shares):
    with session.begin_nested() as step:
        middle = make_feature(
            session, POLYGON, shape=shapely.MultiPolygon([shapely.box(LON, LAT, LON + 1e-7, LAT + 1e-7)])
        )
        expected = set()
        for bearing, share in zip(bearings, shares, strict=False):
            lon, lat, _ = GEOD.fwd(LON, LAT, bearing, metres * share)
            if abs(share - 1) * metres < 0.1:
                continue
            site = make_feature(session, POINT, shape=shapely.Point(lon, lat))
            expected |= {site.id} if share < 1 else set()

        found = inside(client, around=around(middle, metres), limit=100).get(POINT.layer.name, {"features": []})

        distances = [feature["distance_m"] for feature in found["features"]]
        assert {feature["id"] for feature in found["features"]} == expected
        assert distances == sorted(distances)
        step.rollback()


def test_the_nearest_are_told_first_and_the_object_itself_is_left_out(client, session):
    middle = make_feature(session, POINT)
    sites = [make_feature(session, POINT, lon=LON + step / 1000) for step in (5, 3, -4, 1, 2)]
    # In degrees the first is nearer, on the ground the second.
    north, east = (
        make_feature(session, POINT, lon=LON, lat=LAT + 0.0100),
        make_feature(session, POINT, lon=LON + 0.0101),
    )

    features = inside(client, around=around(middle, 5000), limit=6)[POINT.layer.name]["features"]

    assert [feature["id"] for feature in features] == [sites[i].id for i in (3, 4, 1, 2, 0)] + [east.id]
    assert north.id not in {feature["id"] for feature in features}
    true = GEOD.inv(LON, LAT, LON + 0.0101, LAT)[2]
    assert features[-1]["distance_m"] == pytest.approx(true, abs=0.01)


@pytest.mark.parametrize("kind", [LINE, POLYGON], ids=["line", "area"])
def test_how_much_lies_inside_is_told_in_true_units_and_as_a_share(client, session, kind):
    zone = make_feature(session, POLYGON, shape=shapely.MultiPolygon([shapely.box(LON, LAT, LON + 0.01, LAT + 0.01)]))
    if kind is LINE:
        crossing = shapely.MultiLineString([[(LON - 0.01, LAT + 0.005), (LON + 0.01, LAT + 0.005)]])
    else:
        crossing = shapely.MultiPolygon([shapely.box(LON - 0.01, LAT, LON + 0.01, LAT + 0.01)])
    make_feature(session, kind, shape=crossing, name="Cắt ngang")

    for area in (
        {"around": around(zone, 0)},
        {"polygon": ";".join(f"{lon},{lat}" for lon, lat in zone_corners())},
    ):
        (told,) = [f for f in inside(client, **area)[kind.layer.name]["features"] if f["name"] == "Cắt ngang"]
        assert told["share_percent"] == pytest.approx(50, abs=0.01)
        if kind is LINE:
            true = GEOD.inv(LON, LAT + 0.005, LON + 0.01, LAT + 0.005)[2] / 1000
            assert told["overlap_km"] == pytest.approx(true, abs=5e-5)  # to the decimetre
        else:
            true = abs(GEOD.geometry_area_perimeter(shapely.box(LON, LAT, LON + 0.01, LAT + 0.01))[0]) / 1e4
            assert told["overlap_ha"] == pytest.approx(true, rel=1e-5)


def zone_corners():
    return [(LON, LAT), (LON + 0.01, LAT), (LON + 0.01, LAT + 0.01), (LON, LAT + 0.01)]


def test_a_neighbour_that_only_touches_is_not_inside(client, session):
    zone = make_feature(session, POLYGON, shape=shapely.MultiPolygon([shapely.box(LON, LAT, LON + 0.01, LAT + 0.01)]))
    beside = shapely.MultiPolygon([shapely.box(LON + 0.01, LAT, LON + 0.02, LAT + 0.01)])
    neighbour = make_feature(session, POLYGON, shape=beside)

    assert POLYGON.layer.name not in inside(client, around=around(zone, 0))
    (told,) = inside(client, around=around(zone, 1))[POLYGON.layer.name]["features"]
    assert (told["id"], told["distance_m"]) == (neighbour.id, 0)


def test_the_workbook_tells_distances_and_overlaps(client, session):
    middle = make_feature(session, POINT)
    make_feature(session, POINT, lon=LON + 0.001, name="Gần")
    make_feature(session, POLYGON, name="Chứa")

    answer = client.get("/api/inside", query_string={"around": around(middle, 200)}).get_json()
    book = load_workbook(io.BytesIO(client.get(answer["workbook"]).data))

    def column(kind, heading):
        title = next(layer["title"] for layer in answer["layers"] if layer["name"] == kind.layer.name)
        head, *rows = book[title[:31]].iter_rows(values_only=True)
        return {row[head.index("Tên") if "Tên" in head else 1]: row[head.index(heading)] for row in rows}

    true = GEOD.inv(LON, LAT, LON + 0.001, LAT)[2]
    assert column(POINT, "Khoảng cách (m)")["Gần"] == pytest.approx(true, abs=0.01)
    circle = GEOD.geometry_area_perimeter(ground_within(shapely.Point(LON, LAT), 200))[0]
    assert column(POLYGON, "Diện tích nằm trong (ha)")["Chứa"] == pytest.approx(abs(circle) / 1e4, rel=1e-4)
    assert 0 < column(POLYGON, "Tỷ lệ nằm trong (%)")["Chứa"] < 100


@pytest.mark.parametrize(
    ("metres", "says"),
    [(0, "giao với Gốc"), (250, "cách Gốc không quá 250 m"), (1500, "cách Gốc không quá 1,5 km")],
)
def test_the_filter_reads_as_a_sentence(client, session, metres, says):
    middle = make_feature(session, POINT, name="Gốc")

    answer = client.get(f"/api/layers/{POLYGON.layer.name}/facets?around={around(middle, metres)}&lang=vi").get_json()

    assert says in [sentence["text"] for sentence in answer["sentences"]]


@pytest.mark.parametrize("metres", [0, 0.5, 300, 50_000])
@pytest.mark.parametrize("kind", [POINT, LINE, POLYGON], ids=["point", "line", "area"])
def test_the_ground_drawn_is_as_wide_as_asked(client, session, kind, metres):
    middle = make_feature(session, kind)

    answer = client.get(f"/api/around?around={around(middle, metres)}").get_json()

    parts = {f["properties"]["part"]: shapely.geometry.shape(f["geometry"]) for f in answer["features"]}
    assert answer["name"] == middle.name
    if metres:
        widest = max(
            min(GEOD.inv(*corner, *point)[2] for point in shapely.get_coordinates(parts["object"]))
            for corner in shapely.get_coordinates(parts["ground"])
        )
        assert metres <= widest + 0.01 * metres
        assert shapely.covers(parts["ground"], parts["object"])
    else:
        assert parts["ground"].equals(parts["object"])


def test_areas_that_filter_are_answered_as_they_are(client, session):
    name, kind = next(iter(area_kinds(LAYERS).items()))
    made = [make_feature(session, kind, lon=LON + shift) for shift in (0, 0.2)]
    asked = {name: [made[0].code, f"id:{made[1].id}"]}
    drawn = [
        one
        for one in client.get("/api/around", query_string=asked).json["features"]
        if one["properties"]["part"] == "object"
    ]
    assert [shapely.geometry.shape(one["geometry"]).bounds[0] < LON + 0.1 for one in drawn] == [True, False]
    assert client.get("/api/around", query_string={name: "nowhere"}).status_code == 400


@pytest.mark.parametrize(
    "value",
    ["", "x", "nolayer:1:5", f"{POINT.layer.name}:1", f"{POINT.layer.name}:a:5", f"{POINT.layer.name}:1:-1",
     f"{POINT.layer.name}:1:50001", f"{POINT.layer.name}:1:nan", f"{POINT.layer.name}:999999999:5",
     f"{POINT.layer.name}:99999999999999999999:5", "a:b:c:d"],
)  # fmt: skip
def test_what_is_no_object_or_distance_is_refused_in_words(client, value):
    answer = client.get("/api/around", query_string={"around": value})

    assert answer.status_code == 400
    assert answer.get_json()["error"] == "invalid_filter"
    assert answer.get_json()["message"]


def test_a_tile_kept_under_such_a_filter_is_drawn_anew_when_the_object_changes(client, session):
    middle = make_feature(session, POLYGON)
    make_feature(session, POINT)
    address = f"/tiles/{POINT.layer.name}/0/0/0.mvt?around={around(middle, 100)}"
    first = client.get(address)

    assert client.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    session.add(DataChange(layer=POLYGON.layer.name, transaction_id=1))
    session.flush()
    assert client.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_an_object_of_a_layer_that_a_role_may_not_see_is_none_to_it(client, login, session, monkeypatch):
    middle = make_feature(session, POINT)
    make_feature(session, POLYGON)
    access = replace(POINT.layer.access, view=POINT.layer.access.view - {Role.PUBLIC})
    monkeypatch.setattr(POINT, "layer", replace(POINT.layer, access=access))

    asked, planner = {"around": around(middle, 100)}, login("planner")
    for path in ("/api/around", "/api/inside", f"/api/layers/{POLYGON.layer.name}/features"):
        assert client.get(path, query_string=asked).status_code == 400
        assert planner.get(path, query_string=asked).status_code == 200


# In tables and files of one layer ---------------------------------------------------------------------


def rows(client, kind, **arguments):
    """Return all rows of a layer, page after page, as the table asks for them, and what is measured."""
    address, found = f"/api/layers/{kind.layer.name}/features", []
    arguments |= {"geometry": "false", "lang": "vi"}
    while address:
        answer = client.get(address, query_string=arguments)
        assert answer.status_code == 200, answer.get_json()
        page, arguments = answer.get_json(), None
        found += [feature["properties"] | {"id": feature["id"]} for feature in page["features"]]
        address = page.get("next")
    return found, {measure["name"]: f"{measure['label']} ({measure['unit']})" for measure in page.get("measures", ())}


@pytest.fixture
def scattered(session):
    """Return a site, with sites, lines and areas around it, some of them at one place."""
    middle = make_feature(session, POINT)
    for step in (3, 1, 1, 4, 1, 5, 9, 2, 6):
        lon = LON + step / 1000
        make_feature(session, POINT, lon=lon)
        line = [(LON - 0.02, LAT), (lon, LAT)]
        make_feature(session, LINE, shape=shapely.MultiLineString([line]))
        make_feature(session, POLYGON, shape=shapely.MultiPolygon([shapely.box(lon, LAT, lon + 0.002, LAT + 0.01)]))
    return middle


@pytest.mark.parametrize("kind", [POINT, LINE, POLYGON], ids=["point", "line", "area"])
def test_rows_tell_distance_and_overlap_as_the_list_does(client, scattered, kind):
    asked = {"around": around(scattered, 800)}

    listed, measures = rows(client, kind, **asked)

    inside_it = {GeometryType.LINE: "Chiều dài nằm trong (km)", GeometryType.POLYGON: "Diện tích nằm trong (ha)"}
    overlap = inside_it.get(kind.layer.geometry)
    assert list(measures.values()) == ["Khoảng cách (m)", *([overlap, "Tỷ lệ nằm trong (%)"] if overlap else [])]
    told = {one["id"]: one for one in inside(client, **asked, limit=100)[kind.layer.name]["features"]}
    assert {row["id"] for row in listed} == told.keys()
    assert all(row[name] == told[row["id"]][name] for row in listed for name in measures)


@pytest.mark.parametrize("kind", [POINT, LINE, POLYGON], ids=["point", "line", "area"])
def test_pages_sorted_by_a_measure_hold_every_row_once(client, scattered, kind):
    asked = {"around": around(scattered, 800)}
    everything, measures = rows(client, kind, **asked)
    for name in measures:
        for sign in ("", "-"):
            paged, _ = rows(client, kind, **asked, sort=sign + name, limit=2)
            values = [row[name] for row in paged]
            assert values == sorted(values, reverse=bool(sign))
            assert sorted(row["id"] for row in paged) == sorted(row["id"] for row in everything)


def test_without_a_place_there_is_nothing_measured_and_nothing_to_sort_by(client, scattered):
    listed, measures = rows(client, POLYGON, bbox="106,20,107,21")
    assert measures == {}
    assert not listed[0].keys() & {"distance_m", "overlap_ha", "share_percent"}
    refused = client.get(f"/api/layers/{POLYGON.layer.name}/features?sort=distance_m")
    assert refused.status_code == 400
    assert refused.get_json()["details"]["name"] == "sort"


@pytest.mark.parametrize("by", ["stored", "drawn"])
def test_of_an_area_the_table_tells_what_lies_inside_and_no_distance(client, session, by):
    areas = next(kind for kind in KINDS if kind.layer.selects_as)
    zone = make_feature(session, areas, shape=shapely.MultiPolygon([shapely.box(LON, LAT, LON + 0.01, LAT + 0.01)]))
    half = shapely.MultiPolygon([shapely.box(LON - 0.01, LAT, LON + 0.01, LAT + 0.01)])
    crossing = make_feature(session, POLYGON, shape=half)
    make_feature(session, POINT, lon=LON + 0.001, lat=LAT + 0.001)
    drawn = ";".join(f"{lon},{lat}" for lon, lat in zone_corners())
    asked = {areas.layer.selects_as: f"id:{zone.id}"} if by == "stored" else {"polygon": drawn}

    listed, measures = rows(client, POLYGON, **asked)

    assert list(measures) == ["overlap_ha", "share_percent"]
    assert next(row["share_percent"] for row in listed if row["id"] == crossing.id) == pytest.approx(50, abs=0.01)
    assert rows(client, POINT, **asked)[1] == {}


def test_of_two_places_the_distance_is_from_the_one_that_has_any(client, scattered):
    drawn = ";".join(f"{lon},{lat}" for lon, lat in zone_corners())
    listed, measures = rows(client, LINE, polygon=drawn, around=around(scattered, 800))
    alone, _ = rows(client, LINE, polygon=drawn)
    assert list(measures) == ["distance_m", "overlap_km", "share_percent"]
    assert {row["id"]: row["overlap_km"] for row in listed} == {row["id"]: row["overlap_km"] for row in alone}


@pytest.mark.parametrize("kind", [POINT, LINE, POLYGON], ids=["point", "line", "area"])
@pytest.mark.parametrize("format", list(FORMATS))
def test_a_file_of_one_layer_tells_them_and_an_import_does_not_take_them(
    client, session, scattered, tmp_path, kind, format
):
    asked = {"around": around(scattered, 800)}
    listed, measures = rows(client, kind, **asked)
    path = tmp_path / f"out{FORMATS[format].extension}"
    path.write_bytes(client.get(f"/layers/{kind.layer.name}/export", query_string=asked | {"format": format}).data)

    columns = {name[:10] if format == "shp" else name: name for name in measures}
    table = pyogrio.read_dataframe(path, columns=["code", "MA", *columns], read_geometry=False)
    code = "MA" if "MA" in table else "code"
    for row in listed:
        written = table[table[code] == row["code"]].iloc[0]
        assert {name: float(written[column]) for column, name in columns.items()} == pytest.approx(
            {name: row[name] for name in measures}
        )
    report = preview_import(session, kind, path, ImportOptions()).report
    assert (report.unmapped, report.counts.unchanged) == ((), len(listed))
