"""Half-yearly and yearly reports on clusters: figures by plain SQL, what enterprises state by a link, what is missing or contradicts."""

import io
import re
from datetime import date, timedelta

import openpyxl
import pytest
from sqlalchemy import text

from geodata.base.database import today
from geodata.layers import LAYERS
from geodata.papers import statements
from tests.conftest import sign_in
from tests.pages import squeezed
from tests.webmap.papers.docx_files import words
from webmap.papers.periodic import read_report
from webmap.papers.periods import Period, Span, parse_period

THERE = "(valid_from IS NULL OR valid_from <= :day) AND (valid_to IS NULL OR valid_to >= :day)"
CLUSTERS = f"FROM industrial_cluster WHERE kind IN ('cluster', 'craft_village') AND {THERE}"
STATUSES = ("operating", "full", "expanding", "building", "land_clearance", "established", "submitted", "appraising", "listed", "proposed", "suspended", "abolished")  # fmt: skip
SIZES = {
    "above_limit": "area_ha > 75", "below_limit": "area_ha < 10", "within_limit": "area_ha BETWEEN 10 AND 75",
}  # fmt: skip
#: Every figure of the report, counted another way.
PLAIN = {
    "clusters": f"SELECT count(*) {CLUSTERS}",
    **{f"by_status_{one}": f"SELECT count(*) {CLUSTERS} AND status = '{one}'" for one in STATUSES},
    "established": f"SELECT count(*) {CLUSTERS} AND established_on BETWEEN :first AND :day",
    "area": f"SELECT sum(area_ha) {CLUSTERS}",
    "industrial_land": f"SELECT sum(industrial_land_ha) {CLUSTERS}",
    "leased_land": f"SELECT sum(leased_area_ha) {CLUSTERS}",
    **{f"by_size_{name}": f"SELECT count(*) {CLUSTERS} AND {span}" for name, span in SIZES.items()},
    "capital": f"SELECT sum(infrastructure_capital_vnd) {CLUSTERS}",
    "disbursed": f"SELECT sum(disbursed_capital_vnd) {CLUSTERS}",
    **{f"by_wastewater_{one}": f"SELECT count(*) {CLUSTERS} AND wastewater_state = '{one}'" for one in ("none", "building", "running")},
}  # fmt: skip
HALF = "/papers/2026-H1"


@pytest.fixture
def leader(demo_app):
    return sign_in(demo_app, "leader")


@pytest.fixture
def nobody(demo_app):
    return demo_app.test_client()


def links(client, **more):
    day = (today() + timedelta(days=20)).isoformat()
    page = client.post(f"{HALF}/statements", data={"open_until": day, **more})
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    found = re.findall(
        r"<li>([^<:]+):<a class=\"text-break\" href=\"http://[^/]+(/statements/[\w-]+)\"", squeezed(page.text)
    )
    return {name.strip(): address for name, address in found}


@pytest.mark.parametrize("period", ["2020-H1", "2022", "2026-H1"])
def test_every_figure_is_what_plain_sql_counts_and_its_link_shows_these_rows(demo_session, leader, period):
    asked = parse_period(period)
    report = read_report(demo_session.connection(), LAYERS, asked, office="SỞ")
    (section,) = report.sections
    assert {figure.name for figure in section.named} == set(PLAIN)
    for place, one in enumerate((asked, asked.before, asked.last_year)):
        days = {"day": one.cut_off, "first": one.first}
        told = {figure.name: figure.values[place] or 0 for figure in section.named}
        assert told == {name: demo_session.execute(text(sql), days).scalar() or 0 for name, sql in PLAIN.items()}
    for figure in section.figures:
        shown = leader.get(f"{figure.query}&limit=1000").json
        assert sorted(one["properties"]["code"] for one in shown["features"]) == sorted(figure.codes), figure.name


def test_the_half_year_ends_on_14_june_and_the_year_on_14_december():
    half, year = parse_period("2020-H1"), parse_period("2020")
    assert (half.first, half.last) == (date(2019, 12, 15), date(2020, 6, 14))
    assert (year.first, year.last) == (date(2019, 12, 15), date(2020, 12, 14))
    assert (half.before, half.after, half.last_year) == (parse_period("2019"), year, parse_period("2019-H1"))
    assert (year.before, year.after, year.last_year) == (half, parse_period("2021-H1"), parse_period("2019"))
    month = Period(span=Span.MONTH, year=2020, month=1)
    assert (month.before.text, month.after.text, month.last_year.text) == ("2019-12", "2020-02", "2019-01")


def test_an_enterprise_states_by_a_link_changes_it_and_the_report_says_who_said_so(leader, nobody):
    name, address = next(iter(links(leader).items()))
    assert name in nobody.get(address).text
    answer = nobody.post(
        address, data={"project_count": "12", "revenue_vnd": "1.250,5", "stated_by": "Lê Văn A, giám đốc"}
    )
    assert answer.status_code == 302
    page = nobody.get(address).text
    assert 'value="1.250,5"' in page
    nobody.post(address, data={"project_count": "13", "revenue_vnd": "1.250,5", "stated_by": "Lê Văn A, giám đốc"})
    said = words(leader.get(f"{HALF}.docx").data)
    assert "Lê Văn A, giám đốc" in said
    assert "1.250,5" in said
    page = leader.get("/papers?period=2026-H1").text
    assert f"{name}: chưa khai" in page
    assert "Doanh nghiệp khai báo: 1/" in page
    rows = openpyxl.load_workbook(io.BytesIO(leader.get(f"{HALF}.xlsx").data)).active.iter_rows(values_only=True)
    assert any(row[0] == "Khai báo" and name in row[1] and row[2].startswith("13 ") for row in rows)


