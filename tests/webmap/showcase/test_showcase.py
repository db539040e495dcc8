"""The public page of a layer: what it lists, what it leaves out, how it is framed."""

import re

import pytest

from geodata.layers import LAYERS
from tests.conftest import sign_in
from tests.factories import make_feature
from tests.pages import squeezed

SHOWN = [kind for kind in LAYERS if kind.layer.showcase]
pytestmark = pytest.mark.parametrize("kind", SHOWN, ids=[kind.layer.showcase.slug for kind in SHOWN])


@pytest.fixture
def cluster(session, kind):
    """Store a feature that the page shows."""

    def store(**values):
        only = {name: allowed[0] for name, allowed in kind.layer.showcase.only.items()}
        return make_feature(session, kind, **(only | values))

    return store


def address(kind, more=""):
    return f"/{kind.layer.showcase.slug}{more}"


def names(answer):
    return re.findall(r'<th scope="row"><a href="[^"]*">([^<]*)</a>', squeezed(answer.text))


def test_everybody_sees_the_list_largest_free_land_first(client, cluster, kind):
    cluster(name="Cụm nhỏ", industrial_land_ha=10, leased_area_ha=8)
    cluster(name="Cụm lớn", industrial_land_ha=40, leased_area_ha=10)
    cluster(name="Cụm chưa có số liệu")
    answer = client.get(address(kind))
    assert answer.status_code == 200
    assert names(answer) == ["Cụm lớn", "Cụm nhỏ", "Cụm chưa có số liệu"]
    assert "3 mục" in answer.text
    assert re.search(r"Đất còn trống:<strong>32", squeezed(answer.text))


def test_land_nobody_measured_is_not_land_that_is_let(client, cluster, kind):
    cluster(name="Cụm chưa có số liệu")
    answer = client.get(address(kind))
    assert "chưa có số liệu" in answer.text.split("<tbody>")[1]


def test_what_is_context_on_the_map_is_not_on_the_page(client, session, kind):
    park = make_feature(session, kind, name="Khu công nghiệp", kind="park")
    assert names(client.get(address(kind))) == []
    assert client.get(address(kind, f"/{park.code}")).status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("free_land_ha=20..", ["Cụm lớn"]),
        ("q=cum+lon", ["Cụm lớn"]),
        ("status=operating", ["Cụm nhỏ"]),
        ("admin_unit_code=11728", ["Cụm nhỏ"]),
        ("free_land_ha=20..&status=operating", []),
        ("sort=name", ["Cụm lớn", "Cụm nhỏ"]),
        ("sort=free_land_ha", ["Cụm nhỏ", "Cụm lớn"]),
    ],
)
def test_filters_and_order_are_in_the_address(client, cluster, kind, query, found):
    cluster(name="Cụm nhỏ", industrial_land_ha=10, leased_area_ha=8, status="operating", admin_unit_code="11728")
    cluster(name="Cụm lớn", industrial_land_ha=40, leased_area_ha=10, status="building")
    answer = client.get(address(kind, f"?{query}"))
    assert names(answer) == found
    if not found:
        assert "Không có mục nào khớp bộ lọc" in answer.text
        assert f'href="{address(kind)}">Xóa lọc' in answer.text


def test_empty_fields_of_the_form_leave_the_address(client, kind):
    answer = client.get(address(kind, "?q=&status=&free_land_ha=5.."))
    assert answer.status_code == 302
    assert answer.location == address(kind, "?free_land_ha=5..")


def test_a_filter_that_does_not_exist_is_told(client, kind):
    assert client.get(address(kind, "?colour=red")).status_code == 400
    assert client.get(address(kind, "?sort=colour")).status_code == 400


def test_staff_facts_are_not_public_not_even_for_staff(app, cluster, kind):
    stored = cluster(name="Cụm", note="chỉ nội bộ", tax_code="0200123456")
    for role in ("public", "admin"):
        client = sign_in(app, role)
        for page in (client.get(address(kind)), client.get(address(kind, f"/{stored.code}"))):
            assert "chỉ nội bộ" not in page.text
            assert "0200123456" not in page.text
    assert client.get(address(kind, "?tax_code=0200123456")).status_code == 400


