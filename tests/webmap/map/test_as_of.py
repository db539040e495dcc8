"""The map, its counts, lists, files and panels as on another day: what was known and in force then."""

from datetime import date

import mapbox_vector_tile
import pytest

from geodata.layers.admin_units import AdminUnit
from geodata.layers.fuel_sites import Certificate, FuelSite
from geodata.layers.fuel_sites.visits import Finding, InspectionVisit
from tests.factories import make_feature

TILE = "/tiles/fuel_sites/0/0/0.mvt"


@pytest.fixture
def site(session):
    """Hold a certificate of 2010, none in 2016, one of 2018; a violation of 2019, remedied in 2020."""
    site = make_feature(
        session, FuelSite, code="S-1", name="CHXD thử", kind="petrol",
        certificate_no="GCN-2", certificate_issued_on=date(2018, 2, 1),
    )  # fmt: skip
    session.add(Certificate(feature_id=site.id, certificate_no="GCN-1", issued_on=date(2010, 3, 1)))
    visit = InspectionVisit(feature_id=site.id, visited_on=date(2019, 5, 1), kind="planned")
    session.add(visit)
    session.flush()
    session.add(
        Finding(
            feature_id=site.id, visit_id=visit.id, found_on=date(2019, 5, 1), severity="violation", description="bí mật",
            remedy_due_on=date(2019, 6, 1), remedied_on=date(2020, 1, 1),
        )
    )  # fmt: skip
    session.commit()
    return site


def facets(client, day):
    answer = client.get("/api/layers/fuel_sites/facets", query_string={"as_of": day}).get_json()
    return {name: next(iter(answer["facets"][name]), None) for name in ("certificate_state", "inspection_status")}


@pytest.mark.parametrize(
    ("day", "certificate", "inspection"),
    [
        ("2009-12-31", "unknown", "not_inspected"),
        ("2010-03-01", "valid", "not_inspected"),
        ("2015-03-01", "expiring", "not_inspected"),
        ("2015-03-02", "expired", "not_inspected"),
        ("2018-02-01", "valid", "not_inspected"),
        ("2019-06-01", "valid", "violation"),
        ("2019-06-02", "valid", "remedy_overdue"),
        ("2020-01-01", "valid", "remedied"),
        ("2023-02-02", "expired", "remedied"),
    ],
)
def test_counts_list_and_symbol_agree_on_any_day(site, login, day, certificate, inspection):
    planner = login("planner")
    assert facets(planner, day) == {"certificate_state": certificate, "inspection_status": inspection}
    listed = planner.get("/api/layers/fuel_sites/features", query_string={"as_of": day}).get_json()
    assert listed["features"][0]["properties"]["certificate_state"] == certificate
    wanted = {"as_of": day, "certificate_state": certificate, "inspection_status": inspection}
    [drawn] = mapbox_vector_tile.decode(planner.get(TILE, query_string=wanted).data)["fuel_sites"]["features"]
    names = frozenset({"certificate_state", "kind", "inspection_status"})
    assert FuelSite.layer.style.classes(names)[drawn["properties"]["c"]][0] == (certificate, "petrol", inspection)
    assert planner.get(TILE, query_string=wanted | {"certificate_state": "suspended"}).status_code == 204


def test_the_export_and_the_panel_tell_the_certificate_of_the_day(site, client):
    file = client.get("/layers/fuel_sites/export?format=geojson&as_of=2015-03-02").get_json()
    properties = file["features"][0]["properties"]
    assert (properties["certificate_no"], properties["certificate_state"]) == ("GCN-1", "expired")
    panel = client.get(f"/layers/fuel_sites/features/{site.id}/panel?as_of=2015-03-02").text
    assert "tình trạng ngày 02/03/2015" in panel
    assert "Hết hạn ngày 01/03/2015 (cấp 01/03/2010, hiệu lực 5 năm)" in panel


def test_a_past_day_shows_the_public_no_more_than_today(site, client):
    answer = client.get("/api/layers/fuel_sites/facets?as_of=2019-06-02").get_json()
    assert "inspection_status" not in answer["facets"]
    assert client.get("/api/layers/fuel_sites/facets?as_of=2019-06-02&inspection_status=violation").status_code == 400
    [drawn] = mapbox_vector_tile.decode(client.get(f"{TILE}?as_of=2019-06-02").data)["fuel_sites"]["features"]
    before = mapbox_vector_tile.decode(client.get(f"{TILE}?as_of=2019-04-01").data)["fuel_sites"]["features"]
    assert drawn["properties"] == before[0]["properties"]


def test_what_was_not_there_yet_or_no_more_is_left_out(session, client):
    make_feature(session, AdminUnit, code="11341", valid_from=date(2008, 1, 1), valid_to=date(2025, 6, 30))
    make_feature(session, AdminUnit, code="11341", valid_from=date(2025, 7, 1))
    session.commit()
    for day, validity in (("2020-02-29", "current"), ("2025-07-01", "current")):
        answer = client.get("/api/layers/admin_units/facets", query_string={"as_of": day, "validity": "current"})
        assert answer.get_json()["numberMatched"] == 1, (day, validity)
    assert client.get("/api/layers/admin_units/facets?as_of=2000-01-01").get_json()["numberMatched"] == 0


@pytest.mark.parametrize("day", ["2020-02-30", "hôm qua", "0001-01-01", "9999-12-31", "2020-1-1"])
def test_what_is_no_day_is_refused(client, day):
    for address in ("/api/layers/fuel_sites/facets", TILE):
        assert client.get(address, query_string={"as_of": day}).status_code == 400
    assert client.get("/api/layers/fuel_sites/facets", query_string={"as_of": "2024-02-29"}).status_code == 200


def test_the_page_of_a_day_counts_lists_and_says_why(site, login, session):
    make_feature(session, FuelSite, code="S-2", name="Cửa hàng khác", kind="petrol", certificate_record="never_issued")
    session.commit()
    inspector = login("inspector")
    page = inspector.get("/inspections/states?date=2015-03-02").text
    assert "Hết hạn ngày 01/03/2015 (cấp 01/03/2010, hiệu lực 5 năm)" in page
    assert "Cửa hàng khác" in page
    assert "all.as_of=2015-03-02" in page
    page = inspector.get("/inspections/states?date=2019-06-02&inspection=remedy_overdue").text
    assert "Hạn khắc phục 01/06/2019, quá hạn 1 ngày" in page
    assert "Cửa hàng khác" not in page
    assert "không có cơ sở nào" in inspector.get("/inspections/states?date=2009-01-01&certificate=revoked").text
    assert inspector.get("/inspections/states?inspection=lỗi").status_code == 400
    assert inspector.get("/inspections/states?date=31/12/2020").status_code == 400


def test_the_list_of_a_day_comes_in_pages(session, login):
    for number in range(53):
        make_feature(session, FuelSite, code=f"S-{number:03d}", name=f"Cửa hàng {number:03d}", kind="petrol")
    session.commit()
    inspector = login("inspector")
    assert "after=S-049" in inspector.get("/inspections/states?date=2020-02-29").text
    page = inspector.get("/inspections/states?date=2020-02-29&after=S-049").text
    assert "Cửa hàng 050" in page
    assert "Cửa hàng 049" not in page


@pytest.mark.parametrize(("role", "status"), [("public", 302), ("planner", 403), ("gis", 403), ("admin", 200)])
def test_the_sentences_of_a_day_are_for_inspectors(login, role, status):
    assert login(role).get("/inspections/states").status_code == status
