"""What only the database can see of an import: how many rows are new or changed, and what its rules say against them."""

import re
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ColumnElement,
    Subquery,
    Text as TextType,
    and_,
    func,
    literal_column,
    not_,
    or_,
    select,
    type_coerce,
)

from geodata.base.i18n import N_
from geodata.history.documents import data_columns
from geodata.history.held import is_held
from geodata.importing.results import Mode, Problem, Severity, problem
from geodata.importing.storing.classified import Classified
from geodata.importing.storing.rules import rule_problem
from geodata.importing.storing.staged import StagedRows

_WORD = re.compile(r"\w+")


def classify(staging: StagedRows) -> Classified:
    """Return what matched rows would do, in numbers, and the database's objections."""
    match = staging.match.c
    new, changed, unchanged = staging.session.execute(
        select(
            func.count().filter(match.target_id.is_(None)),
            func.count().filter(staging.is_change),
            func.count().filter(and_(match.target_id.is_not(None), not_(match.differs), not_(match.moved))),
        ).select_from(staging.match)
    ).one()
    problems = [
        *_key_problems(staging), *_placeless(staging), *_rule_problems(staging), *_lost_matches(staging), *_held(staging),
    ]  # fmt: skip
    return Classified(new=new, changed=changed, unchanged=unchanged, absent=_absent(staging), problems=tuple(problems))


def _held(staging: StagedRows) -> list[Problem]:
    """Return which objects stay although the file, which is to be the whole layer, does not have them."""
    if staging.mode is not Mode.REPLACE:
        return []
    held = select(staging.target.c.code).where(staging.is_missing, is_held(staging.session, staging.kind))
    return [
        problem(
            "kept_records",
            N_(
                "“{value}” is not in the file but stays: records that must be kept hang on it. "
                "Say in its own fields that it has ended."
            ),
            severity=Severity.WARNING, field="code", value=code,
        )
        for code in staging.session.scalars(held.order_by(staging.target.c.code))
    ]  # fmt: skip


def _absent(staging: StagedRows) -> int:
    if staging.mode is Mode.APPEND:
        return 0
    return staging.session.scalar(select(func.count()).select_from(staging.target).where(staging.is_absent)) or 0


def _taken_keys(staging: StagedRows) -> list[Problem]:
    """Return a problem for each row whose key is another feature's."""
    whole, match, other = _whole_rows(staging), staging.match, staging.target.alias("other")
    same = [
        whole.c[name].is_not_distinct_from(other.c[name])
        if other.c[name].nullable
        else whole.c[name] == other.c[name]  # an index finds it
        for name in staging.kind.layer.key
    ]
    query = (
        select(whole.c.row_no, whole.c.code, other.c.name)
        .join(match, match.c.row_no == whole.c.row_no)
        .join(other, and_(*same, other.c.id.is_distinct_from(match.c.target_id)))
    )
    template = N_("“{value}” is the code of another object, “{name}”.")
    return [
        problem("duplicate_existing", template, row=row, field="code", value=code, name=name)
        for row, code, name in staging.session.execute(query)
    ]


def _key_problems(staging: StagedRows) -> list[Problem]:
    if staging.checked.targets is not None:
        return _taken_keys(staging)
    if staging.mode is not Mode.APPEND:
        return []
    query = (
        select(staging.match.c.row_no, staging.staged.c.code)
        .join(staging.staged, staging.staged.c.row_no == staging.match.c.row_no)
        .where(staging.match.c.target_id.is_not(None))
    )
    return [
        problem(
            "duplicate_existing",
            N_("The code “{value}” is stored already, and the file is to be added only."),
            row=row,
            field="code",
            value=code,
        )
        for row, code in staging.session.execute(query)
    ]


def _placeless(staging: StagedRows) -> list[Problem]:
    """Return an error for each row of a file without places whose code is not stored."""
    if not staging.checked.keeps_places:
        return []
    query = (
        select(staging.match.c.row_no, staging.staged.c.code)
        .join(staging.staged, staging.staged.c.row_no == staging.match.c.row_no)
        .where(staging.match.c.target_id.is_(None))
    )
    template = N_("No stored object has the code “{value}”, and the file has no coordinates for a new one.")
    return [
        problem("null_geometry", template, row=row, field="geom", value=code)
        for row, code in staging.session.execute(query)
    ]


def _whole_rows(staging: StagedRows) -> Subquery:
    """Return the rows as they would be stored: the file's fields, the stored ones for the rest."""
    joined = staging.staged.join(staging.match, staging.match.c.row_no == staging.staged.c.row_no).outerjoin(
        staging.target, staging.target.c.id == staging.match.c.target_id
    )
    columns: list[ColumnElement[Any]] = [staging.staged.c.row_no]
    for name in data_columns(staging.kind):
        if name in staging.names:
            columns.append(staging.staged.c[name])
        elif name == "geom":
            columns.append(staging.staged.c.geom)
        elif name != "extra":
            columns.append(
                type_coerce(staging.target.c[name], TextType()).label(name)
                if _is_choice(staging, name)
                else staging.target.c[name]
            )
    return select(*columns).select_from(joined).subquery("whole")


def _is_choice(staging: StagedRows, name: str) -> bool:
    field_ = staging.kind.field(name)
    return field_ is not None and field_.values is not None


def _rules(staging: StagedRows) -> list[tuple[str, Any]]:
    """Return (name, condition) of the table's own rules about the file's fields; geometry was checked before."""
    return [
        (str(rule.name), literal_column(str(rule.sqltext), Boolean()))
        for rule in staging.target.constraints
        if isinstance(rule, CheckConstraint)
        and not getattr(rule, "_type_bound", False)
        and not str(rule.name).endswith(("valid_geometry", "inside_extent"))
        and not set(staging.names).isdisjoint(_WORD.findall(str(rule.sqltext)))
    ]


def _rule_problems(staging: StagedRows) -> list[Problem]:
    whole = _whole_rows(staging)
    rules = _rules(staging)
    broken = [not_(func.coalesce(condition, True)) for _, condition in rules]
    if not rules:
        return []
    query = select(whole.c.row_no, *[item.label(f"rule_{index}") for index, item in enumerate(broken)]).where(
        or_(*broken)
    )
    problems = []
    for row_no, *flags in staging.session.execute(query.select_from(whole)):
        problems += [
            _rule_problem(staging, row_no, str(condition))
            for flag, (_, condition) in zip(flags, rules, strict=True)
            if flag
        ]
    return problems


def _rule_problem(staging: StagedRows, row_no: int, condition: str) -> Problem:
    index = staging.positions[row_no]
    given = {name: staging.checked.value(name, index) for name in staging.names}
    return rule_problem(row_no, condition, data_columns(staging.kind), given.get)


def _lost_matches(staging: StagedRows) -> list[Problem]:
    """Return a problem for each row whose object, recognised in the preview, is stored no more."""
    rows = sorted(staging.checked.taken)
    if not rows:
        return []
    query = select(staging.match.c.row_no).where(staging.match.c.row_no.in_(rows), staging.match.c.target_id.is_(None))
    template = N_("The object {value} that this row was said to be is stored no more.")
    return [
        problem("bad_value", template, row=row, field="code", value=staging.checked.taken[row])
        for row in staging.session.scalars(query)
    ]
