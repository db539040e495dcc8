"""KML, written object by object: GDAL's drivers hold all of a file in memory, and every other thread while they write it."""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import shapely
from shapely.geometry.base import BaseGeometry

from geodata.export.source import Data, text_of
from geodata.schema.fields import Field

#: What XML 1.0 knows no way to write (section 2.2).
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Fields that KML has elements for: the label on the globe, and the text beside it. Readers make columns of them anyway.
_ELEMENTS = ("name", "description")


def write_kml(data: Data, path: Path) -> None:
    """Write KML 2.2 (OGC 12-007r2): a placemark an object, the fields typed by a schema.

    Places are in EPSG:4326, longitude first.
    """
    schema = f"{data.name}.schema"
    with path.open("w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">\n')
        file.write(f"<Document>\n<Schema name={quoteattr(data.name)} id={quoteattr(schema)}>\n")
        for field in data.fields:
            if field.name not in _ELEMENTS:
                file.write(f'<SimpleField name={quoteattr(field.name)} type="{_type(field)}"/>\n')
        file.write(f"</Schema>\n<Folder>\n{_tag('name', data.name)}\n")
        for batch in data.batches:
            for row, geometry in zip(batch.rows, batch.geometries, strict=True):
                values = {field.name: value for field, value in zip(data.fields, row, strict=True) if value is not None}
                file.write(_placemark(values, geometry, schema))
        file.write("</Folder>\n</Document>\n</kml>\n")


def _type(field: Field) -> str:
    return "double" if field.values is None and field.python_type in (Decimal, float) else "string"


def _placemark(values: dict[str, Any], geometry: BaseGeometry, schema: str) -> str:
    head = "".join(_tag(name, text_of(values.pop(name))) for name in _ELEMENTS if name in values)
    cells = "".join(
        f"<SimpleData name={quoteattr(name)}>{_text(text_of(value))}</SimpleData>" for name, value in values.items()
    )
    data = f"<ExtendedData><SchemaData schemaUrl={quoteattr(f'#{schema}')}>{cells}</SchemaData></ExtendedData>"
    return f"<Placemark>{head}{data}{_geometry(geometry)}</Placemark>\n"


def _tag(name: str, text: str) -> str:
    return f"<{name}>{_text(text)}</{name}>"


def _text(value: str) -> str:
    return escape(_UNWRITABLE.sub("", value), {"\r": "&#13;"})


def _geometry(geometry: BaseGeometry) -> str:
    """Return a geometry's element; one part alone is no MultiGeometry."""
    if geometry.geom_type.startswith("Multi"):
        parts = [_geometry(part) for part in shapely.get_parts(geometry)]
        return parts[0] if len(parts) == 1 else f"<MultiGeometry>{''.join(parts)}</MultiGeometry>"
    if geometry.geom_type == "Polygon":
        return f"<Polygon>{''.join(_rings(geometry))}</Polygon>"
    name = "Point" if geometry.geom_type == "Point" else "LineString"
    return f"<{name}>{_coordinates(geometry)}</{name}>"


def _rings(polygon: Any) -> Iterator[str]:
    yield f"<outerBoundaryIs><LinearRing>{_coordinates(polygon.exterior)}</LinearRing></outerBoundaryIs>"
    for hole in polygon.interiors:
        yield f"<innerBoundaryIs><LinearRing>{_coordinates(hole)}</LinearRing></innerBoundaryIs>"


def _coordinates(geometry: BaseGeometry) -> str:
    """Return the shortest digits that read back as the same numbers."""
    pairs: Iterable[list[float]] = shapely.get_coordinates(geometry).tolist()
    return f"<coordinates>{' '.join(f'{x!r},{y!r}' for x, y in pairs)}</coordinates>"
