"""Changing the figures of indicators: whatever door they come by, one save is one change set, which can be taken back.

A cell is one figure of one month. It is stored only where nobody else has changed it since it was read; all cells or none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Text, delete, func, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.base.database import Base, reading_all
from geodata.base.errors import ConflictError, GeodataError, InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.history.change_sets import ChangeKind, ChangeSet
from geodata.schema.fields import stored
from geodata.statistics.figure_checks import Check, check_figures
from geodata.statistics.indicators import (
    FIGURES,
    FigureVersion,
    Indicator,
    IndicatorValue,
    Month,
    MonthKey,
    Series,
    list_series,
)

#: What stands for the layer in change sets of indicators.
SUBJECT = "indicators"
FIRST_YEAR, LAST_YEAR = 1990, 2100
#: Numbers from here on are mistakes; the columns would not hold them.
TOO_LARGE = {name: Decimal(10) ** (6 if name.endswith("_percent") else 12) for name in FIGURES}
LONGEST_NAME, LONGEST_SOURCE = 60, 500
_CHANGED = N_("Somebody has stored {stored} here in the meantime.")


class IndicatorChange(Base):
    """One month of one series before and after a change set, as JSON of its figures and its source; None: not there."""

    __tablename__ = "indicator_change"

    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_set.id", ondelete="CASCADE"), primary_key=True)
    indicator_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("indicator.id", ondelete="CASCADE"), primary_key=True
    )
    period: Mapped[date] = mapped_column(primary_key=True)
    version: Mapped[FigureVersion] = mapped_column(stored(FigureVersion), primary_key=True)
    scenario: Mapped[str] = mapped_column(Text, primary_key=True)
    before: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A figure as it is to be, with what was there when it was read. `place`: where it stands in a file."""

    code: str
    month: MonthKey
    figure: str
    value: Decimal | None
    before: Decimal | None = None
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class CellProblem:
    """What is wrong with a cell."""

    cell: Cell
    message: Message


class CellsRefusedError(GeodataError):
    """Cells that cannot be stored; nothing was."""

    code = "invalid"
    template = N_("{count} cells cannot be stored as they are. Nothing was stored.")

    def __init__(self, problems: Sequence[CellProblem]) -> None:
        super().__init__(count=len(problems))
        self.problems = problems


