"""Change sets in one line: what was done to whom, as the list of the history says it."""

from geodata.accounts.access import visible_details
from geodata.base.i18n import N_
from geodata.history.change_sets import ACTS, ChangeKind, ChangeSet
from geodata.history.gists import Gist
from geodata.schema.feature import Feature
from webmap.app.auth import current_role
from webmap.app.i18n import format_number, translate
from webmap.imports.labels import KIND_LABELS
from webmap.imports.values import field_labels

#: So many fields are named.
NAMED = 5


def line_of(kind: type[Feature], change_set: ChangeSet, gist: Gist | None) -> str:
    """Return what a change set did: “Edited: a station – capacity, place”; an import's is its file."""
    if gist is None or not gist.names:
        label = translate(KIND_LABELS.get(change_set.kind, change_set.kind))
        return f"{label}: {change_set.file_name}" if change_set.file_name else label
    what = gist.names[0]
    if gist.count > 1:
        what = translate(N_("{name} and {count} more")).format(name=what, count=format_number(gist.count - 1))
    if fields := _fields(kind, gist):
        what = f"{what} – {fields}"
    return translate(_verb(change_set, gist)).format(what=what, number=change_set.undoes_id)


def _verb(change_set: ChangeSet, gist: Gist) -> str:
    if change_set.kind == ChangeKind.UNDO:
        return N_("Undoes change {number}: {what}")
    if gist.added and gist.added == gist.count:
        return N_("Added: {what}")
    if gist.deleted and gist.deleted == gist.count:
        return N_("Deleted: {what}")
    return N_("Edited: {what}")


def _fields(kind: type[Feature], gist: Gist) -> str:
    labels = {**field_labels(kind), "geom": translate("Location"), "extra": translate("Other columns")}
    titles = {detail.detail.name: translate(detail.detail.title) for detail in visible_details(current_role(), kind)}
    titles[ACTS] = translate("Documents")
    told = [labels[name] for name in gist.columns if name in labels]
    told += [titles[name] for name in gist.details if name in titles]
    more = [f"+{len(told) - NAMED}"] if len(told) > NAMED else []
    return ", ".join([*map(_within, told[:NAMED]), *more])


def _within(label: str) -> str:
    """Return a label as it is written within a sentence; abbreviations stay."""
    return label[:1].lower() + label[1:] if label[1:2].islower() or label[1:2] == " " else label
