"""Filters: what a person asked, as an SQL condition and as a sentence.

A filter kind (Choice, Range …) belongs to a field and parses the values of one query parameter into a
Condition. Knows columns, not layers; knows words, not languages: sentences are message templates.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, func, or_

import shapely

from geodata.base.errors import InvalidFilterError, InvalidValueError
from geodata.base.i18n import N_
from geodata.base.message import AsWritten, Message, Translate, Write
from geodata.base.parsing import LARGEST_ID, parse_whole

Column = ColumnElement[Any]

#: Asks for missing values.
UNKNOWN = "unknown"
CHOOSE = N_("choose one of the allowed values")
LONGEST_NUMBER = 40
LONGEST_DAYS = 36_500
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)
_DAYS = re.compile(r"(-?\d{1,6})d")


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Where a condition looks: its area as SQL, EPSG:4326, and what distances are told from, EPSG:4326 (lon, lat)."""

    area: Column
    origin: shapely.Geometry | None = None


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One parsed filter: the SQL that keeps a row, and what to say about it.

    `said` is what it says, {field} being the field's label; `labels` are joined to its {values}. `choices`: the values of a closed set that are kept. `day`: the day on which
    states are asked for, instead of today. `ground`: the area that is asked for. `reads`: the layer whose data
    decide too. `alternatives`: the conditions of which one must hold, where a filter is given several times.
    `unit`: what the numbers are counted in.
    """

    name: str
    sql: ColumnElement[bool]
    said: Message
    or_unknown: bool = False
    labels: tuple[str, ...] = ()
    choices: frozenset[str] | None = None
    day: date | None = None
    ground: Ground | None = None
    reads: str | None = None
    alternatives: tuple["Condition", ...] = ()
    unit: str = ""

    def say(self, translate: Translate, write: Write = str) -> str:
        """Return the sentence in the language of `translate`; `write` puts numbers and days as the language does."""
        if self.alternatives:
            return f" {translate(N_('or'))} ".join(each.say(translate, write) for each in self.alternatives)
        values = dict(self.said.values)
        if self.labels:
            values["values"] = AsWritten(f" {translate(N_('or'))} ".join(translate(label) for label in self.labels))
        last = "high" if "high" in values else "low"
        if self.unit and last in values:
            values[last] = AsWritten(f"{write(values[last])}\u00a0{translate(self.unit)}")
        sentence = replace(self.said, values=values).say(translate, write)
        if not self.or_unknown:
            return sentence
        return Message(template=N_("{sentence} or unknown"), values={"sentence": AsWritten(sentence)}).say(translate)


def any_of(conditions: Sequence[Condition]) -> Condition:
    """Return the condition that one of these holds: a filter that is given several times. Raises InvalidFilterError."""
    first, *others = conditions
    if not others:
        return first
    if any(each.reads != first.reads for each in others):
        raise InvalidFilterError(
            name=first.name, value="", reason=N_("objects of several layers cannot be asked for at once")
        )
    same = [
        replace(each, said=replace(each.said, template="{value}")) if each.said.template == "{field}: {value}" else each
        for each in others
    ]
    return Condition(
        name=first.name,
        sql=or_(*(each.sql for each in conditions)),
        said=Message(template=""),
        ground=_common_ground([each.ground for each in conditions if each.ground]),
        reads=first.reads,
        alternatives=(first, *same),
    )


def _common_ground(grounds: Sequence[Ground]) -> Ground | None:
    if not grounds:
        return None
    area = grounds[0].area
    for each in grounds[1:]:
        area = func.ST_Union(area, each.area)
    origins = [each.origin for each in grounds]
    known = [origin for origin in origins if origin is not None]
    return Ground(area=area, origin=shapely.union_all(known) if len(known) == len(origins) else None)


def day_of(conditions: Iterable[Condition]) -> date | None:
    """Return the day on which states are asked for, or None for today."""
    return next((condition.day for condition in conditions if condition.day), None)


class FilterKind(Protocol):
    """What a field's filter can do."""

    @property
    def widget(self) -> str:
        """The form control that fits: choice, range, date, text."""
        ...

    def parse(self, name: str, label: str, values: Sequence[str], column: Column) -> Condition:
        """Return the condition. Raises InvalidFilterError."""
        ...


