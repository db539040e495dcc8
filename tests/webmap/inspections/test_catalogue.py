"""The catalogue of violations over HTTP: looked up by day, edited, imported all or nothing, exported and imported again."""

import io
from datetime import date
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from sqlalchemy import select

from geodata.accounts.accounts import AuditEntry
from geodata.inspections.catalogue import FIELDS, Violation

ADDRESS = "/inspections/catalogue"
HEADS = list(FIELDS.values())
OLD = ["97-1", "Nghị định 97/2013/NĐ-CP", "20", "1", "a", "Hành vi cũ", "1.000.000", "2.000.000", "", "", "01/01/2014", "10/10/2020", "Công báo", "x"]  # fmt: skip
NEW = ["99-1", "Nghị định 99/2020/NĐ-CP", "14", "2", "", "Hành vi mới", "20000000", "30000000", "40000000", "60000000", "11/10/2020", "", "Công báo", ""]  # fmt: skip


def send(client, *rows, heads=HEADS):
    text = "\n".join(";".join(cells) for cells in (heads, *rows))
    return client.post(f"{ADDRESS}/import", data={"file": (io.BytesIO(text.encode("utf-8-sig")), "danh-muc.csv")})


def stored(session):
    session.expire_all()
    return {row.code: row for row in session.scalars(select(Violation))}


def test_a_table_is_imported_and_each_day_has_its_decree(session, leader, inspector):
    assert send(leader, OLD, NEW).status_code == 302
    row = stored(session)["97-1"]
    assert (row.person_from_vnd, row.valid_to, row.is_verified, row.point) == (1_000_000, date(2020, 10, 10), True, "a")
    for day, code in (("2020-03-02", "97-1"), ("2020-10-10", "97-1"), ("2020-10-11", "99-1"), ("2013-12-31", None)):
        found = [row["code"] for row in inspector.get(f"{ADDRESS}/choices?on={day}").json["violations"]]
        assert found == ([code] if code else [])
    page = inspector.get(ADDRESS).text
    assert "điểm a khoản 1 Điều 20 Nghị định 97/2013/NĐ-CP" in page
    assert "chưa kiểm chứng" in page
    assert "Hành vi cũ" not in inspector.get(f"{ADDRESS}?q=hành+vi+mới").text


def test_the_downloaded_table_imported_again_changes_nothing(session, leader):
    send(leader, OLD, NEW)
    before = {code: [getattr(row, name) for name in FIELDS] for code, row in stored(session).items()}
    table = leader.get(f"{ADDRESS}/table.xlsx").data
    answer = leader.post(f"{ADDRESS}/import", data={"file": (io.BytesIO(table), "a.xlsx")}, follow_redirects=True)
    assert "0 dòng mới, 0 dòng sửa, 2 dòng giữ nguyên" in answer.text
    assert {code: [getattr(row, name) for name in FIELDS] for code, row in stored(session).items()} == before


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [(0, "", "phải có"), (2, "", "phải có"), (6, "mười", "số đồng"), (7, "1", "nhỏ hơn"), (10, "hôm qua", "02/03/2020"),
     (11, "01/01/2020", "nhỏ hơn"), (12, "", "phải có")],
)  # fmt: skip
def test_a_wrong_cell_is_told_with_row_and_heading_and_nothing_is_stored(session, leader, place, value, told):
    wrong = [*NEW]
    wrong[place] = value
    refused = send(leader, OLD, wrong)
    assert refused.status_code == 400
    assert "Dòng 2" in refused.text
    assert told in refused.text
    assert stored(session) == {}


@pytest.mark.parametrize(
    "data", [b"", b"PK broken", b"a;b\n1;2\n", "Mã;Văn bản;Điều\n".encode(), "Mã".encode("utf-16")]
)
def test_what_is_no_table_is_refused(leader, data):
    assert leader.post(f"{ADDRESS}/import", data={"file": (io.BytesIO(data), "x")}).status_code == 400


def test_a_workbook_that_unpacks_to_more_than_it_should_is_not_unpacked(session, leader):
    send(leader, NEW)
    sent = io.BytesIO(leader.get(f"{ADDRESS}/table.xlsx").data)
    with ZipFile(sent, "a", ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/zeros", bytes(60_000_000))
    sent.seek(0)
    answer = leader.post(f"{ADDRESS}/import", data={"file": (sent, "x.xlsx")})
    assert answer.status_code == 400
    assert "tối đa 50 MB sau khi giải nén" in answer.text


def test_a_code_twice_in_a_file_is_refused(session, leader):
    assert send(leader, NEW, NEW).status_code == 400
    assert stored(session) == {}


def test_a_row_is_edited_with_its_words_in_the_audit_log(session, leader):
    send(leader, NEW)
    row = stored(session)["99-1"]
    form = {name: getattr(row, name) or "" for name in FIELDS if name != "is_verified"} | {"id": row.id}
    assert leader.post(f"{ADDRESS}/save", data=form | {"valid_to": "2026-12-31"}).status_code == 302
    assert stored(session)["99-1"].valid_to == date(2026, 12, 31)
    told = session.scalars(select(AuditEntry).where(AuditEntry.subject == "99-1").order_by(AuditEntry.id)).all()
    assert told[-1].details == "Hiệu lực đến: – → 31/12/2026"
    assert leader.post(f"{ADDRESS}/save", data=form | {"valid_to": "2019-01-01"}).status_code == 400
    assert leader.post(f"{ADDRESS}/save", data={**form, "id": ""}).status_code == 400  # its code is taken


def test_only_leaders_change_the_catalogue(session, inspector):
    assert send(inspector, NEW).status_code == 403
    assert inspector.post(f"{ADDRESS}/save", data={"code": "x"}).status_code == 403
    assert inspector.get(f"{ADDRESS}/new").status_code == 403
    assert stored(session) == {}
