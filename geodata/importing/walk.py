"""The one way of a file: Read → Decoded → Located → Placed → Checked → Matched → Converted → Compared, then Stored.

A step is one function of what the step before found and of the answers, `(previous, answers) → next | Stopped`; the values
are frozen (found.py), and one that cannot go on holds the question or the refusal. Storing (commit.py) compares anew with
what is then stored and writes, under the layer's lock, and does nothing else.

Each step names the answers that it heeds. What has been found stays: with another answer the walk goes on at the first step
that heeds it. Across processes the table that was read and the rows that were checked are kept as files (reading/kept.py,
storing/kept_rows.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from geodata.importing.asking import AskError
from geodata.importing.detail_steps import compare_details, convert_details, match_details
from geodata.importing.found import Found, Sent, Stopped
from geodata.importing.results import ImportOptions, ImportReport, RefusedError
from geodata.importing.steps import check, compare, convert, decode, locate, match, place, read

#: A step takes the value of the one before it in its list.
Step = Callable[[Any, ImportOptions], Found]

#: Each step with the answers that it heeds.
OBJECTS: tuple[tuple[Step, frozenset[str]], ...] = (
    (read, frozenset({"source_layer", "header_row", "file_name", "limits"})),
    (decode, frozenset({"encoding"})),
    (locate, frozenset({"coordinates", "crs", "mapping", "constants"})),
    (place, frozenset({"crs", "swap_axes"})),
    (check, frozenset({"limits"})),
    (match, frozenset({"mapping", "constants", "match", "take_matches"})),
    (convert, frozenset({"values", "constants", "dates", "excluded_rows", "limits"})),
    (compare, frozenset({"mode", "match", "matches", "take_matches", "excluded_rows"})),
)
#: What hangs on objects has no places of its own.
DETAILS: tuple[tuple[Step, frozenset[str]], ...] = (
    *OBJECTS[:2],
    (match_details, frozenset({"mapping", "constants"})),
    (convert_details, frozenset({"values", "constants", "dates", "excluded_rows", "limits", "mode"})),
    (compare_details, frozenset({"excluded_rows"})),
)


@dataclass(frozen=True, kw_only=True)
class Walk:
    """How far a file came with some answers: `last` is what was found, `end` the question or refusal where it stopped.

    `steps` are the values by their place in the walk, as far as a further answer may go on from them.
    """

    answers: ImportOptions
    last: Found
    end: Stopped | None
    steps: Mapping[int, Found]


def walk(sent: Sent, answers: ImportOptions, before: Walk | None = None) -> Walk:
    """Take a file as far as it goes with these answers; from where an earlier walk came to that they do not touch."""
    steps = DETAILS if sent.detail else OBJECTS
    detail = sent.detail.detail.name if sent.detail else None
    report = ImportReport(layer=sent.kind.layer.name, file_name=answers.file_name or sent.path.name, detail=detail)
    found: dict[int, Found] = (
        {0: Found(sent=sent, report=report)} if before is None else _untouched(before, answers, steps)
    )
    at = max(found)
    last, end = found[at], None
    for at, (step, _) in enumerate(steps[at:], at + 1):  # noqa: B020 - the slice is taken before
        value = _taken(step, last, answers)
        if isinstance(value, Stopped):
            end = value
            break
        found[at] = last = value
    # Of a whole walk the answers that are left concern no letters: the table alone is gone back to.
    return Walk(
        answers=answers, last=last, end=end, steps=found if end else {at: found[at] for at in (0, 2) if at in found}
    )


def _taken(step: Step, before: Found, answers: ImportOptions) -> Found:
    try:
        return step(before, answers)
    except (AskError, RefusedError) as why:
        return before.stopped(why)


def _untouched(
    before: Walk, answers: ImportOptions, steps: tuple[tuple[Step, frozenset[str]], ...]
) -> dict[int, Found]:
    """Return the values of an earlier walk that the answers leave as they are."""
    changed = {name for name, old in vars(before.answers).items() if getattr(answers, name) != old}
    first = next((at for at, (_, heeds) in enumerate(steps) if heeds & changed), len(steps))
    return {at: value for at, value in before.steps.items() if at <= first}
