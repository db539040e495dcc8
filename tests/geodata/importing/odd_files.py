"""Odd, damaged and hostile files for tests: what writes each, and the code it must get."""

import io
import stat
import struct
import warnings
import zipfile

from tests.geodata.importing import files
from tests.geodata.importing.files import (
    PLACES,
    archive,
    csv,
    dbf,
    geojson,
    point,
    shapefile,
    shp_points,
    square,
)

NAMES = ["MA", "TEN"]
ROWS = [["C1", "Chợ Sắt"], ["C2", "Chợ Đổng Quốc Bình"]]


def parts(stem="lop", points=PLACES[:2], rows=ROWS, **options):
    shp, shx = shp_points(points)
    return {
        f"{stem}.shp": shp,
        f"{stem}.shx": shx,
        f"{stem}.dbf": dbf(NAMES, rows, **options),
        f"{stem}.prj": files.PRJ_WGS84.encode(),
    }


def zip_in_zip():
    """Return a good shapefile's zip inside a zip; a zip around it is a level too many."""
    data = parts()
    for _ in range(2):
        buffer = io.BytesIO()
        archive(buffer, data)
        data = {"in.zip": buffer.getvalue()}
    return data


def zip_with(path, change):
    """Write a good shapefile zip whose entries `change` alters."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts().items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            name_data = change(info, data)
            file.writestr(info, data if name_data is None else name_data)
    return path


def link(info, data):
    if info.filename.endswith(".dbf"):
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        return b"/etc/passwd"
    return None


def device(info, data):
    if info.filename.endswith(".dbf"):
        info.external_attr = (stat.S_IFCHR | 0o666) << 16


def slip(info, data):
    if info.filename.endswith(".shp"):
        info.filename = "../../lop.shp"


def absolute(info, data):
    if info.filename.endswith(".shp"):
        info.filename = "/tmp/lop.shp"


def drive(info, data):
    if info.filename.endswith(".shp"):
        info.filename = "C:\\lop.shp"


def lzma(info, data):
    info.compress_type = zipfile.ZIP_LZMA


def encrypted(path):
    zip_with(path, lambda info, data: None)
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := data.find(mark, at + 1)) >= 0:
            data[at + offset] |= 1
    path.write_bytes(bytes(data))
    return path


def bad_crc(path):
    zip_with(path, lambda info, data: setattr(info, "compress_type", zipfile.ZIP_STORED))
    data = path.read_bytes()
    path.write_bytes(data.replace(b"Ch\xe1\xbb\xa3 S", b"Ch\xe1\xbb\xa3 X", 1))
    return path


def cut(path, share):
    zip_with(path, lambda info, data: None)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path


def bomb(path):
    return archive(path, {"lop.shp": b"\0" * 300_000_000})


def many(path):
    return archive(path, {f"{number}.txt": b"x" for number in range(150)})


def twice(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return_value = zipfile.ZipFile(path, "w")
        with return_value as file:
            for name, data in parts().items():
                file.writestr(name, data)
            file.writestr("LOP.SHP", b"other")
    return path


def truncated_shp(path):
    members = parts()
    members["lop.shp"] = members["lop.shp"][:-10]
    return archive(path, members)


def png_as_shp(path):
    return archive(path, {**parts(), "lop.shp": b"\x89PNG\r\n\x1a\n" + b"\0" * 200})


def vrt_as_shp(path):
    return archive(path, {**parts(), "lop.shp": b"<OGRVRTDataSource><OGRVRTLayer name='x'/></OGRVRTDataSource>" * 5})


def short_dbf(path):
    return archive(path, {**parts(), "lop.dbf": dbf(NAMES, ROWS, count=50)})


def dbf_count_differs(path):
    return archive(path, {**parts(), "lop.dbf": dbf(NAMES, ROWS[:1])})


def multipatch(path):
    members = parts()
    members["lop.shp"] = members["lop.shp"][:32] + struct.pack("<i", 31) + members["lop.shp"][36:]
    return archive(path, members)


REFUSED = {
    "not_zip": [("a.zip", lambda path: csv(path, "no zip at all")), ("b.zip", lambda path: csv(path, b""))],
    "corrupt_archive": [("a.zip", lambda path: cut(path, 0.9)), ("b.zip", bad_crc), ("c.zip", lambda path: archive(path, {"in.zip": b"PK"}))],
    "encrypted": [("a.zip", encrypted)],
    "symlink": [("a.zip", lambda path: zip_with(path, link))],
    "unsafe_path": [
        ("a.zip", lambda path: zip_with(path, slip)), ("b.zip", lambda path: zip_with(path, absolute)),
        ("c.zip", lambda path: zip_with(path, drive)), ("d.zip", lambda path: zip_with(path, device)),
    ],
    "duplicate_entries": [("a.zip", twice)],
    "unsupported_compression": [("a.zip", lambda path: zip_with(path, lzma))],
    "limit_exceeded": [("a.zip", bomb), ("b.zip", many)],
    "no_layer": [
        ("a.zip", lambda path: archive(path, {"readme.txt": b"x"})), ("b.zip", lambda path: archive(path, zip_in_zip())),
        ("c.zip", lambda path: archive(path, {})),
    ],
    "missing_component": [
        ("a.zip", lambda path: archive(path, {name: data for name, data in parts().items() if not name.endswith(".shp")})),
        ("a.tab", lambda path: csv(path, '!table\n!version 300\nDefinition Table\n  Type NATIVE Charset "Neutral"\n  Fields 1\n')),
    ],
    "corrupt_shapefile": [
        ("a.zip", truncated_shp), ("b.zip", png_as_shp), ("c.zip", vrt_as_shp), ("d.zip", short_dbf), ("e.zip", dbf_count_differs),
    ],
    "wrong_geometry_type": [
        ("a.zip", multipatch), ("a.geojson", lambda path: geojson(path, [({"ma": "1", "ten": "x"}, square())])),
    ],
    "empty_layer": [
        ("a.geojson", lambda path: geojson(path, [])), ("a.zip", lambda path: shapefile(path, NAMES, [], [])),
        ("a.csv", lambda path: csv(path, "ma,ten,lon,lat\n")),
    ],
    "unsupported_format": [
        ("a.vrt", lambda path: csv(path, "<OGRVRTDataSource/>")), ("a.exe", lambda path: csv(path, "MZ")), ("a", lambda path: csv(path, "x")),
        ("a.geojson", lambda path: csv(path, '{"type": "Topology", "objects": {}}')),
    ],
    "malformed_file": [
        ("a.geojson", lambda path: csv(path, '{"type": "FeatureCollection", "features": [')),
        ("b.geojson", lambda path: csv(path, "[" * 100_000)), ("c.geojson", lambda path: csv(path, '{"a": NaN}')),
        ("d.geojson", lambda path: csv(path, '<OGRVRTDataSource><OGRVRTLayer name="a"/></OGRVRTDataSource>')),
        ("a.gpkg", lambda path: csv(path, "no database")), ("b.gpkg", lambda path: csv(path, b"SQLite format 3\0" + b"\xff" * 500)),
        ("a.kml", lambda path: csv(path, "<x/>")), ("a.xlsx", lambda path: csv(path, "x")), ("a.dxf", lambda path: csv(path, "x")),
        ("a.gpx", lambda path: csv(path, "<x/>")), ("a.mif", lambda path: csv(path, "x")), ("a.csv", lambda path: csv(path, b"\0\1\2" * 50)),
        ("b.xlsx", lambda path: archive(path, {"xl/workbook.xml": b"<x>"})),
    ],
    "external_reference": [
        ("a.geojson", lambda path: geojson(path, [({}, point())], crs={"type": "link", "properties": {"href": "http://127.0.0.1:9/"}})),
        ("a.kml", lambda path: csv(path, '<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml/>')),
        ("b.kml", lambda path: csv(path, '<kml xmlns="http://www.opengis.net/kml/2.2"><NetworkLink><Link><href>http://127.0.0.1:9/</href>'
                                         "</Link></NetworkLink></kml>")),
        ("a.tab", lambda path: csv(path, '!table\n!version 300\nDefinition Table\n  File "/etc/passwd"\n  Type TIF\n')),
    ],
    "out_of_extent": [
        ("a.geojson", lambda path: geojson(path, [({"ma": "1", "ten": "x"}, point(2.3, 48.8))])),
        ("a.zip", lambda path: shapefile(path, NAMES, ROWS, [(-100, 40), (-101, 41)])),
    ],
    "null_geometry": [("a.zip", lambda path: shapefile(path, NAMES, ROWS, [None, None]))],
    "crs_unknown": [("a.zip", lambda path: shapefile(path, NAMES, ROWS, [(1e6, 9e6), (1e6, 9e6)], prj=None))],
}  # fmt: skip
CASES = [(code, name, write) for code, writers in REFUSED.items() for name, write in writers]
GOOD = {
    "nested": lambda path: archive(path, {f"Dữ liệu/2026/{name}": data for name, data in parts("Chợ").items()}),
    "upper": lambda path: archive(path, {name.upper(): data for name, data in parts().items()}),
    "macos": lambda path: archive(path, {**parts(), "__MACOSX/._lop.shp": b"x", ".DS_Store": b"x"}),
    "no_shx": lambda path: shapefile(path, NAMES, ROWS, PLACES[:2], skip=(".shx",)),
    "shape_xml": lambda path: archive(path, {**parts(), "lop.shp.xml": b"<x/>", "lop.sbn": b"x", "doc.pdf": b"x"}),
    "stray_bytes": lambda path: archive(path, {**parts(), "lop.shp": parts()["lop.shp"] + b"\0" * 5}),
    "point_z": lambda path: archive(path, {**parts(), **_point_z()}),
}


def _point_z():
    records = b""
    for number, place in enumerate(PLACES[:2], 1):
        content = struct.pack("<idddd", 11, *place, 5.0, 0.0)
        records += struct.pack(">ii", number, len(content) // 2) + content
    header = struct.pack(">i5ii", 9994, 0, 0, 0, 0, 0, (100 + len(records)) // 2) + struct.pack(
        "<ii8d", 1000, 11, *[0.0] * 8
    )
    return {"lop.shp": header + records}
