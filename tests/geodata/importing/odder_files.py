"""Odder files still: days, marks, ticks and counts as people write them, databases' dumps, maps of phones, JSON of web services.

Each is (name, layer, writer, questions in their order, rows read, rows rejected, words that must be told), as in further_files.
"""

import json

import openpyxl

import pyproj

from tests.geodata.importing.files import PLACES, archive, point, shapefile, square, tcvn3, to_crs
from tests.geodata.importing.further_files import AREAS, GPX, KML, SITES, rows, text

__all__ = ["GPX", "ODDER", "REFUSED_TEXTS"]


def cells(heading, *found, layer=SITES):
    """A table with one column of odd cells."""
    lines = [f"A{at};ten {at};106,68;20,8{at};{cell}" for at, cell in enumerate(found, 1)]
    return ("a.csv", layer, rows(*lines, head=f"MA;TEN;lon;lat;{heading}"))


def features(*items, **members):
    """GeoJSON of (properties, geometry)."""
    found = [{"type": "Feature", "properties": properties, "geometry": geometry} for properties, geometry in items]
    return text(json.dumps({"type": "FeatureCollection", **members, "features": found}, ensure_ascii=False))


def raw(data):
    return lambda path: path.write_bytes(data)


def placemark(name, lon=106.68, more=""):
    return f"<Placemark><name>{name}</name>{more}<Point><coordinates>{lon},20.86</coordinates></Point></Placemark>"


def kmz(**members):
    return lambda path: archive(path, {f"{name}.kml": KML.format(body) for name, body in members.items()})


def with_charts(path):
    """A workbook whose first sheet is a chart, made as Excel's “Move chart to a new sheet” leaves it."""
    book = openpyxl.Workbook()
    for line in (["MA", "TEN", "lon", "lat"], ["A", "x", 106.68, 20.86]):
        book.active.append(line)
    book.create_chartsheet("Biểu đồ", 0)
    book.save(path)


def scale_of_one(path):
    """A shapefile whose .prj is nearly VN-2000: its scale is 1."""
    prj = pyproj.CRS.from_epsg(9210).to_wkt("WKT1_ESRI").replace("0.9999", "1.0")
    shapefile(path, ["MA", "TEN"], [["A", "x"]], to_crs(PLACES[:1], 9210), prj=prj.replace("VN-2000", "VN2000"))


DATA = (
    '<description><![CDATA[Mã số: CH-01<br>Dung tích: 75 m3]]></description><ExtendedData><Data name="Mã số"><value>CH-01</value>'
    '</Data><Data name="Dung tích"><value>75 m3</value></Data></ExtendedData>'
)
RING = "106.68,20.86 106.69,20.86 106.69,20.87 106.68,20.87"
OPEN = (
    "<Placemark><name>CCN</name><Polygon><outerBoundaryIs><LinearRing><coordinates>{}</coordinates></LinearRing>"
    "</outerBoundaryIs>{}</Polygon></Placemark>"
)
DEGENERATE = "<innerBoundaryIs><LinearRing><coordinates>106.682,20.862</coordinates></LinearRing></innerBoundaryIs>"
NESTED = {"ma": "A", "ten": "x", "mat_hang": ["RON95", "DO"], "gcn": {"so": "12", "noi": {"a": 1}}}
FOLDERS = "".join(
    f"<Folder><name>Tuyến</name>{placemark(name, lon)}</Folder>" for name, lon in (("1", 106.68), ("2", 106.69))
)
MIXED = (
    "MA;TEN;lon;lat\nA;Chợ Sắt;106,68;20,86\n".encode()
    + b"B;"
    + tcvn3("chợ phường Đổng Quốc Bình")
    + b";106,69;20,86\n"
)
NOT_A_NUMBER = json.dumps(
    {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"ma": "A", "ten": "x", "dung_tich": float("nan")}, "geometry": point()}]}
)  # fmt: skip

