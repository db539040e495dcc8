"""OGC API – Features Part 4: what a program sends to create, replace, change or delete a feature."""

import json
from collections.abc import Mapping

from flask import request

import shapely

from geodata.base.crs import WGS84, Province
from geodata.base.errors import GeodataError
from geodata.base.i18n import N_
from geodata.base.transformers import transformer
from geodata.base.values import JsonObject
from geodata.query.projections import find_system
from geodata.schema.fields import Field

#: The media types of a body.
TAKEN = ("application/geo+json", "application/json", "application/merge-patch+json")


class UnreadableFeatureError(GeodataError):
    """The body is no GeoJSON feature."""

    code = "bad_request"
    template = N_("The body is no GeoJSON feature: {reason}.")


def read_feature(province: Province) -> tuple[JsonObject, shapely.Geometry | None, bool]:
    """Return the properties of the body's feature, its geometry (EPSG:4326, lon, lat), and whether it names one.

    Coordinates are in the system of the header Content-Crs, longitude and latitude without it. Raises
    UnreadableFeatureError, InvalidValueError.
    """
    try:
        document = json.loads(request.get_data())
    except (ValueError, RecursionError) as error:
        raise UnreadableFeatureError(reason=N_("it is no JSON")) from error
    if not isinstance(document, Mapping) or document.get("type", "Feature") != "Feature":
        raise UnreadableFeatureError(reason=N_("its type is not “Feature”"))
    properties = document.get("properties") or {}
    if not isinstance(properties, Mapping):
        raise UnreadableFeatureError(reason=N_("its properties are no object"))
    shape = read_shape(document["geometry"], province) if document.get("geometry") else None
    return dict(properties), shape, "geometry" in document


def read_shape(geometry: object, province: Province) -> shapely.Geometry:
    """Return a GeoJSON geometry as EPSG:4326 (lon, lat). Raises UnreadableFeatureError, InvalidValueError."""
    system = find_system(province, "Content-Crs", request.headers.get("Content-Crs", "").strip("<> ") or None)
    try:
        shape = shapely.from_geojson(json.dumps(geometry))
    except (shapely.errors.ShapelyError, ValueError) as error:
        raise UnreadableFeatureError(reason=N_("its geometry cannot be read")) from error
    shape = shapely.force_2d(shape)
    if system.is_north_first:
        shape = shapely.transform(shape, lambda points: points[:, ::-1])
    if system.srid != WGS84:
        there = transformer(system.srid, WGS84)
        shape = shapely.transform(shape, there.transform, interleaved=False)
    return shape


def whole_values(properties: JsonObject, fields: Mapping[str, Field]) -> JsonObject:
    """Return the properties of a replacement: what may be filled and is not named is emptied."""
    return {name: None for name in fields if name not in properties} | dict(properties)


def expected_version() -> str | None:
    """Return the version that the header If-Match names; None for any (`*`), "" without the header."""
    text = request.headers.get("If-Match", "").strip()
    if text == "*":
        return None
    return text.split(",")[0].strip().removeprefix("W/").strip('"')
