"""What people read about an object, over a pool of connections as the real server has one."""

import html

import pytest

from geodata.layers import LAYERS
from geodata.query import features
from geodata.schema.roles import Role
from tests.conftest import PASSWORD
from tests.pages import squeezed

ALL = pytest.mark.parametrize("kind", list(LAYERS), ids=[kind.layer.name for kind in LAYERS])
ROLES = pytest.mark.parametrize("role", list(Role))


@pytest.fixture(scope="module")
def clients(demo_engine, demo_accounts):
    """One client per role over the demo database."""
    from tests.conftest import settings
    from webmap import create_app

    app = create_app(settings(), bind=demo_engine)
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, WTF_CSRF_ENABLED=False)
    clients = {Role.PUBLIC: app.test_client()}
    for role, name in demo_accounts.items():
        clients[Role(role)] = app.test_client()
        clients[Role(role)].post("/login", data={"username": name, "password": PASSWORD})
    return clients


def first(demo_connection, kind):
    return features.list_features(demo_connection, kind, kind.fields(), limit=1).rows[0]


@ALL
@ROLES
def test_panel_and_popup_name_the_object_and_tell_only_what_the_role_may_know(clients, demo_connection, kind, role):
    row = first(demo_connection, kind)
    for form in ("popup", "panel"):
        answer = clients[role].get(f"/layers/{kind.layer.name}/features/{row['id']}/{form}")
        assert answer.status_code == 200
        assert row["name"] in answer.text
    assert ("Lịch sử thay đổi" in answer.text) == (role is not Role.PUBLIC)
    assert "EPSG:9210" in answer.text


def test_the_panel_of_a_substation_shows_loads_to_staff_only(clients, demo_connection):
    kind = LAYERS.get("substations")
    number = features.find_by_code(demo_connection, kind, "TBA-110-CATHAI")
    address = f"/layers/substations/features/{number}/panel"
    assert "Máy biến áp" in clients[Role.PUBLIC].get(address).text
    assert "Phụ tải" not in clients[Role.PUBLIC].get(address).text
    assert "Phụ tải" in clients[Role.PLANNER].get(address).text


def test_a_name_with_markup_is_shown_as_text(demo_login, demo_session):
    from tests.factories import make_feature

    nasty = "<script>alert(1)</script>${alert(2)} C:\\2019 `x`"
    for kind in LAYERS:
        made = make_feature(demo_session, kind, name=nasty, source="<img src=x onerror=alert(3)>")
        for form in ("popup", "panel"):
            text = demo_login("public").get(f"/layers/{kind.layer.name}/features/{made.id}/{form}").text
            assert "<script>alert" not in text
            assert "<img src=x" not in text
            assert "&lt;script&gt;alert(1)" in text


@pytest.mark.parametrize(
    ("text", "system"),
    [("20°51'37.8\"N 106°41'0.6\"E", "WGS 84"), ("X 2307792 Y 596944", "105°45'"), ("chợ Sắt", None)],
)
def test_coordinates_are_placed_with_the_system_that_was_assumed(clients, text, system):
    places = clients[Role.PUBLIC].get("/api/coordinates", query_string={"q": text}).json["places"]
    if system is None:
        assert places == []
    else:
        assert system in places[0]["system"]
        assert places[0]["lon"] == pytest.approx(106.6835, abs=1e-4)


@ALL
@ROLES
def test_the_panel_leads_to_the_pages_the_role_may_open(clients, demo_connection, kind, role):
    row = first(demo_connection, kind)
    text = clients[role].get(f"/layers/{kind.layer.name}/features/{row['id']}/panel").text
    history, site = f"/history/objects/{kind.layer.name}/{row['id']}", f"/inspections/sites/{row['id']}"

    assert (f'href="{history}"' in text) == (role in kind.layer.access.write)
    assert (f'href="{site}"' in text) == (kind.layer.inspected and role in {Role.INSPECTOR, Role.LEADER, Role.ADMIN})
    for address in (history, site):
        if f'href="{address}"' in text:
            assert clients[role].get(address).status_code == 200


def test_the_status_bar_says_from_when_the_data_are(clients, demo_connection):
    from geodata.history.change_sets import latest_change
    from webmap.app.i18n import format_value

    changed_at = latest_change(demo_connection, [kind.layer.name for kind in LAYERS])
    text = clients[Role.PUBLIC].get("/?lang=vi").text
    assert f"Số liệu đến ngày {format_value(changed_at, 'vi')[:10]}" in text


@ROLES
def test_a_substation_lists_its_lines_and_a_line_leads_to_its_substations(clients, demo_connection, role):
    lines, stations = LAYERS.get("power_lines"), LAYERS.get("substations")
    line = features.find_by_code(demo_connection, lines, "DZ-110-CHOROC-CATHAI-2")
    station = features.find_by_code(demo_connection, stations, "TBA-110-CHOROC")
    text = squeezed(clients[role].get(f"/layers/power_lines/features/{line}/panel").text)
    assert f'data-show-layer="substations" data-show-id="{station}"' in text
    assert "TBA-110-CHOROC" not in text  # its name instead
    text = squeezed(clients[role].get(f"/layers/substations/features/{station}/panel").text)
    assert f'data-show-layer="power_lines" data-show-id="{line}"' in text
    assert "Quy hoạch · 18,183 km" in text


def test_a_line_tells_the_whole_circuit_it_is_a_stretch_of(clients, demo_connection):
    line = features.find_by_code(demo_connection, LAYERS.get("power_lines"), "DZ-110-CHOROC-CATHAI-2")
    text = squeezed(html.unescape(clients[Role.PUBLIC].get(f"/layers/power_lines/features/{line}/panel").text))
    whole = text.split("110 kV Chợ Rộc – Cát Hải – Cát Bà, mạch 2</h3>")[1].split("</section>")[0]
    assert "2 đoạn · Chiều dài 38,339 km" in whole
    assert "không nối liền" not in whole
    assert whole.index("Chợ Rộc – Cát Hải") < whole.index("Cát Hải – Cát Bà")
    assert 'aria-current="true">Đường dây 110 kV Chợ Rộc' in whole
