"""The dashboard: a bar counts what the map shows when the bar is chosen."""

import html
import re
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import func, select

from geodata.inspections.records import InspectionCampaign, InspectionTarget
from geodata.layers import LAYERS
from geodata.layers.fuel_sites.visits import Finding, InspectionVisit
from geodata.schema.roles import STAFF, Role
from geodata.statistics.dashboard import campaign_progress, chart_figures
from tests.factories import make_feature
from tests.pages import squeezed
from webmap.app.i18n import translate

CHARTS = [(kind, chart) for kind in LAYERS for chart in kind.layer.charts]
ALL = pytest.mark.parametrize(("kind", "chart"), CHARTS, ids=[chart.title for _, chart in CHARTS])


def bars(text):
    """Return (address, label, count) of the bars that are links."""
    pattern = (
        r'<a class="bar-row" href="([^"]+)">\s*<span class="bar-label">([^<]+)</span>.*?class="bar-number">([^<]+)<'
    )
    return [(html.unescape(address), label, count) for address, label, count in re.findall(pattern, squeezed(text))]


@pytest.fixture
def fuel_kind():
    return LAYERS.get("fuel_sites")


@ALL
def test_bars_count_every_feature(demo_connection, kind, chart):
    figures = chart_figures(demo_connection, kind, chart)
    assert figures.total > 0
    assert figures.bars
    counted = sum(bar.count for bar in figures.bars)
    if chart.days:
        assert figures.bars[-1].count == figures.total
    elif chart.spans:
        assert counted <= figures.total
    else:
        assert counted == figures.total


def test_every_bar_leads_to_as_many_objects_as_it_counts(demo_login):
    client = demo_login("planner")
    found = bars(client.get("/dashboard").text)
    assert len(found) > 20
    for address, label, count in found:
        query = parse_qsl(urlsplit(address).query)
        layer = dict(query)["layers"]
        prefix = f"{layer}."
        filters = [(name.partition(prefix)[2], value) for name, value in query if prefix in name]
        assert filters, address
        answer = client.get(f"/api/layers/{layer}/facets", query_string=filters)
        assert answer.json["numberMatched"] == int(count.replace(".", "")), (label, address)


def test_the_public_page_and_the_dashboard_count_the_same_or_say_why(demo_login):
    client = demo_login("planner")
    dashboard = client.get("/dashboard").text
    for kind in (kind for kind in LAYERS if kind.layer.showcase):
        page = client.get(f"/{kind.layer.showcase.slug}").text
        listed = re.search(r"<strong>(\d+) mục", page)[1]
        only = re.search(r'<span class="only">([^<]+)</span>', page)[1]
        for chart in kind.layer.charts:
            card = re.search(rf"{translate(chart.title, 'vi')}.*?card-foot\">(.*?)</p>", dashboard, re.DOTALL)[1]
            assert re.search(rf"\D{listed}\b", card)
            assert only in card


def test_every_chart_has_a_table_and_the_date_of_its_data(demo_login):
    text = demo_login("planner").get("/dashboard").text
    assert text.count("<summary>Xem dạng bảng") >= len(CHARTS)
    assert text.count("Số liệu đến ngày") == len(CHARTS)


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_staff_open_it_and_nobody_else(login, role):
    assert login(role).get("/dashboard").status_code == (200 if role in STAFF else 302)


def test_without_data_it_says_so(login):
    text = login("planner").get("/dashboard").text
    assert text.count("Chưa có đối tượng nào để thống kê") >= 1
    assert "Chưa có số liệu" in text


def test_certificates_are_counted_to_the_day(connection, session, fuel_kind):
    today = session.scalar(select(func.current_date()))
    for days in (-1, 0, 30, 31, 60, 90, 91):
        make_feature(session, fuel_kind, kind="petrol", certificate_expires_on=today + timedelta(days=days))
    (chart,) = (chart for chart in fuel_kind.layer.charts if chart.days)
    figures = chart_figures(connection, fuel_kind, chart)
    assert [(bar.value, bar.count) for bar in figures.bars] == [("30", 2), ("60", 4), ("90", 5)]


def test_numbers_without_a_figure_are_shown_as_such(login, session):
    kind = next(kind for kind in LAYERS if kind.layer.showcase)
    only = {name: allowed[0] for name, allowed in kind.layer.showcase.only.items()}
    make_feature(session, kind, **only)
    make_feature(session, kind, industrial_land_ha=10, leased_area_ha=10, **only)
    text = login("planner").get("/dashboard").text
    assert re.search(r'bar-label">Chưa có số liệu</span>.*?bar-number">1<', text, re.DOTALL)
    assert re.search(r'bar-label">≥ 100 %</span>.*?bar-number">1<', text, re.DOTALL)


@pytest.fixture
def campaign(session, fuel_kind):
    """Three targets, two visited, one remedy overdue and one in time; the end has passed."""
    today = session.scalar(select(func.current_date()))
    stored = InspectionCampaign(
        number="1/KH", title="Kiểm tra", field="petrol", ends_on=today - timedelta(days=1), planned_count=2
    )
    session.add(stored)
    sites = [make_feature(session, fuel_kind) for _ in range(3)]
    session.add_all(InspectionTarget(campaign_id=stored.id, feature_id=site.id) for site in sites)
    for site, due in zip(sites, (today - timedelta(days=1), today), strict=False):
        visit = InspectionVisit(
            feature_id=site.id, campaign_id=stored.id, visited_on=today - timedelta(days=9), kind="planned"
        )
        session.add(visit)
        session.flush()
        session.add(
            Finding(
                feature_id=site.id, visit_id=visit.id, found_on=visit.visited_on, severity="minor",
                description="tồn tại", remedy_due_on=due,
            )
        )  # fmt: skip
    session.flush()
    return stored


def test_a_campaign_counts_targets_visits_and_overdue_remedies(session, campaign):
    (progress,) = campaign_progress(session)
    assert (progress.planned, progress.done, progress.left, progress.overdue_remedies) == (3, 2, 1, 1)
    assert progress.overdue == 1


def test_campaigns_are_on_the_dashboard(login, campaign):
    text = login("inspector").get("/dashboard").text
    assert f'href="/inspections/campaigns/{campaign.id}">1/KH' in text
    assert "66,7 %" in text
    assert "đã quá thời hạn kế hoạch" in text


def test_a_planner_sees_totals_of_campaigns_and_no_link_to_visits(login, campaign):
    text = login("planner").get("/dashboard").text
    assert "1/KH" in text
    assert "/inspections/campaigns/" not in text


def test_a_line_that_ends_at_no_substation_is_on_the_dashboard_and_leads_to_the_map(login, session):
    line = make_feature(session, LAYERS.get("power_lines"), to_substation_code="TBA-KHONG-CO")
    text = html.unescape(login("planner").get("/dashboard").text)
    assert "Tuyến không kết thúc đúng nơi đã ghi" in text
    assert f"sel=power_lines:{line.id}&" in text
    assert "TBA-KHONG-CO – Chưa lưu đối tượng nào có mã này." in text


def test_a_circuit_that_falls_into_pieces_is_on_the_dashboard(login, session):
    kind = LAYERS.get("power_lines")
    for stations in (("TBA-A", "TBA-B"), ("TBA-C", "TBA-D")):
        ends = dict(zip(("from_substation_code", "to_substation_code"), stations, strict=True))
        make_feature(session, kind, circuit_name="110 kV A – D, mạch 1", **ends)
    text = html.unescape(login("planner").get("/dashboard").text)
    assert "110 kV A – D, mạch 1</a>: 2 đoạn rời thành 2 phần không nối liền" in text
