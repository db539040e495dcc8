"""The monthly report: every figure is what plain SQL counts, its link shows the same rows, and what was sent stays."""

import argparse
import contextlib
import io
import re
from datetime import date
from html import escape

import openpyxl
import pytest
from docx import Document
from sqlalchemy import text, update

from geodata.export.wording import ILLUSTRATION
from geodata.inspections.issued import current_facts
from geodata.inspections.records import InspectionCampaign
from geodata.layers import LAYERS
from scripts.commands import paper as command
from tests.conftest import sign_in
from tests.webmap.papers.plain_sql import PLAIN
from webmap.app.i18n import translate
from webmap.papers.figures import month_sections
from webmap.papers.lists import list_forms
from webmap.papers.monthly import read_month
from webmap.papers.periodic import periodic_forms
from webmap.papers.periods import Period, Span, parse_period

#: Each campaign that was decided: sites planned, visited by the day; violations, fines and remedies overdue of its findings.
CAMPAIGNS = """
    SELECT c.id, (SELECT count(*) FROM inspection_target t WHERE t.campaign_id = c.id AND t.state = 'selected'),
      (SELECT count(*) FROM inspection_target t WHERE t.campaign_id = c.id AND t.state = 'selected' AND t.feature_id IN
        (SELECT v.feature_id FROM inspection_visit v WHERE v.campaign_id = c.id AND v.visited_on <= :day)),
      (SELECT count(*) FROM inspection_finding f JOIN inspection_visit v ON v.id = f.visit_id WHERE v.campaign_id = c.id AND f.found_on <= :day AND f.severity = 'violation'),
      (SELECT coalesce(sum(f.fine_vnd), 0) FROM inspection_finding f JOIN inspection_visit v ON v.id = f.visit_id WHERE v.campaign_id = c.id AND f.found_on <= :day),
      (SELECT count(*) FROM inspection_finding f JOIN inspection_visit v ON v.id = f.visit_id WHERE v.campaign_id = c.id AND f.found_on <= :day
        AND f.remedy_due_on < :day AND (f.remedied_on IS NULL OR f.remedied_on > :day))
    FROM inspection_campaign c WHERE c.decided_on IS NULL OR c.decided_on <= :day"""


@pytest.fixture
def leader(demo_app):
    return sign_in(demo_app, "leader")


@pytest.mark.parametrize("period", ["2020-02", "2022-05", "2026-10"])
def test_every_figure_is_what_plain_sql_counts_and_its_link_shows_these_rows(demo_connection, leader, period):
    month = parse_period(period)
    named = [one for section in month_sections(demo_connection, tuple(LAYERS), month) for one in section.named]
    assert {(one.layer, one.name) for one in named} == set(PLAIN)
    for place, day in enumerate((month, month.before, month.last_year)):
        days = {"day": day.cut_off, "first": day.first}
        told = {(one.layer, one.name): one.values[place] or 0 for one in named}
        assert told == {name: demo_connection.execute(text(query), days).scalar() or 0 for name, query in PLAIN.items()}
    for figure in named:
        shown = leader.get(f"{figure.query}&limit=1000").json
        assert sorted(one["properties"]["code"] for one in shown["features"]) == sorted(figure.codes), figure.key
        if not figure.unit:
            assert figure.values[0] == shown["numberMatched"], figure.key


def test_the_figures_are_beside_those_of_the_month_and_the_year_before(demo_connection):
    def values(period, place):
        sections = month_sections(demo_connection, tuple(LAYERS), parse_period(period))
        return {figure.key: figure.values[place] for section in sections for figure in section.figures}

    now, before, last_year = values("2020-02", 1), values("2020-01", 0), values("2019-02", 0)
    assert {key: value for key, value in before.items() if now.get(key, value) != value} == {}
    then = values("2020-02", 2)
    assert {key: value for key, value in last_year.items() if then.get(key, value) != value} == {}


WARNING = translate(ILLUSTRATION, "vi")