def test_the_fact_sheet_names_unit_and_substation(demo_app, kind):
    client = demo_app.test_client()
    code = re.search(rf'href="({address(kind)}/CCN-TANLIEN)"', client.get(address(kind)).text)[1]
    text = client.get(code).text
    for fact in ("138,9", "97,2", "81,7", "17,8", "TBA 110 kV Vĩnh Bảo", "Số liệu đến ngày", "Bản ghi minh họa"):
        assert fact in text
    assert re.search(r'href="/\?layers=\w+&amp;sel=\w+:\d+&amp;details="', text)


def test_the_page_is_english_for_investors(demo_app, kind):
    text = demo_app.test_client().get(address(kind, "?lang=en&free_land_ha=10..")).text
    assert "Free land" in text
    assert "Free land is at least 10" in text
    assert "Đất còn trống" not in text


def test_only_the_named_sites_may_frame_it(connection, make_app, kind):
    app = make_app(connection, embed_hosts=("https://sct.haiphong.gov.vn",))
    policy = app.test_client().get(address(kind, "?embed=1")).headers["Content-Security-Policy"]
    assert "frame-ancestors 'self' https://sct.haiphong.gov.vn" in policy
    assert "sct.haiphong" not in app.test_client().get("/").headers["Content-Security-Policy"]


def test_inside_a_frame_there_is_no_top_bar_and_links_stay_in_it(client, cluster, kind):
    cluster(name="Cụm", code="CCN-01")
    text = client.get(address(kind, "?embed=1&lang=en")).text
    assert 'class="top-bar"' not in text
    assert re.search(rf'href="{address(kind)}/CCN-01\?embed=1&amp;lang=en"', text)
    assert 'name="embed" value="1"' in text
    sheet = client.get(address(kind, "/CCN-01?embed=1&lang=en")).text
    assert 'class="top-bar"' not in sheet
    assert f'href="{address(kind)}?embed=1&amp;lang=en"' in sheet


def test_names_are_text_never_markup(client, cluster, kind):
    stored = cluster(name="<script>alert(1)</script>", address="${alert(1)}")
    for page in (client.get(address(kind)), client.get(address(kind, f"/{stored.code}"))):
        assert "<script>alert(1)" not in page.text


def test_a_long_list_goes_on(client, cluster, kind, monkeypatch):
    monkeypatch.setattr("webmap.showcase.pages.PAGE_SIZE", 2)
    for number in range(5):
        cluster(name=f"Cụm {number}", industrial_land_ha=10 + number, leased_area_ha=0)
    seen, more = [], address(kind)
    for _ in range(3):
        answer = client.get(more)
        seen += names(answer)
        link = re.search(r'class="more"><a [^>]*href="([^"]*)"', squeezed(answer.text))
        more = link and link[1].replace("&amp;", "&")
    assert more is None
    assert seen == [f"Cụm {number}" for number in (4, 3, 2, 1, 0)]


def test_addresses_that_are_no_page_are_not_found(client, kind):
    assert client.get("/warehouses").status_code == 404
    assert client.get(address(kind, "/NONE")).status_code == 404


def test_two_or_three_stand_side_by_side(client, cluster, kind):
    made = [
        cluster(name=f"Cụm {name}", industrial_land_ha=land, leased_area_ha=5)
        for name, land in (("một", 10), ("hai", 25), ("ba", 40), ("bốn", 50))
    ]
    codes = [one.code for one in made]
    answer = client.get(address(kind, "/compare"), query_string={"code": [codes[1], codes[0]]})

    rows = {
        label.strip(): re.findall(r"<td>(.*?)</td>", cells)
        for label, cells in re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', squeezed(answer.text))
    }
    assert re.findall(r'<th scope="col"><a [^>]*>(.*?)</a>', squeezed(answer.text)) == ["Cụm hai", "Cụm một"]
    assert rows["Đất còn trống"] == ["20 ha", "5 ha"]
    for wrong in ([], codes[:1], codes):
        refused = client.get(address(kind, "/compare"), query_string={"code": wrong})
        assert refused.status_code == 400
        assert "hai hoặc ba" in refused.text


def test_what_the_count_leaves_out_is_said(client, cluster, kind):
    cluster(name="Cụm một")
    assert "Chỉ gồm: Loại: Cụm công nghiệp" in client.get(address(kind)).text


def test_the_department_is_named_in_the_language_of_the_page(client, kind):
    for language, name in (("vi", "Sở Công Thương"), ("en", "Department of Industry and Trade")):
        page = client.get(address(kind, f"?lang={language}")).text
        assert name in re.search(r'<span class="brand-name">(.*?)</span>', page)[1]
