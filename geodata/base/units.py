"""Units as offices write them, in headings and cells: m2, lít, triệu đồng; which of them measure the same, and how they relate."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import cache


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A unit: what it measures, how many of that quantity's base unit it is, and how it is written."""

    measures: str
    size: Decimal
    shown: str


#: (what is measured, size, as shown, spellings without blanks and dots, in small letters; the sign itself is one).
_KNOWN: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("area", "1", "m²", ("m2", "métvuông", "metvuong")),
    ("area", "10000", "ha", ("hecta", "hécta")),
    ("area", "1000000", "km²", ("km2",)),
    ("volume", "0.001", "l", ("lít", "lit")),
    ("volume", "1", "m³", ("m3", "métkhối", "metkhoi", "khối")),
    ("mass", "0.001", "kg", ()),
    ("mass", "1", "t", ("tấn", "tan")),
    ("length", "1", "m", ("mét", "met")),
    ("length", "1000", "km", ()),
    ("power", "0.001", "kW", ()),
    ("power", "1", "MW", ()),
    ("apparent power", "0.001", "kVA", ()),
    ("apparent power", "1", "MVA", ()),
    ("reactive power", "0.001", "kVAr", ()),
    ("reactive power", "1", "MVAr", ()),
    ("voltage", "0.001", "V", ("volt", "vôn")),
    ("voltage", "1", "kV", ()),
    ("current", "1", "A", ("ampe", "ampere")),
    ("current", "1000", "kA", ()),
    ("money", "1", "VND", ("vnđ", "đồng", "dong", "đ")),
    ("money", "1000", "nghìn đồng", ("ngànđồng", "1000đồng", "nghìnđ", "1000đ", "nghìnvnđ", "nghìn")),
    ("money", "1000000", "triệu đồng", ("triệuđ", "trđ", "trđồng", "triệuvnđ", "triệuvnd", "triệu", "tr", "1000000đồng")),
    ("money", "1000000000", "tỷ đồng", ("tỉđồng", "tỷđ", "tỷvnđ", "tỷvnd", "tỷ", "tỉ")),
    ("share", "1", "%", ("phầntrăm",)),
)  # fmt: skip
_BRACKETS = re.compile(r"[(\[{（]([^)\]}）]*)[)\]}）]")
_PARTS = re.compile(r"[,;:/]")
_LAST = re.compile(r"(?:[,:]\s*|[\s_])([^\s_,:]{2,10}|triệu đồng|tỷ đồng|tỉ đồng|nghìn đồng)\.?\s*$", re.IGNORECASE)
_SAID = re.compile(r"(?:đơn vị(?: tính)?|đvt)\s*[:：]\s*([^;()]{1,20})", re.IGNORECASE)


def _plain(text: str) -> str:
    return re.sub(r"[\s.]", "", unicodedata.normalize("NFKC", text)).lower()


@cache
def _spellings() -> dict[str, Unit]:
    return {
        _plain(spelling): Unit(measures=measures, size=Decimal(size), shown=shown)
        for measures, size, shown, others in _KNOWN
        for spelling in (shown, *others)
    }


def unit_called(text: str) -> Unit | None:
    """Return the unit of that name, or None."""
    return _spellings().get(_plain(text))


@cache
def unit_of_heading(heading: str) -> Unit | None:
    """Return the unit that a heading says, in brackets or at its end: “Diện tích (m2)”, “Vốn, triệu đồng”, DT_M2; or None."""
    for inside in _BRACKETS.findall(heading):
        for part in (inside, *_PARTS.split(inside)):
            if (found := unit_called(part)) is not None:
                return found
    last = _LAST.search(_BRACKETS.sub(" ", heading).rstrip())
    return unit_called(last[1]) if last else None


def unit_said(text: str) -> Unit | None:
    """Return the unit that a line above a table says for all of it: “Đơn vị tính: triệu đồng”; or None."""
    match = _SAID.search(unicodedata.normalize("NFC", text))
    return unit_called(match[1]) if match else None


def is_in_another_unit(text: str, unit: str) -> bool:
    """Say whether a unit stands behind a number that measures the same as `unit` and is another one, money excepted."""
    own = unit_called(unit) if unit and not text.strip().isdigit() else None
    found = split_unit(text, own) if own is not None and own.measures != "money" else None
    return found is not None and own is not None and found[1].size != own.size


def split_unit(text: str, own: Unit) -> tuple[str, Unit] | None:
    """Return a number's text and the unit behind it, of those that measure the same as `own`: “15000 m2”; or None."""
    wide = unicodedata.normalize("NFC", text).strip()
    for length in range(min(len(wide) - 1, 12), 0, -1):
        bare = wide[:-length].rstrip()
        found = unit_called(wide[-length:])
        # “21000đ” is no 2 thousands.
        is_whole = bare[-1:].isdigit() and not wide[-length].isdigit()
        if found is not None and found.measures == own.measures and is_whole:
            return bare, found
    return None
