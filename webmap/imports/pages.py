"""Imports and history in words: labels, values, steps and sentences for the templates. Reads no file."""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import url_for

from geodata.accounts.access import visible_details, visible_fields
from geodata.base.i18n import N_
from geodata.history.change_sets import ACTS, ChangeKind, ChangeSet, HangingChange, metres_moved
from geodata.importing.details import PARENT_FIELD
from geodata.importing.progress import Step
from geodata.importing.sessions.model import ImportItem, ImportSession, Stage, Task
from geodata.importing.sessions.sessions import seconds_left
from geodata.schema.described import Described
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from webmap.app.auth import current_role
from webmap.app.i18n import current_language, format_number, translate
from webmap.map.present import present_value

STAGE_LABELS: dict[Stage, tuple[str, str, str]] = {
    Stage.WAITING: (N_("Waiting for the background worker"), "hourglass", "secondary"),
    Stage.CHECKING: (N_("Being checked"), "arrow-repeat", "primary"),
    Stage.ASKING: (N_("Has a question"), "question-circle", "warning"),
    Stage.READY: (N_("Ready to confirm"), "eye", "info"),
    Stage.CONFIRMED: (N_("Confirmed, waiting"), "hourglass", "secondary"),
    Stage.STORING: (N_("Being stored"), "arrow-repeat", "primary"),
    Stage.STORED: (N_("Stored"), "check-circle", "success"),
    Stage.REFUSED: (N_("Refused"), "x-octagon", "danger"),
    Stage.FAILED: (N_("Stopped"), "exclamation-triangle", "danger"),
    Stage.CANCELLED: (N_("Cancelled"), "slash-circle", "secondary"),
}

#: The five steps: endpoint and label.
STEPS = (
    ("imports.new", N_("Upload")),
    ("imports.questions", N_("Questions")),
    ("imports.preview", N_("Preview")),
    ("imports.confirm", N_("Confirm")),
    ("imports.report", N_("Report")),
)

KIND_LABELS: dict[str, str] = {
    ChangeKind.IMPORT: N_("Import"),
    ChangeKind.EDIT: N_("Edit"),
    ChangeKind.UNDO: N_("Undo"),
}
MODE_TEXTS = {
    "upsert": (N_("Update and add"), N_("Known codes are updated, new ones are added, the rest stays as it is.")),
    "append": (N_("Only add"), N_("Everything must be new; a code that is stored already is an error.")),
    "replace": (
        N_("Replace the whole layer"),
        N_("As above, and what the file does not have is deleted. It can be undone."),
    ),
}
#: The same of what hangs on objects: a file speaks of the objects that it names.
DETAIL_MODE_TEXTS = {
    "upsert": (N_("Update and add"), N_("Known rows are updated, new ones are added, the rest stays as it is.")),
    "append": (N_("Only add"), N_("Everything must be new; a row that is stored already is an error.")),
    "replace": (
        N_("Replace the rows of the objects in the file"),
        N_("As above, and rows of these objects that the file does not have are deleted. It can be undone."),
    ),
}
ENCODING_LABELS = {
    "utf-8": "UTF-8 (Unicode)",
    "tcvn3": "TCVN3 (ABC)",
    "vni": "VNI Windows",
    "cp1258": "Windows-1258",
    "viqr": "VIQR",
    "cp1252": "Windows-1252",
}
SOURCE_TEXTS = {
    "prj": N_("said by the file's .prj"),
    "file": N_("said by the file"),
    "cpg": N_("said by the file's .cpg"),
    "given": N_("chosen by you"),
    "remembered": N_("taken over from last time"),
    "detected": N_("recognised from the texts"),
    "none": N_("not said by the file"),
}

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One field before and after, as people read it."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class ChangeLine:
    """One object of a list of changes."""

    row: int | None
    code: str
    name: str
    feature_id: int | None
    differences: list[Difference]
    moved: str
    point: tuple[float, float] | None
    old_point: tuple[float, float] | None = None
    taken: bool = True


@dataclass(frozen=True, kw_only=True)
class ProblemLine:
    """One problem of the file."""

    row: int | None
    code: str
    name: str
    field: str
    value: str
    message: str
    suggestion: str
    is_error: bool


@dataclass(frozen=True, kw_only=True)
class MatchChoice:
    """One stored object that a row may be; `value` is what the form sends."""

    value: str
    code: str
    name: str
    feature_id: int
    distance: str
    likeness: str
    is_chosen: bool


@dataclass(frozen=True, kw_only=True)
class MatchLine:
    """A row that no code identifies, and the stored objects that it may be."""

    row: int
    code: str
    name: str
    point: tuple[float, float]
    choices: list[MatchChoice]
    is_new: bool
    is_decided: bool


@dataclass(frozen=True, kw_only=True)
class StepLink:
    """One of the five steps: where it is, and whether it is here, done or ahead."""

    label: str
    address: str | None
    state: str


