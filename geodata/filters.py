"""Filters: what a person asked, as an SQL condition and as a sentence.

A filter kind (Choice, Range …) belongs to a field and parses the values of one query parameter into a
Condition. Knows columns, not layers; knows words, not languages: sentences are message templates.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_

import shapely

from geodata.crs import WGS84, Bbox
from geodata.database import TIME_ZONE
from geodata.errors import InvalidFilterError
from geodata.i18n import N_

Translate = Callable[[str], str]
Write = Callable[[Any], str]
Column = ColumnElement[Any]

#: Asks for missing values.
UNKNOWN = "unknown"
CHOOSE = N_("choose one of the allowed values")
BBOX_PARTS = 4
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Where a condition looks: its area as SQL, EPSG:4326, and what distances are told from, EPSG:4326 (lon, lat)."""

    area: Column
    origin: shapely.Geometry | None = None


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One parsed filter: the SQL that keeps a row, and what to say about it.

    `sentence` is a template whose `words` are filled in by the one who shows it; `words` that are
    labels are listed in `labels`. `choices`: the values of a closed set that are kept. `day`: the day on which
    states are asked for, instead of today. `ground`: the area that is asked for. `reads`: the layer whose data
    decide too.
    """

    name: str
    sql: ColumnElement[bool]
    sentence: str
    words: Mapping[str, object]
    or_unknown: bool = False
    labels: tuple[str, ...] = ()
    choices: frozenset[str] | None = None
    day: date | None = None
    ground: Ground | None = None
    reads: str | None = None

    def say(self, translate: Translate, write: Write = str) -> str:
        """Return the sentence in the language of `translate`; `write` puts numbers and days as the language does."""
        words = {name: value if isinstance(value, str) else write(value) for name, value in self.words.items()}
        if self.labels:
            words["values"] = f" {translate(N_('or'))} ".join(translate(label) for label in self.labels)
        label = words["field"]
        words["field"] = translate(label)
        sentence = translate(self.sentence).format_map(words)
        return translate(N_("{sentence} or unknown")).format(sentence=sentence) if self.or_unknown else sentence


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
            sentence=N_("{field} is {values}"),
            words={"field": label},
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
    """A day between two ends, ISO dates, both optional and included: `2020-01-01..2020-12-31`; and, or only, `unknown`."""

    widget: str = "date"

    def parse(self, name: str, label: str, values: Sequence[str], column: Column) -> Condition:
        """Return the condition for one span of days."""
        spans = [value for value in values if value != UNKNOWN]
        if not spans:
            return _is_unknown(name, label, column)
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
        """Return the condition; wildcards in the value are plain characters."""
        value = values[-1].strip()
        if not value or len(value) > 200 or "\x00" in value:
            raise InvalidFilterError(name=name, value=value, reason=N_("give between 1 and 200 characters"))
        pattern = func.fold_text(value)
        return Condition(
            name=name,
            sql=func.fold_text(column).contains(pattern, autoescape=False)
            if not any(sign in value for sign in "%_\\")
            else func.strpos(func.fold_text(column), pattern) > 0,
            sentence=N_("{field} contains “{value}”"),
            words={"field": label, "value": value},
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
            return int(value)
        except ValueError:
            raise InvalidFilterError(name=name, value=value, reason=N_("a whole number is needed")) from None
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
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) > Decimal("1e18") or not math.isfinite(float(number)):
        raise InvalidFilterError(name=name, value=text, reason=N_("a number like 12.5 is needed"))
    return number


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidFilterError(name=name, value=text, reason=N_("a day like 2020-03-02 is needed")) from None


def _is_unknown(name: str, label: str, column: Column) -> Condition:
    return Condition(
        name=name,
        sql=column.is_(None),
        sentence=N_("{field} is {values}"),
        words={"field": label},
        labels=(N_("Unknown"),),
    )


def _or_unknown(condition: Condition, column: Column) -> Condition:
    return replace(condition, sql=or_(condition.sql, column.is_(None)), or_unknown=True)


def _between(condition: tuple[str, str, Column], low: object, high: object) -> Condition:
    name, label, column = condition
    parts = [column >= low] if low is not None else []
    parts += [column <= high] if high is not None else []
    if low is not None and high is not None:
        sentence = N_("{field} is {low}") if low == high else N_("{field} is from {low} to {high}")
    else:
        sentence = N_("{field} is at least {low}") if low is not None else N_("{field} is at most {high}")
    is_year = name.endswith("_year")  # 2020, not 2.020
    ends = {"low": low, "high": high}
    words = {"field": label} | {
        end: str(value) if is_year else value for end, value in ends.items() if value is not None
    }
    return Condition(name=name, sql=and_(*parts), sentence=sentence, words=words)


def parse_day(name: str, text: str) -> date:
    """Return the day of an ISO date. Raises InvalidFilterError."""
    day = _day(name, text)
    if not FIRST_DAY <= day <= LAST_DAY:
        raise InvalidFilterError(name=name, value=text, reason=N_("a day between 1990 and 2100 is needed"))
    return day


def day_filter(name: str, day: date, begins: Column, ends: Column) -> Condition:
    """Return the condition that a feature was there on a day; states are then those of that day."""
    return Condition(
        name=name,
        sql=and_(or_(begins.is_(None), begins <= day), or_(ends.is_(None), ends >= day)),
        sentence=N_("as on {day}"),
        words={"field": "", "day": day},
        day=day,
    )


def parse_span(name: str, text: str) -> tuple[date | None, date | None]:
    """Return first and last day of an RFC 3339 moment or interval, `..` or nothing for an open end. Raises InvalidFilterError."""
    first, slash, last = text.strip().partition("/")
    low, high = (None if end in {"", ".."} else _day_of_moment(name, end) for end in (first, last if slash else first))
    if (low is None and high is None) or (low is not None and high is not None and low > high):
        raise InvalidFilterError(
            name=name, value=text, reason=N_("a moment or an interval like 2020-01-01/.. is needed")
        )
    return low, high


def _day_of_moment(name: str, text: str) -> date:
    try:
        if len(text) == len("2020-03-02"):
            return date.fromisoformat(text)
        return datetime.fromisoformat(text.upper()).astimezone(ZoneInfo(TIME_ZONE)).date()
    except (ValueError, OverflowError):
        raise InvalidFilterError(
            name=name, value=text, reason=N_("a moment or an interval like 2020-01-01/.. is needed")
        ) from None


def lifetime_filter(name: str, span: tuple[date | None, date | None], begins: Column, ends: Column) -> Condition:
    """Return the condition that a feature was there on some day of a span; unknown ends are open."""
    low, high = span
    parts = [or_(begins.is_(None), begins <= high)] if high is not None else []
    parts += [or_(ends.is_(None), ends >= low)] if low is not None else []
    words = {"field": "", "low": low or "…", "high": high or "…"}
    return Condition(name=name, sql=and_(*parts), sentence=N_("valid between {low} and {high}"), words=words)


def text_filter(name: str, value: str, folded: Column) -> Condition:
    """Return the condition that every word of `value` occurs in an already folded text column."""
    words = value.replace("\x00", "").split()[:10]
    if not words:
        raise InvalidFilterError(name=name, value=value, reason=N_("give at least one word"))
    return Condition(
        name=name,
        sql=and_(*(func.strpos(folded, func.fold_text(word)) > 0 for word in words)),
        sentence=N_("text contains “{value}”"),
        words={"field": "", "value": value},
    )


def parse_bbox(name: str, value: str) -> Bbox:
    """Return west, south, east, north in degrees. Raises InvalidFilterError."""
    parts = [float(parse_number(name, part.strip())) for part in value.split(",")]
    if len(parts) != BBOX_PARTS or not (-180 <= parts[0] <= parts[2] <= 180 and -90 <= parts[1] <= parts[3] <= 90):
        raise InvalidFilterError(name=name, value=value, reason=N_("give west,south,east,north in degrees"))
    return (parts[0], parts[1], parts[2], parts[3])


def bbox_filter(name: str, bbox: Bbox, geom: Column) -> Condition:
    """Return the condition that a geometry meets the box."""
    return Condition(
        name=name,
        sql=func.ST_Intersects(geom, func.ST_MakeEnvelope(*bbox, WGS84)),
        sentence=N_("on the visible map"),
        words={"field": ""},
    )
