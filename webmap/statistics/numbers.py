"""Figures of indicators as they are typed and shown: in the writing of the page's language, and nothing guessed."""

from decimal import Decimal

from babel.numbers import NumberFormatError, parse_decimal

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from webmap.app.i18n import current_language, format_number

EXAMPLE = Decimal("23400.5")


def read_number(text: str) -> Decimal | None:
    """Return the number that was typed, None for nothing. Raises InvalidValueError."""
    language = current_language()
    clean = text.replace("\u2212", "-").replace("\u00a0", "").replace("\u202f", "").replace(" ", "").removesuffix("%")
    if not clean:
        return None
    try:
        number = parse_decimal(clean, locale=language, strict=True)
    except NumberFormatError:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= Decimal(10) ** 12:
        raise InvalidValueError(
            N_("“{value}” is not a number as written here, like {example}."),
            value=text[:40],
            example=format_number(EXAMPLE, language),
        )
    return number


def write_number(value: Decimal | None, *, minus: str = "-") -> str:
    """Return a number in the language's writing, as the fields of forms hold it; nothing for None."""
    if value is None:
        return ""
    return format_number(value.normalize() if value else Decimal(0), current_language()).replace("-", minus)
