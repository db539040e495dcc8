"""How tables of indicators are headed: columns, months, figures, kinds, units; recognised as people write them."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from geodata.base.names import fold_name
from geodata.importing.headings import spellings
from geodata.statistics.indicators import FIGURES, FigureVersion

#: The headings that exports write, by what a column holds.
HEADS = {
    "code": "Mã", "name": "Chỉ tiêu", "unit": "Đơn vị", "figure": "Số liệu", "version": "Loại", "scenario": "Kịch bản",
    "year": "Năm",
}  # fmt: skip
FIGURE_NAMES = {
    "value": "Giá trị trong tháng", "month_change_percent": "So với tháng trước (%)",
    "year_change_percent": "So với cùng kỳ năm trước (%)", "cumulative": "Lũy kế từ đầu năm",
    "cumulative_change_percent": "Lũy kế so với cùng kỳ (%)",
}  # fmt: skip
VERSION_NAMES = {
    FigureVersion.ACTUAL: "Thực hiện", FigureVersion.ESTIMATE: "Ước thực hiện", FigureVersion.TARGET: "Kế hoạch",
    FigureVersion.SCENARIO: "Kịch bản tăng trưởng",
}  # fmt: skip

_COLUMNS = {
    "code": {"ma", "machitieu", "code", "maso"},
    "name": {"chitieu", "tenchitieu", "ten", "indicator", "name", "tenchitieuthongke"},
    "unit": {"donvi", "donvitinh", "dvt", "unit"},
    "figure": {"solieu", "loaisolieu", "noidung", "figure"},
    "version": {"loai", "loaiso", "kind", "version"},
    "scenario": {"kichban", "tenkichban", "scenario"},
    "year": {"nam", "year"},
    "period": {"ky", "thang", "kybaocao", "thangnam", "month", "period", "thoigian", "thoiky"},
    "source": {"nguon", "nguonsolieu", "source"},
}
_FIGURES = {
    "value": {
        "giatri", "giatritrongthang", "trongthang", "thuchientrongthang", "giatrithang", "value", "thuchienthang", "valueofthemonth",
    },
    "month_change_percent": {
        "sothangtruoc", "sovoithangtruoc", "tangsothangtruoc", "monthonmonth", "mom", "changeonthemonthbefore",
    },
    "year_change_percent": {
        "socungky", "sovoicungky", "socungkynamtruoc", "sovoicungkynamtruoc", "tangsocungky", "yoy", "yearonyear",
        "changeonthesamemonthlastyear",
    },
    "cumulative": {"luyke", "luyketudaunam", "luykedenthang", "luykecadongtuanam", "cumulative", "yearsofar", "congdon"},
    "cumulative_change_percent": {
        "luykesocungky", "luykesovoicungky", "luykesocungkynamtruoc", "luykesovoicungkynamtruoc", "tangluyke",
        "yearsofaragainstlastyear", "cumulativechange",
    },
}  # fmt: skip
_VERSIONS = {
    FigureVersion.ACTUAL: {"thuchien", "actual", "th", "chinhthuc"},
    FigureVersion.ESTIMATE: {"uoc", "uocthuchien", "estimate", "uth", "sobo"},
    FigureVersion.TARGET: {"kehoach", "target", "plan", "kh"},
    FigureVersion.SCENARIO: {"kichban", "kichbantangtruong", "scenario", "growthscenario"},
}
#: A unit as it is written → the unit stored, and how many of that it is.
_UNITS = {
    "tydong": ("bn VND", Decimal(1)), "tidong": ("bn VND", Decimal(1)), "ty": ("bn VND", Decimal(1)),
    "bnvnd": ("bn VND", Decimal(1)), "billionvnd": ("bn VND", Decimal(1)), "tyvnd": ("bn VND", Decimal(1)),
    "nghintydong": ("bn VND", Decimal(1000)), "ngantydong": ("bn VND", Decimal(1000)),
    "trieudong": ("bn VND", Decimal("0.001")), "trieu": ("bn VND", Decimal("0.001")),
    "mnvnd": ("bn VND", Decimal("0.001")), "millionvnd": ("bn VND", Decimal("0.001")),
    "dong": ("bn VND", Decimal("1e-9")), "vnd": ("bn VND", Decimal("1e-9")),
}  # fmt: skip
_BRACKETS = re.compile(r"\(([^()]*)\)")
_MONTHS = (
    re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})(?:[-/.]\d{1,2})?(?:[T ].*)?$"),
    re.compile(r"(?:\d{1,2}/)?(?P<month>\d{1,2})[-/.](?P<year>\d{4})$"),
    re.compile(r"(?:thang|t|month)\s*(?P<month>\d{1,2})\s*(?:[-/.,]|nam|year)?\s*(?P<year>\d{4})$"),
    re.compile(r"(?:thang|t|month)\s*(?P<month>\d{1,2})$"),
    re.compile(r"(?:nam\s*)?(?P<year>\d{4})\s*/\s*(?:thang|t)?\s*(?P<month>\d{1,2})$"),
)


@dataclass(frozen=True, kw_only=True)
class MonthName:
    """A month as a heading or a cell names it; year 0 where another column tells it."""

    year: int
    month: int


def words() -> frozenset[str]:
    """Return the folded words by which the header of a table is found."""
    found = {word for known in (*_COLUMNS.values(), *_FIGURES.values()) for word in known}
    return frozenset(found | {f"{start}{number}" for start in ("thang", "t") for number in range(1, 13)})


def column_of(heading: str) -> str | None:
    """Return what a column describes: one of HEADS, period or source; None for others."""
    return _found(heading, _COLUMNS)


def figure_of(text: str) -> str | None:
    """Return which of FIGURES a text names, or None."""
    if text in FIGURES:
        return text
    return _found(text, _FIGURES)


def version_of(text: str) -> FigureVersion | None:
    """Return which kind of figure a text names, or None."""
    folded = fold_name(text)
    return next((version for version, names in _VERSIONS.items() if folded in names), None)


def month_of(text: str) -> MonthName | None:
    """Return the month that a heading or a cell names, or None: “Tháng 2”, “T2/2020”, “02/2020”, “2020-02”, “2020 / Tháng 2”."""
    plain = _plain(text)
    for pattern in _MONTHS:
        if match := pattern.match(plain):
            found = match.groupdict()
            month, year = int(found["month"]), int(found.get("year") or 0)
            if 1 <= month <= 12:
                return MonthName(year=year, month=month)
    return None


def unit_of(text: str) -> tuple[str, Decimal] | None:
    """Return the unit stored for a unit as written, and how many of it one is; None for an unknown one."""
    bare = text.strip().strip("()").strip()
    if bare in {"%", "phần trăm"}:
        return "%", Decimal(1)
    return _UNITS.get(fold_name(bare))


def unit_in(heading: str) -> str:
    """Return what stands in the last brackets of a heading: “Giá trị (triệu đồng)” → “triệu đồng”."""
    found = _BRACKETS.findall(heading)
    return found[-1].strip() if found else ""


def _found(text: str, known: dict[str, set[str]]) -> str | None:
    for spelling in spellings(text):
        for name, names in known.items():
            if spelling in names:
                return name
    return None


def _plain(text: str) -> str:
    """Return a text folded but with blanks and the signs that stand in dates."""
    try:
        day = datetime.fromisoformat(text.strip()).date()
    except ValueError:
        parts = [fold_name(part) or part for part in re.split(r"([\s\-/.,]+)", text.strip()) if part]
        return "".join(" " if part.isspace() else part.strip() for part in parts)
    return f"{day:%Y-%m}" if isinstance(day, date) else text
