"""What a record needs before it may be finished, and what is missing or wrong in one."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.base.message import Message, MessageValue
from geodata.inspections.checklists import Item
from geodata.inspections.complaints import FOUND
from geodata.inspections.papers_content import Content, WrittenFinding, findings_in, read_clock, read_day
from geodata.layers.fuel_sites.visits import Severity, VisitKind

_EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A field that keeps a paper from being finished."""

    name: str
    message: Message


def problem(name: str, template: str, **values: MessageValue) -> Problem:
    """Return the problem of a field; `values` fill the template."""
    return Problem(name=name, message=Message(template=template, values=values))


class UnfinishedError(InvalidValueError):
    """The paper cannot be finished yet; `problems` name the fields."""

    code = "unfinished"
    template = N_("The visit cannot be finished yet: {count} entries are missing or wrong.")

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(count=len(self.problems))


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """What a checklist demands of a record before it may be finished."""

    every_answer: bool = True
    people: bool = True
    signature: bool = True
    position: bool = True

    def as_row(self) -> dict[str, bool]:
        """Return the demands by name, to be stored."""
        return asdict(self)


#: What each demand says on the page where it is set.
REQUIREMENT_LABELS = {
    "every_answer": N_("Every question is answered"),
    "people": N_("Somebody of the site is present"),
    "signature": N_("A signature, or the reason why there is none"),
    "position": N_("A position taken on the spot, or the reason why there is none"),
}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a content is checked against: the demands, the questions, earlier findings and complaints by id, whether it is signed."""

    kind: VisitKind
    requirements: Requirements
    questions: Sequence[Item]
    before: Mapping[int, date]
    complaints: Mapping[int, date]
    is_signed: bool
    was_signed: bool
    on: date


def check_content(content: Content, facts: Facts) -> list[Problem]:
    """Return what keeps a paper from being finished, in the order of the form."""
    visited_on = read_day(content.get("visited_on", ""))
    problems = _check_day(visited_on, facts.on)
    problems += _check_hours(content)
    problems += _check_presence(content, facts)
    problems += _check_remedies(content, facts, visited_on)
    problems += _check_complaints(content, facts, visited_on)
    problems += _check_answers(content, facts)
    for finding in findings_in(content):
        problems += _check_finding(finding, visited_on)
    if facts.requirements.signature and not facts.is_signed and not content.get("unsigned_reason"):
        message = (
            N_("The record was changed after it was signed: have it signed again, or say why it is not.")
            if facts.was_signed
            else N_("Have the record signed, or say why it is not.")
        )
        problems.append(problem("unsigned_reason", message))
    return problems


def _check_day(visited_on: date | None, on: date) -> list[Problem]:
    if visited_on is None:
        return [problem("visited_on", N_("Give the day of the visit."))]
    if not _EARLIEST <= visited_on <= on:
        message = N_("The day of the visit lies in the future or too far back.")
        return [problem("visited_on", message)]
    return []


def _check_hours(content: Content) -> list[Problem]:
    problems = [
        problem(name, N_("This is not an hour of the day."))
        for name in ("started_at", "ended_at")
        if content.get(name) and read_clock(content[name]) is None
    ]
    start, end = (read_clock(content.get(name, "")) for name in ("started_at", "ended_at"))
    if start and end and end < start:
        problems.append(problem("ended_at", N_("The visit ends before it begins.")))
    return problems


def _check_presence(content: Content, facts: Facts) -> list[Problem]:
    problems = []
    if facts.requirements.people and not content.get("people"):
        problems.append(problem("people", N_("Say who of the site was present.")))
    if facts.requirements.position and not content.get("lat") and not content.get("no_position_reason"):
        message = N_("Take your position on the spot, or say why there is none.")
        problems.append(problem("no_position_reason", message))
    return problems


def _check_answers(content: Content, facts: Facts) -> list[Problem]:
    missing = [item for item in facts.questions if not content.get(f"answer.{item.key}")]
    answered = len(facts.questions) - len(missing)
    is_about_remedies = facts.kind is VisitKind.RECHECK and any(name.startswith("remedy.") for name in content)
    if is_about_remedies and not answered:
        return []  # a re-check looks at the findings; the questions are asked when somebody begins with them
    if facts.requirements.every_answer and missing:
        message = N_("{count} questions of the checklist have no answer yet.")
        return [problem(f"answer.{missing[0].key}", message, count=len(missing))]
    if not answered and facts.questions and not any(name.startswith("remedy.") for name in content):
        message = N_("Answer at least one question of the checklist.")
        return [problem(f"answer.{missing[0].key}", message)]
    return []


def _check_remedies(content: Content, facts: Facts, visited_on: date | None) -> list[Problem]:
    problems = []
    for number, found_on in facts.before.items():
        answer = content.get(f"remedy.{number}")
        if facts.kind is VisitKind.RECHECK and not answer:
            message = N_("Say whether each earlier finding is remedied.")
            problems.append(problem(f"remedy.{number}", message))
        if answer and visited_on and visited_on < found_on:
            message = N_("This finding was found on {day}, after the day of this visit.")
            problems.append(problem(f"remedy.{number}", message, day=found_on))
        if answer == "yes" and not content.get(f"remedy_note.{number}"):
            message = N_("Say what shows that the finding is remedied.")
            problems.append(problem(f"remedy_note.{number}", message))
    return problems


def _check_complaints(content: Content, facts: Facts, visited_on: date | None) -> list[Problem]:
    problems = []
    for number, received_on in facts.complaints.items():
        answer = content.get(f"complaint.{number}")
        if answer and answer not in FOUND:
            problems.append(problem(f"complaint.{number}", N_("Choose what came of the complaint.")))
        if answer and visited_on and visited_on < received_on:
            message = N_("This complaint was received on {day}, after the day of this visit.")
            problems.append(problem(f"complaint.{number}", message, day=received_on))
        if answer and not content.get(f"complaint_note.{number}"):
            message = N_("Say what was seen about the complaint.")
            problems.append(problem(f"complaint_note.{number}", message))
    return problems


def _check_finding(finding: WrittenFinding, visited_on: date | None) -> list[Problem]:
    problems = []
    name = f"finding.{finding.key}"
    if not finding.description:
        problems.append(problem(f"{name}.description", N_("Say what was found.")))
    if finding.severity not in Severity.labels():
        problems.append(problem(f"{name}.severity", N_("Choose how serious the finding is.")))
    due = read_day(finding.due)
    if finding.due and due is None:
        problems.append(problem(f"{name}.due", N_("The deadline is not a day.")))
    if due and visited_on and due < visited_on:
        problems.append(problem(f"{name}.due", N_("The deadline lies before the visit.")))
    if finding.severity == "violation":
        if not (finding.article and finding.act):
            part = "act" if finding.article else "article"
            message = N_("A violation needs the decree and the article.")
            problems.append(problem(f"{name}.{part}", message))
        if not finding.due:
            problems.append(problem(f"{name}.due", N_("A violation needs a deadline for its remedy.")))
    return problems