def say(text: Mapping[str, Any] | None) -> str:
    """Return a stored sentence in the language of this request."""
    if not text:
        return ""
    details = {
        name: translate(value) if isinstance(value, str) and value else value
        for name, value in (text.get("details") or {}).items()
    }
    template = translate(str(text.get("template", "")))
    try:
        return template.format_map(details)
    except (KeyError, IndexError, ValueError):
        return template


def current_endpoint(found: ImportSession) -> str:
    """Return the page on which an import goes on."""
    return {
        Stage.ASKING: "imports.questions",
        Stage.REFUSED: "imports.questions",
        Stage.READY: "imports.preview",
        Stage.STORED: "imports.report",
        Stage.FAILED: "imports.report",
        Stage.CANCELLED: "imports.report",
        Stage.CONFIRMED: "imports.report",
        Stage.STORING: "imports.report",
    }.get(found.stage, "imports.questions")


def current_address(found: ImportSession) -> str:
    """Return the address on which an import goes on."""
    if found.task == Task.UNDO and found.stage is Stage.STORED and found.change_set_id is not None:
        return url_for("history.change_set", number=found.change_set_id)
    return url_for(current_endpoint(found), number=found.id)


#: How the columns of places are said on the page -> the names of their inputs and what each holds.
_PLACES = {
    "two": (("places.first", "x"), ("places.second", "y")),
    "degrees": (("places.first", "lon"), ("places.second", "lat")),
    "pair": (("places.first", "pair"),),
    "wkt": (("places.first", "wkt"),),
}


def columns_of_places(form: Mapping[str, str]) -> dict[str, str]:
    """Return what -> column of what a form says of places; empty where they are to be recognised."""
    if form["places"] == "none":
        return {"none": ""}
    wanted = _PLACES.get(form["places"], ())
    found = {what: form.get(name, "") for name, what in wanted}
    return found if found and all(found.values()) else {}


def _cut_columns(found: ImportSession) -> dict[str, list[str]]:
    """Return column -> the fields it may be, as the question says them."""
    question = found.report.get("question") or {}
    known = {column["name"] for column in found.facts.get("columns", [])}
    columns: dict[str, list[str]] = {}
    for choice in question.get("choices", []) if question.get("about") == "columns" else []:
        field, equals, column = str(choice["value"]).partition("=")
        if equals and column in known:
            columns.setdefault(column, []).append(field)
    return columns


def cut_columns(kind: type[Described], found: ImportSession) -> dict[str, dict[str, str]]:
    """Return column -> field -> its label, of columns cut so short that several fields fit."""
    labels = {field.name: translate(field.label) for field in kind.fields()}
    return {column: {name: labels.get(name, name) for name in names} for column, names in _cut_columns(found).items()}


def fields_of_cut_columns(found: ImportSession, form: Mapping[str, str]) -> dict[str, str]:
    """Return field -> column of what a form says of columns that were cut; "" for fields that are none of them."""
    answered = {column: fields for column, fields in _cut_columns(found).items() if f"cut.{column}" in form}
    mapping = {field: "" for fields in answered.values() for field in fields}
    for column, fields in answered.items():
        if (chosen := form[f"cut.{column}"]) in fields:
            mapping[chosen] = column
    return mapping


def steps(found: ImportSession | None, here: str) -> list[StepLink]:
    """Return the five steps with links to those that can be opened."""
    reached = 0 if found is None else _reached(found)
    order = [endpoint for endpoint, _ in STEPS]
    links = []
    for index, (endpoint, label) in enumerate(STEPS):
        state = "here" if endpoint == here else "done" if index < order.index(here) else "ahead"
        may_open = found is not None and 0 < index <= reached and not found.is_working
        address = url_for(endpoint, number=found.id) if found is not None and may_open else None
        links.append(StepLink(label=translate(label), address=address, state=state))
    return links


def _reached(found: ImportSession) -> int:
    return {Stage.READY: 3, Stage.CONFIRMED: 4, Stage.STORING: 4, Stage.STORED: 4, Stage.FAILED: 4}.get(found.stage, 1)


def field_labels(kind: type[Described]) -> dict[str, str]:
    """Return field -> label for what the person asking may see."""
    return {field.name: translate(field.label) for field in _visible(kind)}


def _visible(kind: type[Described]) -> list[Field]:
    """Return the fields that the person asking may see, of a layer or of what hangs on its objects."""
    if issubclass(kind, Feature):
        return list(visible_fields(current_role(), kind))
    return [PARENT_FIELD, *(item for item in kind.fields() if item.roles is None or current_role() in item.roles)]


def shown_value(field: Field | None, value: object) -> str:
    """Return a value out of JSON as people read it."""
    if value is None or value == "":
        return translate("(empty)")
    if field is None:
        return str(value)
    if isinstance(value, str) and field.values is None:
        if field.python_type is date and _DAY.match(value):
            value = date.fromisoformat(value)
        elif field.python_type in {Decimal, float}:
            with suppress(InvalidOperation):
                value = Decimal(value)
    text = present_value(field, value, current_language())
    return f"{text} {field.unit}" if field.unit else text


