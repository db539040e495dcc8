"""The lists of a preview in words: changes, problems, and rows that may be a stored object."""

from dataclasses import dataclass

from geodata.importing.results import Severity
from geodata.importing.sessions.model import ImportItem
from geodata.schema.described import Described
from webmap.app.i18n import format_number, translate
from webmap.imports.values import Difference, metres, say, shown_value, visible_fields_of


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


def change_line(kind: type[Described], item: ImportItem, excluded: frozenset[int]) -> ChangeLine:
    """Return one change of a preview."""
    facts = item.change
    visible = {field.name: field for field in visible_fields_of(kind)}
    known = {field.name for field in kind.fields()}
    differences = [
        Difference(
            label=translate(visible[name].label) if name in visible else name,
            old=shown_value(visible.get(name), old),
            new=shown_value(visible.get(name), new),
        )
        for name, (old, new) in facts.fields.items()
        if name in visible or name not in known
    ]
    return ChangeLine(
        row=item.row_number,
        code=item.code or "",
        name=item.name or "",
        feature_id=facts.feature_id,
        differences=differences,
        moved=metres(facts.moved_m),
        point=facts.point,
        old_point=facts.old_point,
        taken=item.row_number not in excluded,
    )


def match_line(item: ImportItem) -> MatchLine:
    """Return one row that resembles stored objects."""
    proposal = item.proposal
    choices = [
        MatchChoice(
            value=f"={candidate.code}",
            code=candidate.code,
            name=candidate.name,
            feature_id=candidate.feature_id,
            distance=metres(candidate.metres),
            likeness=f"{format_number(round(candidate.likeness * 100))} %",
            is_chosen=proposal.decision == candidate.code,
        )
        for candidate in proposal.candidates
    ]
    return MatchLine(
        row=proposal.row,
        code=proposal.code or "",
        name=proposal.name,
        point=proposal.point,
        choices=choices,
        is_new=proposal.decision == "",
        is_decided=proposal.decision is not None,
    )


def problem_line(kind: type[Described], item: ImportItem) -> ProblemLine:
    """Return one problem of a preview."""
    problem = item.problem
    field = next((field for field in visible_fields_of(kind) if field.name == problem.field), None) or kind.field(
        problem.field or ""
    )
    label = translate(field.label) if field else translate("Location") if problem.field == "geom" else problem.field
    return ProblemLine(
        row=item.row_number,
        code=item.code or "",
        name=item.name or "",
        field=label or "",
        value=problem.value or "",
        message=say(problem.text),
        suggestion=say(problem.suggestion),
        is_error=problem.severity is Severity.ERROR,
    )
