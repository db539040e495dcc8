"""What people type, and what they mean by it: the first hit is that."""

import csv
from pathlib import Path

import pytest

from tests.conftest import sign_in

#: 164 texts as people type them (with and without accents, codes, kinds before names, slips) and the object meant.
with (Path(__file__).parent / "search_texts.tsv").open(encoding="utf-8", newline="") as file:
    TEXTS = [(row["text"], row["wanted"]) for row in csv.DictReader(file, delimiter="\t")]

UNITS = {
    "huyện Vĩnh Bảo": "Huyện Vĩnh Bảo (cũ, đến 30/06/2025)",
    "quận Ngô Quyền": "Quận Ngô Quyền (cũ, đến 30/06/2025)",
    "quan ngo quyen": "Quận Ngô Quyền (cũ, đến 30/06/2025)",
    "phường Ngô Quyền": "Phường Ngô Quyền",
    "phường Đồ Sơn": "Phường Đồ Sơn",
    "xã Vĩnh Bảo": "Xã Vĩnh Bảo",
    "xa vinh bao": "Xã Vĩnh Bảo",
    "lê chân": "Phường Lê Chân",
    "le chan": "Phường Lê Chân",
    "hai an": "Phường Hải An",
    "đặc khu Cát Hải": "Đặc khu Cát Hải",
    "phường Sở Dầu": "Phường Hồng Bàng",
    "thị trấn Núi Đối": "Xã Kiến Thụy",
    "Liên Khê": "Phường Lưu Kiếm",
    "xã Đặng Cương": "Phường An Dương",
    "dang cuong": "Phường An Dương",
    "xã Đại Hà": "Xã Kiến Hưng",
    "phường Quán Trữ": "Phường Kiến An",
}
KINDS = {
    "xăng dầu": "fuel_sites",
    "xang dau": "fuel_sites",
    "petrol": "fuel_sites",
    "trạm biến áp": "substations",
    "substation": "substations",
    "industrial cluster": "industrial_clusters",
    "cụm công nghiệp": "industrial_clusters",
}


def hits(client, text):
    answer = client.get("/api/search", query_string={"q": text, "lang": "vi"})
    assert answer.status_code == 200, answer.text
    return answer.json


@pytest.mark.parametrize(("asked", "label"), UNITS.items())
def test_a_unit_is_found_by_kind_and_name_old_ones_by_where_they_are_now(demo_app, asked, label):
    found = hits(demo_app.test_client(), asked)["hits"]
    units = [hit["label"] for hit in found if hit["layer"] == "admin_units"]
    assert units[0] == label
    if " " in asked.strip() and asked.split()[0] in {"huyện", "quận", "phường", "xã", "xa", "quan", "đặc", "thị"}:
        assert found[0]["label"] == label


@pytest.mark.parametrize(("asked", "layer"), KINDS.items())
def test_a_kind_of_thing_finds_things_of_that_kind(demo_app, asked, layer):
    found = hits(demo_app.test_client(), asked)["hits"]
    assert len(found) > 2
    assert {hit["layer"] for hit in found[:3]} == {layer}


def test_a_kind_with_a_state_finds_what_is_in_that_state(demo_app):
    client = demo_app.test_client()
    rebuilt = client.get("/api/layers/markets/features?status=rebuilding&geometry=false&limit=1000").json["features"]
    wanted = {feature["id"] for feature in rebuilt}
    found = [hit["id"] for hit in hits(client, "chợ đang xây lại")["hits"] if hit["layer"] == "markets"]
    assert wanted
    assert set(found[: len(wanted)]) == wanted


def test_a_kind_with_a_place_finds_what_is_called_so_there(demo_app):
    first = hits(demo_app.test_client(), "tram cat hai")["hits"][0]
    assert (first["layer"], "Cát Hải" in first["name"]) == ("substations", True)


def test_what_is_only_alike_is_said_to_be_so(demo_app):
    client = demo_app.test_client()
    named = hits(client, "cho dong quoc binh")["hits"][0]
    assert (named["name"], named["is_alike"]) == ("Chợ Đổng Quốc Bình", False)
    mistyped = hits(client, "cho dong kuoc binh")["hits"]
    assert mistyped[0]["name"] == "Chợ Đổng Quốc Bình"
    assert all(hit["is_alike"] for hit in mistyped if hit["layer"] == "markets")
    assert not any(hit["is_alike"] for hit in hits(client, "chợ đang xây lại")["hits"][:1])


@pytest.mark.parametrize("asked", ["Quyết định 2810/QĐ-UBND", "quyết định số 2810/QĐ-UBND", "2810/qd-ubnd"])
def test_an_act_is_found_by_its_kind_and_number(demo_app, asked):
    assert hits(demo_app.test_client(), asked)["acts"][0]["number"] == "2810/QĐ-UBND"


def test_a_state_that_a_role_may_not_see_cannot_be_asked_for(demo_app):
    asked = "Cơ sở xăng dầu, LPG vi phạm"
    for role in ("public", "inspector"):
        client = sign_in(demo_app, role)
        states = [field["name"] for layer in client.get("/api/layers?lang=vi").json["layers"] if layer["name"] == "fuel_sites"
                  for field in layer["fields"] if field["name"] == "inspection_status"]  # fmt: skip
        meant = [hit for hit in hits(client, asked)["hits"] if hit["layer"] == "fuel_sites"]
        wanted = client.get("/api/layers/fuel_sites/features?inspection_status=violation&geometry=false&limit=1000")
        assert (wanted.status_code == 200) == bool(states)
        if states:
            assert {hit["id"] for hit in meant[:3]} <= {feature["id"] for feature in wanted.json["features"]}


def test_what_is_meant_is_the_first_hit(demo_app):
    client = demo_app.test_client()
    missed = {}
    for asked, wanted in TEXTS:
        first = next((f"{hit['layer']}:{hit['code']}" for hit in hits(client, asked)["hits"]), None)
        if first != wanted:
            missed[asked] = (wanted, first)
    assert len(TEXTS) >= 150
    assert missed == {}
