"""Files for import tests, written byte by byte where a library would refuse to write them wrong."""

import json
import struct
import zipfile
from pathlib import Path

import pyproj

PLACES = [(106.6835, 20.8605), (106.70, 20.85), (106.65, 20.87), (106.72, 20.84), (106.60, 20.80)]
SPIKE = [
    (106.68, 20.86), (106.69, 20.86), (106.69, 20.87), (106.695, 20.875), (106.69, 20.87), (106.68, 20.87),
    (106.68, 20.86),
]  # fmt: skip
BOW_TIE = [(106.68, 20.86), (106.69, 20.87), (106.69, 20.86), (106.68, 20.87), (106.68, 20.86)]
PRJ_WGS84 = pyproj.CRS.from_epsg(4326).to_wkt("WKT1_ESRI")
PRJ_9210 = pyproj.CRS.from_epsg(9210).to_wkt("WKT1_ESRI")


def to_crs(points, srid):
    """Return the places in another CRS."""
    move = pyproj.Transformer.from_crs(4326, srid, always_xy=True)
    return [move.transform(x, y) for x, y in points]


def dbf(names, rows, encode=lambda text: text.encode(), width=80, language=0, count=None):
    """Return a .dbf of text columns; `count` lies about the number of records."""
    header = 32 + 32 * len(names) + 1
    record = 1 + width * len(names)
    data = struct.pack("<BBBBIHH", 3, 126, 11, 1, len(rows) if count is None else count, header, record)
    data += b"\0" * 17 + bytes([language]) + b"\0\0"
    for name in names:
        data += (name if isinstance(name, bytes) else encode(name))[:10].ljust(11, b"\0") + b"C" + b"\0" * 4
        data += bytes([width, 0]) + b"\0" * 14
    data += b"\r"
    for row in rows:
        data += b" " + b"".join((b"" if cell is None else encode(cell))[:width].ljust(width, b" ") for cell in row)
    return data + b"\x1a"


def shp_points(points, shape_type=1):
    """Return a .shp and its .shx; None is a null shape."""
    records, index, position = b"", b"", 50
    for number, point in enumerate(points, 1):
        content = struct.pack("<i", 0) if point is None else struct.pack("<idd", shape_type, *point)
        records += struct.pack(">ii", number, len(content) // 2) + content
        index += struct.pack(">ii", position, len(content) // 2)
        position += 4 + len(content) // 2
    return with_header(records, shape_type), with_header(index, shape_type)


def shp_polygons(rings):
    """Return a .shp and its .shx of single-ring polygons."""
    records, index, position = b"", b"", 50
    for number, ring in enumerate(rings, 1):
        xs, ys = [x for x, _ in ring], [y for _, y in ring]
        content = struct.pack("<i4d3i", 5, min(xs), min(ys), max(xs), max(ys), 1, len(ring), 0)
        content += b"".join(struct.pack("<dd", *point) for point in ring)
        records += struct.pack(">ii", number, len(content) // 2) + content
        index += struct.pack(">ii", position, len(content) // 2)
        position += 4 + len(content) // 2
    return with_header(records, 5), with_header(index, 5)


def with_header(body, shape_type):
    """Return a .shp or .shx of these records."""
    header = struct.pack(">i5ii", 9994, 0, 0, 0, 0, 0, (100 + len(body)) // 2) + struct.pack(
        "<ii8d", 1000, shape_type, *[0.0] * 8
    )
    return header + body


def shapefile(
    path,
    names,
    rows,
    points,
    *,
    encode=lambda text: text.encode(),
    prj=PRJ_WGS84,
    cpg=None,
    stem="lop",
    skip=(),
    **options,
):
    """Write a zipped point shapefile; `skip` leaves components out."""
    shp, shx = shp_points(points)
    parts = {".shp": shp, ".shx": shx, ".dbf": dbf(names, rows, encode, **options)}
    if prj:
        parts[".prj"] = prj.encode()
    if cpg:
        parts[".cpg"] = cpg.encode()
    return archive(path, {stem + name: data for name, data in parts.items() if name not in skip})


def archive(path, members):
    """Write a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def geojson(path, features, **members):
    """Write a feature collection from (properties, geometry) pairs."""
    items = [{"type": "Feature", "properties": properties, "geometry": geometry} for properties, geometry in features]
    path.write_text(
        json.dumps({"type": "FeatureCollection", **members, "features": items}, ensure_ascii=False), encoding="utf-8"
    )
    return path


def point(lon=106.6835, lat=20.8605):
    """Return a GeoJSON point."""
    return {"type": "Point", "coordinates": [lon, lat]}


def square(lon=106.6835, lat=20.8605, size=0.005):
    """Return a GeoJSON square."""
    ring = [[lon, lat], [lon + size, lat], [lon + size, lat + size], [lon, lat + size], [lon, lat]]
    return {"type": "Polygon", "coordinates": [ring]}


def csv(path, text, encoding="utf-8"):
    """Write a text table."""
    Path(path).write_bytes(text.encode(encoding) if isinstance(text, str) else text)
    return path


_TONES = "\u0300\u0301\u0303\u0309\u0323"


def cp1258(text):
    """Encode as Windows-1258: the base letter, then its tone."""
    import unicodedata

    data = b""
    for char in text:
        decomposed = unicodedata.normalize("NFD", char)
        base = unicodedata.normalize("NFC", "".join(mark for mark in decomposed if mark not in _TONES))
        data += base.encode("cp1258") + "".join(mark for mark in decomposed if mark in _TONES).encode("cp1258")
    return data


def tcvn3(text):
    """Encode as TCVN3 (ABC); capital accented vowels do not exist there."""
    from geodata.importing.reading.encoding import _TCVN3_BYTES, _TCVN3_LETTERS

    table = dict(zip(_TCVN3_LETTERS, _TCVN3_BYTES, strict=True))
    return "".join(table.get(char, char) for char in text).encode("latin1")


def vni(text):
    """Encode as VNI-Windows."""
    from geodata.importing.reading.encoding import _vni_table

    table: dict[str, str] = {}
    for signs, letter in _vni_table().items():
        table.setdefault(letter, signs)
    return "".join(table.get(char, char) for char in text).encode("cp1252")


def viqr(text):
    """Encode as VIQR."""
    import unicodedata

    marks = {
        "\u0306": "(",
        "\u0302": "^",
        "\u031b": "+",
        "\u0300": "`",
        "\u0301": "'",
        "\u0309": "?",
        "\u0303": "~",
        "\u0323": ".",
    }
    result = ""
    for char in text.replace("đ", "dd").replace("Đ", "DD"):
        decomposed = unicodedata.normalize("NFD", char)
        signs = [marks[mark] for mark in decomposed[1:] if mark in marks]
        result += decomposed[0] + "".join(sorted(signs, key=lambda sign: sign not in "(^+"))
    return result.encode("ascii")
