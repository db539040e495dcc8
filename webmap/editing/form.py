"""The form of an object, generated from its layer's class: what it shows depends on the role, on no layer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

import shapely

from geodata.base.values import JsonObject
from geodata.editing import Editor, Present
from geodata.editing.rights import detail_fields, writable_details, writable_fields
from geodata.history.change_sets import ACTS
from geodata.history.documents import number_in
from geodata.query.documents import act_numbers
from geodata.schema.details import Detail
from geodata.schema.feature import Feature
from geodata.schema.fields import Field, Group
from geodata.schema.registry import Registry
from webmap.app.i18n import current_language, translate
from webmap.imports.values import shown_value

#: What is written in several lines.
LONG = frozenset({"note"})
#: What is asked again when the place of an object is another: how and since when it is known.
ASKED_WHEN_MOVED = ("location_accuracy", "source", "valid_from", "valid_to")
_EMPTY = ""


@dataclass(frozen=True, kw_only=True)
class Input:
    """One field as the form shows it. `kind`: text, long, number, date, moment or choice."""

    name: str
    label: str
    kind: str
    value: str
    unit: str = ""
    help: str = ""
    is_required: bool = False
    choices: tuple[tuple[str, str, str | None], ...] = ()
    refers: str | None = None


@dataclass(frozen=True, kw_only=True)
class Table:
    """The rows of one detail, and the inputs of a row that is added."""

    name: str
    title: str
    columns: tuple[Input, ...]
    rows: tuple[tuple[int, tuple[Input, ...]], ...]


@dataclass(frozen=True, kw_only=True)
class Form:
    """All that the template shows. `geometry`: GeoJSON text, EPSG:4326 (lon, lat), or empty.

    `computed`: label and value of what follows from the rest, to be read alone.
    """

    layer: str
    title: str
    name: str
    feature_id: int | None
    version: str
    geometry_type: str
    geometry: str
    groups: tuple[tuple[str, tuple[Input, ...]], ...]
    tables: tuple[Table, ...]
    acts: tuple[tuple[int, str], ...]
    computed: tuple[tuple[str, str], ...] = ()
    refers: Mapping[str, str] = field(default_factory=dict)


def build_form(
    session: Session,
    kind: type[Feature],
    present: Present | None,
    given: JsonObject,
    *,
    registry: Registry,
    editor: Editor,
    derived: JsonObject,
    is_copy: bool = False,
) -> Form:
    """Return the form of a stored object, of a copy of one with a code of its own, or of a new one with some values given.

    `derived`: what the stored object's derived fields say, by name.
    """
    document = dict(present.document) if present else dict(given)
    if is_copy:
        document["code"] = given.get("code")
    tones = _tones(kind)
    fields = writable_fields(kind, editor)
    groups = [
        (translate(group.value), tuple(_input(kind, item, document.get(item.name), tones) for item in own))
        for group in Group
        if (own := [item for item in fields.values() if item.group is group and item.name != "is_illustration"])
    ]
    acts = [number_in(row, "legal_act_id") for row in (present.hanging.get(ACTS, {}) if present else {}).values()]
    has_object = present is not None and not is_copy
    return Form(
        layer=kind.layer.name,
        title=translate(kind.layer.singular),
        name=str(present.document.get("name") or "") if present and has_object else "",
        feature_id=present.id if present and has_object else None,
        version=present.version if present and has_object else "",
        geometry_type=kind.layer.geometry.value,
        geometry=shapely.to_geojson(present.geometry) if present and has_object else "",
        groups=tuple(groups),
        tables=tuple(
            _table(detail, editor, present if has_object else None)
            for detail in writable_details(kind, editor).values()
        ),
        acts=tuple(act_numbers(session, acts).items()) if has_object else (),
        computed=tuple(
            (translate(spec.label), shown_value(spec, derived[spec.name]))
            for spec in kind.fields()
            if has_object and derived.get(spec.name) is not None
        ),
        refers={name: layer for name, layer in kind.layer.refers.items() if name in fields and registry.find(layer)},
    )


def written(spec: Field, value: Any, language: str) -> str:
    """Return a stored value as people write it in a form: numbers without separators of thousands."""
    if value is None:
        return _EMPTY
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal) and spec.values is None:
        text = format(Decimal(repr(value)) if isinstance(value, float) else Decimal(value), "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return text.replace(".", ",") if language == "vi" else text
    if spec.python_type in {date, datetime} and isinstance(value, str):
        return datetime.fromisoformat(value).strftime("%d/%m/%Y %H:%M" if spec.python_type is datetime else "%d/%m/%Y")
    return str(getattr(value, "value", value))


def _input(owner: type[Feature] | type[Detail], spec: Field, value: Any, tones: Mapping[Any, str]) -> Input:
    choices: tuple[tuple[str, str, str | None], ...] = ()
    kind = "long" if spec.name in LONG else "text"
    if spec.values is not None:
        kind = "choice"
        choices = tuple(
            (member.value, translate(member.label), tones.get((spec.name, member.value))) for member in spec.values
        )
    elif spec.python_type is bool:
        kind, choices = "choice", (("true", translate("yes"), None), ("false", translate("no"), None))
    elif spec.python_type is date:
        kind = "date"
    elif spec.python_type is datetime:
        kind = "moment"
    elif spec.python_type in {int, float, Decimal}:
        kind = "number"
    refers = owner.layer.refers.get(spec.name) if issubclass(owner, Feature) else None
    return Input(
        name=spec.name,
        label=translate(spec.label),
        kind=kind,
        value=written(spec, value, current_language()),
        unit=translate(spec.unit) if spec.unit else "",
        help=translate(spec.help) if spec.help else "",
        is_required=spec.required,
        choices=choices,
        refers=refers,
    )


def _table(detail: type[Detail], editor: Editor, present: Present | None) -> Table:
    fields = detail_fields(detail, editor)
    rows = present.hanging.get(detail.detail.name, {}) if present else {}
    return Table(
        name=detail.detail.name,
        title=translate(detail.detail.title),
        columns=tuple(_input(detail, spec, None, {}) for spec in fields.values()),
        rows=tuple(
            (id_, tuple(_input(detail, spec, row.get(spec.name), {}) for spec in fields.values()))
            for id_, row in sorted(rows.items())
        ),
    )


def _tones(kind: type[Feature]) -> dict[Any, str]:
    """Return (field, value) → the colour that the layer's symbols give the value."""
    return {
        (variation.field, value): colour
        for variation in kind.layer.style.by
        for value, symbol in variation.cases.items()
        if (colour := symbol.fill or symbol.stroke)
    }