@pytest.mark.parametrize(
    "address",
    [
        "/papers/2020-02.docx", "/papers/2026-H1.docx", "/papers/lists/certificates.docx?on=2020-02-29", "/projects/portfolio.docx",
        "/grid/report.docx", "/inspections/campaigns/1/summary.docx", "/inspections/campaigns/1/targets.docx",
    ],
)  # fmt: skip
def test_a_paper_says_first_that_illustration_is_among_what_it_tells(demo_connection, leader, address):
    def paragraphs():
        return [one.text for one in Document(io.BytesIO(leader.get(address).data)).paragraphs]

    assert paragraphs().count(WARNING) == 1
    for kind in (*LAYERS, InspectionCampaign):
        demo_connection.execute(update(kind).values(is_illustration=False))
    assert WARNING not in paragraphs()


def test_the_report_of_february_2020_has_the_departments_form(leader):
    answer = leader.get("/papers/2020-02.docx")
    whole = "\n".join(Document(io.BytesIO(answer.data)).element.itertext())
    for told in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Kính gửi", "tháng 2 và 2 tháng năm 2020", "11.159", "30,11 %",
        "Cụm công nghiệp theo tình trạng: Đang thẩm định", "2810/QĐ-UBND", "Trả lời kiến nghị: Xây lại chợ Đổng Quốc Bình",
    ):  # fmt: skip
        assert told in whole, told
    for told in (
        "154.285",
        "13.089",
        "14,41\N{NO-BREAK SPACE}%",
        "≈\N{NO-BREAK SPACE}19,29\N{NO-BREAK SPACE}%",
        "Số minh họa",
    ):
        assert told in whole, told
    assert leader.get("/papers/2020-02.pdf").data.startswith(b"%PDF")
    sheet = openpyxl.load_workbook(io.BytesIO(leader.get("/papers/2020-02.xlsx").data)).active
    rows = {row[1]: row for row in sheet.iter_rows(values_only=True)}
    assert rows["Cửa hàng xăng dầu"][2] == 132
    assert "all.as_of=2020-02-29" in rows["Cửa hàng xăng dầu"][5]


def test_what_no_longer_was_on_the_day_is_not_counted_and_the_page_says_so(leader):
    """The public page counts an abolished cluster, the report does not: the reason stands beside it."""
    page = leader.get("/papers?period=2026-10").text
    assert "không tính đối tượng đã chấm dứt hoặc bãi bỏ trước đó" in page
    on_the_day = "/api/layers/industrial_clusters/features?status=abolished&limit=1"
    assert leader.get(on_the_day).get_json()["numberMatched"] == 1
    assert leader.get(f"{on_the_day}&as_of=2026-10-31").get_json()["numberMatched"] == 0


def test_what_nobody_has_entered_is_named(leader):
    page = leader.get("/papers?period=2021-03").text
    assert "Chưa có số liệu của tháng: Chỉ số sản xuất công nghiệp (IIP)" in page
    assert "Chưa có số liệu của tháng" not in leader.get("/papers?period=2020-02").text


def test_a_sent_report_stays_as_it_was_and_a_correction_says_what_differs(demo_connection, leader):
    assert leader.post("/papers/2020-02/send").status_code == 302
    page = leader.get("/papers?period=2020-02").text
    (address,) = set(re.findall(r"/papers/sent/\d+\.docx", page))
    kept = leader.get(address).data
    demo_connection.execute(text("UPDATE market SET status = 'suspended' WHERE code = 'CHO-ANDUONG'"))
    refused = leader.post("/papers/2020-02/send")
    assert refused.status_code == 409
    assert "Kỳ này đã gửi" in refused.text
    assert leader.post("/papers/2020-02/send", data={"reason": "Chợ An Dương tạm ngừng"}).status_code == 302
    page = leader.get("/papers?period=2020-02").text
    assert "Chợ An Dương tạm ngừng" in page
    assert "Chợ: Chợ đang hoạt động: 32 → 31" in page
    assert leader.get(address).data == kept


