"""The checks between fields and against sense that a layer declares, and codes that only look different: warnings."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.history.documents import table_of
from geodata.importing.results import Problem, Severity, problem
from geodata.importing.storing.rows import CheckedRows
from geodata.importing.storing.staged import StagedRows
from geodata.importing.table import spellings
from geodata.importing.told import by_row
from geodata.schema.sense import InOrder, LeadingZero, SameScale

#: The rule of codes that differ in capitals only; what cannot be seen is taken out of codes when they are read.
CODE_CASE = "code_case"
#: The rule of codes that differ in the noughts in front only.
CODE_NOUGHTS = "code_noughts"
#: The rule of codes with signs that are hardly part of them: “12*”, “CH.01.”, “'001”.
CODE_MARK = "code_mark"
_MARK = re.compile(r"^['\"=]|\(\*+\)$|[*¹²³†‡.,;:]+$")
_MARK_SOMEWHERE = re.compile(_MARK.pattern, re.MULTILINE)
_CHECK = Message(template=N_("Check the value; it is stored as it is in the file."))


def sense_problems(session: Session, rows: CheckedRows, staging: StagedRows) -> list[Problem]:
    """Return a warning, with its rule's name, for each row that is against sense."""
    found: list[Problem] = []
    for rule in rows.kind.layer.sense:
        if isinstance(rule, InOrder):
            found += _out_of_order(rows, rule)
        elif isinstance(rule, LeadingZero):
            found += _without_zero(rows, rule)
        else:
            found += _out_of_scale(session, rows, rule)
    return [*found, *_alike_in_file(rows), *_marked(rows), *_alike_to_stored(session, rows, staging)]


def _label(rows: CheckedRows, name: str) -> str:
    field = rows.kind.field(name)
    return field.label if field is not None else name


def _out_of_order(rows: CheckedRows, rule: InOrder) -> list[Problem]:
    if rule.lesser not in rows.values or rule.greater not in rows.values:
        return []
    names = {"label": _label(rows, rule.lesser), "other": _label(rows, rule.greater)}
    pairs = enumerate(zip(rows.values[rule.lesser], rows.values[rule.greater], strict=True))
    found = {
        index: {**names, "limit": str(high)}
        for index, (low, high) in pairs
        if low is not None and high is not None and low > high
    }
    return _told(
        rows, rule.name, rule.lesser, N_("“{label}” ({value}) should not be above “{other}” ({limit})."), found
    )


def _without_zero(rows: CheckedRows, rule: LeadingZero) -> list[Problem]:
    template = N_(
        "“{label}” ({value}) has {count} digits and no 0 in front: a program that took it for a number ate it."
    )
    details = {"label": _label(rows, rule.field), "count": rule.digits - 1}
    found = {
        index: details
        for index, value in enumerate(rows.values.get(rule.field, ()))
        if isinstance(value, str) and len(value) == rule.digits - 1 and value.isdigit() and value[0] != "0"
    }
    return _told(rows, rule.name, rule.field, template, found)


def _out_of_scale(session: Session, rows: CheckedRows, rule: SameScale) -> Iterator[Problem]:
    table = table_of(rows.kind)
    template = N_(
        "“{label}” is {value}, {times} times or more of the largest that is stored ({limit}): is the unit right?"
    )
    for name in rule.fields:
        if name not in rows.values or not any(value for value in rows.values[name]):
            continue
        largest = session.scalar(select(func.max(table.c[name])))
        if not largest:
            continue
        at = [index for index, value in enumerate(rows.values[name]) if value and value >= largest * rule.times]
        details = {"label": _label(rows, name), "times": rule.times, "limit": f"{largest:.12g}"}
        yield from _told(rows, rule.name, name, template, dict.fromkeys(at, details))


def _alike_in_file(rows: CheckedRows) -> list[Problem]:
    codes = rows.values["code"]
    different = set(codes)
    if len({code.casefold() if isinstance(code, str) else code for code in different}) == len(different):
        return []
    folded = [code.casefold() if isinstance(code, str) else code for code in codes]
    seen: dict[Any, int] = {}
    found = {}
    for index, code in enumerate(folded):
        first = codes[seen.setdefault(code, index)]
        if first != codes[index]:
            found[index] = {"other": first}
    template = N_("The code “{value}” differs from “{other}” in capital letters only.")
    return _told(rows, CODE_CASE, "code", template, found)


def _marked(rows: CheckedRows) -> list[Problem]:
    """Return a warning for each code that ends as a footnote or a sentence does, or begins with the mark of a text."""
    codes = rows.values["code"]
    if not _MARK_SOMEWHERE.search("\n".join(code for code in codes if isinstance(code, str))):
        return []
    found = {
        index: {"mark": match[0]}
        for index, code in enumerate(codes)
        if isinstance(code, str) and (match := _MARK.search(code)) is not None
    }
    return _told(rows, CODE_MARK, "code", N_("The code “{value}” holds “{mark}”: is it part of the code?"), found)


def _alike_to_stored(session: Session, rows: CheckedRows, staging: StagedRows) -> list[Problem]:
    """Return a warning for each new row whose code is that of a stored object but for its capitals."""
    staged, match, target = staging.staged, staging.match, staging.target
    query = (
        select(staged.c.row_no, target.c.code)
        .join(match, match.c.row_no == staged.c.row_no)
        .join(target, func.lower(target.c.code) == func.lower(staged.c.code))
        .where(match.c.target_id.is_(None), target.c.code != staged.c.code)
        .order_by(staged.c.row_no)
    )
    found = {staging.positions[row.row_no]: {"other": row.code} for row in session.execute(query)}
    template = N_("The code “{value}” differs from the stored “{other}” in capital letters only.")
    return [*_told(rows, CODE_CASE, "code", template, found), *_without_noughts(session, rows, staging)]


def _without_noughts(session: Session, rows: CheckedRows, staging: StagedRows) -> list[Problem]:
    """Return a warning for each new row whose code is that of a stored object without the noughts in front: 1 for 001."""
    if not any(map(str.isdigit, spellings(rows.values["code"]))):
        return []
    staged, match, target = staging.staged, staging.match, staging.target
    query = (
        select(staged.c.row_no, target.c.code)
        .join(match, match.c.row_no == staged.c.row_no)
        .join(target, func.ltrim(target.c.code, "0") == func.ltrim(staged.c.code, "0"))
        .where(match.c.target_id.is_(None), target.c.code != staged.c.code, staged.c.code.regexp_match("^[0-9]+$"))
        .order_by(staged.c.row_no)
    )
    found = {staging.positions[row.row_no]: {"other": row.code} for row in session.execute(query)}
    template = N_(
        "The code “{value}” is new; the stored “{other}” has the same number with noughts in front, which a spreadsheet eats."
    )
    return _told(rows, CODE_NOUGHTS, "code", template, found)


def _told(
    rows: CheckedRows, rule: str, name: str, template: str, found: Mapping[int, Mapping[str, Any]]
) -> list[Problem]:
    """Return the warnings of one rule: place among the rows → what fills the sentence."""

    def one(index: int) -> Problem:
        return problem(
            "bad_value", template, row=rows.rows[index], field=name, severity=Severity.WARNING,
            value=rows.values[name][index], suggestion=_CHECK, rule=rule, **found[index],
        )  # fmt: skip

    return by_row(list(found), one, rows.rows)
