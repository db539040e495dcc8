"""A visit's fields in words: what each is called on the form, what its value says, what differs between two versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from geodata.base.i18n import N_
from geodata.inspections.checklists import Item
from geodata.inspections.complaints import FOUND
from geodata.inspections.papers_content import Content, findings_in, read_day
from geodata.inspections.records import PaperVersion
from geodata.layers.fuel_sites.visits import Severity
from webmap.app.i18n import format_value, translate

_FIELDS = {
    "visited_on": N_("Visited on"), "started_at": N_("Begun at"), "ended_at": N_("Ended at"), "decision_no": N_("Decision"),
    "leader": N_("Team leader"), "note": N_("Note"), "people": N_("People present"), "lon": N_("Longitude"),
    "lat": N_("Latitude"), "accuracy_m": N_("Accuracy, m"), "located_at": N_("Position taken at"),
    "unsigned_reason": N_("Why there is no signature"), "no_position_reason": N_("Why there is no position"),
    "remedy": N_("Remedied"), "remedy_note": N_("Evidence of the remedy"), "removed": N_("Withdrawn"),
    "found_on": N_("Found on"), "remedied_on": N_("Remedied on"), "remedy_due_on": N_("Remedy due"),
    "complaint": N_("Complaint"), "complaint_note": N_("What was seen about the complaint"),
    "answer": N_("Answer"), "remark": N_("Remark"), "settle": N_("What holds"), "campaign": N_("Campaign"),
}  # fmt: skip
_FINDING_FIELDS = {
    "description": N_("What was found"), "severity": N_("Severity"), "due": N_("Remedy due"), "act": N_("Decree"),
    "article": N_("Article"), "clause": N_("Clause"), "point": N_("Point"), "item": N_("Question"),
    "code": N_("Entry of the catalogue"),
}  # fmt: skip
_VALUES = {
    "answer": {"ok": N_("As required"), "not_ok": N_("Not as required"), "na": N_("Not applicable")},
    "remedy": {"yes": N_("Remedied"), "no": N_("Not remedied")},
    "complaint": FOUND,
    "settle": {"register": N_("What the follow-up says"), "paper": N_("What this correction says")},
}


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A field that two versions have differently, in words."""

    label: str
    before: str
    after: str


class Words:
    """The words of one paper's fields: its questions, its earlier findings and the campaigns by id."""

    def __init__(
        self,
        questions: Sequence[Item] | Sequence[Sequence[str]],
        earlier: Mapping[str, str],
        campaigns: Mapping[str, str],
    ) -> None:
        self.questions = dict(
            (item.key, item.text) if isinstance(item, Item) else (item[0], item[1]) for item in questions
        )
        self.earlier = dict(earlier)
        self.campaigns = dict(campaigns)

    def label(self, name: str, content: Content | None = None) -> str:
        """Return what a field is called; a finding is told by its number on the paper."""
        group, _, rest = name.partition(".")
        if group in {"answer", "remark"}:
            question = translate(self.questions.get(rest, rest))
            return question if group == "answer" else f"{question} · {translate(_FIELDS['remark'])}"
        if group in {"remedy", "remedy_note"}:
            return f"{translate(_FIELDS[group])} · {self.earlier.get(rest, rest)}"
        if group in {"complaint", "complaint_note"}:
            return f"{translate(_FIELDS[group])} {rest}"
        if group in {"finding", "settle"}:
            key, _, part = rest.partition(".")
            named = _FINDING_FIELDS.get(part) or attribute_label(part)
            return f"{self._finding(key, content)} · {translate(named)}"
        return translate(_FIELDS.get(group, group))

    def value(self, name: str, value: str) -> str:
        """Return what a field's value says."""
        group, _, rest = name.partition(".")
        if group in _VALUES:
            return translate(_VALUES[group].get(value.partition(":")[0], value))
        if name == "campaign":
            return self.campaigns.get(value, translate(N_("Under none")))
        if name.endswith(".severity"):
            return translate(Severity.labels().get(value, value))
        if name.endswith(".item"):
            return translate(self.questions.get(value, value))
        day = read_day(value) if group == "visited_on" or rest.endswith(".due") else None
        return format_value(day) if day else value

    def differences(self, before: Content, after: Content) -> list[Difference]:
        """Return the fields that differ, in the order of their names."""
        names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        return [
            Difference(
                label=self.label(name, {**before, **after}),
                before=self.value(name, before.get(name, "")),
                after=self.value(name, after.get(name, "")),
            )
            for name in names
        ]

    def compare(self, versions: Sequence[PaperVersion]) -> list[tuple[PaperVersion, list[Difference]]]:
        """Return versions, the latest first as given, each with what it says differently from the one before it.

        An edition is held against the edition before it; the first one differs from nothing.
        """
        editions = {row.edition: row for row in versions if row.edition}
        told = []
        for number, row in enumerate(versions):
            earlier = editions.get(row.edition - 1) if row.edition else next(iter(versions[number + 1 :]), None)
            differences = self.differences(dict(earlier.content), dict(row.content)) if earlier else []
            told.append((row, differences))
        return told

    def _finding(self, key: str, content: Content | None) -> str:
        if key[1:] in self.earlier and key.startswith("r"):
            return self.earlier[key[1:]]
        numbers = [finding.key for finding in findings_in(content or {})]
        number = f" {numbers.index(key) + 1}" if key in numbers else ""
        return f"{translate(N_('Finding'))}{number}"


def attribute_label(name: str) -> str:
    """Return the message that names a value of the register that a correction may change."""
    return _FINDING_FIELDS.get(name) or _FIELDS.get(name, name)