class CellsChangedError(CellsRefusedError):
    """Cells that somebody else has changed since they were read."""

    code = "changed_since"
    template = N_("Somebody has changed {count} of these cells in the meantime. Nothing was stored.")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Who changes figures, by what. `source`: what new figures are taken from."""

    by: str
    kind: ChangeKind = ChangeKind.EDIT
    source: str = ""
    file_name: str | None = None
    file_sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class MonthChange:
    """A month of a series before and after."""

    code: str
    key: MonthKey
    before: Month | None
    after: Month | None

    def figures(self) -> list[tuple[str, Decimal | None, Decimal | None]]:
        """Return (figure, before, after) of what differs."""
        pairs = [(name, _of(self.before, name), _of(self.after, name)) for name in FIGURES]
        return [pair for pair in pairs if pair[1] != pair[2]]


def store_cells(session: Session, cells: Sequence[Cell], origin: Origin) -> ChangeSet | None:
    """Store cells as one change set, without committing; None when nothing differs from what is stored.

    Raises CellsRefusedError, CellsChangedError with the cells.
    """
    ids = _held(session)
    known = {one.code: one for one in list_series(reading_all(session))}
    problems = [problem for cell in cells if (problem := _wrong(cell, known)) is not None]
    if problems:
        raise CellsRefusedError(problems)
    months = {code: {month.key: month for month in one.months} for code, one in known.items()}
    if stale := _stale(cells, months):
        raise CellsChangedError(stale)
    return _write(session, _changed(cells, months, origin.source), origin, ids)


def months_after(series: Series, cells: Iterable[Cell]) -> tuple[list[Month], set[MonthKey]]:
    """Return the months of a series as cells would leave them, and the keys of those that they touch."""
    months = {month.key: month for month in series.months}
    own = [cell for cell in cells if cell.code == series.code]
    changes = _changed(own, {series.code: dict(months)}, "")
    for change in changes:
        if change.after is None:
            months.pop(change.key, None)
        else:
            months[change.key] = change.after
    return list(months.values()), {change.key for change in changes}


def unfit(series: Iterable[Series], cells: Sequence[Cell]) -> list[tuple[str, MonthKey, Check]]:
    """Return what would not fit among the figures of the months that cells touch."""
    found = []
    for one in series:
        months, touched = months_after(one, cells)
        found += [
            (one.code, month.key, check)
            for month in months
            if month.key in touched
            for check in check_figures(month, months)
            if not check.is_consistent
        ]
    return found


def record_month(session: Session, code: str, month: Month, *, by: str) -> None:
    """Store the figures of a month, in place of those there. Raises NotFoundError, InvalidValueError."""
    series = next((one for one in list_series(reading_all(session)) if one.code == code), None)
    if series is None:
        raise NotFoundError(value=code)
    if month.is_empty:
        raise InvalidValueError(N_("Give at least one figure."))
    if not FIRST_YEAR <= month.period.year <= LAST_YEAR:
        raise InvalidValueError(N_("The year must be between 1990 and 2100."))
    month = replace(month, period=month.period.replace(day=1))
    ids = _held(session)
    before = next((one for one in series.months if one.key == month.key), None)
    if before != month:
        _write(session, [MonthChange(code=code, key=month.key, before=before, after=month)], Origin(by=by), ids)


def list_changes(session: Session, change_set_id: int) -> list[MonthChange]:
    """Return what a change set did, in the order of series and months."""
    query = (
        select(IndicatorChange, Indicator.code)
        .join(Indicator, Indicator.id == IndicatorChange.indicator_id)
        .where(IndicatorChange.change_set_id == change_set_id)
        .order_by(Indicator.position, Indicator.code, IndicatorChange.period, IndicatorChange.version)
    )
    return [as_change(row, code) for row, code in session.execute(query)]


def list_change_sets(session: Session, *, limit: int, before_id: int | None = None) -> list[ChangeSet]:
    """Return the change sets of indicators, the latest first."""
    query = select(ChangeSet).where(ChangeSet.layer == SUBJECT).order_by(ChangeSet.id.desc()).limit(limit)
    return list(session.scalars(query.where(ChangeSet.id < before_id) if before_id else query))


def get_change_set(session: Session, number: int) -> ChangeSet:
    """Return a change set of indicators. Raises NotFoundError."""
    found = session.scalar(select(ChangeSet).where(ChangeSet.id == number, ChangeSet.layer == SUBJECT))
    if found is None:
        raise NotFoundError(value=str(number))
    return found


def undone_by(session: Session, numbers: Sequence[int]) -> dict[int, int]:
    """Return change set → the one that took it back."""
    query = select(ChangeSet.undoes_id, ChangeSet.id).where(ChangeSet.undoes_id.in_(numbers))
    return {undone: number for undone, number in session.execute(query) if undone is not None}


def take_back(session: Session, number: int, *, by: str) -> tuple[ChangeSet, list[MonthChange]]:
    """Undo a change set, without committing; return the new one, and the months whose later changes were left alone.

    A figure goes back where it still is as the change set left it. Raises NotFoundError, ConflictError (undone already).
    """
    ids = _held(session)
    found = get_change_set(session, number)
    if undone_by(session, [number]):
        raise ConflictError(N_("Change {value} has been undone already."), value=str(number))
    now = {(one.code, month.key): month for one in list_series(reading_all(session)) for month in one.months}
    back, kept = [], []
    for change in list_changes(session, number):
        present = now.get((change.code, change.key))
        wanted, is_whole = _taken_back(change, present)
        if not is_whole:
            kept.append(MonthChange(code=change.code, key=change.key, before=change.after, after=present))
        if wanted != present:
            back.append(MonthChange(code=change.code, key=change.key, before=present, after=wanted))
    origin = Origin(by=by, kind=ChangeKind.UNDO, file_name=found.file_name)
    undoing = _new_change_set(session, back, origin, undoes_id=found.id)
    _apply(session, undoing, back, origin, ids)
    return undoing, kept


def _taken_back(change: MonthChange, present: Month | None) -> tuple[Month | None, bool]:
    """Return the month without a change, and whether all of it could be taken back."""
    month = present or Month(period=change.key.period, version=change.key.version, scenario=change.key.scenario)
    values: dict[str, Any] = {}
    is_whole = True
    for name in (*FIGURES, "source"):
        before, after = _of(change.before, name), _of(change.after, name)
        if before != after and _of(present, name) == after:
            values[name] = before
        elif before != after and name != "source":
            is_whole = False
    wanted = replace(month, **values)
    return (None if wanted.is_empty else wanted), is_whole


# --- one save ---------------------------------------------------------------------------------------


def _held(session: Session) -> dict[str, int]:
    """Let one save follow the other; return code → id of the series."""
    query = select(Indicator.code, Indicator.id).order_by(Indicator.id).with_for_update()
    return {row.code: row.id for row in session.execute(query)}


def _wrong(cell: Cell, known: Mapping[str, Series]) -> CellProblem | None:
    sentence = None
    if cell.code not in known:
        sentence = N_("There is no such indicator.")
    elif cell.figure not in FIGURES:
        sentence = N_("There is no such figure.")
    elif cell.month.period.day != 1 or not FIRST_YEAR <= cell.month.period.year <= LAST_YEAR:
        sentence = N_("The year must be between 1990 and 2100.")
    elif cell.month.scenario and cell.month.version is not FigureVersion.SCENARIO:
        sentence = N_("Only growth scenarios have names.")
    elif len(cell.month.scenario) > LONGEST_NAME:
        sentence = N_("The name of a scenario has at most 60 letters.")
    elif cell.value is not None and known[cell.code].is_index and not cell.figure.endswith("_percent"):
        sentence = N_("Of an index only changes are published; it has no value.")
    elif cell.value is not None and not (cell.value.is_finite() and abs(cell.value) < TOO_LARGE[cell.figure]):
        sentence = N_("The number is too large.")
    return None if sentence is None else CellProblem(cell=cell, message=Message(template=sentence))


def _stale(cells: Iterable[Cell], months: Mapping[str, Mapping[MonthKey, Month]]) -> list[CellProblem]:
    found = []
    for cell in cells:
        present = _of(months[cell.code].get(cell.month), cell.figure)
        if present not in (cell.before, _rounded(cell.value)):
            found.append(CellProblem(cell=cell, message=Message(template=_CHANGED, values={"stored": present})))
    return found


def _changed(cells: Iterable[Cell], months: Mapping[str, Mapping[MonthKey, Month]], source: str) -> list[MonthChange]:
    """Return the months that cells change. A source goes with months that are new or had none, or is put in their place."""
    wanted: dict[tuple[str, MonthKey], dict[str, Any]] = {}
    for cell in cells:
        wanted.setdefault((cell.code, cell.month), {})[cell.figure] = _rounded(cell.value)
    changes = []
    for (code, key), values in wanted.items():
        before = months[code].get(key)
        blank = Month(period=key.period, version=key.version, scenario=key.scenario)
        after = replace(before or blank, **values)
        if before != after and not (before is None and after.is_empty):
            if source:
                after = replace(after, source=source)
            changes.append(MonthChange(code=code, key=key, before=before, after=None if after.is_empty else after))
    return changes


def _write(
    session: Session, changes: Sequence[MonthChange], origin: Origin, ids: Mapping[str, int]
) -> ChangeSet | None:
    if not changes:
        return None
    made = _new_change_set(session, changes, origin)
    _apply(session, made, changes, origin, ids)
    return made


def _new_change_set(
    session: Session, changes: Sequence[MonthChange], origin: Origin, *, undoes_id: int | None = None
) -> ChangeSet:
    counts = {"cells": sum(len(change.figures()) for change in changes), "months": len(changes)}
    made = ChangeSet(
        kind=origin.kind, layer=SUBJECT, user_name=origin.by, file_name=origin.file_name,
        file_sha256=origin.file_sha256, counts=counts, undoes_id=undoes_id,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def _apply(
    session: Session, made: ChangeSet, changes: Iterable[MonthChange], origin: Origin, ids: Mapping[str, int]
) -> None:
    for change in changes:
        key = {"indicator_id": ids[change.code], **change.key._asdict()}
        row = {**key, "change_set_id": made.id, "before": _as_json(change.before), "after": _as_json(change.after)}
        session.execute(insert(IndicatorChange).values(row))
        if change.after is None:
            session.execute(delete(IndicatorValue).filter_by(**key))
            continue
        values = {name: getattr(change.after, name) for name in (*FIGURES, "source")}
        values |= {"entered_by": origin.by, "entered_at": func.now()}
        session.execute(
            insert(IndicatorValue).values(**key, **values).on_conflict_do_update(index_elements=[*key], set_=values)
        )


def _of(month: Month | None, name: str) -> Any:
    return getattr(month, name) if month is not None else None


def _rounded(value: Decimal | None) -> Decimal | None:
    """Return a number as the column keeps it."""
    try:
        return None if value is None else value.quantize(Decimal("0.0001"))
    except InvalidOperation:
        return value


def _as_json(month: Month | None) -> dict[str, str] | None:
    if month is None:
        return None
    values = {name: getattr(month, name) for name in (*FIGURES, "source")}
    return {name: str(value) for name, value in values.items() if value is not None}


def as_change(row: IndicatorChange, code: str) -> MonthChange:
    """Return a stored change of a month of a series."""
    key = MonthKey(row.period, row.version, row.scenario)
    return MonthChange(code=code, key=key, before=_from_json(key, row.before), after=_from_json(key, row.after))


def _from_json(key: MonthKey, document: Mapping[str, str] | None) -> Month | None:
    if document is None:
        return None
    values = {name: Decimal(document[name]) for name in FIGURES if name in document}
    return Month(period=key.period, version=key.version, scenario=key.scenario, source=document.get("source"), **values)
