"""The same object without its code: proposals by name and place, and which of them are taken. People decide."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.importing.proposals import Candidate, Proposal
from geodata.importing.results import ImportOptions, Problem, Severity, problem

#: Names that are the same may lie this far apart, names that are only alike less far.
SAME_NAME_M, ALIKE_M = 1000.0, 300.0
#: Names are alike from this share of common trigrams on.
ALIKE = 0.5
#: Proposals are for imports that people look at, not for millions of rows.
MAX_ROWS = 20_000
#: The choice among columns that stands for no column: recognise objects by name and place.
MATCH = "(match)"

_MOST = 3
_NUMBERS = re.compile(r"\d+")


def propose(found: Iterable[tuple[int, str | None, str, tuple[float, float], Candidate]]) -> tuple[Proposal, ...]:
    """Return a proposal for each row of (row, code, name, point, candidate), the likeliest candidates first.

    A proposal is unique when row and object have only each other.
    """
    rows: dict[int, list[tuple[int, str | None, str, tuple[float, float], Candidate]]] = {}
    claims: dict[int, int] = {}
    for item in found:
        if _numbers_differ(item[2], item[4].name):
            continue
        rows.setdefault(item[0], []).append(item)
        claims[item[4].feature_id] = claims.get(item[4].feature_id, 0) + 1
    proposals = []
    for row, items in rows.items():
        candidates = sorted((item[4] for item in items), key=lambda one: (-one.likeness, one.metres))
        _, code, name, point, _ = items[0]
        is_unique = len(candidates) == 1 and claims[candidates[0].feature_id] == 1
        proposals.append(
            Proposal(
                row=row, code=code, name=name, point=point, candidates=tuple(candidates[:_MOST]), is_unique=is_unique
            )
        )
    return tuple(sorted(proposals, key=lambda item: item.row))


def _numbers_differ(first: str, second: str) -> bool:
    """Say whether both names hold numbers, and others: “số 1” and “số 2” are neighbours, not the same."""
    numbers = [[int(text) for text in _NUMBERS.findall(name)] for name in (first, second)]
    return bool(numbers[0]) and bool(numbers[1]) and numbers[0] != numbers[1]


def decided(proposals: Sequence[Proposal], options: ImportOptions) -> tuple[Proposal, ...]:
    """Return the proposals with what was said about them; an answer that is no candidate any more is none."""

    def one(proposal: Proposal) -> Proposal:
        answer = options.matches.get(proposal.row)
        if answer is None and options.take_matches and proposal.is_unique:
            answer = proposal.candidates[0].code
        known = {"", *(item.code for item in proposal.candidates)}
        return replace(proposal, decision=answer if answer in known else None)

    return tuple(map(one, proposals))


def problems_of(proposals: Sequence[Proposal], codeless: Mapping[int, str | None]) -> list[Problem]:
    """Return a warning for each open proposal with a code, an error for each row that still has none.

    `codeless` is row -> name of the rows without a code.
    """
    problems = []
    taken: dict[int, int] = {}
    for proposal in proposals:
        best = proposal.taken or proposal.candidates[0]
        if proposal.taken is not None:
            first = taken.setdefault(best.feature_id, proposal.row)
            if first != proposal.row:
                template = N_("The code “{value}” is in row {first} already.")
                problems.append(
                    problem("duplicate_in_file", template, row=proposal.row, field="code", value=best.code, first=first)
                )
            continue
        if proposal.decision is not None and proposal.code is not None:
            continue
        details = {"name": proposal.name, "code": best.code, "other": best.name, "metres": f"{best.metres:.0f}"}
        has_code = proposal.code is not None
        problems.append(
            Problem(
                code="duplicate_existing" if has_code else "missing_field",
                row=proposal.row,
                field="code",
                severity=Severity.WARNING if has_code else Severity.ERROR,
                value=proposal.name,
                text=Message(template=RESEMBLES if has_code else CODELESS_RESEMBLES, values=details),
                suggestion=Message(template=TAKE_CODE),
            )
        )
    seen = {proposal.row for proposal in proposals}
    problems += [
        problem("missing_field", N_("The field “{name}” is empty."), row=row, field="code", name="code")
        for row in codeless
        if row not in seen
    ]
    return problems


RESEMBLES = N_("“{name}” resembles {code} “{other}”, stored {metres} m away.")
CODELESS_RESEMBLES = N_("“{name}” has no code; it resembles {code} “{other}”, stored {metres} m away.")
TAKE_CODE = N_("Take that code, if it is the same object.")