def metres(value: float | None) -> str:
    """Return how far something moved."""
    if value is None:
        return ""
    if value < 1:
        return translate("less than 1 m")
    return f"{format_number(round(value))} m" if value < 10_000 else f"{format_number(round(value / 1000, 1))} km"


def change_line(kind: type[Described], item: ImportItem, excluded: frozenset[int]) -> ChangeLine:
    """Return one change of a preview."""
    data = item.data
    visible = {field.name: field for field in _visible(kind)}
    known = {field.name for field in kind.fields()}
    differences = [
        Difference(
            label=translate(visible[name].label) if name in visible else name,
            old=shown_value(visible.get(name), old),
            new=shown_value(visible.get(name), new),
        )
        for name, (old, new) in data.get("fields", {}).items()
        if name in visible or name not in known
    ]
    point = data.get("point")
    return ChangeLine(
        row=item.row_number,
        code=item.code or "",
        name=item.name or "",
        feature_id=data.get("feature_id"),
        differences=differences,
        moved=metres(data.get("moved_m")),
        point=(point[0], point[1]) if point else None,
        old_point=(old[0], old[1]) if (old := data.get("old_point")) else None,
        taken=item.row_number not in excluded,
    )


def match_line(item: ImportItem) -> MatchLine:
    """Return one row that resembles stored objects."""
    data = item.data
    choices = [
        MatchChoice(
            value=f"={candidate['code']}",
            code=candidate["code"],
            name=candidate["name"],
            feature_id=candidate["feature_id"],
            distance=metres(candidate["metres"]),
            likeness=f"{format_number(round(candidate['likeness'] * 100))} %",
            is_chosen=data["decision"] == candidate["code"],
        )
        for candidate in data["candidates"]
    ]
    return MatchLine(
        row=data["row"],
        code=data["code"] or "",
        name=data["name"] or "",
        point=(data["point"][0], data["point"][1]),
        choices=choices,
        is_new=data["decision"] == "",
        is_decided=data["decision"] is not None,
    )


def problem_line(kind: type[Described], item: ImportItem) -> ProblemLine:
    """Return one problem of a preview."""
    data = item.data
    field = next((item for item in _visible(kind) if item.name == data["field"]), None) or kind.field(
        data["field"] or ""
    )
    label = translate(field.label) if field else translate("Location") if data["field"] == "geom" else data["field"]
    return ProblemLine(
        row=item.row_number,
        code=item.code or "",
        name=item.name or "",
        field=label or "",
        value=data["value"] or "",
        message=say(data["message"]),
        suggestion=say(data["suggestion"]),
        is_error=data["severity"] == "error",
    )


def state_json(found: ImportSession, *, worker: bool) -> dict[str, Any]:
    """Return what the progress bar asks for each second."""
    left = seconds_left(found, datetime.now(UTC))
    done, total = found.rows_done, found.rows_total
    amount = translate("{done} of {total}") if found.step == Step.INDEX else translate("{done} of {total} rows")
    rows = amount.format(done=format_number(done), total=format_number(total))
    return {
        "stage": found.status,
        "working": found.is_working,
        "waiting": found.stage in {Stage.WAITING, Stage.CONFIRMED},
        "worker": worker,
        "step": translate(found.step or STAGE_LABELS[found.stage][0]),
        "share": round(done / total, 3) if total else None,
        "rows": rows if total else "",
        "left": time_left(left) if left is not None and total else "",
        "next": current_address(found),
    }


def time_left(seconds: int) -> str:
    """Return a remaining time as a sentence."""
    if seconds < 60:
        return translate("about {count} seconds left").format(count=max(1, seconds))
    return translate("about {count} minutes left").format(count=format_number(round(seconds / 60)))


def history_differences(
    kind: type[Feature], before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
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
    old_extra, new_extra = old.get("extra") or {}, new.get("extra") or {}
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
                if (field.roles is None or current_role() in field.roles) and old.get(field.name) != new.get(field.name)
            ]  # fmt: skip
        elif "legal_act_id" in {**old, **new}:
            title, number = translate("Documents"), {**old, **new}["legal_act_id"]
            label = translate("Document")
            differences = [
                Difference(label=label, old=acts.get(old.get("legal_act_id", 0), ""), new=acts.get(number, ""))
            ]
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


def kept_lines(kind: type[Feature], kept: Sequence[Mapping[str, Any]]) -> list[tuple[int, str, str, str]]:
    """Return the later edits that an undo leaves alone as (id, code, fields, reason)."""
    labels = {**field_labels(kind), "geom": translate("Location"), "extra": translate("Other columns")}
    labels |= {detail.detail.name: translate(detail.detail.title) for detail in visible_details(current_role(), kind)}
    labels[ACTS] = translate("Documents")
    return [
        (
            edit["feature_id"],
            edit["code"],
            ", ".join(labels[name] for name in edit["fields"] if name in labels),
            translate(reason),
        )
        for edit in kept
        for reason in [str(edit.get("reason", ""))]
    ]
