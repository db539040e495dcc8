"""What the form's scripts send, as an edit of geodata."""

from collections.abc import Sequence

from flask import request

import shapely

from geodata.base.crs import Province
from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.base.numbers import NumberStyle
from geodata.base.values import JsonObject
from geodata.editing import Edit, ObjectEdit, RowEdit
from webmap.app.i18n import current_language
from webmap.ogc.transactions import read_shape

STYLES = {"vi": NumberStyle.VIETNAMESE, "en": NumberStyle.ENGLISH}


def read_body() -> dict[str, object]:
    """Return the JSON object that was sent. Raises InvalidValueError."""
    body: object = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise InvalidValueError(name="body", value="", reason=N_("it is no JSON"))
    return body


def read_edit(body: JsonObject, province: Province) -> Edit:
    """Return the edit that was sent. Raises InvalidValueError, UnreadableFeatureError."""
    objects = body.get("objects")
    if not isinstance(objects, list) or not objects or not all(isinstance(item, dict) for item in objects):
        raise InvalidValueError(name="objects", value="", reason=N_("a list of objects is expected"))
    return Edit(
        objects=[_object(item, province) for item in objects],
        reason=str(body.get("reason") or "") or None,
        style=STYLES.get(current_language(), NumberStyle.UNKNOWN),
    )


def read_batch(body: JsonObject) -> tuple[JsonObject, str | None, NumberStyle]:
    """Return values, reason and how numbers are written, of many objects at once. Raises InvalidValueError."""
    values = _mapping("values", body.get("values"))
    if not values:
        raise InvalidValueError(name="values", value="", reason=N_("an object is expected"))
    return values, str(body.get("reason") or "") or None, STYLES.get(current_language(), NumberStyle.UNKNOWN)


def whole_numbers(name: str, value: object) -> list[int]:
    """Return a list of ids. Raises InvalidValueError."""
    return [whole_number(name, each) for each in dict.fromkeys(map(_plain, _rows(name, value)))]


def _plain(value: object) -> int | str:
    return value if isinstance(value, int | str) else str(value)


def whole_number(name: str, value: object) -> int:
    """Return a number that is an id. Raises InvalidValueError."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise InvalidValueError(name=name, value=str(value)[:40], reason=N_("a whole number in the allowed range"))
    return value


def _object(item: JsonObject, province: Province) -> ObjectEdit:
    feature_id = item.get("id")
    shape: shapely.Geometry | None = None
    if item.get("geometry"):
        shape = read_shape(item["geometry"], province)
    return ObjectEdit(
        feature_id=None if feature_id is None else whole_number("id", feature_id),
        version=str(item["version"]) if item.get("version") else None,
        values=_mapping("values", item.get("values")),
        geometry=shape,
        details={
            str(name): [_row(row) for row in _rows(name, rows)]
            for name, rows in _mapping("details", item.get("details")).items()
        },
        acts_added=tuple(whole_number("acts_added", id_) for id_ in _rows("acts_added", item.get("acts_added"))),
        acts_removed=tuple(
            whole_number("acts_removed", id_) for id_ in _rows("acts_removed", item.get("acts_removed"))
        ),
        is_deletion=bool(item.get("delete")) and feature_id is not None,
    )


def _row(row: object) -> RowEdit:
    found = _mapping("row", row)
    row_id = found.get("id")
    return RowEdit(
        row_id=None if row_id is None else whole_number("id", row_id),
        values=_mapping("values", found.get("values")),
        is_removal=bool(found.get("remove")),
    )


def _mapping(name: str, value: object) -> JsonObject:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidValueError(name=name, value=str(value)[:40], reason=N_("an object is expected"))
    return value


def _rows(name: str, value: object) -> Sequence[object]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise InvalidValueError(name=str(name)[:40], value=str(value)[:40], reason=N_("a list is expected"))
    return value
