"""Whatever is lost, shortened, rounded, converted or ignored on the way is told, with its row wherever it has one."""

import struct
from datetime import date

import pytest
import xlsxwriter

import shapely

from tests.geodata.importing.files import PLACES, PRJ_WGS84, archive, csv, dbf, geojson, point, shp_points, with_header

HEAD = ["MA", "TEN", "NGAY_CAP", "DUNG_TICH", "SO_GCN", "SDT", "DIA_CHI", "lon", "lat"]
GOOD = ["A", "Cửa hàng A", "01/02/2020", 50, "12/GCN", "0912345678", "phố Cấm", 106.68, 20.86]


def workbook(*changes, **options):
    """A workbook of three objects; each change is called with book and sheet, whose second object stands in row 2."""

    def write(folder):
        with xlsxwriter.Workbook(folder / "a.xlsx", options) as book:
            sheet = book.add_worksheet("Danh sách")
            rows = [
                GOOD,
                ["B", "Cửa hàng B", *GOOD[2:7], 106.69, 20.87],
                ["C", "Cửa hàng C", *GOOD[2:7], 106.70, 20.88],
            ]
            for number, row in enumerate([HEAD, *rows]):
                sheet.write_row(number, 0, row)
            for change in changes:
                change(book, sheet)
        return folder / "a.xlsx"

    return write


def cell(name, value, number_format=None):
    """Write a cell of the second object."""

    def change(book, sheet):
        shape = book.add_format({"num_format": number_format}) if number_format else None
        sheet.write(2, HEAD.index(name), value, shape)

    return change


def table(column, written, *, head="MA,TEN,lon,lat"):
    """A text table whose second object has a further column."""
    return lambda folder: csv(
        folder / "a.csv", f"{head},{column}\nA,Cửa hàng A,106.68,20.86,\nB,Cửa hàng B,106.69,20.87,{written}\n"
    )


def shapefile(column, kind, cells, *, width=12):
    """A shapefile of points with one more column of a kind of its own, its cells as bytes."""

    def write(folder):
        shp, shx = shp_points(PLACES[:2])
        data = bytearray(dbf(["MA", "TEN", column], [["A", "x", ""], ["B", "y", ""]], width=width))
        at = 32 + 2 * 32
        data[at + 11] = ord(kind)
        start, length = 32 + 3 * 32 + 1, 1 + 3 * width
        for number, content in enumerate(cells):
            place = start + number * length + 1 + 2 * width
            data[place : place + width] = content.ljust(width, b" ")[:width]
        return archive(
            folder / "a.zip", {"a.shp": shp, "a.shx": shx, "a.dbf": bytes(data), "a.prj": PRJ_WGS84.encode()}
        )

    return write


def high(folder):
    """A GeoJSON file whose second object has a height."""
    up = {"type": "Point", "coordinates": [106.69, 20.87, 12.5]}
    return geojson(folder / "a.geojson", [({"ma": "A", "ten": "x"}, point()), ({"ma": "B", "ten": "y"}, up)])


def measured(folder):
    """A shapefile of points with measures, of which the second has one."""
    content = [struct.pack("<iddd", 21, *place, m) for place, m in zip(PLACES[:2], (-1e39, 7.0), strict=True)]
    body = b"".join(struct.pack(">ii", number, 14) + item for number, item in enumerate(content, 1))
    index = b"".join(struct.pack(">ii", 50 + 18 * number, 14) for number in range(2))
    parts = {
        "a.shp": with_header(body, 21),
        "a.shx": with_header(index, 21),
        "a.dbf": dbf(["MA", "TEN"], [["A", "x"], ["B", "y"]]),
    }
    return archive(folder / "a.zip", {**parts, "a.prj": PRJ_WGS84.encode()})


def day_in_utc(folder):
    rows = [
        ({"ma": code, "ten": "x", "ngay_cap": "2025-06-30T17:00:00Z" if code == "B" else None}, point(lon))
        for code, lon in (("A", 106.68), ("B", 106.69))
    ]
    return geojson(folder / "a.geojson", rows)


def hidden_sheet(book):
    other = book.add_worksheet("Nháp")
    other.write_row(0, 0, HEAD)
    other.hide()


def merged(book, sheet, last=None):
    column = HEAD.index("NGAY_CAP") if last else HEAD.index("DIA_CHI")
    sheet.merge_range(1, column, 2, last or column, "01/02/2020" if last else "phố Cấm", book.add_format())


