"""Entering a month: numbers as the language writes them, and what happens when they do not fit."""

import pytest

from geodata.statistics.indicators import Indicator, get_series

REPORT = {
    "series": "retail", "month": "2", "year": "2020", "version": "actual", "value": "11.159",
    "month_change_percent": "−8,84", "year_change_percent": "10,82", "cumulative": "23.400",
    "cumulative_change_percent": "11,75 %", "source": "Báo cáo 02/03/2020",
}  # fmt: skip


@pytest.fixture
def retail(session):
    session.add(Indicator(code="retail", name="Bán lẻ", name_en="Retail", unit="bn VND"))
    session.commit()


def stored(connection):
    return get_series(connection, "retail").months


@pytest.mark.parametrize(
    ("role", "status"),
    [("public", 302), ("planner", 200), ("inspector", 403), ("leader", 403), ("gis", 403), ("admin", 200)],
)
def test_planners_and_administrators_enter_figures(login, retail, role, status):
    assert login(role).get("/indicators").status_code == status


def test_a_month_that_fits_is_stored_at_once(login, retail, connection):
    client = login("planner")
    answer = client.post("/indicators", data=REPORT)
    assert answer.status_code == 302
    (month,) = stored(connection)
    assert (float(month.value), float(month.cumulative), float(month.month_change_percent)) == (11159, 23400, -8.84)
    text = client.get(answer.location).text
    assert "Đã lưu số liệu" in text
    assert "23.400 − 11.159 = 12.241; 11.159 / 12.241 − 1 = −8,84 %" in text


def test_figures_that_do_not_fit_are_shown_and_stored_only_when_confirmed(login, retail, connection):
    client = login("planner")
    wrong = REPORT | {"value": "11.195"}
    answer = client.post("/indicators", data=wrong)
    assert answer.status_code == 409
    assert "chưa khớp nhau" in answer.text
    assert 'value="11.195"' in answer.text
    assert stored(connection) == ()
    assert client.post("/indicators", data=wrong | {"confirmed": "1"}).status_code == 302
    assert len(stored(connection)) == 1


@pytest.mark.parametrize(
    "slip",
    [
        {"value": "11,159.5"},
        {"value": "mười"},
        {"value": "11.75"},
        {"value": "1e99"},
        {"value": "9" * 40},
        {"month": "13"},
        {"year": ""},
        {"year": "1066"},
        {"version": "wish"},
        {name: "" for name in REPORT if name not in {"series", "month", "year", "version"}},
    ],
)
def test_what_cannot_be_read_is_told_and_kept_in_the_form(login, retail, connection, slip):
    answer = login("planner").post("/indicators", data=REPORT | slip)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert stored(connection) == ()


def test_english_numbers_are_read_on_the_english_page(login, retail, connection):
    client = login("planner")
    english = REPORT | {
        "value": "11,159", "month_change_percent": "-8.84", "year_change_percent": "", "cumulative": "23,400",
        "cumulative_change_percent": "",
    }  # fmt: skip
    assert client.post("/indicators?lang=en", data=english).status_code == 302
    assert float(stored(connection)[0].value) == 11159


def test_a_month_can_be_taken_up_again(login, retail):
    client = login("planner")
    client.post("/indicators", data=REPORT)
    text = client.get("/indicators?series=retail&period=2020-02&version=actual").text
    assert 'value="11.159"' in text
    assert 'value="-8,84"' in text
    following = client.get("/indicators?series=retail").text
    assert '<option value="3" selected>' in following


def test_an_unknown_series_is_not_found(login, retail):
    client = login("planner")
    assert client.get("/indicators?series=gdp").status_code == 404
    assert client.post("/indicators", data=REPORT | {"series": "gdp"}).status_code == 404


def test_without_any_series_the_page_says_so(login):
    assert "Chưa có chỉ tiêu nào" in login("planner").get("/indicators").text


def test_two_months_make_a_line_on_the_dashboard(demo_login):
    text = demo_login("planner").get("/dashboard").text
    assert '<path class="line actual"' in text
    assert "12.241" in text
    assert "11.159 tỷ đồng" in text
    assert "+23,57 %" in text