def test_a_correction_says_which_indicators_and_campaigns_changed(demo_connection, leader):
    leader.post("/papers/2020-02/send")
    demo_connection.execute(text("UPDATE indicator_value SET value = 11160 WHERE value = 11159"))
    demo_connection.execute(text("DELETE FROM inspection_visit WHERE id = (SELECT min(v.id) FROM inspection_visit v JOIN inspection_campaign c ON c.id = v.campaign_id WHERE c.number = '179/QĐ-SCT' AND v.visited_on <= '2020-02-29')"))  # fmt: skip
    leader.post("/papers/2020-02/send", data={"reason": "Số liệu chính thức"})
    page = leader.get("/papers?period=2020-02").text
    assert "Tổng mức bán lẻ hàng hóa và doanh thu dịch vụ: Giá trị trong tháng: 11.159 → 11.160" in page
    assert re.search(r"179/QĐ-SCT: [^<]*: Đã kiểm tra: \d+ → \d+", page)


@pytest.mark.parametrize("period", ["2020-02", "2022-05", "2026-10"])
def test_every_figure_of_a_campaign_is_what_plain_sql_counts_and_its_link_shows_its_sites(demo_session, leader, period):
    asked = parse_period(period)
    report = read_month(demo_session.connection(), LAYERS, asked, office="SỞ")
    day = {"day": asked.cut_off}
    told = {line.id: [int(values[0]) for _, values in line.figures] for line in report.campaigns}
    for place, other in ((1, asked.before), (2, asked.last_year)):
        counted = {row.id: list(row[1:]) for row in demo_session.execute(text(CAMPAIGNS), {"day": other.cut_off})}
        for line in report.campaigns:
            beside = [None if values[place] is None else int(values[place]) for _, values in line.figures]
            assert beside == counted.get(line.id, [None] * 5)
    assert told == {row.id: list(row[1:]) for row in demo_session.execute(text(CAMPAIGNS), day)}
    assert told
    for number, figures in told.items():
        page = leader.get(f"/inspections/campaigns/{number}?on={asked.cut_off}").text
        planned, done = figures[:2]
        assert f"<strong>{done}/{planned}</strong>" in page
        facts = current_facts(demo_session, demo_session.get(InspectionCampaign, number), asked.cut_off, office="SỞ")
        names = [row.name for row in facts.targets if row.is_selected]
        assert len(names) == planned
        assert all(escape(name) in page for name in names)
        assert [facts.planned, facts.done, facts.violations, facts.fines_vnd, facts.overdue_remedies] == figures


def test_the_campaigns_stand_beside_the_month_and_the_year_before(leader):
    whole = [
        [cell.text for cell in row.cells]
        for table in Document(io.BytesIO(leader.get("/papers/2020-02.docx").data)).tables
        for row in table.rows
    ]
    (title,) = (place for place, row in enumerate(whole) if row[0].startswith("2810/QĐ-UBND"))
    assert whole[title + 1][0] == "– Số cơ sở theo kế hoạch"
    assert whole[title + 2][:2] == ["– Đã kiểm tra", "7 (70\N{NO-BREAK SPACE}%)"]
    assert whole[title + 2][3] == "–"


def test_an_entered_figure_leads_to_its_month_with_who_entered_what_when(demo_app, leader):
    planner = sign_in(demo_app, "planner")
    cell = {"key": "retail|2020-02|actual||value", "value": "11.160", "before": "11.159"}
    saved = planner.post("/indicators/grid", json={"cells": [cell], "source": "Niên giám 2020", "confirmed": True})
    assert saved.status_code == 200, saved.text
    page = leader.get("/papers?period=2020-02").text
    address = "/indicators/grid?year=2020&amp;series=retail&amp;month=2#origin"
    assert f'<a href="{address}">11.160</a>' in page
    for client in (leader, planner):
        found = " ".join(re.sub(r"<[^>]+>", " ", client.get(address.replace("&amp;", "&")).text).split())
        assert re.search(r"Tổng mức bán lẻ [^,]*, 02/2020 Nhập bởi planner-test, lúc \d\d/\d\d/\d{4}", found)
        assert "Nguồn: Niên giám 2020." in found
        assert "Giá trị trong tháng: 11.159 tỷ đồng → 11.160 tỷ đồng" in found
    assert "Chưa có số liệu nào được nhập" in leader.get("/indicators/grid?year=2020&series=retail&month=3").text
    assert leader.get("/indicators/grid?year=2020&series=nothing&month=3").status_code == 404
    assert leader.get("/indicators/grid?year=2020&series=retail&month=13").status_code == 400