ODDER = {
    # days
    "words beside a day": (*cells("NGAY_CAP", "15/3/2026 (gia hạn)", "15/3/2026"), [], 2, 0, ["Beside the day"]),
    "two days in a cell": (*cells("NGAY_HET", "15/03/2026 - 15/03/2031", "15/3/2026 gia hạn 16/3/2031"), [], 2, 2, ["more than one day"]),
    "years of two figures": (*cells("NGAY_CAP", "15/3/21", "16.3.98"), [], 2, 0, ["the century"]),
    "months without a day": (*cells("NGAY_CAP", "tháng 3/2026", "Quý I/2026", "2026", "2026-03"), [], 4, 4, ["names no day"]),
    "months by name": (*cells("NGAY_CAP", "15-Mar-2026", "15-Thg3-2026", "15/III/2026", "Thứ hai, ngày 15/3/2026", "15/3/2026 12:00:00 SA"), [], 5, 0, []),
    "days of databases": (*cells("NGAY_CAP", "0000-00-00", "00/00/0000", "NULL"), [], 3, 0, ["“NULL”"]),
    # other cells
    "ticks": (*cells("CO_BAN_LPG", "✓", "☑", "v", "1.0"), [], 4, 0, []),
    "words for no": (*cells("CO_BAN_LPG", "chưa", "Không có", "☐", "K"), [], 4, 0, []),
    "counted things": (*cells("SO_BE", "3 bể", "03 cái", "2 nghìn"), [], 3, 1, ["no number"]),
    "what marks a text": ("a.csv", SITES, rows('="001";="Chợ ""A""";106,68;20,86;=\"0912345678\"', "'002;y;106,69;20,86;'0912345679", head="MA;TEN;lon;lat;SDT"), [], 2, 0, []),
    "single quotes": ("a.csv", SITES, rows("'A';'x; y';106,68;20,86", "'B';'z';106,69;20,86"), [], 2, 0, []),
    "nothing, as databases write it": ("a.csv", SITES, rows("A;x;106,68;20,86;NULL;\\N", "B;y;106,69;20,86;NaN;None", head="MA;TEN;lon;lat;SDT;DIA_CHI"), [], 2, 0, ["“NULL”", "“None”"]),
    "numbers of telephones with gaps": (*cells("SDT", "912345678.0", "", "2253836123.0"), [], 3, 0, ["ate it"]),
    "a code and a name over several lines": ("a.csv", SITES, rows('"CH-\n01";"Cửa hàng\nsố 1";106,68;20,86'), [], 1, 0, ["several lines"]),
    "marks of footnotes": ("a.csv", SITES, rows("12*;x;106,68;20,86", "CH.01.;y;106,69;20,86"), [], 2, 0, ["part of the code"]),
    # tables
    "lines in two encodings": ("a.csv", SITES, raw(MIXED), ["encoding"], 2, 0, ["UTF-8, those of others"]),
    "columns apart by many blanks": ("a.txt", SITES, text("MA   TEN         lon     lat\nA    Cua hang 1  106.68  20.86\nB    Cua hang 2  106.69  20.86\n"), [], 2, 0, []),
    "a heading twice": ("a.csv", SITES, rows("A;x;106,68;20,86;y", head="MA;TEN;lon;lat;TEN"), [], 1, 0, ["more than once"]),
    "a sheet of charts": ("a.xlsx", SITES, with_charts, [], 1, 0, []),
    # maps of phones
    "columns with Vietnamese names": ("a.kml", SITES, text(KML.format(placemark("CHXD", more=DATA))), [], 1, 0, []),
    "folders of one name": ("a.kml", SITES, text(KML.format(FOLDERS)), ["columns"], 2, 0, []),
    "two maps in one": ("a.kmz", SITES, kmz(a=placemark("1"), b=placemark("2")), ["layer", "columns"], 1, 0, []),
    "a part of one corner": ("a.kml", AREAS, text(KML.format(OPEN.format(f"{RING} 106.68,20.86", DEGENERATE))), ["columns"], 1, 1, ["too few corners"]),
    "an outline left open": ("a.kml", AREAS, text(KML.format(OPEN.format(RING, ""))), ["columns"], 1, 0, ["it was closed"]),
    # web services
    "objects inside objects": ("a.geojson", SITES, features((NESTED, point())), [], 1, 0, ["gcn, mat_hang"]),
    "a number that is none": ("a.geojson", SITES, text(NOT_A_NUMBER), [], 1, 0, ["NaN"]),
    "a bare list": ("a.json", SITES, text(json.dumps([{"type": "Feature", "properties": {"ma": "A", "ten": "x"}, "geometry": point()}])), [], 1, 0, []),
    "a point in a collection": ("a.geojson", SITES, features(({"ma": "A", "ten": "x"}, {"type": "GeometryCollection", "geometries": [point()]})), [], 1, 0, []),
    "areas in a collection": ("a.geojson", AREAS, features(({"ma": "A", "ten": "x"}, {"type": "GeometryCollection", "geometries": [square(), square(106.7)]})), [], 1, 0, []),
    # coordinate systems
    "nearly VN-2000": ("a.zip", SITES, scale_of_one, [], 1, 0, ["none of the coordinate systems"]),
    "metres of web maps": ("a.zip", SITES, lambda path: shapefile(path, ["MA", "TEN"], [["A", "x"]], to_crs(PLACES[:1], 3857), prj=None), ["crs"], 1, 0, []),
}  # fmt: skip
#: What cannot be read -> a word of what to do instead.
REFUSED_TEXTS = {
    "a.json": ('[{"ma": "A", "lat": 20.86, "lng": 106.68}]', "as a table"),
    "a.txt": ("MA^TEN^lon^lat\nA^x^106.68^20.86\n", "semicolons"),
}