@dataclass(frozen=True)
class Choice:
    """One or more of the stored values; several mean “or”. `unknown` asks for missing values.

    `labels` maps each stored value to its text; None leaves the values free (codes, years).
    """

    labels: dict[str, str] | None = None
    widget: str = "choice"

    def parse(self, name: str, label: str, values: Sequence[str], column: Column) -> Condition:
        """Return `column IN values`."""
        wanted = list(dict.fromkeys(values))
        known = [value for value in wanted if value != "unknown" or "unknown" in (self.labels or {})]
        if self.labels is not None:
            for value in known:
                if value not in self.labels:
                    raise InvalidFilterError(name=name, value=value, reason=CHOOSE, choices=[*self.labels, "unknown"])
        parts: list[ColumnElement[bool]] = []
        if known:
            parts.append(column.in_([_as_column_type(name, value, column) for value in known]))
        if "unknown" in wanted:
            parts.append(column.is_(None))
        texts = tuple(
            (self.labels or {}).get(value, N_("Unknown") if value == "unknown" else value) for value in wanted
        )
        return Condition(
            name=name,
            sql=or_(*parts),
            said=Message(template=N_("{field} is {values}"), values={"field": label}),
            labels=texts,
            choices=frozenset(wanted) if self.labels is not None else None,
        )


@dataclass(frozen=True)
class Range:
    """A number between two ends, both optional and included: `40..`, `..60`, `40..60`, `40`; and, or only, `unknown`."""

    widget: str = "range"

    def parse(self, name: str, label: str, values: Sequence[str], column: Column) -> Condition:
        """Return the condition for one range."""
        spans = [value for value in values if value != UNKNOWN]
        if not spans:
            return _is_unknown(name, label, column)
        low_text, high_text = _ends(name, spans)
        low, high = (parse_number(name, text) if text else None for text in (low_text, high_text))
        if low is not None and high is not None and low > high:
            raise InvalidFilterError(name=name, value=values[0], reason=N_("the lower end is above the upper end"))
        condition = _between((name, label, column), low, high)
        return _or_unknown(condition, column) if UNKNOWN in values else condition


@dataclass(frozen=True)
class DateRange:
    """A day between two ends, ISO dates, both optional and included: `2020-01-01..2020-12-31`; and, or only, `unknown`.

    `90d` asks for today and the 90 days to come, `-90d` for today and those that have passed: it moves with the day.
    """

    widget: str = "date"

    def parse(self, name: str, label: str, values: Sequence[str], column: Column) -> Condition:
        """Return the condition for one span of days."""
        spans = [value for value in values if value != UNKNOWN]
        if not spans:
            return _is_unknown(name, label, column)
        if len(spans) == 1 and (days := _DAYS.fullmatch(spans[0].strip())):
            condition = _within_days(name, label, column, int(days[1]))
            return _or_unknown(condition, column) if UNKNOWN in values else condition
        low_text, high_text = _ends(name, spans)
        low, high = (_day(name, text) if text else None for text in (low_text, high_text))
        if low is not None and high is not None and low > high:
            raise InvalidFilterError(name=name, value=values[0], reason=N_("the first day is after the last day"))
        condition = _between((name, label, column), low, high)
        return _or_unknown(condition, column) if UNKNOWN in values else condition


@dataclass(frozen=True)
class Text:
    """Part of a text, accents and case ignored."""

    widget: str = "text"

    def parse(self, name: str, label: str, values: Sequence[str], column: Column) -> Condition:
        """Return the condition, of several texts that one is there; wildcards in the value are plain characters."""
        return any_of([self._contains(name, label, value.strip(), column) for value in dict.fromkeys(values)])

    def _contains(self, name: str, label: str, value: str, column: Column) -> Condition:
        if not value or len(value) > 200 or "\x00" in value:
            raise InvalidFilterError(name=name, value=value, reason=N_("give between 1 and 200 characters"))
        pattern = func.fold_text(value)
        return Condition(
            name=name,
            sql=func.fold_text(column).contains(pattern, autoescape=False)
            if not any(sign in value for sign in "%_\\")
            else func.strpos(func.fold_text(column), pattern) > 0,
            said=Message(template=N_("{field} contains “{value}”"), values={"field": label, "value": value}),
        )


