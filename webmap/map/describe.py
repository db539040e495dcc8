"""A layer in words and symbols for a role and language: what /api/layers and the map page show."""

from typing import NotRequired, TypedDict

from flask import url_for

from geodata.accounts.access import Action, may, visible_fields
from geodata.base.crs import Bbox
from geodata.base.database import ReadConnection
from geodata.query import features
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.roles import Role
from webmap.app.i18n import translate
from webmap.folium.style import LayerStyle, describe_style

_TYPES = {
    "str": "text", "int": "integer", "Decimal": "number", "float": "number", "bool": "boolean", "date": "date",
    "datetime": "datetime",
}  # fmt: skip


class AllowedValue(TypedDict):
    """A value that a field may have, and its text."""

    value: str
    label: str


class FieldDescription(TypedDict):
    """A field in words; `filter`: the kind of its filter, None where it has none; `values` of a closed set."""

    name: str
    label: str
    unit: str
    help: str
    type: str
    group: str
    filter: str | None
    derived: bool
    values: NotRequired[list[AllowedValue]]


class LayerAccess(TypedDict):
    """What the reader may do with a layer beside reading it."""

    write: bool


class LayerDescription(TypedDict):
    """A layer in words. `extent`: west, south, east, north in EPSG:4326, None while it is empty; `min_zoom` of its tiles."""

    name: str
    title: str
    singular: str
    description: str
    geometry: str
    tiles: str
    selects_as: str | None
    min_zoom: int
    shown: bool
    extent: Bbox | None
    count: int
    fields: list[FieldDescription]
    style: LayerStyle
    access: LayerAccess


def describe_field(field: Field, language: str) -> FieldDescription:
    """Return one field: label, unit, type, filter, allowed values."""
    labels = field.values.labels() if field.values else getattr(field.filter, "labels", None)
    described: FieldDescription = {
        "name": field.name,
        "label": translate(field.label, language),
        "unit": field.unit,
        "help": translate(field.help, language),
        "type": _TYPES.get(field.python_type.__name__, "text"),
        "group": translate(field.group, language),
        "filter": field.filter.widget if field.filter else None,
        "derived": field.derived,
    }
    if labels:
        described["values"] = [{"value": value, "label": translate(label, language)} for value, label in labels.items()]
    return described


def describe_layer(connection: ReadConnection, kind: type[Feature], role: Role, language: str) -> LayerDescription:
    """Return one layer as a role may see it, with its number of features and extent."""
    fields = visible_fields(role, kind)
    layer = kind.layer
    return {
        "name": layer.name,
        "title": translate(layer.title, language),
        "singular": translate(layer.singular, language),
        "description": translate(layer.description, language),
        "geometry": layer.geometry.value.lower(),
        "tiles": tile_url(layer.name),
        "selects_as": layer.selects_as,
        "min_zoom": layer.min_zoom,
        "shown": layer.shown,
        "extent": features.extent(connection, kind),
        "count": features.count_features(connection, kind),
        "fields": [describe_field(field, language) for field in fields],
        "style": describe_style(
            kind, frozenset(field.name for field in fields), lambda text: translate(text, language)
        ),
        "access": {"write": may(role, Action.WRITE, kind)},
    }


def tile_url(name: str) -> str:
    """Return the address pattern of a layer's tiles."""
    pattern = url_for("tiles.tile", layer=name, z=0, x=0, y=0)
    return pattern.removesuffix("0/0/0.mvt") + "{z}/{x}/{y}.mvt"
