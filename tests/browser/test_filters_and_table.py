"""Filtering and listing as a person does it: map, counts, chips, table and export say the same."""

import json
import re
import urllib.parse
import urllib.request

from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE


def ask(server, path, **arguments):
    query = urllib.parse.urlencode(arguments, doseq=True)
    with urllib.request.urlopen(f"{server.url}{path}?{query}") as answer:
        return json.load(answer)


def matched(server, layer, **filters):
    return ask(server, f"/api/layers/{layer}/facets", **filters)["numberMatched"]


def layer_count(page: Page, layer):
    return page.locator(f'[data-layer="{layer}"] .layer-count')


def open_filters(page: Page, layer=None):
    page.locator("#tab-filters").click()
    expect(page.locator("#filter-all-q")).to_be_visible()
    if layer:
        page.locator(f'[data-filters="{layer}"] > summary').click()


def test_a_ticked_value_filters_counts_chips_table_and_export(page, server):
    open_filters(page, "markets")
    box = page.locator("#filter-markets-status-operating")
    expected = matched(server, "markets", status="operating")
    row = page.locator(".filter-choice").filter(has=box)
    expect(row.locator(".number")).to_have_text(str(expected))

    box.check()

    expect(page.locator(".chip")).to_have_count(1)
    expect(row.locator(".number")).to_have_text(str(expected))
    expect(layer_count(page, "markets")).to_have_text(str(expected))
    page.locator("#table-toggle").click()
    expect(page.locator("#table-body tbody tr")).to_have_count(expected)
    expect(page.locator("#table-count")).to_contain_text(str(expected))
    page.locator("#export-button").click()
    with page.expect_download() as download:
        page.locator('[data-export="geojson"]').click()
    assert len(json.loads(download.value.path().read_text())["features"]) == expected


def test_a_range_is_kept_in_the_address_and_removed_alone(page, server, open_page):
    open_filters(page, "markets")
    page.locator("#filter-markets-status-operating").check()
    field = page.locator('[data-filters="markets"] .filter-field:has(input[type="number"])').first
    name = field.get_attribute("data-field")
    field.locator("input").first.fill("100")
    field.locator("input").first.blur()
    expect(page.locator(".chip")).to_have_count(2)
    both = matched(server, "markets", status="operating", **{name: "100.."})
    expect(layer_count(page, "markets")).to_have_text(str(both))

    again = open_page(page.url.removeprefix(server.url))
    expect(again.locator(".chip")).to_have_count(2)
    again.locator(".chip").last.locator(".btn-close").click()

    expect(again.locator(".chip")).to_have_count(1)
    expect(layer_count(again, "markets")).to_have_text(str(matched(server, "markets", status="operating")))


def test_a_text_filters_every_layer_and_undo_takes_it_back(page, server):
    before = layer_count(page, "markets").inner_text()
    open_filters(page)
    page.locator("#filter-all-q").fill("dong quoc binh")
    page.keyboard.press("Enter")
    for layer in ("markets", "fuel_sites", "substations"):
        expect(layer_count(page, layer)).to_have_text(str(matched(server, layer, q="dong quoc binh")))
    expect(page.locator(".chip")).to_have_count(1)

    page.locator("#tab-filters").focus()
    page.keyboard.press("Control+z")

    expect(page.locator(".chip")).to_have_count(0)
    expect(layer_count(page, "markets")).to_have_text(before)
    expect(page.locator("#filter-all-q")).to_have_value("")


def test_an_area_is_found_without_accents_and_filters_every_layer(page, server):
    open_filters(page)
    box = page.locator("#filter-all-unit")
    box.press_sequentially("gia vien")
    expect(page.locator("#areas-unit [role=option] strong").first).to_contain_text("Gia Viên")
    box.press("Enter")

    expect(page.locator(".chip")).to_contain_text("Gia Viên")
    code = re.search(r"all\.unit=([^&]+)", page.url)
    assert code
    expected = matched(server, "markets", unit=urllib.parse.unquote(code[1]))
    expect(layer_count(page, "markets")).to_have_text(str(expected))


def test_a_point_picked_on_the_map_selects_what_is_near(page, server):
    open_filters(page)
    page.locator(".near-row .btn").click()
    area = page.locator(".folium-map").bounding_box()
    page.mouse.click(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)

    expect(page.locator(".chip")).to_have_count(1)
    near = re.search(r"all\.near=([^&]+)", page.url)
    assert near
    expected = matched(server, "fuel_sites", near=near[1])
    assert 0 < expected < matched(server, "fuel_sites")
    expect(layer_count(page, "fuel_sites")).to_have_text(str(expected))
    assert page.locator(".feature-popup").count() == 0
    expect(page.locator(".leaflet-overlay-pane path")).to_have_count(1)


