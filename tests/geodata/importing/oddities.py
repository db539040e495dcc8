"""Tables as offices make them, drawn by Hypothesis: objects that are meant, and one of the many ways to write them down.

A drawn file says for every object what must be read (`meant`), in which record it stands, and which of its cells are lost.
"""

import csv
import io
import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from tests.geodata.importing.files import archive, cp1258, dbf, shp_points, tcvn3, to_crs, vni

NAMES = [
    "Cửa hàng xăng dầu Đằng Giang", "Cửa hàng số 5 phường Lạch Tray", "Trạm nạp Đổng Quốc Bình", "Cửa hàng Thuỷ Nguyên",
    "Trạm xăng cầu Niệm", "Cửa hàng Hoà Bình, tổ 7", "Kho gas Đình Vũ", "Tổng kho Thượng Lý",
]  # fmt: skip
ADDRESSES = ["đường Lê Hồng Phong", "12/3 Trần Nguyên Hãn", "thôn Đông, xã Kiến Thuỵ", "quốc lộ 5; km 92", "phố “Cấm”"]
KINDS = {"petrol": ["petrol", "Cửa hàng xăng dầu"], "lpg_shop": ["lpg_shop"], "lpg_depot": ["lpg_depot"]}
HEADINGS = {
    "code": ["MA", "Mã", "Mã số", "Mã cửa hàng", "MA_CH", "Số hiệu", "code"],
    "name": ["TEN", "Tên", "Tên gọi", "Tên cửa hàng", "name"],
    "kind": ["LOAI", "Loại hình", "loại"],
    "address": ["DIA_CHI", "Địa chỉ", "ĐỊA CHỈ"],
    "tank_volume_m3": ["DUNG_TICH", "Dung tích (m3)", "Dung tích, m³", "Tổng dung tích [m3]"],
    "tank_count": ["SO_BE", "Số bể", "Số bồn (cái)"],
    "tax_code": ["MST", "Mã số thuế"],
    "contact_phone": ["SDT", "Điện thoại"],
    "certificate_no": ["SO_GCN", "Số GCN"],
    "certificate_issued_on": ["NGAY_CAP", "Ngày cấp"],
    "certificate_expires_on": ["NGAY_HET", "Ngày hết hạn"],
}
#: Fields whose headings may stand under one wide heading.
GROUPS = {"Giấy chứng nhận": ("certificate_no", "certificate_issued_on", "certificate_expires_on")}
DAYS = {"certificate_issued_on", "certificate_expires_on"}
LETTERS = {
    "utf-8": str.encode, "utf-8-sig": lambda text: text.encode("utf-8-sig"), "utf-16": lambda text: text.encode("utf-16"),
    "tcvn3": tcvn3, "vni": vni, "cp1258": cp1258,
}  # fmt: skip


@dataclass(kw_only=True)
class Meant:
    """One object: its values by field, where it is (longitude, latitude), and how far the writing may move it, in degrees."""

    values: dict
    place: tuple[float, float]
    record: int = 0
    lost: set[str] = field(default_factory=set)


@dataclass(kw_only=True)
class Written:
    """A file with what it means, and the answers that its author would give."""

    suffix: str
    data: bytes
    meant: list[Meant]
    crs: str = "EPSG:4326"
    encoding: str | None = None
    header_row: str | None = None
    dates: str | None = None
    headings: dict = field(default_factory=dict)
    coordinates: dict = field(default_factory=dict)
    tolerance: float = 2e-6
    ways: dict = field(default_factory=dict)


@st.composite
def objects(draw, capitals=True):
    codes = draw(
        st.sampled_from(
            [
                lambda number: f"CHXD-{number:03d}", lambda number: f"{number:04d}", lambda number: f"HP/{number}a",
                lambda number: f"Đ{number}", lambda number: str(100 + number),
            ]
        )
    )  # fmt: skip
    found = []
    for number in range(1, draw(st.integers(2, 6)) + 1):
        issued = draw(st.dates(date(2015, 1, 1), date(2024, 12, 31)))
        name = draw(st.sampled_from(NAMES)) + f" {number}"
        values = {
            "code": codes(number), "name": name, "kind": draw(st.sampled_from([*KINDS])),
            "address": draw(st.none() | st.sampled_from(ADDRESSES)),
            "tank_volume_m3": draw(st.none() | st.sampled_from([Decimal(part) for part in ("12.5", "75", "1234.5", "1.234", "999", "12000")])),
            "tank_count": draw(st.none() | st.integers(0, 12) | st.just(1234)),
            "tax_code": draw(st.none() | st.from_regex(r"\A0[0-9]{9}\Z")),
            "contact_phone": draw(st.none() | st.from_regex(r"\A0[39][0-9]{8}\Z")),
            "certificate_no": draw(st.none() | st.sampled_from(["12/GCN-SCT", "05/2021", "0123", "7"])),
            "certificate_issued_on": issued,
            "certificate_expires_on": issued.replace(year=issued.year + 5, day=min(issued.day, 28)),
        }  # fmt: skip
        place = (draw(st.integers(1066001, 1067499)) / 10_000, draw(st.integers(208001, 208999)) / 10_000)
        found.append(Meant(values=values, place=place))
    return found