def test_what_was_stated_before_is_kept(demo_session, leader, nobody):
    address = next(iter(links(leader).values()))
    for count in ("1", "2"):
        nobody.post(address, data={"project_count": count, "stated_by": "A"})
    row = statements.find_statement(demo_session, address.rsplit("/", 1)[1])
    demo_session.refresh(row)
    assert row.values == {"project_count": "2"}
    assert [one["values"] for one in row.earlier] == [{"project_count": "1"}]


def test_a_statement_that_differs_from_the_register_is_a_contradiction(demo_connection, leader, nobody):
    demo_connection.execute(text("UPDATE industrial_cluster SET worker_count = 500"))
    name, address = next(iter(links(leader).items()))
    nobody.post(address, data={"worker_count": "700", "stated_by": "A"})
    assert f"{name}: số lao động khai 700 (A, " in leader.get("/papers?period=2026-H1").text


def test_a_part_above_its_whole_and_an_empty_field_are_told(demo_connection, leader):
    demo_connection.execute(text("UPDATE industrial_cluster SET leased_area_ha = industrial_land_ha + 1"))
    demo_connection.execute(text("UPDATE industrial_cluster SET area_ha = NULL WHERE status = 'operating'"))
    page = leader.get("/papers?period=2026-H1").text
    assert "lớn hơn đất công nghiệp" in page
    assert "thiếu ở " in page
    assert re.search("chưa có khai báo:<a [^>]+>Chủ đầu tư hạ tầng mẫu", squeezed(page))


def test_a_new_link_ends_the_old_one_and_the_last_day_closes_it(demo_connection, leader, nobody):
    name, old = next(iter(links(leader).items()))
    new = links(leader)[name]
    assert nobody.get(old).status_code == 404
    nobody.post(new, data={"project_count": "5", "stated_by": "A"})
    demo_connection.execute(text("UPDATE paper_statement SET open_until = '2020-06-20'"))
    closed = nobody.post(new, data={"project_count": "6", "stated_by": "B"})
    assert closed.status_code == 409
    page = nobody.get(new).text
    assert "Đã hết hạn khai báo" in page
    assert "<dd>5</dd>" in page
    assert leader.post(f"{HALF}/statements", data={"open_until": "2020-06-20"}).status_code == 400


@pytest.mark.parametrize("typed", ["abc", "-1", "1.5", "12,5", "1e9", "9" * 30, "NaN", "\u0663"])
def test_what_is_no_figure_is_told_and_nothing_typed_is_lost(leader, nobody, typed):
    address = next(iter(links(leader).values()))
    answer = nobody.post(address, data={"worker_count": typed, "project_count": "7", "stated_by": "Trần B"})
    assert answer.status_code == 400
    assert 'value="7"' in answer.text
    assert 'value="Trần B"' in answer.text
    assert nobody.post(address, data={"project_count": "7", "stated_by": "  "}).status_code == 400


def test_the_code_is_not_stored_and_no_other_text_leads_anywhere(demo_connection, leader, nobody):
    codes = [address.rsplit("/", 1)[1] for address in links(leader).values()]
    assert all(len(code) >= 32 for code in codes)
    stored = demo_connection.execute(text("SELECT paper_statement::text FROM paper_statement")).scalars().all()
    assert not any(code in row for code in codes for row in stored)
    for wrong in (codes[0][:-1], codes[0] + "x", "x", "%27"):
        assert nobody.get(f"/statements/{wrong}").status_code == 404
    page = nobody.get(f"/statements/{codes[0]}")
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Robots-Tag"] == "noindex"


def test_the_log_of_requests_does_not_tell_the_code(leader, nobody, caplog):
    code = next(iter(links(leader).values())).rsplit("/", 1)[1]
    with caplog.at_level("INFO"):
        nobody.get(f"/statements/{code}")
        nobody.post(f"/statements/{code}", data={"project_count": "1", "stated_by": "A"})
    assert any("/statements/" in record.getMessage() for record in caplog.records)
    assert code not in repr([record.__dict__ for record in caplog.records])


def test_who_does_not_report_asks_nobody(demo_app, nobody):
    inspector = sign_in(demo_app, "inspector")
    assert inspector.get(f"{HALF}/statements").status_code == 403
    assert inspector.post(f"{HALF}/statements", data={}).status_code == 403
    assert nobody.get(f"{HALF}/statements").status_code in {302, 401}
    assert sign_in(demo_app, "planner").get("/papers/2026-05/statements").status_code == 400


def test_a_sent_half_year_keeps_what_was_stated_and_by_whom(demo_connection, leader, nobody):
    address = next(iter(links(leader).values()))
    nobody.post(address, data={"project_count": "12", "stated_by": "Lê Văn A"})
    assert leader.post(f"{HALF}/send").status_code == 302
    kept = demo_connection.execute(text("SELECT figures FROM sent_paper WHERE name = 'clusters_half_year'")).scalar()
    stated = [one for one in kept if one.get("said_by", "").startswith("Lê Văn A")]
    assert {one["key"].rsplit(" ", 1)[1]: one["value"] for one in stated}["project_count"] == "12"
    nobody.post(address, data={"project_count": "13", "stated_by": "Lê Văn A"})
    assert leader.post(f"{HALF}/send", data={"reason": "Khai lại"}).status_code == 302
    page = leader.get("/papers?period=2026-H1").text
    assert ": project_count: 12 → 13" in page
    assert "2026-H1" in page
