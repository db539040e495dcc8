"""Further files as offices, instruments and phones make them: each with what is asked about it and how it ends.

A file is (name, layer, writer, questions in their order, rows read, rows rejected, words that must be told).
"""

import json

import xlsxwriter

import shapely

from tests.geodata.importing.files import csv, point

RING = "POLYGON((106.68 20.86,106.69 20.86,106.69 20.87,106.68 20.86))"
KML = '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'
GPX = '<?xml version="1.0"?><gpx version="1.1" creator="p" xmlns="http://www.topografix.com/GPX/1/1">{}</gpx>'


def text(body, encoding="utf-8"):
    return lambda path: csv(path, body, encoding)


def rows(*lines, head="MA;TEN;lon;lat"):
    return text("\n".join([head, *lines]) + "\n")


def book(*lines, after=None):
    """A workbook; a pair is a value and its number format."""

    def write(path):
        with xlsxwriter.Workbook(path) as workbook:
            sheet = workbook.add_worksheet("Danh sách")
            for number, line in enumerate(lines):
                for column, value in enumerate(line):
                    if isinstance(value, tuple):
                        sheet.write(number, column, value[0], workbook.add_format({"num_format": value[1]}))
                    elif value is not None:
                        sheet.write(number, column, value)
            if after:
                after(workbook, sheet)

    return write


def crossed_out(workbook, sheet):
    struck, plain = workbook.add_format({"font_strikeout": True}), workbook.add_format({"bold": True})
    sheet.write_rich_string(1, 4, struck, "12/GCN", plain, " 15/GCN")
    sheet.write_row(2, 0, ["B", "y", 106.69, 20.86, "1"], struck)


def drawing(*entities, blocks=""):
    """A DXF drawing as AutoCAD writes it, of (kind, group codes and values)."""
    body = "".join(f"0\n{kind}\n" + "".join(f"{code}\n{value}\n" for code, value in pairs) for kind, *pairs in entities)
    header = "0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\nAC1021\n9\n$DWGCODEPAGE\n3\nANSI_1252\n0\nENDSEC\n"
    return text(f"{header}{blocks}0\nSECTION\n2\nENTITIES\n{body}0\nENDSEC\n0\nEOF\n")


def spot(x, y):
    return ("POINT", (8, "CH"), (10, x), (20, y), (30, 0))


def circle(x, y):
    return ("CIRCLE", (8, "CH"), (10, x), (20, y), (30, 0), (40, 3))


def label(x, y, words, kind="TEXT"):
    return (kind, (8, "TEN"), (10, x), (20, y), (30, 0), (40, 2.5), (1, words))


def placed(x, y, name=None):
    """A block that is placed, with an attribute where it has a name."""
    insert = ("INSERT", (8, "TRAM"), *([(66, 1)] if name else []), (2, "TRAM"), (10, x), (20, y), (30, 0))
    tag = ("ATTRIB", (8, "0"), (10, x + 1), (20, y + 1), (40, 1), (1, name), (2, "TEN"), (70, 0))
    return [insert, tag, ("SEQEND", (8, "0"))] if name else [insert]


BLOCK = (
    "0\nSECTION\n2\nBLOCKS\n0\nBLOCK\n8\n0\n2\nTRAM\n70\n2\n10\n0\n20\n0\n30\n0\n3\nTRAM\n0\nLINE\n8\n0\n10\n-1\n20\n0\n11\n1\n"
    "21\n0\n0\nATTDEF\n8\n0\n10\n0\n20\n2\n40\n1\n1\nX\n3\nTen\n2\nTEN\n70\n0\n0\nENDBLK\n8\n0\n0\nENDSEC\n"
)
WKB = shapely.to_wkb(shapely.set_srid(shapely.Point(106.68, 20.86), 4326), hex=True, include_srid=True)
FEATURE_ID = json.dumps(
    {"type": "FeatureCollection", "features": [{"type": "Feature", "id": "CH-01", "properties": {"ten": "x"}, "geometry": point()}]}
)  # fmt: skip
TOO_LARGE = FEATURE_ID.replace('"ten": "x"', '"ma": "A", "ten": "x", "dung_tich": 1e400')
PATH = KML.format(
    "<Placemark><name>CCN</name><LineString><coordinates>106.68,20.86 106.69,20.86 106.69,20.87 106.68,20.86</coordinates>"
    "</LineString></Placemark>"
)
WALK = GPX.format(
    "<trk><name>CCN</name><trkseg>"
    + "".join(f'<trkpt lat="{lat}" lon="{lon}"/>' for lon, lat in [(106.68, 20.86), (106.69, 20.86), (106.69, 20.87), (106.6801, 20.8601)])
    + "</trkseg></trk>"
)  # fmt: skip
CORNERS = [["Tên", "Số hiệu điểm", "X", "Y"], ["CCN A", 1, 2306100, 596100], [None, 2, 2306100, 596300], [None, 3, 2306300, 596300],
           ["CCN B", 1, 2307100, 596100], [None, 2, 2307100, 596300], [None, 3, 2307300, 596300]]  # fmt: skip
