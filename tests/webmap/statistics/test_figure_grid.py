"""The table of months, files of figures and their history over the web: who may, what is told, what is stored."""

import io
import re

import pytest
from openpyxl import Workbook, load_workbook

from geodata.statistics.indicators import Indicator, get_series
from tests.pages import squeezed

VALUE, CHANGE, CUMULATIVE = (
    f"retail|2020-02|actual||{name}" for name in ("value", "month_change_percent", "cumulative")
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def retail(session):
    session.add(Indicator(code="retail", name="Bán lẻ", name_en="Retail", unit="bn VND"))
    session.commit()


@pytest.fixture
def save(login, retail):
    client = login("planner")

    def save_(*cells, path="/indicators/grid", **more):
        sent = [{"key": key, "value": value, "before": before} for key, value, before in cells]
        return client.post(path, json={"cells": sent, **more}, headers={"Accept": "application/json"})

    save_.client = client
    return save_


def stored(connection):
    return {(f"{one.period:%Y-%m}", one.version.value): one for one in get_series(connection, "retail").months}


def workbook(*rows):
    book, target = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(target)
    return target.getvalue()


def send(client, content, name="so-lieu.xlsx", **more):
    data = {"file": (io.BytesIO(content), name), **more}
    return client.post("/indicators/file", data=data, content_type="multipart/form-data")


def confirm(client, page):
    fields = dict(re.findall(r'name="(cells|file_name|sha256|source)"[^>]* value="([^"]*)"', page))
    return client.post(
        "/indicators/file/store", data={name: text.replace("&#34;", '"') for name, text in fields.items()}
    )


@pytest.mark.parametrize(
    ("role", "seen", "written"),
    [("public", 302, 302), ("planner", 200, 200), ("inspector", 403, 403), ("leader", 200, 403), ("gis", 403, 403), ("admin", 200, 200)],
)  # fmt: skip
def test_leaders_look_and_planners_and_administrators_write(login, retail, role, seen, written):
    client = login(role)
    page = client.get("/indicators/grid?year=2020")
    assert page.status_code == seen
    assert ('data-key="retail|2020-02|actual||value"' in page.text) == (written == 200)
    body = {"cells": [{"key": VALUE, "value": "5", "before": ""}]}
    assert client.post("/indicators/grid", json=body).status_code == written
    assert client.get("/indicators/file").status_code == written
    assert client.get("/indicators/changes").status_code == written
    assert client.get("/indicators/file/indicators.xlsx").status_code == seen


def test_cells_are_stored_as_one_change_with_their_source(save, connection):
    answer = save(
        (VALUE, "11.159", ""), (CHANGE, "−8,84 %", ""), (CUMULATIVE, "23.400", ""), source="Báo cáo 02/03/2020"
    )
    assert answer.json["cells"] == 3
    month = stored(connection)["2020-02", "actual"]
    assert (month.value, float(month.month_change_percent), month.source) == (11159, -8.84, "Báo cáo 02/03/2020")
    page = save.client.get(f"/indicators/changes/{answer.json['change_set']}").text
    assert "11.159 tỷ đồng" in page
    assert "−8,84 %" in page


def test_each_problem_is_told_at_its_cell_and_nothing_is_stored(save, connection):
    answer = save((VALUE, "11.159", ""), (CHANGE, "mười", ""), (CUMULATIVE, "11,159.5", ""))
    assert answer.status_code == 422
    assert [one["key"] for one in answer.json["details"]["problems"]] == [CHANGE, CUMULATIVE]
    assert stored(connection) == {}


def test_figures_that_do_not_fit_are_stored_only_when_confirmed(save, connection):
    cells = ((VALUE, "11.195", ""), (CHANGE, "−8,84", ""), (CUMULATIVE, "23.400", ""))
    answer = save(*cells)
    assert (answer.status_code, answer.json["error"]) == (409, "unfit")
    assert answer.json["details"]["problems"][0]["key"] == CHANGE
    assert stored(connection) == {}
    assert save(*cells, confirmed=True).status_code == 200
    page = save.client.get("/indicators/grid?year=2020").text
    assert 'class="differs"' in page
    assert "= −8,28" in squeezed(page)


def test_what_a_colleague_stored_meanwhile_is_told_and_kept(save, connection):
    save((VALUE, "11.159", ""))
    answer = save((VALUE, "12.000", ""))
    assert (answer.status_code, answer.json["error"]) == (409, "changed_since")
    assert answer.json["details"]["problems"][0]["stored"] == "11.159"
    assert stored(connection)["2020-02", "actual"].value == 11159
    assert save((VALUE, "12.000", "11.159")).status_code == 200


def test_english_numbers_are_read_on_the_english_page(save, connection):
    assert save((VALUE, "11,159.5", ""), path="/indicators/grid?lang=en").status_code == 200
    assert float(stored(connection)["2020-02", "actual"].value) == 11159.5


@pytest.mark.parametrize(
    "body", [None, [], {}, {"cells": 5}, {"cells": ["x"]}, {"cells": [{"key": "retail|x", "value": "5"}]}]
)
def test_what_is_no_list_of_cells_is_refused(save, body):
    answer = save.client.post("/indicators/grid", json=body, headers={"Accept": "application/json"})
    assert answer.status_code == 400


@pytest.mark.parametrize("query", ["year=1066", "year=x", "version=wish"])
def test_an_impossible_table_is_refused(save, query):
    assert save.client.get(f"/indicators/grid?{query}").status_code == 400


def test_the_page_computes_what_is_not_stated(save):
    save((VALUE, "11.000", ""), ("retail|2020-01|actual||value", "10.000", ""))
    page = squeezed(save.client.get("/indicators/grid?year=2020").text)
    assert "= 10</small>" in page  # on the month before, %
    assert "= 21.000</small>" in page  # the year so far


def test_a_file_is_shown_first_and_stored_when_confirmed(save, connection):
    save((VALUE, "11.159", ""))
    content = workbook(["Mã", "Năm", "Tháng 1", "Tháng 2"], ["retail", 2020, 12241, 11160])
    page = send(save.client, content).text
    assert "11.159 tỷ đồng" in page
    assert "11.160 tỷ đồng" in page
    assert "D2" in page
    assert len(stored(connection)) == 1
    answer = confirm(save.client, page)
    assert answer.status_code == 302
    assert {one.value for one in stored(connection).values()} == {12241, 11160}
    assert "so-lieu.xlsx" in save.client.get(answer.location).text


def test_a_file_with_problems_cannot_be_confirmed(save):
    page = send(save.client, workbook(["Mã", "Năm", "Tháng 2"], ["gdp", 2020, 5], ["retail", 2020, "?"])).text
    assert "Dòng 2, ô A2" in page
    assert "Dòng 3, ô C3" in page
    assert 'name="cells"' not in page


def test_a_preview_that_is_outdated_stores_nothing(save, connection):
    page = send(save.client, workbook(["Mã", "Năm", "Tháng 2"], ["retail", 2020, 5])).text
    save((VALUE, "6", ""))
    assert confirm(save.client, page).status_code == 409
    assert stored(connection)["2020-02", "actual"].value == 6


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x00" * 100])
def test_a_file_that_is_none_is_refused(save, content):
    assert send(save.client, content).status_code == 400


@pytest.mark.parametrize(
    "cells", ["", "[", "[5]", '[["retail"]]', '[["retail","2020-02-01","wish","","value","5",null]]']
)
def test_a_confirmation_that_was_tampered_with_is_refused(save, cells):
    assert save.client.post("/indicators/file/store", data={"cells": cells}).status_code == 400


def test_the_export_goes_back_in_unchanged(save):
    save((VALUE, "11.159,125", ""), (CUMULATIVE, "23.400", ""))
    for name in ("indicators.xlsx", "indicators.csv"):
        page = send(save.client, save.client.get(f"/indicators/file/{name}").data, name).text
        assert "0 số liệu thay đổi" in page
        assert "2 số giữ nguyên" in page


def test_the_export_holds_no_formula(session, login):
    session.add(Indicator(code="x", name='=HYPERLINK("http://x")', unit="%"))
    session.commit()
    client = login("admin")
    client.post("/indicators/grid", json={"cells": [{"key": "x|2020-02|actual||value", "value": "5", "before": ""}]})
    sheet = load_workbook(io.BytesIO(client.get("/indicators/file/indicators.xlsx").data)).active
    assert sheet["B2"].data_type == "s"
    assert "'=HYPERLINK" in client.get("/indicators/file/indicators.csv").text


def test_a_change_is_undone_once_and_what_was_changed_later_stays(save, connection):
    first = save((VALUE, "11.159", ""), (CUMULATIVE, "23.400", "")).json["change_set"]
    save((VALUE, "11.160", "11.159"))
    answer = save.client.post(f"/indicators/changes/{first}/undo")
    page = save.client.get(answer.location).text
    assert "Giữ nguyên, vì đã được sửa lại trước đó" in page
    month = stored(connection)["2020-02", "actual"]
    assert (month.value, month.cumulative) == (11160, None)
    assert save.client.post(f"/indicators/changes/{first}/undo").status_code == 409


def test_the_history_of_layers_does_not_stumble_over_indicators(save, login):
    number = save((VALUE, "11.159", "")).json["change_set"]
    client = login("admin")
    assert client.get("/history").status_code == 200
    assert client.get(f"/history/{number}").status_code == 404
