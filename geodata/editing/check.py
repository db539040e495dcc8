"""The checks of an edit: those of an import, cell by cell and shape by shape, and what only an editor can get wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

import shapely

from geodata.base.i18n import N_
from geodata.base.numbers import NumberStyle
from geodata.editing import rights
from geodata.editing.edits import MOST_ROWS, Editor, ObjectEdit
from geodata.editing.geometry import area_at, area_references
from geodata.editing.present import Present
from geodata.history.change_sets import ACTS
from geodata.history.documents import Document, table_of
from geodata.history.held import is_held
from geodata.importing.limits import Limits, limits_from_env
from geodata.importing.results import Problem, Severity, problem
from geodata.importing.storing import details
from geodata.importing.table import as_objects
from geodata.importing.understanding.cells import convert_column
from geodata.importing.understanding.check import check_geometries, same_place
from geodata.query.documents import LegalAct
from geodata.schema.feature import Feature
from geodata.schema.fields import Field

OUTSIDE_AREA = N_("This lies outside the areas that your account may edit.")


@dataclass
class Checked:
    """One object on its way: `values` are those that the edit names, converted; `geometry` the one to be stored."""

    number: int
    edit: ObjectEdit
    present: Present | None
    values: dict[str, object] = field(default_factory=dict)
    geometry: shapely.Geometry | None = None
    rows: dict[str, details.CheckedRows] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_rejected(self) -> bool:
        """Whether an error keeps it from being stored."""
        return any(item.severity is Severity.ERROR for item in self.problems)

    @property
    def has_hanging(self) -> bool:
        """Whether anything that hangs on it changes."""
        return bool(self.edit.acts_added or self.edit.acts_removed) or any(
            not rows.is_empty for rows in self.rows.values()
        )


class Checks:
    """The checks of one edit, over all its objects at once."""

    def __init__(
        self, session: Session, kind: type[Feature], editor: Editor, style: NumberStyle, limits: Limits | None = None
    ) -> None:
        self.session, self.kind, self.editor, self.style = session, kind, editor, style
        self.limits = limits or limits_from_env()
        self.fields = rights.writable_fields(kind, editor)

    def check(self, objects: Sequence[Checked]) -> None:
        """Convert and check everything of the objects that are not deleted; note what is wrong with each."""
        self._deletions([item for item in objects if item.edit.is_deletion])
        staying = [item for item in objects if not item.edit.is_deletion]
        self._places(staying)
        self._values(staying)
        self._details(staying)
        self._acts(staying)
        self._fill_units(staying)
        self._references(staying)
        self._areas(objects)

    def _values(self, objects: Sequence[Checked]) -> None:
        by_number = {item.number: item for item in objects}
        known = {field.name for field in self.kind.fields() if field.derived}
        for item in objects:
            item.problems += [
                problem(
                    "bad_value", N_("There is no field “{value}” that you may fill."), row=item.number, field=name,
                    value=name,
                )
                for name in item.edit.values
                if name not in self.fields and name not in known
            ]  # fmt: skip
        for name, spec in self.fields.items():
            told = [item for item in objects if name in item.edit.values]
            cells = [details.plain_cell(item.edit.values[name]) for item in told]
            numbers = [item.number for item in told]
            values, found = convert_column(self.kind, spec, cells, numbers, self.style, longest=self.limits.text_length)
            for item, value in zip(told, values, strict=True):
                item.values[name] = value
            for wrong in found:
                by_number[wrong.row or 0].problems.append(wrong)
            if spec.required:
                bad = {wrong.row for wrong in found}
                for item in objects:
                    is_new = item.present is None
                    if (is_new or name in item.values) and item.values.get(name) is None and item.number not in bad:
                        item.problems.append(self._missing(item.number, spec))
            elif spec.python_type is bool and not self.kind.column(name).nullable:
                for item in told:
                    item.values[name] = bool(item.values[name])

    def _missing(self, number: int, spec: Field) -> Problem:
        text = N_("The field “{name}” is empty.")
        return problem("missing_field", text, row=number, field=spec.name, name=spec.label)

    def _places(self, objects: Sequence[Checked]) -> None:
        told = [item for item in objects if item.edit.geometry is not None or item.present is None]
        for item in objects:
            item.geometry = item.present.geometry if item.present else None
        if not told:
            return
        shapes = as_objects([item.edit.geometry for item in told])
        shapes = shapely.force_2d(shapes)
        rows = np.array([item.number for item in told], dtype=np.int64)
        checked = check_geometries(self.kind.layer.geometry, shapes, rows, np.zeros(len(told), dtype=bool), self.limits)
        by_number = {item.number: item for item in told}
        for wrong in checked.problems:
            by_number[wrong.row or 0].problems.append(wrong)
        for item, shape, is_good in zip(told, checked.geometries, checked.good, strict=True):
            if not is_good or shape is None:
                continue
            before = item.present.geometry if item.present else None
            is_same = before is not None and bool(same_place(as_objects([before]), as_objects([shape]))[0])
            item.geometry = before if is_same else shape

    def _details(self, objects: Sequence[Checked]) -> None:
        allowed = rights.writable_details(self.kind, self.editor)
        for item in objects:
            for name, rows in item.edit.details.items():
                if name not in allowed:
                    template = N_("There are no rows “{value}” that you may change.")
                    item.problems.append(problem("bad_value", template, row=item.number, field=name, value=name))
                    continue
                if len(rows) > MOST_ROWS:
                    template = N_("These are more rows than can be edited at once ({limit}); import them from a file.")
                    item.problems.append(
                        problem("limit_exceeded", template, row=item.number, field=name, limit=MOST_ROWS)
                    )
                    continue
                self._rows(item, allowed[name], rows)

    def _rows(self, item: Checked, detail: Any, rows: Sequence[Any]) -> None:
        name = detail.detail.name
        stored = item.present.hanging.get(name, {}) if item.present else {}
        wanted = [
            details.DetailRow(
                number=number, feature_id=item.present.id if item.present else 0, row_id=row.row_id,
                values=row.values, is_removal=row.is_removal,
            )
            for number, row in enumerate(rows, start=1)
        ]  # fmt: skip
        checked = details.check_rows(
            self.session, detail, wanted, stored, rights.detail_fields(detail, self.editor), style=self.style,
            longest=self.limits.text_length,
        )  # fmt: skip
        item.rows[name] = checked
        item.problems += [
            Problem(
                code=wrong.code, text=wrong.text, row=item.number, severity=wrong.severity, value=wrong.value,
                field=f"{name}[{wrong.row}]" + (f".{wrong.field}" if wrong.field else ""), suggestion=wrong.suggestion,
            )
            for wrong in checked.problems
        ]  # fmt: skip
        self._repeat(item, detail, checked, stored)

    def _repeat(self, item: Checked, detail: Any, checked: details.CheckedRows, stored: Mapping[int, Document]) -> None:
        """Let the object repeat its latest row, where it repeats one and the edit does not say those fields itself."""
        repeats = detail.detail.repeats
        if (
            not repeats
            or checked.is_empty
            or checked.problems
            or any(own in item.edit.values for own in repeats.values())
        ):
            return
        changed = {row["id"]: row for row in checked.changed}
        rows = [changed.get(id_, row) for id_, row in stored.items() if id_ not in checked.removed]
        latest = details.latest_row(detail, [*rows, *checked.added])
        for name, own in repeats.items():
            spec = self.kind.field(own)
            if spec is None or own not in self.fields:
                continue
            values, _ = convert_column(
                self.kind, spec, [details.plain_cell(latest[name]) if latest else None], [item.number], NumberStyle.UNKNOWN,
                longest=self.limits.text_length,
            )  # fmt: skip
            item.values[own] = values[0]

    def _deletions(self, objects: Sequence[Checked]) -> None:
        """Refuse to delete what records hang on."""
        wanted = {item.present.id: item for item in objects if item.present is not None}
        if not wanted:
            return
        table = table_of(self.kind)
        held = select(table.c.id).where(table.c.id.in_(wanted), is_held(self.session, self.kind))
        for id_ in self.session.scalars(held):
            template = N_(
                "Records that must be kept hang on this object: it cannot be deleted. Say in its own fields that it has ended."
            )
            wanted[id_].problems.append(problem("kept_records", template, row=wanted[id_].number))

    def _acts(self, objects: Sequence[Checked]) -> None:
        wanted = {id_ for item in objects for id_ in item.edit.acts_added}
        if not wanted:
            return
        known = set(self.session.scalars(select(LegalAct.id).where(LegalAct.id.in_(wanted))))
        for item in objects:
            item.problems += [
                problem("bad_value", N_("There is no such document."), row=item.number, field=ACTS, value=id_)
                for id_ in item.edit.acts_added
                if id_ not in known
            ]

    def _moved(self, item: Checked) -> bool:
        return item.geometry is not None and (item.present is None or item.geometry is not item.present.geometry)

    def _fill_units(self, objects: Sequence[Checked]) -> None:
        """Fill the area in which an object lies where it moves, unless the edit says it or the stored one was chosen."""
        for name, area in area_references(self.kind, self.editor.registry).items():
            if name not in self.fields:
                continue
            for item in objects:
                if not self._moved(item) or name in item.edit.values:
                    continue
                before = item.present.document.get(name) if item.present else None
                if before is not None and item.present and before != self._area_at(area, item.present.geometry):
                    continue
                found = self._area_at(area, item.geometry)
                if found != before:
                    item.values[name] = found

    def _area_at(self, area: type[Feature], shape: shapely.Geometry | None) -> str | None:
        return None if shape is None else area_at(self.session, area, shape)

    def _references(self, objects: Sequence[Checked]) -> None:
        """Warn of codes for which nothing is stored."""
        for name, layer in self.kind.layer.refers.items():
            other = self.editor.registry.find(layer)
            told = {item.values[name] for item in objects if item.values.get(name) is not None}
            if other is None or not told:
                continue
            known = set(self.session.scalars(select(other.code).where(other.code.in_(told))))
            for item in objects:
                value = item.values.get(name)
                if value is not None and value not in known:
                    template = N_("Nothing with the code “{value}” is stored in the layer {layer}.")
                    item.problems.append(
                        problem(
                            "bad_value", template, row=item.number, field=name, value=value, layer=other.layer.title,
                            severity=Severity.WARNING,
                        )
                    )  # fmt: skip

    def _areas(self, objects: Sequence[Checked]) -> None:
        if not self.editor.areas:
            return
        before = rights.outside(
            self.session, self.editor, [item.present.geometry if item.present else None for item in objects]
        )
        after = rights.outside(
            self.session, self.editor, [item.geometry if self._moved(item) else None for item in objects]
        )
        for item, was_outside, is_outside in zip(objects, before, after, strict=True):
            if was_outside or is_outside:
                item.problems.append(problem("out_of_extent", OUTSIDE_AREA, row=item.number, field="geom"))
