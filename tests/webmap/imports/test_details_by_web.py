"""Certificates with their past, remedies of findings and requests for power through the wizard's pages, and out by file."""

import re
from datetime import date

import pytest
from sqlalchemy import text

from geodata.importing.sessions.model import Stage
from geodata.layers import LAYERS
from geodata.layers.fuel_sites.visits import Finding, InspectionVisit
from tests.conftest import sign_in
from tests.factories import make_feature
from tests.geodata.importing.files import csv
from tests.webmap.imports.wizard import found, send, store, work


@pytest.fixture
def site(session):
    site = make_feature(session, LAYERS.get("fuel_sites"), code="CH-1", name="Cửa hàng 1", certificate_no="GCN-2")
    visit = InspectionVisit(feature_id=site.id, visited_on=date(2026, 3, 2), kind="planned")
    session.add(visit)
    session.flush()
    finding = {"feature_id": site.id, "visit_id": visit.id, "found_on": date(2026, 3, 2), "severity": "violation"}
    session.add(Finding(**finding, description="Thiếu bình chữa cháy", remedy_due_on=date(2026, 4, 2)))
    session.commit()
    return site


def checked(client, engine, path, detail):
    number = int(re.search(r"/imports/(\d+)", send(client, path, layer=f"fuel_sites/{detail}"))[1])
    work(engine)
    return number


def undone(client, engine, stored):
    """Undo an import; what its page promises and what the undoing's page tells are about the rows that hang."""
    assert "dòng kèm theo đối tượng trở lại" in client.get(f"/history/{stored.change_set_id}/undo").text
    client.post(f"/history/{stored.change_set_id}/undo")
    work(engine)
    with engine.connect() as connection:
        last = connection.scalar(text("SELECT max(id) FROM change_set"))
    told = client.get(f"/history/{last}").text
    assert "Không có đối tượng nào bị thay đổi" not in told
    assert "CH-1" in told


def test_certificates_come_with_their_past_and_go_back(gis, engine, session, site, tmp_path):
    rows = "MA_CUA_HANG;SO_GCN;NGAY_CAP;NGAY_HET\nCH-1;GCN-1;01/02/2015;01/02/2020\nCH-1;GCN-2;01/02/2020;01/02/2025\nCH-1;GCN-3;hôm qua;\n"
    number = checked(gis, engine, csv(tmp_path / "gcn.csv", rows), "certificates")
    assert "GCN-1" in gis.get(f"/imports/{number}/preview?tab=new").text
    assert "01/02/2025" in gis.get(f"/imports/{number}/preview?tab=changed").text
    assert "hôm qua" in gis.get(f"/imports/{number}/preview?tab=error").text
    assert "Thay các dòng của những đối tượng có trong tệp" in gis.get(f"/imports/{number}/confirm").text
    stored = store(gis, engine, number, accept_partial="1")
    assert stored.stage is Stage.STORED, stored.reason
    history = gis.get(f"/history/{stored.change_set_id}").text
    assert "GCN-1" in history
    assert "CH-1" in history
    assert re.search(r"<strong>GCN-2</strong>", history)
    assert "certificates" not in gis.get("/imports").text
    out = gis.get("/layers/fuel_sites/export?format=csv&detail=certificates").data.decode("utf-8-sig")
    assert "CH-1,GCN-1,2015-02-01,2020-02-01" in out
    again = checked(gis, engine, csv(tmp_path / "out.csv", out), "certificates")
    counts = found(engine, again).report.counts
    assert (counts.read, counts.unchanged) == (2, 2)
    undone(gis, engine, stored)
    session.rollback()
    assert session.execute(text("SELECT certificate_no, issued_on FROM certificate")).all() == [("GCN-2", None)]


def test_remedies_of_findings_are_updated_by_file_and_go_back(app, gis, engine, session, site, tmp_path):
    rows = "MA_CUA_HANG;NGAY_LAP;NOI_DUNG;NGAY_KHAC_PHUC\nCH-1;02/03/2026;Thiếu bình chữa cháy;20/03/2026\nCH-1;02/03/2026;Việc khác;20/03/2026\n"
    admin = sign_in(app, "admin")
    number = checked(admin, engine, csv(tmp_path / "kp.csv", rows), "findings")
    changed = admin.get(f"/imports/{number}/preview?tab=changed").text
    assert "20/03/2026" in changed
    assert "Việc khác" in admin.get(f"/imports/{number}/preview?tab=error").text
    stored = store(admin, engine, number, accept_partial="1")
    assert stored.stage is Stage.STORED, stored.reason
    for rest in ("", "/preview", "/questions", "/state", "/file", "/confirm", "/report"):
        assert gis.get(f"/imports/{number}{rest}").status_code == 403, rest
    assert "fuel_sites/findings" not in gis.get("/imports/new").text
    with (tmp_path / "kp.csv").open("rb") as file:
        refused = gis.post("/imports/new", data={"layer": "fuel_sites/findings", "files": [(file, "kp.csv")]})
    assert refused.status_code == 403
    remedied = text("SELECT remedied_on FROM inspection_finding")
    assert session.scalars(remedied).all() == [date(2026, 3, 20)]
    assert "20/03/2026" in admin.get(f"/history/{stored.change_set_id}").text
    out = admin.get("/layers/fuel_sites/export?format=csv&detail=findings").data.decode("utf-8-sig")
    assert "Thiếu bình chữa cháy" in out
    again = checked(admin, engine, csv(tmp_path / "out.csv", out), "findings")
    assert found(engine, again).report.counts.unchanged == 1
    undone(admin, engine, stored)
    session.rollback()
    assert session.scalars(remedied).all() == [None]
