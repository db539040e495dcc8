"""GeoJSON with a parser of our own: a “crs” link would make the driver fetch it."""

import json
import re
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

import shapely

from geodata.base.i18n import N_
from geodata.base.names import fold_name
from geodata.importing.headings import STOREY, is_known
from geodata.importing.limits import Limits
from geodata.importing.reading.archive import Source
from geodata.importing.reading.formats.delimited import text_of_file
from geodata.importing.reading.formats.driven import is_esri, is_sequence, read_esri_json, read_sequence
from geodata.importing.reading.formats.picking import malformed, too_many_rows
from geodata.importing.reading.formats.repeated_names import RepeatedNames
from geodata.importing.reading.formats.sheet import Hints
from geodata.importing.reading.heights import heights_note
from geodata.importing.results import Problem, RefusedError, Severity, problem
from geodata.importing.table import Geometries, Table, Value, empty_geometries, row_numbers

_NESTED = (dict, list)
#: Properties that are a code by themselves.
_CODES = frozenset({"code", "id", "ma", "maso", "sohieu"})
_CRS_NAME = re.compile(r"(?:urn:ogc:def:crs:)?(EPSG|OGC)(?::[\d.]*)?:(\w+)$", re.IGNORECASE)


def _broken(error: ValueError | RecursionError) -> RefusedError:
    if isinstance(error, json.JSONDecodeError):
        template = N_("The file is damaged or no JSON: line {line}, letter {column}.")
        return malformed(template, line=error.lineno, column=error.colno)
    return malformed(N_("The file is damaged or no JSON."))


def _heights(shapes: list[Any]) -> list[bool]:
    """Say of each geometry whether a position of it has a height other than 0."""
    return [isinstance(shape, dict) and _has_height(shape.get("coordinates")) for shape in shapes]


def _has_height(value: Any) -> bool:
    if not isinstance(value, list) or not value:
        return False
    if isinstance(value[0], list):
        return any(map(_has_height, value[:1_000]))
    return len(value) > 2 and isinstance(value[2], int | float) and value[2] != 0


def read_geojson(source: Source, inner: str | None, limits: Limits, hints: Hints) -> Table:
    """Read GeoJSON with a parser of our own: a “crs” link would make the driver fetch it."""
    text, texts = text_of_file(source.path)
    twice = RepeatedNames()
    no_numbers: list[str] = []
    try:
        # "bytes" texts have one letter per byte; JSON's own signs are ASCII in each of those encodings.
        data = json.loads(text, parse_constant=no_numbers.append, object_pairs_hook=twice)
    except (ValueError, RecursionError) as error:
        if is_sequence(text):
            return read_sequence(source, inner, limits, hints)
        raise _broken(error) from error
    if is_esri(data):
        return read_esri_json(source, inner, limits, hints)
    features = _features(data)
    if len(features) > limits.rows:
        raise too_many_rows(limits)
    problems: list[Problem] = [_told_no_numbers(no_numbers)] if no_numbers else []
    shapes, attributes, unfolded = _parts(features)
    problems += twice.told(features)
    problems += [_told_unfolded(unfolded)] if unfolded else []
    attributes |= _with_ids(features, attributes, hints)
    geometries = _geojson_geometries(shapes, problems)
    problems += heights_note(_heights(shapes), row_numbers(len(shapes)).tolist())
    name, crs_source = _geojson_crs(data)
    return Table(
        layer=source.name,
        format="geojson",
        rows=row_numbers(len(features)),
        names=tuple(attributes),
        columns=tuple(attributes.values()),
        geometries=geometries,
        texts=texts,
        crs=name,
        crs_source=crs_source,
        problems=tuple(problems),
    )


def _parts(features: list[Any]) -> tuple[list[Any], dict[str, list[Value]], set[str]]:
    """Return the geometries, the properties by column, and the names of those that hold lists or objects."""
    shapes: list[Any] = []
    attributes: dict[str, list[Any]] = {}
    unfolded: set[str] = set()
    for index, feature in enumerate(features):
        is_feature = isinstance(feature, dict)
        shapes.append(feature.get("geometry") if is_feature else None)
        properties = feature.get("properties") if is_feature else None
        if not isinstance(properties, dict):
            continue
        for name, value in properties.items():
            column = attributes.get(name)
            if column is None:
                column = attributes[name] = [None] * index
            column.extend([None] * (index - len(column)))
            column.append(value if type(value) in _NESTED else _json_value(value))
    for column in attributes.values():
        column.extend([None] * (len(features) - len(column)))
    return shapes, _unfolded(attributes, unfolded), unfolded


def _with_ids(features: list[Any], attributes: dict[str, list[Value]], hints: Hints) -> dict[str, list[Value]]:
    """Return the ids that stand beside the properties as a column, where no property is a code; mere counting is none."""
    folded = {name: fold_name(name) for name in attributes}
    if any(text in _CODES or (text.startswith("ma") and is_known(name, hints.words)) for name, text in folded.items()):
        return {}
    ids = [feature.get("id") if isinstance(feature, dict) else None for feature in features]
    found: list[Value] = [
        value if isinstance(value, str | int) and not isinstance(value, bool) else None for value in ids
    ]
    is_counted = found in (list(range(len(found))), list(range(1, len(found) + 1)))
    return {} if is_counted or not any(value is not None for value in found) else {"id": found}