#: What is lost → (file, row and field of the problem that tells it, a word of its sentence).
LOSSES = {
    "stars for a number too large": (shapefile("DUNG_TICH", "N", [b"12", b"*" * 12]), 2, "DUNG_TICH", "too large"),
    "a memo that lies elsewhere": (shapefile("GHI_CHU", "M", [b"", b"00000007"], width=10), 2, "GHI_CHU", "memo"),
    "a FoxPro moment with a time": (shapefile("NGAY_CAP", "T", [b"\0" * 8, struct.pack("<ii", 2_459_000, 3_600_000)], width=8), 2, "certificate_issued_on", "time"),
    "a height": (high, None, None, "2"),
    "a measure": (measured, None, None, "2"),
    "a hidden row": (workbook(lambda _, sheet: sheet.set_row(2, None, None, {"hidden": True})), 2, None, "hidden"),
    "a hidden column": (workbook(lambda _, sheet: sheet.set_column(3, 3, None, None, {"hidden": True})), None, None, "hidden"),
    "an error that a copy left as text": (table("DIA_CHI", "#REF!"), 2, "DIA_CHI", "#REF!"),
    "a column that was too narrow": (table("NGAY_CAP", "########"), 2, "NGAY_CAP", "###"),
    "a hidden sheet": (workbook(lambda book, _: hidden_sheet(book)), None, None, "Nháp"),
    "merged cells": (workbook(merged), 2, None, "Merged"),
    "a block of merged cells": (workbook(lambda book, sheet: merged(book, sheet, HEAD.index("SO_GCN"))), 2, None, "Merged"),
    "a formula's error": (workbook(lambda _, sheet: sheet.write_formula(2, 3, "=1/0", None, "#DIV/0!")), 2, "DUNG_TICH", "#DIV/0!"),
    "a formula without its result": (workbook(lambda _, sheet: sheet.write_formula(2, 3, "=A1", None, "")), 2, "DUNG_TICH", "="),
    "days from 1904": (workbook(cell("NGAY_CAP", date(2021, 5, 6), "dd/mm/yyyy"), date_1904=True), None, None, "1904"),
    "a number that is a day": (workbook(cell("NGAY_CAP", 44_000)), 2, "certificate_issued_on", "count of days"),
    "a number shown with zeros": (workbook(cell("SDT", 312345678, "0000000000")), 2, "SDT", "0312345678"),
    "a number shown with letters": (workbook(cell("MA", 7, '"CH-"000')), 2, "MA", "CH-007"),
    "a day in a column of texts": (workbook(cell("SO_GCN", date(2021, 5, 1), "mm/yyyy")), 2, "certificate_no", "day"),
    "what stands below thousands of empty rows": (workbook(lambda _, sheet: sheet.write(9_000, 0, "Z")), None, None, "9001"),
    "midnight in Vietnam, said in UTC": (day_in_utc, 2, "certificate_issued_on", "Vietnam"),
    "a time of day": (table("NGAY_CAP", "01/02/2020 14:30"), 2, "certificate_issued_on", "time"),
    "a third decimal": (table("DUNG_TICH", "12.3456"), 2, "tank_volume_m3", "rounded"),
    "1.234 where only the coordinates say what a point is": (table("DUNG_TICH", "1.234"), 2, "tank_volume_m3", "other columns"),
    "a letter that only looks like Đ": (table("DIA_CHI", "Ðông Hải"), 2, "address", "replaced"),
    "a letter that cannot be seen": (table("DIA_CHI", "Đông\u200b Hải"), 2, "address", "replaced"),
    "a month before its day": (table("NGAY_CAP", "12/31/2020"), 2, "certificate_issued_on", "month first"),
}  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_told_with_its_row(tmp_path, preview, name):
    write, row, field, word = LOSSES[name]
    report = preview(write(tmp_path), "fuel_sites").report
    told = [(item.row, item.field, item.text.say()) for item in report.problems]
    assert report.status == "ok", told
    assert any((at, of) == (row, field) and word in said for at, of, said in told), told


@pytest.mark.parametrize("name", ["stars for a number too large", "a formula's error"])
def test_a_value_that_is_not_known_leaves_what_is_stored(tmp_path, store, stored, name):
    write, *_ = LOSSES[name]
    csv(tmp_path / "before.csv", "MA,TEN,lon,lat,DUNG_TICH\nA,x,106.68,20.86,1\nB,y,106.69,20.87,77\n")
    store(tmp_path / "before.csv", "fuel_sites")
    store(write(tmp_path), "fuel_sites")
    assert stored("fuel_sites")["B"].tank_volume_m3 == 77


