"""What a cell says: texts, numbers, days, yes and no, and closed sets, in Vietnamese and English writing."""

import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from functools import cache, partial
from typing import Any

from sqlalchemy import BigInteger, Numeric

from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.base.names import visible
from geodata.base.numbers import AmbiguousNumberError, NumberStyle, plain_number
from geodata.base.units import split_unit, unit_called
from geodata.importing.table import Value
from geodata.importing.understanding.days import DayOrder
from geodata.importing.understanding.written_days import read_day, read_moment
from geodata.schema.described import Described
from geodata.schema.fields import Field, LabelledEnum, fold_column_name

_EMPTY = {"", "<null>", "null", "n/a", "#n/a", "nan", "-", "--", "…", "..."}
_TRUE = {"true", "t", "yes", "y", "1", "x", "v", "c", "co", "daco", "coroi", "dung"}
_FALSE = {"false", "f", "no", "n", "0", "k", "khong", "khongco", "chua", "chuaco", "sai"}
#: What databases write where there is no day.
_NO_DAYS = {"0", 0, "00000000", "00/00/0000", "0000-00-00", "0000-00-00 00:00:00"}
_TICKS = {"✓": True, "✔": True, "√": True, "☑": True, "☐": False}
BAD_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
#: Day 0 of the numbers of a sheet, in its two ways to count.
FROM_1900, FROM_1904 = date(1899, 12, 30), date(1904, 1, 1)
#: What people write behind a count; words that multiply it (nghìn, chục) are none of them.
_COUNTED = re.compile(
    r"([\d.,]+) ?(?:cái|chiếc|bể|bồn|cột|cột bơm|trụ|trụ bơm|vòi|hộ|người|lao động|dự án|điểm|gian|ki[- ]?ốt|quầy|sạp|mạch|dây)$",
    re.IGNORECASE,
)
#: What sheets put before a cell to keep it a text, left in it by a copy.
_TEXT_MARK = "'"
VIETNAM = timezone(timedelta(hours=7))
#: A moment with its zone, as map services write days: midnight in Vietnam is 17:00 of the day before in UTC.
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})$")


class BadValueError(ValueError):
    """A cell that cannot be taken: a message, and what to write instead."""

    def __init__(
        self, template: str, suggestion: Message | None = None, code: str = "bad_value", **details: Any
    ) -> None:
        super().__init__(template)
        self.said = Message(template=template, values=details)
        self.suggestion, self.code = suggestion, code

    def about(self, cell: str) -> Message:
        """Return the message with the cell in it."""
        return replace(self.said, values={"value": cell, **self.said.values})


def clean_text(value: str) -> str:
    """Return a text as it is stored: NFC, single line ends, no control or direction signs."""
    whole = visible(BAD_CONTROL.sub("", value)).replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", whole).strip()


