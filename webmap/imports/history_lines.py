"""What became of objects and of what hangs on them, in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from geodata.accounts.access import visible_details, visible_fields
from geodata.base.i18n import N_
from geodata.base.values import JsonObject
from geodata.history.change_sets import ACTS, ChangeSet, HangingChange, metres_moved
from geodata.history.documents import number_in
from geodata.history.replaying import KeptEdit
from geodata.schema.feature import Feature
from geodata.schema.roles import is_for
from webmap.app.auth import current_role
from webmap.app.i18n import format_number, translate
from webmap.imports.values import Difference, field_labels, metres, shown_value


def history_differences(
    kind: type[Feature], before: JsonObject | None, after: JsonObject | None
) -> tuple[list[Difference], str]:
    """Return what a change did to an object, and how far it moved."""
    visible = {field.name: field for field in visible_fields(current_role(), kind)}
    old, new = before or {}, after or {}
    differences = [
        Difference(
            label=translate(field.label), old=shown_value(field, old.get(name)), new=shown_value(field, new.get(name))
        )
        for name, field in visible.items()
        if name in {**old, **new} and old.get(name) != new.get(name)
    ]
    old_extra, new_extra = (cast(JsonObject, row.get("extra") or {}) for row in (old, new))
    differences += [
        Difference(label=name, old=shown_value(None, old_extra.get(name)), new=shown_value(None, new_extra.get(name)))
        for name in {**old_extra, **new_extra}
        if old_extra.get(name) != new_extra.get(name)
    ]
    return differences, metres(metres_moved(dict(old), dict(new))) if before and after else ""


@dataclass(frozen=True, kw_only=True)
class HangingLine:
    """One row that hung on an object: its table's title, its key in words, and what became of it."""

    title: str
    key: str = ""
    is_added: bool
    is_removed: bool
    differences: list[Difference]


def hanging_lines(
    kind: type[Feature], changes: Iterable[HangingChange], acts: Mapping[int, str]
) -> dict[int, list[HangingLine]]:
    """Return feature id → what became of the rows that hang on it, as far as the person asking may see them."""
    seen = {detail.__tablename__: detail for detail in visible_details(current_role(), kind)}
    found: dict[int, list[HangingLine]] = {}
    for change in changes:
        old, new = change.before or {}, change.after or {}
        if detail := seen.get(change.table_name):
            title = translate(detail.detail.title)
            differences = [
                Difference(
                    label=translate(field.label), old=shown_value(field, old.get(field.name)),
                    new=shown_value(field, new.get(field.name)),
                )
                for field in detail.fields()
                if is_for(current_role(), field.roles) and old.get(field.name) != new.get(field.name)
            ]  # fmt: skip
        elif "legal_act_id" in {**old, **new}:
            title, label = translate("Documents"), translate("Document")
            before, after = (number_in({"legal_act_id": 0, **row}, "legal_act_id") for row in (old, {**old, **new}))
            differences = [Difference(label=label, old=acts.get(before, ""), new=acts.get(after, ""))]
        else:
            continue
        key = ""
        if detail and old and new:
            known = [(detail.field(name), old.get(name)) for name in detail.detail.key]
            key = " · ".join(shown_value(field, value) for field, value in known if value is not None)
        line = HangingLine(title=title, key=key, is_added=not old, is_removed=not new, differences=differences)
        found.setdefault(change.feature_id, []).append(line)
    return found


def counts_line(change_set: ChangeSet) -> list[tuple[str, str]]:
    """Return the counts of a change set as (label, number), zeros left out."""
    labels = {
        "new": N_("added"), "changed": N_("changed"), "unchanged": N_("unchanged"), "rejected": N_("rejected"),
        "removed": N_("removed"), "restored": N_("restored"), "brought_back": N_("brought back"),
        "deleted": N_("deleted"), "details": N_("rows that hang on objects"), "kept": N_("later edits kept"), "left_out": N_("left out"),
    }  # fmt: skip
    if change_set.mapping.get("mode") == "replace":
        labels["absent"] = N_("deleted")
    return [
        (translate(labels[name]), format_number(number))
        for name, number in change_set.counts.items()
        if name in labels and isinstance(number, int) and number
    ]


def kept_lines(kind: type[Feature], kept: Sequence[KeptEdit]) -> list[tuple[int, str, str, str]]:
    """Return the later edits that an undo leaves alone as (id, code, fields, reason)."""
    labels = {**field_labels(kind), "geom": translate("Location"), "extra": translate("Other columns")}
    labels |= {detail.detail.name: translate(detail.detail.title) for detail in visible_details(current_role(), kind)}
    labels[ACTS] = translate("Documents")
    return [
        (
            edit.feature_id,
            edit.code,
            ", ".join(labels[name] for name in edit.fields if name in labels),
            translate(edit.reason),
        )
        for edit in kept
    ]