SITES, AREAS = "fuel_sites", "industrial_clusters"
MOJIBAKE = "Chợ Sắt phường".encode().decode("latin1")

FILES = {
    # units
    "litres in the heading": ("a.csv", SITES, rows("A;x;106,68;20,86;25000", head="MA;TEN;lon;lat;Dung tích (lít)"), [], 1, 0, ["converted"]),
    "kilograms behind a comma": ("a.csv", SITES, rows("A;x;106,68;20,86;25000", head="MA;TEN;lon;lat;Sức chứa, kg"), [], 1, 0, ["converted"]),
    "litres in a cell": ("a.csv", SITES, rows("A;x;106,68;20,86;25000 lít", head="MA;TEN;lon;lat;DUNG_TICH"), [], 1, 0, ["another unit"]),
    "a unit of something else": ("a.csv", SITES, rows("A;x;106,68;20,86;25000", head="MA;TEN;lon;lat;Dung tích (kg)"), [], 1, 0, ["as they are"]),
    "the unit above the table": (
        "a.xlsx", AREAS, book(["BIỂU 1"], ["Đơn vị tính: triệu đồng"], ["Mã", "Tên", "WKT", "VON_DT"], ["A", "x", RING, 1500]),
        ["crs"], 1, 0, ["converted"],
    ),
    "a row of units": ("a.xlsx", SITES, book(["Mã", "Tên", "lon", "lat", "Dung tích"], [None, None, "(độ)", "(độ)", "(lít)"], ["A", "x", 106.68, 20.86, 25000]), [], 1, 0, ["converted"]),
    "percent by format": ("a.xlsx", SITES, book(["Mã", "Tên", "lon", "lat", "Tỷ lệ"], ["A", "x", 106.68, 20.86, (0.455, "0.0%")]), [], 1, 0, ["45.5%"]),
    # letters
    "letters that became question marks": ("a.csv", SITES, rows("A;C?a hàng Đ?ng Giang;106,68;20,86", "B;Cửa hàng ở đâu?;106,69;20,86"), [], 2, 1, ["were lost"]),
    "UTF-8 opened as Windows-1252": ("a.xlsx", SITES, book(["MA", "TEN", "lon", "lat"], ["A", MOJIBAKE, 106.68, 20.86], ["B", "Chợ Ga", 106.69, 20.86]), [], 2, 0, ["was read as"]),
    "signs of web pages": ("a.csv", SITES, text("MA,TEN,lon,lat\nA,Ch&#7907; S&#7855;t &amp; Ga,106.68,20.86\n"), [], 1, 0, ["was read as"]),
    "numbers that a spreadsheet shortened": ("a.csv", SITES, rows("1,03E+10;x;106,68;20,86", "B;y;106,69;20,86"), [], 2, 1, ["shortened"]),
    # tables
    "a second table below": (
        "a.csv", SITES, rows("A;x;106,68;20,86;phố", ";;;;", "MA;DIA_CHI;lon;lat;TEN", "B;phố;106,69;20,86;y", head="MA;TEN;lon;lat;DIA_CHI"),
        [], 1, 0, ["another table"],
    ),
    "the header again": ("a.csv", SITES, rows("A;x;106,68;20,86", "MA;TEN;lon;lat", "B;y;106,69;20,86"), [], 2, 0, ["no object"]),
    "two tables side by side": ("a.csv", SITES, rows("A;x;106,68;20,86;;B;y;106,69;20,86", head="MA;TEN;lon;lat;;MA;TEN;lon;lat"), [], 1, 0, ["more than once"]),
    "crossed out": ("a.xlsx", SITES, book(["MA", "TEN", "lon", "lat", "SO_GCN"], ["A", "x", 106.68, 20.86], after=crossed_out), [], 2, 0, ["A part of the cell", "The row is crossed out"]),
    "a letterhead with commas": ("a.csv", SITES, text("UBND, SỞ CÔNG THƯƠNG, PHÒNG, TỔ 1, TỔ 2\nMA;TEN;lon;lat\nA;x;106,68;20,86\n"), [], 1, 0, []),
    "points of an instrument": ("a.txt", SITES, text("P1,2306123.123,596123.456,3.21,CH\nP2,2306223.123,596223.456,3.20,CH\n"), ["header", "columns", "crs", "columns", "columns"], 2, 0, []),
    "points apart by blanks": ("a.txt", SITES, text("TEN  X  Y  H\nP1  2306123.123  596123.456  3.21\nP2  2306223.123  596223.456  3.20\n"), ["crs", "columns"], 2, 0, []),
    "corners under a name that stands once": ("a.xlsx", AREAS, book(*CORNERS), ["crs", "columns"], 2, 0, ["object above them"]),
    # days
    "a year in a cell of days": ("a.xlsx", SITES, book(["MA", "TEN", "lon", "lat", "NGAY_CAP"], ["A", "x", 106.68, 20.86, (2020, "dd/mm/yyyy")]), [], 1, 0, ["1905-07-12"]),
    "days with AM and PM": ("a.csv", SITES, rows("A;x;106,68;20,86;5/6/2020 12:00:00 AM", head="MA;TEN;lon;lat;NGAY_CAP"), ["dates"], 1, 0, []),
    # places
    **{
        f"a place written {name}": ("a.csv", SITES, text(f'MA,TEN,Toạ độ\nA,x,"{cell}"\n'), asked, 1, 0, [])
        for name, cell, asked in (
            ("X=…; Y=…", "X=2306123,45; Y=596123,45", ["crs"]), ("with words", "Vĩ độ: 20.86; Kinh độ: 106.68", []),
            ("as a link", "https://www.google.com/maps?q=20.86,106.68", []),
            ("as a long link", "https://www.google.com/maps/place/X/@20.85,106.67,17z/data=!3m1!4b1!8m2!3d20.86!4d106.68", []),
            ("for phones", "geo:20.86,106.68", []), ("with height and accuracy", "20.86 106.68 3.2 4.9", []),
            ("with its zone", "48Q 596123 2306123", ["crs"]),
        )
    },
    "a shape of PostGIS": ("a.csv", SITES, text(f"MA,TEN,geom\nA,x,{WKB}\n"), [], 1, 0, []),
    "a shape with its number": ("a.csv", SITES, text('MA,TEN,geom\nA,x,"SRID=9210;POINT(596123 2306123)"\n'), [], 1, 0, []),
    "a shape as GeoJSON": ("a.csv", SITES, text('MA;TEN;vi tri\nA;x;{"type":"Point","coordinates":[106.68,20.86]}\n'), [], 1, 0, []),
    # phones, drawings
    "a path that is closed": ("a.kml", AREAS, text(PATH), ["columns"], 1, 0, ["closed lines"]),
    "a walk round a place": ("a.gpx", AREAS, text(WALK), ["columns"], 1, 0, ["closed lines"]),
    "an id beside the properties": ("a.geojson", SITES, text(FEATURE_ID), ["columns"], 1, 0, []),
    "a number beyond all numbers": ("a.geojson", SITES, text(TOO_LARGE), [], 1, 1, ["no number"]),
    "points and texts of a drawing": ("a.dxf", SITES, drawing(spot(596123, 2306123), label(596125, 2306125, "CHXD 1"), spot(597123, 2306123), label(597125, 2306125, "CHXD 2"), label(596000, 2309000, "BAN DO")), ["crs", "columns"], 2, 0, ["read as objects", "stands beside no object"]),
    "circles and texts of several lines": ("a.dxf", SITES, drawing(circle(596123, 2306123), label(596125, 2306125, "CHXD\\P{\\fArial|b0;so 1}", "MTEXT")), ["crs", "columns"], 1, 0, ["read as objects"]),
    "blocks with attributes": ("a.dxf", SITES, drawing(*placed(596123, 2306123, "CHXD 1"), *placed(597123, 2306123, "CHXD 2"), blocks=BLOCK), ["crs", "columns"], 2, 0, ["read as objects"]),
    "blocks beside texts": ("a.dxf", SITES, drawing(*placed(596123, 2306123), label(596125, 2306125, "CHXD 1"), circle(596123, 2306123), blocks=BLOCK), ["crs", "columns"], 1, 0, ["read as objects"]),
    "texts alone": ("a.dxf", SITES, drawing(label(596125, 2306125, "CHXD 1"), label(597125, 2306125, "CHXD 2")), ["crs", "columns"], 2, 0, ["texts were read"]),
}  # fmt: skip
#: What nothing here reads -> a word of what to do instead.
REFUSED = {
    "a.docx": "Excel", "a.pdf": "Excel", "a.rar": ".zip", "a.7z": ".zip", "a.dwg": "DXF", "a.heic": "table", "a.xlsb": ".xlsx", "a.mdb": "Access",
    "a.qgz": "project", "a.dbf": "shapefile", "a.mid": "MapInfo",
}  # fmt: skip