def text_of(value: Value) -> str | None:
    """Return a cell as text; 1030101.0 is the code 1030101."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    text = clean_text(str(value))
    return text if text and text.lower() != "<null>" else None


def _is_empty(value: Value) -> bool:
    return value is None or (isinstance(value, str) and value.strip().lower() in _EMPTY)


@cache
def _spellings(values: type[LabelledEnum]) -> dict[str, LabelledEnum]:
    """Return every folded spelling of a closed set; the stored value wins over labels and aliases."""
    table: dict[str, LabelledEnum] = {}
    for member in values:
        for spelling in (*member.source_values, member.label):
            table.setdefault(fold_column_name(spelling), member)
    table.update({fold_column_name(member.value): member for member in values})
    return table


def parse_choice(value: Value, values: type[LabelledEnum]) -> LabelledEnum | None:
    """Return the member that a cell means. Raises BadValueError."""
    text = text_of(value)
    if text is None:
        return None
    found = _spellings(values).get(fold_column_name(text)) or _spellings(values).get(
        fold_column_name(text.removesuffix(".0"))
    )
    if found is not None:
        return found
    if text.lower() in _EMPTY or fold_column_name(text) in {"chuaro", "khongro", "unknown"}:
        return None
    allowed = ", ".join(member.source_values[0] if member.source_values else member.value for member in values)
    raise BadValueError(
        N_("“{value}” is not one of the allowed values."),
        Message(template=N_("Use one of: {allowed}."), values={"allowed": allowed}),
    )


def parse_boolean(value: Value) -> bool | None:
    """Return yes or no. Raises BadValueError."""
    if value is None or isinstance(value, bool):
        return value
    whole = text_of(value) or ""
    if whole in _TICKS:
        return _TICKS[whole]
    text = fold_column_name(whole.removesuffix(".0"))
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if _is_empty(value):
        return None
    raise BadValueError(N_("“{value}” is neither yes nor no."), Message(template=N_("Write “có” or “không”.")))


def parse_date(value: Value, order: DayOrder | None = None, first_day: date = FROM_1900) -> date | None:
    """Return a day, dd/mm/yyyy unless the column is written otherwise; of a moment, the day in Vietnam.

    `first_day` is day 0 of a sheet's plain numbers. Raises BadValueError.
    """
    if _is_empty(value) or (not isinstance(value, bool) and value in _NO_DAYS):
        return None
    if order in {DayOrder.EPOCH_MS, DayOrder.EPOCH_S}:
        seconds = int(str(value).removesuffix(".0")) / (1000 if order is DayOrder.EPOCH_MS else 1)
        return datetime.fromtimestamp(seconds, VIETNAM).date()
    if isinstance(value, str) and MOMENT.match(value.strip()):
        with suppress(ValueError):
            return datetime.fromisoformat(value.strip()).astimezone(VIETNAM).date()
    if isinstance(value, int | float) and not isinstance(value, bool) and 20_000 <= value <= 80_000:
        return first_day + timedelta(days=int(value))
    written = read_day(str(value), is_month_first=order is DayOrder.MONTH_FIRST)
    if written.day is not None:
        return written.day
    raise BadValueError(
        written.why or N_("“{value}” is no day."),
        Message(template=N_("Write days as 31/12/2026 or 2026-12-31.")),
    )


def parse_moment(value: Value) -> datetime | None:
    """Return a time, in ISO writing or as 31/12/2026 18:30. Raises BadValueError."""
    if _is_empty(value):
        return None
    text = str(value).strip()
    for form in ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y"):
        with suppress(ValueError):
            return datetime.strptime(text, form)  # noqa: DTZ007 - of the province, like the database's sessions
    if (written := read_moment(text)) is not None:
        return written
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        suggestion = Message(template=N_("Write times as 31/12/2026 18:30 or 2026-12-31T18:30."))
        raise BadValueError(N_("“{value}” is no time."), suggestion) from error


def parse_decimal(
    value: Value, style: NumberStyle, unit: str, *, whole: bool, factor: Decimal = Decimal(1)
) -> Decimal | None:
    """Return a number in the field's unit; a unit behind it that measures the same is understood. Raises BadValueError.

    `factor`: what numbers without a unit of their own are multiplied by, where the column is in another unit.
    """
    if _is_empty(value):
        return None
    if isinstance(value, bool):
        raise BadValueError(
            N_("“{value}” is no number."),
            Message(template=N_("The cell says yes or no where the field holds a number.")),
        )
    if isinstance(value, int | float):
        number = Decimal(repr(value)) * factor
    else:
        text, factor = _without_unit(str(value), unit, factor)
        text = _without_counter(text) if whole and not unit else text
        try:
            number = Decimal(plain_number(text, style, whole=whole and factor == 1)) * factor
        except AmbiguousNumberError as error:
            raise BadValueError(
                N_("“{value}” can be read in two ways."),
                Message(template=N_("Write thousands without a separator, or one more decimal.")),
            ) from error
        except (ValueError, InvalidOperation) as error:
            raise BadValueError(
                N_("“{value}” is no number."), Message(template=N_("Write numbers as 1234,5."))
            ) from error
    if not number.is_finite() or abs(number) > Decimal("1e18"):
        raise BadValueError(N_("“{value}” is out of range."))
    return number


def _without_counter(text: str) -> str:
    """Return a count without the word of what is counted: “3 bể”, “12 hộ”."""
    match = _COUNTED.match(unicodedata.normalize("NFC", text).strip())
    return match[1] if match else text


def _without_unit(text: str, unit: str, factor: Decimal) -> tuple[str, Decimal]:
    """Return the number of a cell and what it is to be multiplied by: as the unit behind it says, else `factor`."""
    bare = text.strip().removeprefix(_TEXT_MARK)
    plain, end = (unicodedata.normalize("NFKC", part).lower() for part in (bare, unit))
    if unit and plain.endswith(end) and plain.removesuffix(end).strip()[-1:].isdigit():
        return plain.removesuffix(end).strip(), Decimal(1)
    own = unit_called(unit) if unit and not bare.isdigit() else None
    if own is None or (found := split_unit(bare, own)) is None:
        return bare, factor
    return found[0], found[1].size / own.size


def parser_of(
    kind: type[Described],
    field: Field,
    style: NumberStyle,
    order: DayOrder | None = None,
    *,
    first_day: date = FROM_1900,
    factor: Decimal = Decimal(1),
) -> Callable[[Value], Any]:
    """Return the function that reads the cells of a field; `factor` turns the column's unit into the field's."""
    if (values := field.values) is not None:
        return lambda value: parse_choice(value, values)
    if field.python_type is bool:
        return parse_boolean
    if field.python_type is date:
        return partial(parse_date, order=order, first_day=first_day)
    if field.python_type is datetime:
        return parse_moment
    if field.python_type is int:
        return _integer(kind, field, style, factor)
    if field.python_type in (Decimal, float):
        return _decimal(kind, field, style, factor)
    return text_of


def _integer(kind: type[Described], field: Field, style: NumberStyle, factor: Decimal) -> Callable[[Value], int | None]:
    most = 2**63 - 1 if isinstance(kind.column(field.name).type, BigInteger) else 2**31 - 1

    def parse(value: Value) -> int | None:
        number = parse_decimal(value, style, field.unit, whole=True, factor=factor)
        if number is None:
            return None
        if number != int(number):
            raise BadValueError(N_("“{value}” is no whole number."))
        if abs(number) > most:
            raise BadValueError(N_("“{value}” is out of range."))
        return int(number)

    return parse


def _decimal(
    kind: type[Described], field: Field, style: NumberStyle, factor: Decimal
) -> Callable[[Value], Decimal | None]:
    type_ = kind.column(field.name).type
    scale = type_.scale if isinstance(type_, Numeric) else None
    digits = (type_.precision or 30) - (scale or 0) if isinstance(type_, Numeric) else 30

    def parse(value: Value) -> Decimal | None:
        number = parse_decimal(value, style, field.unit, whole=False, factor=factor)
        if number is None:
            return None
        if scale is not None:
            number = round(number, scale)
        if abs(number) >= Decimal(10) ** digits:
            raise BadValueError(N_("“{value}” is out of range."))
        return number

    return parse
