"""What stands beside the values of a file, and what is missing of them: notes, formats, names given twice, texts cut short."""

import json
from pathlib import Path

import pytest

from tests.geodata.importing.files import PLACES, geojson, point, shapefile

CASES = Path(__file__).parent / "cases"
SPACE = "urn:schemas-microsoft-com:office:spreadsheet"
STYLES = """<Styles><Style ss:ID="Default"/><Style ss:ID="phone"><NumberFormat ss:Format="0000000000"/></Style>
<Style ss:ID="share"><NumberFormat ss:Format="Percent"/></Style><Style ss:ID="heir" ss:Parent="phone"/>
<Style ss:ID="out"><Font ss:StrikeThrough="1"/></Style></Styles>"""


def xml_workbook(path, rows, columns=""):
    """An “XML Spreadsheet 2003” with styles; the cells are written as XML."""
    cells = "".join(f"<Row>{''.join(row)}</Row>" for row in rows)
    path.write_text(
        f'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="{SPACE}" xmlns:ss="{SPACE}">'
        f'{STYLES}<Worksheet ss:Name="DS"><Table>{columns}{cells}</Table></Worksheet></Workbook>', encoding="utf-8",
    )  # fmt: skip
    return path


def text(value, style="", inner=""):
    said = f' ss:StyleID="{style}"' if style else ""
    return f'<Cell{said}><Data ss:Type="String">{value}</Data>{inner}</Cell>'


def number(value, style=""):
    said = f' ss:StyleID="{style}"' if style else ""
    return f'<Cell{said}><Data ss:Type="Number">{value}</Data></Cell>'


def said(found):
    return [(item.row, item.field, item.text.say()) for item in found.problems]


@pytest.mark.parametrize("ending", ["xlsx", "xls", "ods"])
def test_a_note_of_a_cell_is_told_with_its_row_and_what_it_says(preview, ending):
    found = preview(CASES / f"ghi_chu.{ending}", "fuel_sites")
    assert found.rows.values["address"] == ["phố Cấm", "phố Cấm"]
    notes = [item for item in said(found) if "note" in item[2]]
    assert [(row, field) for row, field, _ in notes] == [(None, None), (2, "DIA_CHI")]
    assert "D1" in notes[0][2]
    assert "theo WGS84" in notes[0][2]
    assert "C3" in notes[1][2]
    assert "Đã chuyển sang số 5 Lạch Tray" in notes[1][2]


@pytest.fixture
def xml(tmp_path, preview):
    def read(*cells, head="SDT", columns="", layer="fuel_sites"):
        rows = [
            [text("MA"), text("TEN"), text(head), text("lon"), text("lat")],
            *[
                [text(f"M{at}"), text("Cửa hàng"), cell, number(106.68 + at / 100), number(20.86)]
                for at, cell in enumerate(cells)
            ],
        ]
        return preview(xml_workbook(tmp_path / "a.xml", rows, columns), layer)

    return read


@pytest.mark.parametrize("style", ["phone", "heir"])
def test_a_number_of_an_xml_workbook_is_taken_as_it_is_shown(xml, style):
    found = xml(number(912345678, style))
    assert found.rows.values["contact_phone"] == ["0912345678"]
    assert any("as the sheet shows it" in text and field == "SDT" for _, field, text in said(found))


def test_the_style_of_a_column_holds_for_cells_that_say_none(xml):
    columns = '<Column ss:Index="3" ss:StyleID="phone"/>'
    assert xml(number(912345678), columns=columns).rows.values["contact_phone"] == ["0912345678"]


def test_percent_of_an_xml_workbook_is_a_hundred_times_its_number(xml):
    found = xml(number(0.45, "share"), head="TY_LE_LAP_DAY")
    assert found.rows.extra[0] == {"TY_LE_LAP_DAY": "45%"}


def test_what_an_xml_workbook_crosses_out_is_told(xml):
    crossed = (
        '<Cell><ss:Data ss:Type="String" xmlns="http://www.w3.org/TR/REC-html40"><S>12/GCN</S> 15/GCN</ss:Data></Cell>'
    )
    found = xml(text("09/GCN", "out"), crossed, head="SO_GCN")
    assert found.rows.values["certificate_no"] == ["09/GCN", "15/GCN"]
    told = {row: text for row, field, text in said(found) if field == "SO_GCN"}
    assert "crossed out" in told[1]
    assert "12/GCN 15/GCN" in told[2]


def test_an_xml_workbook_in_utf_16_keeps_its_letters(tmp_path, preview):
    rows = [
        [text(name) for name in ("MA", "TEN", "lon", "lat")],
        [text("A"), text("Cửa hàng Ngã Bảy"), number(106.68), number(20.86)],
    ]
    path = xml_workbook(tmp_path / "a.xml", rows)
    path.write_bytes(path.read_text("utf-8").replace('"1.0"', '"1.0" encoding="UTF-16"').encode("utf-16"))
    assert preview(path, "fuel_sites").rows.values["name"] == ["Cửa hàng Ngã Bảy"]


