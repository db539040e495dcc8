"""The written report says what the map, the counts and the list say."""

import io
from zipfile import ZipFile

import pytest
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from openpyxl import load_workbook
from PIL import Image

from geodata.layers import LAYERS
from geodata.schema.roles import Role
from tests.factories import make_feature
from webmap.app.i18n import translate

KIND = next(kind for kind in LAYERS if kind.layer.life and kind.is_point())
NAME = KIND.layer.name
STATUS = KIND.layer.life.status


def picture():
    made = io.BytesIO()
    Image.new("RGB", (300, 200), "white").save(made, "PNG")
    made.seek(0)
    return made, "map.png"


def post(client, format="docx", /, **arguments):
    form = {"title": "Chợ quy hoạch & xây mới", "picture": picture()}
    return client.post(f"/reports/map.{format}", query_string={"layers": NAME, **arguments}, data=form)


def cell_texts(tables):
    """Yield what the cells say, those too of tables in cells: the last rows stand in one with the signatures."""
    for cell in (cell for table in tables for row in table.rows for cell in row.cells):
        yield cell.text
        yield from cell_texts(cell.tables)


def test_a_report_has_title_filter_numbers_map_and_list(login, session):
    for index in range(3):
        make_feature(session, KIND, name=f"Đối tượng {index}", **{STATUS: KIND.layer.life.planned[0]})
    make_feature(session, KIND, name="Khác")

    answer = post(login("planner"), **{f"{NAME}.{STATUS}": KIND.layer.life.planned[0]})

    document = Document(io.BytesIO(answer.data))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    cells = list(cell_texts(document.tables))
    assert "Chợ quy hoạch & xây mới" in text
    assert "1. Phạm vi" in text
    assert "Trạng thái: " in text
    assert {"Đối tượng 0", "Đối tượng 1", "Đối tượng 2", "3", "4"} <= set(cells)
    assert "Khác" not in cells
    assert len(document.inline_shapes) == 1


def test_a_report_adds_up_shows_what_was_filtered_and_says_what_is_illustration(login, session):
    kind = next(kind for kind in LAYERS if kind.layer.life and "free_land_ha" in kind.layer.life.sums)
    for free in (10, 2.5, 7):
        make_feature(session, kind, industrial_land_ha=50, leased_area_ha=50 - free, is_illustration=True)
    address = f"/reports/map.docx?layers={kind.layer.name}&{kind.layer.name}.free_land_ha=5.."
    document = Document(io.BytesIO(login("planner").post(address, data={"title": "Đất trống"}).data))

    cells = list(cell_texts(document.tables))
    assert "17" in cells
    assert "Đất còn trống (ha)" in cells  # the filtered field is a column of the list
    assert any("MINH HỌA" in paragraph.text for paragraph in document.paragraphs)
    numbers = [
        cell.paragraphs[0].alignment
        for table in document.tables
        for row in table.rows
        for cell in row.cells
        if cell.text == "17"
    ]
    assert numbers == [WD_ALIGN_PARAGRAPH.RIGHT]


def test_a_report_is_in_the_language_asked_with_the_scale_it_really_has(login, session):
    kind = next(kind for kind in LAYERS if kind.layer.life and "free_land_ha" in kind.layer.life.sums)
    make_feature(session, kind, industrial_land_ha=50, leased_area_ha=40, is_illustration=True)
    form = {"title": "Free land", "picture": picture(), "scale": "640000"}
    address = f"/reports/map.docx?layers={kind.layer.name}&lang=en&{kind.layer.name}.free_land_ha=5.."
    document = Document(io.BytesIO(login("planner").post(address, data=form).data))

    said = "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cell_texts(document.tables)])
    assert "1. Scope" in said
    assert "Free land is at least 5" in said
    assert "ILLUSTRATION DATA" in said
    assert "Translation for reference" in said
    assert "The map has the scale 1:640,000 on this page." in said


def test_a_list_too_long_for_the_paper_goes_along_whole(login, session):
    for index in range(60):
        make_feature(session, KIND, name=f"Đối tượng {index:02d}")
    planner = login("planner")
    for format, begins in (("docx", b"PK"), ("pdf", b"%PDF")):
        answer = post(planner, format)
        assert answer.mimetype == "application/zip"
        with ZipFile(io.BytesIO(answer.data)) as both:
            assert both.namelist() == [f"bao-cao.{format}", "danh-sach.xlsx"]
            assert both.read(f"bao-cao.{format}").startswith(begins)
            book = load_workbook(io.BytesIO(both.read("danh-sach.xlsx")))
    title = translate(KIND.layer.title, "vi")
    rows = list(book[title].values)
    head = rows[0].index("Tên")
    assert sorted(row[head] for row in rows[1:] if row[head]) == [f"Đối tượng {index:02d}" for index in range(60)]

    with ZipFile(io.BytesIO(post(planner).data)) as both:
        document = Document(io.BytesIO(both.read("bao-cao.docx")))
    said = "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cell_texts(document.tables)])
    assert f"Còn 10 đối tượng khác; danh sách đầy đủ: trang tính “{title}” của tệp danh-sach.xlsx kèm theo." in said


def test_a_scale_that_is_none_is_refused(login):
    form = {"title": "x", "picture": picture(), "scale": "soon"}
    assert login("planner").post(f"/reports/map.docx?layers={NAME}", data=form).status_code == 400


def test_the_same_report_comes_as_pdf(login, session):
    make_feature(session, KIND)
    planner = login("planner")
    assert post(planner, "pdf").data.startswith(b"%PDF")
    assert post(planner, "exe").status_code == 404


def test_a_report_needs_a_person_and_a_true_picture(client, login, session):
    assert post(client).status_code in {302, 401}
    form = {"picture": (io.BytesIO(b"<svg/>"), "map.png")}
    assert login("planner").post("/reports/map.docx", data=form).status_code == 400


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLIC])
def test_a_report_tells_each_role_only_what_it_may_see(login, session, role):
    hidden = (
        next(
            (kind, field)
            for kind in LAYERS
            for field in kind.fields()
            if field.roles and role not in field.roles and field.filter
        )
        if any(f.roles and role not in f.roles and f.filter for k in LAYERS for f in k.fields())
        else None
    )
    if hidden:
        kind, field = hidden
        answer = login(role).post(f"/reports/map.docx?layers={kind.layer.name}&{kind.layer.name}.{field.name}=1..2")
        assert answer.status_code == 400