def _as_column_type(name: str, value: str, column: Column) -> object:
    """Return the value as the column's Python type, so that an integer choice compares as integer."""
    try:
        python_type = column.type.python_type
    except NotImplementedError:
        python_type = str
    if python_type is bool:
        if value not in {"true", "false"}:
            raise InvalidFilterError(name=name, value=value, reason=N_("choose true or false"))
        return value == "true"
    if python_type is int:
        try:
            return parse_whole(name, value, high=LARGEST_ID)
        except InvalidValueError:
            raise InvalidFilterError(name=name, value=value[:80], reason=N_("a whole number is needed")) from None
    return value


def _ends(name: str, values: Sequence[str]) -> tuple[str, str]:
    if len(values) != 1:
        raise InvalidFilterError(name=name, value=", ".join(values), reason=N_("give one range only"))
    low, dots, high = values[0].strip().partition("..")
    if not dots:
        high = low
    if not low and not high:
        raise InvalidFilterError(name=name, value=values[0], reason=N_("give at least one end, like 40.. or ..60"))
    return low.strip(), high.strip()


def parse_number(name: str, text: str) -> Decimal:
    """Return the finite number of a text. Raises InvalidFilterError."""
    try:
        number = Decimal(text) if len(text) <= LONGEST_NUMBER else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    # An exponent of -999999 would be a million digits to the database.
    if not number.is_finite() or abs(number) > Decimal("1e18") or 0 < abs(number) < Decimal("1e-18"):
        raise InvalidFilterError(name=name, value=text[:LONGEST_NUMBER], reason=N_("a number like 12.5 is needed"))
    return number


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidFilterError(name=name, value=text, reason=N_("a day like 2020-03-02 is needed")) from None


def _within_days(name: str, label: str, column: Column, days: int) -> Condition:
    if abs(days) > LONGEST_DAYS:
        raise InvalidFilterError(name=name, value=f"{days}d", reason=N_("at most 36,500 days"))
    today = func.current_date()
    low, high = (today, today + days) if days >= 0 else (today + days, today)
    sentence = (
        N_("{field} is within the next {days} days") if days >= 0 else N_("{field} is within the last {days} days")
    )
    said = Message(template=sentence, values={"field": label, "days": abs(days)})
    return Condition(name=name, sql=column.between(low, high), said=said)


def _is_unknown(name: str, label: str, column: Column) -> Condition:
    return Condition(
        name=name,
        sql=column.is_(None),
        said=Message(template=N_("{field} is {values}"), values={"field": label}),
        labels=(N_("Unknown"),),
    )


def _or_unknown(condition: Condition, column: Column) -> Condition:
    return replace(condition, sql=or_(condition.sql, column.is_(None)), or_unknown=True)


def _between(condition: tuple[str, str, Column], low: date | Decimal | None, high: date | Decimal | None) -> Condition:
    name, label, column = condition
    parts = [column >= low] if low is not None else []
    parts += [column <= high] if high is not None else []
    if low is not None and high is not None:
        sentence = N_("{field} is {low}") if low == high else N_("{field} is from {low} to {high}")
    else:
        sentence = N_("{field} is at least {low}") if low is not None else N_("{field} is at most {high}")
    is_year = name.endswith("_year")  # 2020, not 2.020
    ends = {"low": low, "high": high}
    told = {end: str(value) if is_year else value for end, value in ends.items() if value is not None}
    return Condition(name=name, sql=and_(*parts), said=Message(template=sentence, values={"field": label, **told}))


def parse_day(name: str, text: str) -> date:
    """Return the day of an ISO date. Raises InvalidFilterError."""
    day = _day(name, text)
    if not FIRST_DAY <= day <= LAST_DAY:
        raise InvalidFilterError(name=name, value=text, reason=N_("a day between 1990 and 2100 is needed"))
    return day