# writings of cells --------------------------------------------------------------------------------


def vietnamese(number, grouped):
    whole, _, part = str(number).partition(".")
    whole = f"{int(whole):,}".replace(",", ".") if grouped else whole
    return whole + ("," + part if part else "")


def english(number, grouped):
    whole, _, part = str(number).partition(".")
    return (f"{int(whole):,}" if grouped else whole) + ("." + part if part else "")


DAY_TEXTS = {
    "dmy": lambda day: f"{day:%d/%m/%Y}", "short": lambda day: f"{day.day}/{day.month}/{day.year}",
    "dots": lambda day: f"{day:%d.%m.%Y}", "iso": lambda day: day.isoformat(), "eight": lambda day: f"{day:%Y%m%d}",
    "words": lambda day: f"ngày {day.day} tháng {day.month} năm {day.year}", "mdy": lambda day: f"{day:%m/%d/%Y}",
}  # fmt: skip


def degrees(angle, way, sides):
    """Return a longitude or latitude in words; `sides` is (before or after it, letter)."""
    whole = int(angle)
    minutes = (angle - whole) * 60
    seconds = (minutes - int(minutes)) * 60
    return {
        "signs": f"{whole}°{int(minutes)}'{seconds:.2f}\"{sides}", "garmin": f"{sides}{whole} {minutes:.4f}",
        "comma": f"{whole}°{int(minutes)}'{seconds:.2f}''".replace(".", ",") + sides,
        "letters": f"{whole}o{int(minutes)}'{seconds:.2f}\" {sides}", "blanks": f"{whole} {int(minutes)} {seconds:.2f}",
        "words": f"{whole} độ {int(minutes)} phút {seconds:.2f} giây",
    }[way]  # fmt: skip


@st.composite
def places(draw, found):
    """Return headings and cells of the columns of places, the CRS, the tolerance in degrees, and whether they are numbers."""
    way = draw(st.sampled_from(["degrees", "written", "pair", "metres", "metres by name"]))
    points = [item.place for item in found]
    if way == "degrees":
        heads = draw(
            st.sampled_from(
                [("lon", "lat"), ("Kinh độ", "Vĩ độ"), ("Kinh độ (độ)", "Vĩ độ (độ)"), ("X", "Y"), ("Y", "X")]
            )
        )
        points = [point[::-1] for point in points] if heads == ("Y", "X") else points
        return heads, [list(map(repr, point)) for point in points], "EPSG:4326", 2e-6, True
    if way == "written":
        how = draw(st.sampled_from(["signs", "garmin", "comma", "letters", "blanks", "words"]))
        letters = draw(st.sampled_from([("E", "N"), ("Đ", "B")]))
        cells = [[degrees(angle, how, side) for angle, side in zip(point, letters, strict=True)] for point in points]
        return ("Kinh độ", "Vĩ độ"), cells, "EPSG:4326", 3e-6, False
    if way == "pair":
        sign = draw(st.sampled_from([", ", ",", "; ", " "]))
        return (
            (draw(st.sampled_from(["Tọa độ", "Vị trí GPS", "Toạ độ (vĩ độ, kinh độ)"])),),
            [[f"{lat}{sign}{lon}"] for lon, lat in points],
            "EPSG:4326",
            2e-6,
            False,
        )
    moved = [(round(x, 2), round(y, 2)) for x, y in to_crs(points, 9210)]
    heads = ("Tọa độ VN2000 X (m)", "Tọa độ VN2000 Y (m)") if way == "metres by name" else ("X", "Y")
    if draw(st.booleans()):  # X is the northing, as surveyors write it
        moved = [point[::-1] for point in moved]
    return heads, [list(map(repr, point)) for point in moved], "EPSG:9210", 1e-6, True


def roles(heads):
    """Return what a person says the columns of places are."""
    return {"pair": heads[0]} if len(heads) == 1 else {"x": heads[0], "y": heads[1]}


# text tables --------------------------------------------------------------------------------------


@st.composite
def columns_of(draw, found, number_text, day_text, *, is_plain):
    """Return (field or None, heading, cells as text) of the attributes in a drawn order."""
    names = ["code", "name", *draw(st.lists(st.sampled_from([*HEADINGS][2:]), unique=True, min_size=1))]
    for item in found:
        item.values = {name: value for name, value in item.values.items() if name in names}
    columns = []
    for name in draw(st.permutations(names)):
        heading = draw(st.sampled_from(HEADINGS[name]))
        columns.append((name, heading, [_text(item.values[name], number_text, day_text) for item in found]))
    if draw(st.booleans()):
        columns.insert(0, (None, draw(st.sampled_from(["STT", "TT"])), [str(at) for at in range(1, len(found) + 1)]))
    return columns


