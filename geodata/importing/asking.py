"""The questions of an import, and how it stops at one."""

from collections.abc import Mapping, Sequence

from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.importing.proposals import Proposal
from geodata.importing.results import Choice, Problem, Question, problem
from geodata.importing.storing.likeness import MATCH
from geodata.importing.table import Table

#: What the reader asks -> the problem that is told with it.
READER_ASKS = {
    "layer": ("multiple_layers", N_("The file holds several layers; name one.")),
    "header": ("missing_field", N_("Which row of the sheet holds the names of the columns is not plain; say which.")),
}


class AskError(Exception):
    """A question must be answered first."""

    def __init__(self, question: Question, problems: Sequence[Problem] = ()) -> None:
        super().__init__(question.about)
        self.question, self.problems = question, tuple(problems)


def which_field(names: Sequence[str], doubtful: Mapping[int, tuple[str, ...]]) -> tuple[Question, list[Problem]]:
    """Return the question which field a column is whose name was cut so short that several fit."""
    why = Message(template=N_("the name of the column was cut to ten letters"))
    choices = [Choice(value=f"{name}={names[index]}", why=why) for index, fields in doubtful.items() for name in fields]
    told = [
        problem(
            "missing_field",
            N_("The column “{value}” was cut to ten letters and fits several fields; say which one it is."),
            field=fields[0],
            value=names[index],
        )
        for index, fields in doubtful.items()
    ]
    return Question(about="columns", choices=tuple(choices)), told


def column_choices(table: Table, missing: Sequence[str]) -> tuple[Choice, ...]:
    """Return columns that could fill the missing fields: for a code, those without gaps and repetitions first."""
    choices = []
    for name, column in zip(table.names, table.columns, strict=True):
        filled = [value for value in column if value is not None]
        distinct = len(set(filled))
        if not filled:
            continue
        is_key = distinct == len(column)
        template = N_("every value is different") if is_key else N_("{distinct} different values in {count} rows")
        choices.append(
            (
                not is_key,
                Choice(value=name, why=Message(template=template, values={"distinct": distinct, "count": len(column)})),
            )
        )
    ordered = sorted(choices, key=lambda item: item[0]) if "code" in missing else choices
    return tuple(choice for _, choice in ordered)


def which_columns(table: Table, missing: Mapping[str, str]) -> AskError:
    """Return the question which columns fill the fields (name -> label) that none fills."""
    told = [
        problem("missing_field", N_("No column fills the field “{name}”; say which one does."), field=name, name=label)
        for name, label in missing.items()
    ]
    return AskError(Question(about="columns", choices=column_choices(table, list(missing))), told)


def with_match(ask: AskError, proposals: Sequence[Proposal], count: int) -> AskError:
    """Return the question for the column of codes, with recognising by name and place among the answers where it helps."""
    if not proposals:
        return ask
    first = proposals[0]
    why = Message(
        template=N_(
            "Recognise the objects by name and place: {unique} of {count} rows resemble one stored object and no other, "
            "for example “{name}” → {code} “{other}”, {metres} m. Each proposal is shown for you to confirm."
        ),
        values={
            "unique": sum(proposal.is_unique for proposal in proposals),
            "count": count,
            "name": first.name,
            "code": first.candidates[0].code,
            "other": first.candidates[0].name,
            "metres": f"{first.candidates[0].metres:.0f}",
        },
    )
    question = Question(about=ask.question.about, choices=(*ask.question.choices, Choice(value=MATCH, why=why)))
    return AskError(question, ask.problems)