def test_when_nothing_matches_the_page_says_so_and_offers_the_way_out(page):
    before = layer_count(page, "markets").inner_text()
    open_filters(page)
    page.locator("#filter-all-q").fill("zzzz không có")
    page.keyboard.press("Enter")
    offer = page.locator(".notice")
    expect(offer).to_contain_text("zzzz không có")

    offer.locator(".btn").first.click()

    expect(layer_count(page, "markets")).to_have_text(before)
    expect(page.locator(".notice")).to_have_count(0)


def test_a_table_sorts_pages_and_shares_its_place(page, server, open_page):
    page.locator("#table-toggle").click()
    page.locator('[data-table-layer="fuel_sites"]').click()
    total = matched(server, "fuel_sites")
    expect(page.locator("#table-body tbody tr")).to_have_count(100)
    page.locator('#table-body [data-sort="name"]').click()
    header = page.locator("#table-body thead th").first
    expect(header).to_have_attribute("aria-sort", "ascending")
    page.locator('#table-body [data-sort="name"]').click()
    expect(header).to_have_attribute("aria-sort", "descending")
    first = ask(server, "/api/layers/fuel_sites/features", sort="-name", limit=1)["features"][0]
    expect(page.locator("#table-body tbody th").first).to_have_text(first["properties"]["name"])

    page.locator("#table-next").click()
    expect(page.locator("#table-body tbody tr")).to_have_count(total - 100)
    expect(page.locator("#table-next")).to_be_disabled()
    page.locator("#table-back").click()
    expect(page.locator("#table-body tbody tr")).to_have_count(100)

    shared = open_page(page.url.removeprefix(server.url))
    expect(shared.locator('[data-table-layer="fuel_sites"]')).to_have_attribute("aria-selected", "true")


def test_row_and_map_show_each_other(page, server):
    page.goto(server.url + "/?table=markets")
    row = page.locator("#table-body tbody tr").nth(3)
    name = row.locator("th").inner_text()
    row.locator("button").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".feature-popup h3")).to_have_text(name)
    expect(row).to_have_attribute("aria-current", "true")

    other = page.locator("#table-body tbody tr").nth(6)
    page.evaluate("(id) => webmap.page.selection.show({ layer: 'markets', id })", int(other.get_attribute("data-id")))

    expect(other).to_have_attribute("aria-current", "true")
    expect(page.locator("#table-body [aria-current]")).to_have_count(1)


def test_the_table_can_be_kept_to_the_visible_map(page, server):
    market = ask(server, "/api/layers/markets/features", limit=1)["features"][0]
    lon, lat = market["geometry"]["coordinates"]
    page.goto(f"{server.url}/?table=markets&z=17&lat={lat}&lon={lon}")
    rows = page.locator("#table-body tbody tr")
    expect(rows).to_have_count(matched(server, "markets"))
    page.locator("#table-here").check()
    box = page.evaluate("webmap.page.map.getBounds().toBBoxString()")
    expect(rows).to_have_count(matched(server, "markets", bbox=box))
    assert rows.count() < matched(server, "markets")


def test_columns_are_remembered_and_the_height_follows_the_keys(page, server):
    page.goto(server.url + "/?table=markets")
    expect(page.locator('#table-body [data-sort="code"]')).to_be_visible()
    page.locator("#columns-button").click()
    page.locator("#column-code").uncheck()
    expect(page.locator('#table-body [data-sort="code"]')).to_have_count(0)
    page.reload()
    expect(page.locator('#table-body [data-sort="name"]')).to_be_visible()
    expect(page.locator('#table-body [data-sort="code"]')).to_have_count(0)

    before = page.locator("#table-drawer").bounding_box()["height"]
    page.locator("#table-grip").focus()
    page.keyboard.press("ArrowUp")
    assert page.locator("#table-drawer").bounding_box()["height"] > before


def test_what_is_around_an_object_is_listed_with_distances_to_sort_and_to_hide(page, server):
    market = ask(server, "/api/layers/markets/features", limit=1)["features"][0]["id"]
    around = f"markets:{market}:5000"
    nearest = ask(server, "/api/layers/fuel_sites/features", around=around, sort="distance_m", limit=1)["features"][0]
    page.goto(f"{server.url}/?table=fuel_sites&all.around={around}")
    heading = page.locator('#table-body [data-sort="distance_m"]')
    expect(heading).to_have_text("Khoảng cách (m)")
    heading.click()
    expect(page.locator("#table-body tbody th").first).to_have_text(nearest["properties"]["name"])
    expect(page.locator("#table-body thead th").nth(1)).to_have_attribute("aria-sort", "ascending")

    page.locator("#columns-button").click()
    page.locator("#column-distance_m").uncheck()
    expect(heading).to_have_count(0)
    page.reload()
    expect(page.locator("#table-body tbody tr").first).to_be_visible()
    expect(heading).to_have_count(0)
    page.locator("#columns-button").click()
    page.locator("#column-distance_m").check()
    heading.click()
    expect(page.locator("#table-body thead th").nth(1)).to_have_attribute("aria-sort", "ascending")

    page.locator(".chip .btn-close").click()
    expect(page.locator("#table-body tbody tr")).to_have_count(100)
    expect(heading).to_have_count(0)
    expect(page.locator("#column-distance_m")).to_have_count(0)


