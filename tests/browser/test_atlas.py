"""An atlas: one sheet for each object of a layer, as the filters have it, printed in one go."""

import re

import pytest
from playwright.sync_api import expect

READY = ".print-bar .btn-primary:not([disabled])"


def open_atlas(page, layer, scale="50000"):
    page.locator("[data-map-tool=print]").click()
    page.locator("[name=each]").select_option(layer)
    page.locator("[name=scale]").fill(scale)
    page.locator(".print-dialog [type=submit]").click()
    page.locator(READY).wait_for()


def listed(page, server, layer, query):
    return page.request.get(f"{server.url}/api/layers/{layer}/features?sort=name&{query}").json()["features"]


@pytest.mark.parametrize(
    ("layer", "query"), [("industrial_clusters", "status=appraising"), ("substations", "voltage_kv=220")]
)
def test_each_object_of_the_filter_has_its_sheet_with_itself_marked_on_the_map(open_page, server, layer, query):
    name, _, value = query.partition("=")
    page = open_page(f"/?layers={layer},power_lines&{layer}.{name}={value}")
    wanted = listed(page, server, layer, query)
    assert 2 <= len(wanted) <= 10
    open_atlas(page, layer)
    expect(page.locator(".print-sheet[data-ready]")).to_have_count(len(wanted))
    assert page.locator(".print-sheet h1").all_inner_texts() == [one["properties"]["name"] for one in wanted]
    for sheet, one in zip(page.locator(".print-sheet").all(), wanted, strict=True):
        assert one["properties"]["code"] in sheet.locator("header").inner_text()
        marked, area = (sheet.locator(part).bounding_box() for part in (".print-mark > *", ".print-map"))
        middle = [
            marked[at] + marked[side] / 2 - area[at] - area[side] / 2 for at, side in (("x", "width"), ("y", "height"))
        ]
        assert max(map(abs, middle)) < 0.1 * area["width"], "the object is in the middle"
        assert marked["width"] <= area["width"]
        assert marked["height"] <= area["height"]
        if one["geometry"]["type"] == "Point":
            assert "1:50.000" in sheet.locator(".print-scale").inner_text()
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == len(wanted)
    assert not re.search(rb"/Subtype\s*/Image", pdf)
    page.get_by_role("button", name="Đóng", exact=True).last.click()
    expect(page.locator(".print-view")).to_have_count(0)
    assert page.evaluate("webmap.ratio") is None


def test_a_layer_with_many_objects_says_how_many_have_a_sheet_and_can_be_left_in_the_middle(open_page):
    page = open_page("/?layers=fuel_sites")
    page.locator("[data-map-tool=print]").click()
    page.locator("[name=each]").select_option("fuel_sites")
    page.locator("[name=scale]").fill("5000")
    page.locator(".print-dialog [type=submit]").click()
    page.locator(".print-sheet[data-ready]").nth(1).wait_for()
    expect(page.locator(".print-status")).to_contain_text("/50")
    page.get_by_role("button", name="Đóng", exact=True).last.click()
    expect(page.locator(".print-view")).to_have_count(0)


def test_an_atlas_of_nothing_says_what_to_do(open_page):
    page = open_page("/?layers=markets&markets.q=khong-co-gi-nhu-vay")
    page.locator("[data-map-tool=print]").click()
    page.locator("[name=each]").select_option("markets")
    page.locator(".print-dialog [type=submit]").click()
    expect(page.locator(".print-status")).to_contain_text("Không có đối tượng nào khớp bộ lọc")