def _text(value, number_text, day_text):
    if value is None:
        return ""
    if isinstance(value, date):
        return day_text(value)
    return number_text(value) if isinstance(value, Decimal | int) else str(value)


@st.composite
def text_tables(draw):
    """A .csv, .txt or .tsv in one of the charsets, separators and writings of numbers and days."""
    letters = draw(st.sampled_from([*LETTERS]))
    found = draw(objects())
    is_vietnamese = draw(st.booleans())
    grouped = draw(st.booleans())
    write = vietnamese if is_vietnamese else english
    day = draw(st.sampled_from([*DAY_TEXTS]))
    heads, cells, crs, tolerance, are_numbers = draw(places(found))
    if are_numbers and is_vietnamese and draw(st.booleans()):
        cells = [[cell.replace(".", ",") for cell in row] for row in cells]
    columns = draw(columns_of(found, lambda number: write(number, grouped), DAY_TEXTS[day], is_plain=True))
    columns += [(None, head, [row[index] for row in cells]) for index, head in enumerate(heads)]
    separator = draw(st.sampled_from([";", "\t", "|", ","]))
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=separator, quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])))
    above = draw(
        st.sampled_from([[], [], [["DANH SÁCH CỬA HÀNG"]], [["UBND THÀNH PHỐ"], [], ["DANH SÁCH (tháng 11/2026)"]]])
    )
    if letters == "tcvn3":  # it has no capitals with marks
        above = [[text.lower() for text in row] for row in above]
        columns = [(name, heading.lower(), cells) for name, heading, cells in columns]
    writer.writerows(above)
    writer.writerow([heading for _, heading, _ in columns])
    record = 0
    for index, item in enumerate(found):
        if draw(st.integers(0, 5)) == 5:
            writer.writerow([])
            record += 1
        record += 1
        item.record = record
        writer.writerow([cells[index] for _, _, cells in columns])
    if draw(st.booleans()):
        writer.writerow(["Tổng cộng", str(len(found))])
    text = (f"sep={separator}\n" if draw(st.booleans()) else "") + stream.getvalue()
    if letters == "tcvn3":
        for item in found:
            item.values["name"] = _low(item.values["name"])
            for name in ("address", "code"):
                if item.values.get(name):
                    item.values[name] = _low(item.values[name])
        text = _low(text)
    return Written(
        suffix=draw(st.sampled_from([".csv", ".txt"])), data=LETTERS[letters](text), meant=found, crs=crs,
        encoding=letters.replace("-sig", ""), tolerance=tolerance, coordinates=roles(heads), dates="mdy" if day == "mdy" else "dmy",
        headings={name: heading for name, heading, _ in columns if name}, ways={"letters": letters, "day": day, "separator": separator},
    )  # fmt: skip


_CAPITALS = re.compile("[À-ỸĐĂÂÊÔƠƯ“”]")


def _low(text):
    """Return a text as the TCVN3 fonts can write it: capitals with marks are small there."""
    return _CAPITALS.sub(lambda match: match[0].lower().replace("“", '"').replace("”", '"'), text)


# shapefiles ---------------------------------------------------------------------------------------


@st.composite
def shapefiles(draw):
    """A zipped shapefile of points in one of the charsets, its long names cut to ten letters, with or without .cpg."""
    letters = draw(st.sampled_from(["utf-8", "tcvn3", "vni", "cp1258"]))
    found = draw(objects())
    if letters == "tcvn3":
        for item in found:
            item.values |= {
                name: _low(item.values[name]) for name in ("name", "address", "code") if item.values.get(name)
            }
    names = ["code", "name", *draw(st.lists(st.sampled_from([*HEADINGS][2:]), unique=True, min_size=1))]
    for item in found:
        item.values = {name: value for name, value in item.values.items() if name in names}
    heads = [draw(st.sampled_from([name, HEADINGS[name][0]]))[:10] for name in names]
    heads = [HEADINGS[name][0] if heads.count(head) > 1 else head for name, head in zip(names, heads, strict=True)]
    rows = [[_text(item.values[name], str, date.isoformat) or None for name in names] for item in found]
    for number, item in enumerate(found, 1):
        item.record = number
    shp, shx = shp_points([item.place for item in found])
    parts = {"a.shp": shp, "a.shx": shx, "a.dbf": dbf(heads, rows, LETTERS[letters], width=120)}
    if draw(st.booleans()):
        parts["a.cpg"] = {"utf-8": "UTF-8", "cp1258": "1258"}.get(letters, "ANSI 1252").encode()
    return Written(
        suffix=".zip", data=parts, meant=found, crs="EPSG:4326", encoding=letters, dates="dmy",
        headings=dict(zip(names, heads, strict=True)), ways={"letters": letters, "heads": heads},
    )  # fmt: skip


def save(written, folder):
    """Write the file and return its path."""
    path = folder / f"a{written.suffix}"
    if isinstance(written.data, dict):
        return archive(path, written.data)
    path.write_bytes(written.data)
    return path
