"""Degrees as people, phones and Garmin write them. The one parser: import, search and editing read the same writings.

20.845 · 20,845° · 20°50'42" · B 20°50'42,00'' · 20o50'42"B · 20 50 42 · N 20° 50.700' · 20 độ 50 phút 42 giây.
"""

import re
import unicodedata
from collections.abc import Iterator

from geodata.base.numbers import NumberStyle, parse_number

_WORDS = (
    (re.compile(r"\bđộ|độ|\bdo\b|(?<=\d)\s*(?:o|˚|º|⁰)(?=[\s\d]|$)"), "°"),
    (re.compile(r"phút|phut"), "'"),
    (re.compile(r"giây|giay"), '"'),
    (re.compile(r"[’‘′´`ʹ]"), "'"),
    (re.compile(r"[“”″ʺ]|''"), '"'),
)
_HEMISPHERE = r"(?:vĩ độ |kinh độ )?(bắc|nam|đông|tây|north|south|east|west|[nsewbđt])?\.?"
_BEFORE, _AFTER = re.compile(rf"^{_HEMISPHERE}"), re.compile(rf"{_HEMISPHERE}$")
_NUMBER = r"(\d+(?:[.,]\d+)?)"
_ANGLE = re.compile(
    rf"^{_HEMISPHERE}\s*([+-]?){_NUMBER}\s*(?:[°d:]|\s)\s*(?:{_NUMBER}\s*(?:['m:]|\s|$)\s*(?:{_NUMBER}\s*(?:[\"s]|')?\s*)?)?{_HEMISPHERE}$"
)
_SOUTH_OR_WEST = {"s", "w", "south", "west", "nam", "tây"}
_METRES = re.compile(r"(?<=\d)\s*(?:m|mét|met)\.?\s*$", re.IGNORECASE)
_SEPARATORS = (r"\s*[;|/]\s*", r"\s*,\s+", r"\s+", r"\s*,\s*", r"\s*-\s+")


def parse_angle(value: str | int | float | bool | None, style: NumberStyle) -> float | None:
    """Return degrees (or the metres of a plain number with or without its unit). Raises ValueError."""
    if value is None or isinstance(value, bool):
        if value is None:
            return None
        raise ValueError(value)
    if isinstance(value, int | float):
        return float(value)
    text = unicodedata.normalize("NFC", value).strip().lower()
    if not text:
        return None
    for pattern, sign in _WORDS:
        text = pattern.sub(sign, text)
    if match := _ANGLE.match(text):
        return _degrees(match)
    bare = re.sub(rf"^{_HEMISPHERE}\s*|\s*°?\s*{_HEMISPHERE}$", "", _METRES.sub("", text), count=2)
    if not bare:
        raise ValueError(value)  # “đông” alone names a side and holds no number
    number = _coordinate(bare, style)
    sides = {found[1] for found in (_BEFORE.search(text), _AFTER.search(text)) if found}
    return -number if number is not None and sides & _SOUTH_OR_WEST else number


_ONE_SIGN = re.compile(r"[+-]?\d{1,7}[.,]\d+$")


def _coordinate(text: str, style: NumberStyle) -> float | None:
    """Return a number; one sign in it is a decimal point where that gives degrees, and where nothing says otherwise."""
    if _ONE_SIGN.match(text):
        number = float(text.replace(",", "."))
        if abs(number) <= 360 or not re.search(r"[.,]\d{3}$", text) or style is NumberStyle.UNKNOWN:
            return number
    return parse_number(text, style)


def _degrees(match: re.Match[str]) -> float:
    before, sign, *texts, after = match.groups()
    degrees, minutes, seconds = (float(text.replace(",", ".")) if text else 0.0 for text in texts)
    is_fraction = [bool(text) and not float(text.replace(",", ".")).is_integer() for text in texts]
    if minutes >= 60 or seconds >= 60 or degrees > 360:
        raise ValueError(match[0])
    if (is_fraction[0] and texts[1]) or (is_fraction[1] and texts[2] and seconds):
        raise ValueError(match[0])
    angle = degrees + minutes / 60 + seconds / 3600
    return -angle if sign == "-" or {before, after} & _SOUTH_OR_WEST else angle


#: What names a coordinate before it: “X=”, “Vĩ độ:”, “Lat:”; and the zone before metres: “48Q 596123 2306123”.
_LABEL = re.compile(
    r"(?:\b|(?<=\d))(?:x|y|lat(?:itude)?|lon(?:g(?:itude)?)?|lng|vĩ độ|kinh độ|vi do|kinh do|vđ|kđ|to[aạ] độ|tọa độ)\s*[:=]\s*",
    re.IGNORECASE,
)
_ZONE = re.compile(r"^\s*\d{1,2}\s?[A-Z]\s+(?=\d{6})")
_DEGREES = r"(-?\d{1,3}\.\d+)"
#: Places in links that phones share, the object's own before the middle of the picture.
_LINKS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"!3d{_DEGREES}!4d{_DEGREES}",
        rf"[?&](?:q|ll|query|destination|daddr|center)=(?:loc:)?{_DEGREES}(?:,|%2C)(?:\+|%20|\s)*{_DEGREES}",
        rf"[/@]{_DEGREES},{_DEGREES}(?:,|/|$)",
        rf"^geo:{_DEGREES},{_DEGREES}",
    )
)
#: A place with its height, and how exact it is, as forms on phones write it: “20.86 106.68 3.2 4.9”.
_WITH_HEIGHT = re.compile(rf"{_DEGREES}[\s,;]+{_DEGREES}(?:[\s,;]+-?\d+(?:\.\d+)?){{1,2}}$")


def split_pair(value: object, style: NumberStyle) -> tuple[float, float] | None:
    """Return the two coordinates that one text holds in its order, or None.

    “20.721, 106.6”, “20°43'N 106°36'E”, “X=2306123; Y=596123”, a link of a map on the web, a phone's “20.86 106.68 3.2 4.9”.
    """
    if not isinstance(value, str):
        return None
    text = value.strip().strip("()[]{}")
    if (place := _written_by_a_program(text)) is not None:
        return place
    text = _ZONE.sub("", _LABEL.sub(" ", unicodedata.normalize("NFC", text))).strip()
    for first, second in _halves(text):
        try:
            found = parse_angle(first, style), parse_angle(second, style)
        except ValueError:
            continue
        if found[0] is not None and found[1] is not None:
            return found[0], found[1]
    return None


def _written_by_a_program(text: str) -> tuple[float, float] | None:
    """Return the place of a link, or of numbers with height and accuracy behind them."""
    if "://" in text or text.startswith("geo:"):
        found = next((match for link in _LINKS if (match := link.search(text))), None)
        return (float(found[1]), float(found[2])) if found else None
    match = _WITH_HEIGHT.match(text)
    if match is None:
        return None
    first, second = float(match[1]), float(match[2])
    small, large = sorted((abs(first), abs(second)))
    return (first, second) if small <= 90 < large <= 180 else None


def _halves(text: str) -> Iterator[tuple[str, str]]:
    """Return the ways to cut a text in two, the plainest separators first, nearest the middle first."""
    for separator in _SEPARATORS:
        cuts = sorted(re.finditer(separator, text), key=lambda cut: abs(cut.start() - len(text) / 2))
        for cut in cuts[:8]:
            yield text[: cut.start()], text[cut.end() :]
