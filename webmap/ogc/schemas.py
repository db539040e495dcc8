"""Fields as JSON schema: what a feature has, what one may ask by. Only fields that are handed in."""

from collections.abc import Iterable

from geodata.schema.feature import Feature, GeometryType
from geodata.schema.fields import Field
from webmap.app.i18n import translate
from webmap.ogc.answers import Document

_TYPES: dict[str, dict[str, str]] = {
    "int": {"type": "integer"},
    "Decimal": {"type": "number"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
}
_GEOMETRIES = {
    GeometryType.POINT: "geometry-point",
    GeometryType.LINE: "geometry-multilinestring",
    GeometryType.POLYGON: "geometry-multipolygon",
}


def field_schema(field: Field, language: str) -> Document:
    """Return a field as JSON schema: type, title with unit, allowed values."""
    title = translate(field.label, language) + (f" ({field.unit})" if field.unit else "")
    schema: Document = {"title": title, **_TYPES.get(field.python_type.__name__, {"type": "string"})}
    if field.help:
        schema["description"] = translate(field.help, language)
    if field.values:
        schema["enum"] = [member.value for member in field.values]
    return schema


def layer_schema(kind: type[Feature], fields: Iterable[Field], address: str, language: str) -> Document:
    """Return fields of a layer as one JSON schema, its geometry first."""
    geometry = {"title": translate(kind.layer.singular, language), "format": _GEOMETRIES[kind.layer.geometry]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address,
        "type": "object",
        "title": translate(kind.layer.title, language),
        "properties": {
            "geometry": geometry | {"x-ogc-role": "primary-geometry"},
            **{field.name: field_schema(field, language) for field in fields},
        },
        "additionalProperties": False,
    }
