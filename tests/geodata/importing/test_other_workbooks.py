"""Workbooks of other kinds say what .xlsx says: .xls, .ods, pages and XML that office systems call .xls, text called .xls."""

from pathlib import Path

import pytest

from tests.geodata.importing.test_told_losses import ods

CASES = Path(__file__).parent / "cases"
HEAD = ["MA", "TEN", "DIA_CHI", "lon", "lat"]
ROWS = [
    ["CH-01", "Cửa hàng Cầu Rào", "Số 1", "106,68", "20,86"],
    ["CH-02", "Cửa hàng Vân Tra", "#REF!", "106,69", "20,87"],
]


def told(preview):
    return sorted((item.row or 0, item.field or "", item.text.say()) for item in preview.problems)


def values(preview):
    return {name: list(column) for name, column in preview.rows.values.items()}


@pytest.mark.parametrize("ending", [".xls", ".ods"])
def test_what_is_hidden_merged_formatted_or_an_error_is_told_as_of_an_xlsx(preview, ending):
    new, other = (preview(CASES / f"so_theo_doi_an{suffix}", "fuel_sites") for suffix in (".xlsx", ending))
    assert told(other) == told(new)
    assert values(other) == values(new)
    said = " ".join(text for _, _, text in told(other))
    for words in (
        "The row is hidden",
        "columns are hidden in the sheet; they were read all the same: DUNG_TICH",
        "Hidden sheets were left out: Ẩn",
    ):
        assert words in said


def page(path, rows=ROWS, *, title="DANH SÁCH CỬA HÀNG", charset="utf-8"):
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in [HEAD, *rows])
    head = f"<table><tr><td colspan='{len(HEAD)}'>{title}</td></tr></table>"
    path.write_bytes(f"<html><body>{head}<table border=1>{lines}</table></body></html>".encode(charset))
    return path


def xml(path, rows):
    cells = "".join(
        "<Row>" + "".join(f'<Cell><Data ss:Type="String">{cell}</Data></Cell>' for cell in row) + "</Row>"
        for row in rows
    )
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    path.write_text(
        f'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="{space}" xmlns:ss="{space}">'
        f'<Worksheet ss:Name="DS"><Table>{cells}</Table></Worksheet></Workbook>', encoding="utf-8",
    )  # fmt: skip
    return path


def text(path):
    path.write_text("\n".join("\t".join(row) for row in [HEAD, *ROWS]), encoding="utf-16")
    return path


DISGUISED = {
    "a page": page,
    "XML of 2003": lambda path: xml(path, [HEAD, *ROWS]),
    "text between tabs": text,
    "an xlsx": lambda path: path.write_bytes((CASES / "so_theo_doi_an.xlsx").read_bytes()) and path,
    "an ods": lambda path: ods(path, [HEAD, *ROWS]),
}


@pytest.mark.parametrize("name", DISGUISED)
def test_what_a_system_calls_xls_is_read_as_what_it_is(tmp_path, preview, name):
    found = preview(DISGUISED[name](tmp_path / "a.xls"), "fuel_sites")
    assert (found.report.status, found.report.question) == ("ok", None)
    if name == "an xlsx":
        assert found.report.counts.read == 5
        return
    assert values(found)["code"] == ["CH-01", "CH-02"]
    assert values(found)["address"] == ["Số 1", None]
    assert [(row, field) for row, field, words in told(found) if "#REF!" in words] == [(2, "DIA_CHI")]


def test_a_page_in_an_old_font_is_read_by_its_bytes(tmp_path, preview):
    rows = [
        ["CH-01", "Cöa hµng x¨ng dÇu Qu¸n Toan", "§­êng sè 5, ph­êng Hïng V­¬ng", "106,68", "20,86"],
        ["CH-02", "Cöa hµng V©n Tra", "X· An §ång, huyÖn An D­¬ng", "106,69", "20,87"],
    ]
    found = preview(page(tmp_path / "a.xls", rows=rows, title="", charset="latin1"), "fuel_sites")
    assert values(found)["name"] == ["Cửa hàng xăng dầu Quán Toan", "Cửa hàng Vân Tra"]


def test_several_tables_of_a_page_are_asked_about(tmp_path, preview):
    path = page(tmp_path / "a.xls")
    path.write_bytes(path.read_bytes().replace(b"</body>", b"") + path.read_bytes())
    asked = preview(path, "fuel_sites").report.question
    assert asked.about == "layer"
    found = preview(path, "fuel_sites", source_layer=asked.choices[0].value)
    assert found.report.counts.read == 2


def test_a_workbook_with_a_password_says_so(tmp_path, preview):
    path = tmp_path / "a.xlsx"
    path.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)
    )
    report = preview(path, "fuel_sites").report
    assert (report.status, report.reason) == ("refused", "encrypted")


@pytest.mark.parametrize("ending", [".xls", ".ods"])
def test_a_damaged_workbook_is_refused_with_what_to_do(tmp_path, preview, ending):
    data = bytearray((CASES / f"so_theo_doi_an{ending}").read_bytes())
    for at in range(900, len(data), 7):
        data[at] ^= 0x5A
    path = tmp_path / f"a{ending}"
    path.write_bytes(bytes(data))
    report = preview(path, "fuel_sites").report
    assert report.status in {"refused", "ask"}
    assert report.status == "ask" or "save it anew" in report.reason_text.say()