@pytest.mark.parametrize("period", ["2020-01", "2020-02", "2019-12"])
def test_every_indicator_of_a_month_is_what_is_stored(demo_session, leader, period):
    asked = parse_period(period)
    report = read_month(demo_session.connection(), LAYERS, asked, office="SỞ")
    told = {
        (line.code, name): value for line in report.indicators for name, value, _ in line.figures if value is not None
    }
    names = ("value", "month_change_percent", "year_change_percent", "cumulative", "cumulative_change_percent")
    rows = demo_session.execute(
        text("SELECT i.code, v.* FROM indicator_value v JOIN indicator i ON i.id = v.indicator_id WHERE v.period = :month AND v.version = 'actual'"),
        {"month": asked.first},
    ).mappings()  # fmt: skip
    assert told == {(row["code"], name): row[name] for row in rows for name in names if row[name] is not None}


def test_the_report_shows_the_year_of_an_indicator_as_a_chart(demo_app, leader):
    made = Document(io.BytesIO(leader.get("/papers/2020-02.docx").data))
    assert len(made.inline_shapes) == 1
    assert any(paragraph.text.startswith("Tổng mức bán lẻ") for paragraph in made.paragraphs)
    assert len(Document(io.BytesIO(leader.get("/papers/2021-03.docx").data)).inline_shapes) == 0
    assert leader.get("/papers/2020-02.pdf").data.count(b"/Subtype /Image") >= 1


def test_only_who_reports_opens_it_and_a_wrong_month_is_told(demo_app, leader):
    assert demo_app.test_client().get("/papers").status_code in {302, 401}
    assert sign_in(demo_app, "inspector").get("/papers").status_code == 403
    for wrong in ("2020-13", "02-2020", "²020-02"):
        assert leader.get("/papers", query_string={"period": wrong}).status_code == 400


def test_the_command_writes_what_it_names_and_refuses_what_is_none(demo_session, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(command, "database_session", lambda: contextlib.nullcontext(demo_session))
    parser = argparse.ArgumentParser()
    command.configure(parser)
    titles = {form.name: form.title for form in (*periodic_forms(LAYERS).values(), *list_forms(LAYERS))}
    assert {name: translate(title, "vi") for name, title in titles.items()} == command.PAPERS
    assert command.run(parser.parse_args(["list"])) == 0
    assert capsys.readouterr().out.startswith("monthly\t")
    words = ["monthly", "--period", "2020-02", "--format", "docx", str(tmp_path / "a")]
    assert command.run(parser.parse_args(words)) == 0
    assert Document(tmp_path / "a").tables
    words = ["monthly", "--period", "2020-02", str(tmp_path / "a.xlsx")]
    assert command.run(parser.parse_args(words)) == 0
    rows = {row[1]: row for row in openpyxl.load_workbook(tmp_path / "a.xlsx").active.iter_rows(values_only=True)}
    assert rows["Cửa hàng xăng dầu"][2] == 132
    assert rows["2810/QĐ-UBND: Kiểm tra cửa hàng xăng dầu chưa có giấy chứng nhận: Đã kiểm tra"][2:5] == (7, 6, None)
    with pytest.raises(command.Failure):
        command.run(parser.parse_args(["monthly", "--period", "2020-02", str(tmp_path / "a.odt")]))
    with pytest.raises(SystemExit):
        parser.parse_args(["weekly", "--period", "2020-02", "a.docx"])


def test_the_running_month_ends_today(monkeypatch):
    monkeypatch.setattr("webmap.papers.periods.today", lambda: date(2020, 2, 10))
    assert Period(span=Span.MONTH, year=2020, month=2).cut_off == date(2020, 2, 10)
    assert Period(span=Span.MONTH, year=2020, month=1).cut_off == date(2020, 1, 31)
