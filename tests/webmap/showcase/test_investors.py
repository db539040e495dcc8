"""What an investor asks of a public page: price, whom to ask, how far it is, what to take along, in English."""

import io
import json
import re
import zipfile

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

import shapely
from pyproj import Geod

from geodata.importing import ImportOptions, commit_import, preview_import
from geodata.layers import LAYERS
from tests.conftest import sign_in
from tests.factories import make_feature
from tests.pages import squeezed

GEOD = Geod(ellps="WGS84")
SHOWN = [kind for kind in LAYERS if kind.layer.showcase and kind.layer.showcase.nearest]
pytestmark = pytest.mark.parametrize("kind", SHOWN, ids=[kind.layer.showcase.slug for kind in SHOWN])


def sheet(client, kind, code, language="en"):
    return client.get(f"/{kind.layer.showcase.slug}/{code}?lang={language}").text


def told(page, label):
    """Return what the sheet says beside a label."""
    found = re.search(rf"<dt>{re.escape(label)}</dt>\s*<dd>(.*?)</dd>", page, re.DOTALL)
    return re.sub(r"[ \n]+", " ", re.sub(r"<[^>]+>", "", found[1])).strip() if found else ""


def nearest_metres(connection, code, table, condition):
    """Return the least distance from a cluster's edge to the points of a table by pyproj, its edge cut every 20 m."""
    area = shapely.from_wkb(
        bytes(
            connection.scalar(
                text("SELECT ST_AsBinary(geom) FROM industrial_cluster WHERE code = :code"), {"code": code}
            )
        )
    )
    edge = shapely.get_coordinates(shapely.segmentize(area.boundary, 0.0002))
    rows = connection.execute(text(f"SELECT ST_X(geom), ST_Y(geom) FROM {table} WHERE {condition}")).all()
    return min(min(GEOD.inv(x, y, lon, lat)[2] for x, y in edge) for lon, lat in rows)


@pytest.mark.parametrize(
    ("label", "table", "condition"),
    [
        ("Nearest seaport", "transport_hub", "kind = 'seaport'"),
        ("Nearest airport", "transport_hub", "kind = 'airport'"),
        ("Nearest motorway junction", "transport_hub", "kind = 'motorway'"),
        ("Nearest 110 kV substation", "substation", "voltage_kv = 110 AND status IN ('existing', 'upgrading')"),
    ],
)
def test_distances_are_those_of_the_ellipsoid(demo_app, demo_connection, kind, label, table, condition):
    said = told(sheet(demo_app.test_client(), kind, "CCN-TANLIEN"), label)
    kilometres = float(re.match(r"([\d.,]+) km", said)[1].replace(",", ""))
    true = nearest_metres(demo_connection, "CCN-TANLIEN", table, condition) / 1000
    assert kilometres == pytest.approx(true, abs=0.06)


def test_the_station_is_told_with_its_power_and_nothing_that_is_for_staff(demo_app, kind):
    for role in ("public", "planner"):
        page = sheet(sign_in(demo_app, role), kind, "CCN-TANLIEN")
        assert re.search(r"km · TBA 110 kV \S.* · [\d.,]+\u202fMVA$", told(page, "Nearest 110 kV substation"))
        assert not re.search(r"headroom|overload|\bMW\b", page.split("<main", 1)[1], re.IGNORECASE)


def test_the_page_is_in_english_down_to_the_industries_and_names_of_places(demo_app, kind):
    client = demo_app.test_client()
    page = sheet(client, kind, "CCN-TANLIEN")
    assert told(page, "Industries") == "Garments, footwear, electronics"
    assert "May mặc" not in page
    assert "Cat Bi International Airport" in told(page, "Nearest airport")
    in_vietnamese = sheet(client, kind, "CCN-TANLIEN", "vi")
    assert told(in_vietnamese, "Ngành nghề") == "May mặc, da giày, điện tử"
    assert "Garments" not in in_vietnamese
    assert "Cảng hàng không quốc tế Cát Bi" in told(in_vietnamese, "Cảng hàng không gần nhất")


def test_price_and_contact_are_told_with_their_day(demo_app, kind):
    page = sheet(demo_app.test_client(), kind, "CCN-TANLIEN")
    assert told(page, "Land price").startswith("1,800,000")
    assert told(page, "Land price as of") == "1 Jul 2026"
    assert re.search(r'href="tel:\d{11}"', page)
    assert 'href="mailto:ccn-tanlien@example.com"' in page
    assert "This record is an illustration" in page