def test_a_quote_that_is_never_closed_is_refused_with_its_row(tmp_path, preview):
    text = 'MA,TEN,lon,lat\nA,x,106.68,20.86\nB,"y,106.69,20.87\nC,z,106.7,20.88\n'
    report = preview(csv(tmp_path / "a.csv", text)).report
    assert (report.status, report.reason) == ("refused", "malformed_file")
    assert report.reason_text.values["row"] == 3


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('"Chợ "Cấm""', 'Chợ "Cấm"'), ('""Cấm" chợ"', '"Cấm" chợ'), ('"Chợ ""Cấm"""', 'Chợ "Cấm"'), ('Chợ "Cấm"', 'Chợ "Cấm"'),
        ('"a "b" c ""d"" e"', 'a "b" c ""d"" e'),
    ],
)  # fmt: skip
def test_quotes_in_a_cell_are_read_also_where_the_writer_has_not_doubled_them(
    tmp_path, preview, separator, written, read
):
    lines = [["MA", "TEN", "lon", "lat"], ["A", written, "106.68", "20.86"], ["B", '"x ""y"" z"', "106.69", "20.87"]]
    found = preview(csv(tmp_path / "a.csv", "".join(f"{separator.join(line)}\r\n" for line in lines)))
    assert list(found.rows.values["name"]) == [read, 'x "y" z']


def test_what_a_number_shows_is_what_is_read(tmp_path, store, stored):
    changes = [cell("MA", 7, '"CH-"000'), cell("SDT", 912345678, "0000 000 000"), cell("DUNG_TICH", 75, '0.0 "m3"')]
    store(workbook(*changes)(tmp_path), "fuel_sites")
    found = stored("fuel_sites")["CH-007"]
    assert (found.contact_phone, found.tank_volume_m3) == ("0912 345 678", 75)
    assert shapely.from_wkb(bytes(found.geom.data)).x == pytest.approx(106.69)


def test_numbers_count_days_as_their_workbook_does(tmp_path, store, stored):
    store(workbook(cell("NGAY_CAP", 44_000), date_1904=True)(tmp_path), "fuel_sites")
    assert stored("fuel_sites")["B"].certificate_issued_on == date(2024, 6, 19)


def ods(path, rows, *, merge=None):
    """Write an OpenDocument sheet of texts and numbers; `merge` is the first of two cells below each other that are one."""

    def written(at, value):
        span = ' table:number-rows-spanned="2"' if at == merge else ""
        name = "covered-table-cell" if merge and at == (merge[0] + 1, merge[1]) else "table-cell"
        if value is None or name.startswith("covered"):
            return f"<table:{name}/>"
        kind = (
            f'office:value-type="float" office:value="{value}"'
            if isinstance(value, float | int)
            else 'office:value-type="string"'
        )
        return f"<table:{name}{span} {kind}><text:p>{value}</text:p></table:{name}>"

    body = "".join(
        f"<table:table-row>{''.join(written((number, at), value) for at, value in enumerate(row))}</table:table-row>"
        for number, row in enumerate(rows)
    )
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} office:version="1.2"><office:body>'
        f'<office:spreadsheet><table:table table:name="Danh sách">{body}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    media = "application/vnd.oasis.opendocument.spreadsheet"
    entry = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{media}"/>'
    manifest = f'<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">{entry}</manifest:manifest>'
    return archive(path, {"mimetype": media, "content.xml": content, "META-INF/manifest.xml": manifest})


@pytest.mark.parametrize("merge", [None, (1, HEAD.index("DIA_CHI"))])
def test_an_open_document_sheet_is_read_and_an_empty_cell_empties(tmp_path, store, stored, merge):
    csv(tmp_path / "before.csv", "MA,TEN,lon,lat,DUNG_TICH\nA,x,106.68,20.86,1\nB,y,106.69,20.87,77\n")
    store(tmp_path / "before.csv", "fuel_sites")
    rows = [HEAD, GOOD, ["B", "Cửa hàng B", "01/02/2020", None, "12/GCN", "0912345678", None, 106.69, 20.87]]
    report = store(ods(tmp_path / "a.ods", rows, merge=merge), "fuel_sites")
    assert (report.status, report.counts.changed, report.question) == ("ok", 2, None)
    found = stored("fuel_sites")["B"]
    assert (found.name, found.tank_volume_m3, found.certificate_issued_on) == ("Cửa hàng B", None, date(2020, 2, 1))
    assert (found.address is not None) is bool(merge)
