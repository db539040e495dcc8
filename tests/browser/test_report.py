"""A planner takes the map he sees along as a written report."""

import io
import re

import pytest
from docx import Document
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_a_report_of_the_filtered_map_is_written(open_page, server, accounts, viewport):
    page = open_page("/?layers=markets&markets.status=operating", viewport, account=accounts["planner"])
    expect(page.locator(".chip")).to_have_count(1)
    if viewport is PHONE:
        page.locator("[data-tools-toggle]").click()
    page.locator("[data-map-tool=print]").click()
    page.locator("[name=title]").fill("Chợ đang hoạt động")
    page.locator("[name=scale]").fill("1:250.000")
    page.locator(".print-dialog [type=submit]").click()
    expect(page.locator(".print-sheet[data-ready]")).to_be_attached()

    with page.expect_download() as download:
        page.locator("[data-report-format=docx]").click()

    document = Document(io.BytesIO(download.value.path().read_bytes()))
    text = " ".join(paragraph.text for paragraph in document.paragraphs)
    assert "Chợ đang hoạt động" in text
    assert "Trạng thái: Đang hoạt động" in text
    (shape,) = document.inline_shapes
    assert (round(shape.width.cm, 1), round(shape.height.cm, 1)) == (
        16.5,
        11.2,
    )  # drawn for this width, not fitted to it
    assert re.search(r"Trên trang này bản đồ có tỷ lệ 1:[\d.]+0\.", text)
    expect(page.locator(".print-sheet")).to_have_count(1)
    expect(page.locator("[data-report-format=docx]")).to_be_enabled()