def test_what_nobody_stated_is_not_there(client, session, kind):
    only = {name: allowed[0] for name, allowed in kind.layer.showcase.only.items()}
    stored = make_feature(session, kind, name="Cụm", **only)
    page = sheet(client, kind, stored.code)
    assert "<h2>Contact</h2>" not in page
    assert "Nearest seaport" not in page  # no port is stored
    assert "Boundary as GeoJSON" in page


def test_documents_lead_where_they_are_published(demo_app, kind):
    page = sheet(demo_app.test_client(), kind, "CCN-TANLIEN")
    assert re.search(r'<a href="https://haiphong\.gov\.vn/" target="_blank" rel="noopener">Portal of Hai Phong', page)
    assert re.search(r'<a href="/documents/\d+"[^>]*><strong>32/2024/NĐ-CP', squeezed(page))


@pytest.mark.parametrize("name", ["xlsx", "kml", "geojson", "shp"])
def test_one_cluster_is_taken_along_as_a_file_of_its_public_facts(demo_app, demo_connection, kind, name):
    demo_connection.execute(text("UPDATE industrial_cluster SET note = 'chỉ nội bộ' WHERE code = 'CCN-TANLIEN'"))
    client = sign_in(demo_app, "planner")
    address = f"/{kind.layer.showcase.slug}/CCN-TANLIEN/file/{name}"
    assert f'href="{address}"' in sheet(client, kind, "CCN-TANLIEN")
    answer = client.get(address)
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    if name == "geojson":
        (only,) = json.loads(answer.data)["features"]
        assert only["properties"]["land_price_vnd_m2"] == 1_800_000
        assert "tax_code" not in only["properties"]
    if name == "xlsx":
        rows = list(load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True))
        assert sum("CCN-TANLIEN" in row for row in rows) == 1
    if name == "shp":
        assert any(part.endswith(".shp") for part in zipfile.ZipFile(io.BytesIO(answer.data)).namelist())
    assert "chỉ nội bộ".encode() not in answer.data


def test_no_file_of_what_the_page_does_not_show(demo_app, kind):
    client = demo_app.test_client()
    assert client.get(f"/{kind.layer.showcase.slug}/KCN-TRANGDUE/file/kml").status_code == 404
    assert client.get(f"/{kind.layer.showcase.slug}/CCN-TANLIEN/file/exe").status_code == 404


def test_three_clusters_stand_side_by_side_with_price_and_distances(demo_app, kind):
    codes = ("CCN-TANLIEN", "CCN-ANTHO", "CCN-QUANGPHUC")
    query = "&".join(f"code={code}" for code in codes)
    page = demo_app.test_client().get(f"/{kind.layer.showcase.slug}/compare?lang=en&{query}").text
    for label in ("Land price", "Nearest seaport", "Nearest 110 kV substation", "Contact for investors"):
        row = re.search(rf'<th scope="row">{label}</th>(.*?)</tr>', page, re.DOTALL)[1]
        assert len(re.findall(r"<td>", row)) == len(codes)
        assert "no figure" not in row


def test_price_and_contact_come_by_file(session, kind, tmp_path):
    stored = make_feature(session, kind, name="Cụm công nghiệp A", code="CCN-A")
    told = {
        "MA_CCN": "CCN-A", "TEN": "Cụm công nghiệp A", "GIA_THUE_DAT": "1.500.000", "NGAY_GIA": "01/07/2026",
        "LIEN_HE": "Phòng Đầu tư", "DIEN_THOAI": "0225 3000 000", "EMAIL": "a@example.com", "NGANH_NGHE_EN": "Textiles",
    }  # fmt: skip
    square = shapely.geometry.mapping(shapely.box(106.60, 20.80, 106.61, 20.81))
    feature = {"type": "Feature", "properties": told, "geometry": square}
    path = tmp_path / "gia.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    preview = preview_import(session, kind, path, ImportOptions(file_name=path.name))
    report = commit_import(session, preview, user_name="gis", accept_partial=False)
    assert report.status == "ok", [problem.as_json() for problem in report.problems]
    session.refresh(stored)
    assert (stored.land_price_vnd_m2, str(stored.price_stated_on)) == (1_500_000, "2026-07-01")
    assert (stored.contact_email, stored.industries_en) == ("a@example.com", "Textiles")
