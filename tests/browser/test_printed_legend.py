"""The printed legend as it is drawn: on a sheet without colours every row of it is told apart from the others of its group."""

import io
from itertools import combinations

from PIL import Image, ImageChops, ImageFilter, ImageStat
from playwright.sync_api import expect

from tests.browser.conftest import DESK

#: Mean difference of two drawn symbols, of 255 greys, from which on they are told apart: of an area's the whole says which it is,
#: of others a sign in their middle or a gap. 24 × 18 px are compared at fourfold size.
APART, AREAS_APART = 4.0, 7.0
GROUPS = """() => [...document.querySelectorAll(".print-legend ul")].map((list) => ({
    layer: list.closest("section").querySelector("h3").textContent,
    isArea: webmap.page.layers.some(({ spec }) =>
        spec.geometry === "multipolygon" && spec.title === list.closest("section").querySelector("h3").textContent),
    rows: [...list.children].map((row) => {
        const { x, y, width, height } = row.querySelector("svg").getBoundingClientRect();
        return { label: row.innerText.trim(), box: [x, y, x + width, y + height].map((at) => at * devicePixelRatio) };
    }),
}))"""


def apart(one, other):
    """Return how much two pictures differ; a pixel's shift of a line does not count."""
    one, other = (each.filter(ImageFilter.GaussianBlur(2)) for each in (one, other.resize(one.size)))
    return ImageStat.Stat(ImageChops.difference(one, other)).mean[0]


def test_no_two_rows_of_the_printed_legend_look_alike_in_grey(open_page):
    page = open_page("/?z=9&lat=20.8&lon=106.6", DESK, device_scale_factor=4)
    page.locator("[data-map-tool=print]").click()
    page.locator("[name=paper]").select_option("A3")
    page.locator("[name=scale]").fill("1:500.000")
    page.locator(".print-dialog [type=submit]").click()
    expect(page.locator(".print-sheet[data-ready]")).to_be_visible()
    groups = page.evaluate(GROUPS)
    assert sum(len(group["rows"]) for group in groups) > 40

    sheet = Image.open(io.BytesIO(page.screenshot())).convert("L")
    alike = []
    for group in groups:
        drawn = {row["label"]: sheet.crop([round(at) for at in row["box"]]) for row in group["rows"]}
        for one, other in combinations(drawn, 2):
            far = apart(drawn[one], drawn[other])
            if far < (AREAS_APART if group["isArea"] else APART):
                alike.append((group["layer"], one, other, round(far, 1)))
    assert alike == []