def test_gml_that_is_called_xml_is_read(tmp_path, preview):
    path = tmp_path / "a.xml"
    path.write_text(
        '<?xml version="1.0"?><wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" xmlns:gml="http://www.opengis.net/gml">'
        '<gml:featureMember><DS fid="1"><MA>A</MA><TEN>Cửa hàng</TEN><geometryProperty><gml:Point srsName="EPSG:4326">'
        "<gml:coordinates>106.68,20.86</gml:coordinates></gml:Point></geometryProperty></DS></gml:featureMember>"
        "</wfs:FeatureCollection>", encoding="utf-8",
    )  # fmt: skip
    assert preview(path, "fuel_sites").report.counts.read == 1


def test_an_xml_file_of_another_kind_is_refused_by_its_name(tmp_path, preview):
    path = tmp_path / "a.xml"
    path.write_text("<metadata><title>Bản đồ</title></metadata>", encoding="utf-8")
    found = preview(path, "fuel_sites")
    assert (found.report.status, found.report.reason) == ("refused", "unsupported_format")


def test_a_note_of_an_xml_workbook_is_told(xml):
    found = xml(text("0912345678", inner="<Comment><Data>số cũ</Data></Comment>"))
    assert any(row == 1 and field == "SDT" and "số cũ" in text for row, field, text in said(found))


def twice(path, *objects):
    features = [
        f'{{"type":"Feature","geometry":{json.dumps(point(106.68, 20.86 + at / 100))},"properties":{properties}}}'
        for at, properties in enumerate(objects)
    ]
    path.write_text(f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}', encoding="utf-8")
    return path


def test_a_name_that_an_object_gives_twice_is_told_with_the_value_that_was_not_read(tmp_path, preview):
    path = twice(tmp_path / "a.geojson", '{"MA":"A","TEN":"x"}', '{"MA":"B","TEN":"cũ","TEN":"mới"}')
    found = preview(path, "fuel_sites")
    assert found.rows.values["name"] == ["x", "mới"]
    [(row, field, told)] = [item for item in said(found) if "twice" in item[2]]
    assert (row, field) == (2, "TEN")
    assert "cũ" in told
    assert "mới" in told


def test_a_name_that_is_given_twice_with_one_value_is_no_loss(tmp_path, preview):
    path = twice(tmp_path / "a.geojson", '{"MA":"A","TEN":"x","TEN":"x"}')
    assert not [item for item in said(preview(path, "fuel_sites")) if "twice" in item[2]]


def test_a_geometry_that_is_given_twice_is_told(tmp_path, preview):
    path = geojson(tmp_path / "a.geojson", [({"MA": "A", "TEN": "x"}, point(106.68, 20.86))])
    path.write_text(path.read_text("utf-8").replace('"geometry"', '"geometry": null, "geometry"'), encoding="utf-8")
    found = preview(path, "fuel_sites")
    assert [row for row, _, text in said(found) if "twice" in text] == [1]


def with_address(path, address, width):
    """A shapefile of one point, the texts of its .dbf in columns of so many bytes."""
    return shapefile(path, ["MA", "TEN", "DIA_CHI"], [["A", "Cửa hàng", address]], PLACES[:1], width=width)


LONG = "Số 1 đường Trần Nguyên Hãn, " * 12


def test_the_end_of_a_stored_text_stays_where_the_column_was_too_short_for_it(tmp_path, store):
    store(geojson(tmp_path / "a.geojson", [({"ma": "A", "ten": "Cửa hàng", "dia_chi": LONG}, point(*PLACES[0]))]))
    report = store(with_address(tmp_path / "b.zip", LONG, 254))
    assert (report.counts.unchanged, report.counts.changed) == (1, 0)
    assert any("was probably cut" in item.text.say() for item in report.problems)


def test_another_text_that_fills_its_column_is_stored(tmp_path, store):
    store(geojson(tmp_path / "a.geojson", [({"ma": "A", "ten": "Cửa hàng", "dia_chi": LONG}, point(*PLACES[0]))]))
    assert store(with_address(tmp_path / "b.zip", LONG.replace("Số 1", "Số 2"), 254)).counts.changed == 1


def test_a_shorter_text_is_a_change_though_it_fills_a_narrow_column(tmp_path, store):
    whole, short = "5 Lạch Tray, tầng 2", "5 Lạch Tray"
    store(geojson(tmp_path / "a.geojson", [({"ma": "A", "ten": "Cửa hàng", "dia_chi": whole}, point(*PLACES[0]))]))
    assert store(with_address(tmp_path / "b.zip", short, len(short.encode()))).counts.changed == 1