def _told_no_numbers(found: Sequence[str]) -> Problem:
    template = N_("{count} values are written as {names}, which is no number; they were read as empty.")
    names = ", ".join(dict.fromkeys(found))
    return problem("bad_value", template, severity=Severity.WARNING, count=len(found), names=names)


def _unfolded(attributes: dict[str, list[Any]], told: set[str]) -> dict[str, list[Value]]:
    """Return the properties by column: one for each value of objects, lists of plain values as one text.

    A column that holds them beside plain values keeps them as JSON, which its field then takes or refuses.
    """
    found: dict[str, list[Value]] = {}
    for name, column in attributes.items():
        kinds = set(map(type, column)) - {type(None)}
        if kinds.isdisjoint(_NESTED):
            found[name] = column
        elif kinds == {dict}:
            told.add(name)
            inner = dict.fromkeys(key for value in column if value for key in value)
            found |= {
                f"{name}{STOREY}{key}": [_listed(value.get(key)) if value else None for value in column]
                for key in inner
            }
        elif kinds == {list}:
            told.add(name)
            found[name] = [_listed(value) for value in column]
        else:
            found[name] = [_json_value(value) for value in column]
    return found


def _listed(value: Any) -> Value:
    is_plain = isinstance(value, list) and not any(type(item) in _NESTED for item in value)
    return ", ".join(str(item) for item in value if item is not None) or None if is_plain else _json_value(value)


def _told_unfolded(names: set[str]) -> Problem:
    template = N_("Lists and objects inside of objects were read as texts and as columns of their own: {names}.")
    return problem("bad_value", template, severity=Severity.WARNING, names=", ".join(sorted(names))[:300])


def _features(data: Any) -> list[Any]:
    kind = data.get("type") if isinstance(data, dict) else None
    if (
        isinstance(data, list)
        and data
        and all(isinstance(item, dict) and item.get("type") == "Feature" for item in data)
    ):
        return data
    if kind == "FeatureCollection" and isinstance(data.get("features"), list):
        features: list[Any] = data["features"]
        return features
    if kind == "Feature":
        return [data]
    if kind in {
        "Point",
        "MultiPoint",
        "LineString",
        "MultiLineString",
        "Polygon",
        "MultiPolygon",
        "GeometryCollection",
    }:
        return [{"type": "Feature", "geometry": data, "properties": {}}]
    if kind == "Topology":
        raise RefusedError("unsupported_format", N_("TopoJSON cannot be imported; save it as GeoJSON."))
    raise malformed(
        N_(
            "The file is JSON, but no GeoJSON (it has no “FeatureCollection”). Save the data as GeoJSON, or as a table (.csv, .xlsx)."
        )
    )


def _json_value(value: Any) -> Value:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and value - value != 0:
        return str(value)  # 1e400: too large for any field, which then says so
    return cast(Value, value)


def _geojson_crs(data: Any) -> tuple[str | None, str]:
    """Return the named CRS; without one GeoJSON is WGS 84 by its standard (RFC 7946)."""
    crs = data.get("crs") if isinstance(data, dict) else None
    if crs is None:
        return "EPSG:4326", "file"
    if not isinstance(crs, dict) or crs.get("type") != "name":
        raise RefusedError(
            "external_reference", N_("The file's “crs” points outside the file; only a name like EPSG:9210 is taken.")
        )
    properties = crs.get("properties")
    name = str(properties.get("name") if isinstance(properties, dict) else "")[:100]
    match = _CRS_NAME.fullmatch(name.strip())
    if match is None:
        return None, "none"
    if match[2].upper() == "CRS84":
        return "EPSG:4326", "file"
    return (f"EPSG:{match[2]}", "file") if match[1].upper() == "EPSG" and match[2].isdigit() else (None, "none")


def _geojson_geometries(shapes: list[Any], problems: list[Problem]) -> Geometries:
    geometries = empty_geometries(len(shapes))
    points = [
        index
        for index, shape in enumerate(shapes)
        if isinstance(shape, dict) and shape.get("type") == "Point" and _is_position(shape.get("coordinates"))
    ]
    if points:
        coordinates = np.array([shapes[index]["coordinates"][:2] for index in points], dtype=float)
        geometries[points] = shapely.points(coordinates)
    done = set(points)
    for index, shape in enumerate(shapes):
        if index in done or shape is None:
            continue
        try:
            geometries[index] = shapely.from_geojson(json.dumps(shape))
        except (shapely.errors.GEOSException, ValueError, TypeError, RecursionError):
            problems.append(problem("bad_coordinates", N_("The geometry cannot be read."), row=index + 1))
    return geometries


def _is_position(value: Any) -> bool:
    return isinstance(value, list) and len(value) >= 2 and all(type(item) in (int, float) for item in value[:2])