def test_a_view_is_saved_and_opened_again(open_page, server, accounts):
    page = open_page("/?markets.status=operating", account=accounts["planner"])
    open_filters(page)
    page.locator("#view-name").fill("Chợ đang hoạt động")
    page.keyboard.press("Enter")
    link = page.locator("#view-list a")
    expect(link).to_have_text("Chợ đang hoạt động")

    page.goto(server.url + "/")
    open_filters(page)
    link.click()
    expect(page.locator(".chip")).to_have_count(1)

    open_filters(page)
    page.locator("#view-list .btn-close").click()
    expect(page.locator("#view-list a")).to_have_count(0)


def test_a_phone_filters_in_the_sheet_and_lists_over_the_map(open_page, server):
    phone = open_page("/", PHONE, touch=True, device_scale_factor=2)
    phone.locator("#tab-filters").tap()
    expect(phone.locator("#layers-panel")).to_have_attribute("data-height", "half")
    phone.locator("#filter-all-q").fill("an duong")
    phone.keyboard.press("Enter")
    expect(phone.locator(".chip")).to_have_count(1)
    phone.goto(phone.url)
    phone.locator("#table-toggle").tap()
    phone.locator('[data-table-layer="markets"]').tap()
    expect(phone.locator("#table-body tbody tr")).to_have_count(matched(server, "markets", q="an duong"))
    phone.locator(".row-button").first.tap()
    expect(phone.locator("#table-drawer")).to_be_hidden()
    expect(phone.locator(".feature-popup")).to_be_visible()


def test_a_range_may_keep_what_nobody_knows(page, server):
    open_filters(page, "markets")
    field = page.locator('[data-filters="markets"] .filter-field:has(input[type="number"])').first
    name = field.get_attribute("data-field")
    field.locator("input[type=number]").first.fill("100")
    field.locator("input[type=number]").first.blur()
    expect(page.locator(".chip")).to_have_count(1)
    field.get_by_label("Chưa rõ").check()

    expect(page.locator(".chip")).to_contain_text("hoặc chưa rõ")
    both = matched(server, "markets", **{name: ["100..", "unknown"]})
    assert both >= matched(server, "markets", **{name: "100.."})
    expect(layer_count(page, "markets")).to_have_text(str(both))


def test_a_year_of_all_layers_is_one_chip_with_one_way_out(page):
    page.locator("[data-map-tool=years]").click()
    expect(page.locator(".year-table td").first).to_be_visible()
    page.locator("#year-slider").fill("2030")
    expect(page.locator(".chip")).to_have_count(1)
    expect(page.locator(".chip")).to_contain_text("2030")

    page.locator(".chip .btn-close").click()

    expect(page.locator(".chip")).to_have_count(0)
    assert ".year=" not in page.url


def test_the_selected_object_stands_on_top_when_its_row_is_on_another_page(page, server):
    page.locator("#table-toggle").click()
    page.locator("[data-table-layer=fuel_sites]").click()
    expect(page.locator("#table-body tbody tr")).to_have_count(100)
    shown = {int(row.get_attribute("data-id")) for row in page.locator("#table-body tbody tr").all()}
    every = ask(server, "/api/layers/fuel_sites/features", limit=1000, geometry="false")["features"]
    other = next(feature for feature in every if feature["id"] not in shown)

    page.evaluate("(id) => webmap.page.selection.show({ layer: 'fuel_sites', id }, { fly: true })", other["id"])

    row = page.locator("#table-body tbody tr").first
    expect(row).to_have_class(re.compile("is-pinned"))
    expect(row).to_have_class(re.compile("is-selected"))
    expect(row).to_contain_text(other["properties"]["name"])


def test_a_click_leaves_no_cross_on_the_map_and_the_keyboard_has_one(page):
    cross = "() => getComputedStyle(document.querySelector('.folium-map'), '::after').content"
    page.locator("#search-text").fill("x")
    box = page.locator(".folium-map").bounding_box()
    page.mouse.click(box["x"] + 40, box["y"] + box["height"] / 2)
    assert page.evaluate(cross) == "none"

    page.keyboard.press("Tab")
    page.locator(".folium-map").focus()
    assert page.evaluate(cross) != "none"
