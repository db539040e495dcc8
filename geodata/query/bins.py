"""How numbers and years fall into bars: few, with round ends, and each a filter. Knows no table and no language."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np

MAX_BINS, MAX_YEARS = 10, 20
#: Values beyond these shares at either end share one open bar, so that a single giant does not flatten all others.
TAILS = (0.02, 0.98)
#: Round ends one by one are no use when this share of the values falls into one of them.
CROWDED = 0.6
LARGEST_DECIMALS = 6
_ROUND = (1, 2, 5)


@dataclass(frozen=True, kw_only=True)
class Bin:
    """A bar's span: from `low`, included, to below `high`; an end that is None is open. `text` is its filter."""

    low: Decimal | int | None
    high: Decimal | int | None
    text: str


@dataclass(frozen=True, kw_only=True)
class Bins:
    """Bars in order. `decimals`: how many the values have; `cuts`: the ends between the bars."""

    bins: tuple[Bin, ...]
    cuts: tuple[float, ...]
    decimals: int

    def codes(self, values: Any) -> Any:
        """Return the place of each value among the bars; that after the last is of unknown ones (NaN)."""
        codes = np.searchsorted(np.array(self.cuts), values, side="right")
        return np.where(np.isnan(values), len(self.bins), codes).astype(np.uint8)


def number_bins(values: Any) -> Bins:
    """Return bars for known numbers: equal steps of 1, 2 or 5 times a power of ten, or growing ones when they are crowded."""
    decimals = _decimals(values)
    low, high = (float(end) for end in np.quantile(values, TAILS))
    ends: list[Decimal | None] = [*_equal_ends(low, high, decimals)]
    if values.min() >= 0 and _is_crowded(values, ends):
        growing = _growing_ends(float(np.quantile(values, 0.1)), high, decimals)
        ends = [Decimal(0), *growing] if len(growing) > 1 else ends
    if ends[0] is not None and values.min() < float(ends[0]):
        ends.insert(0, None)
    if ends[-1] is not None and values.max() >= float(ends[-1]):
        ends.append(None)
    step = Decimal(1).scaleb(-decimals)
    bins = [
        Bin(low=first, high=after, text=_span(first, None if after is None else after - step))
        for first, after in pairwise(ends)
    ]
    cuts = tuple(float(end) for end in ends[1:-1] if end is not None)
    return Bins(bins=tuple(bins), cuts=cuts, decimals=decimals)


def year_bins(years: Any, *, is_date: bool) -> Bins:
    """Return a bar for each year between the known ones; `is_date`: the filter takes days."""
    first, last = (round(float(end)) for end in np.quantile(years, TAILS))
    first = max(first, last - MAX_YEARS + 1)
    shown = list(range(first, last + 1))
    bins = [Bin(low=year, high=year + 1, text=_year_span(year, year, is_date=is_date)) for year in shown]
    cuts = [float(year) for year in shown[1:]]
    if years.min() < first:
        bins.insert(0, Bin(low=None, high=first, text=_year_span(None, first - 1, is_date=is_date)))
        cuts.insert(0, float(first))
    if years.max() > last:
        bins.append(Bin(low=last + 1, high=None, text=_year_span(last + 1, None, is_date=is_date)))
        cuts.append(float(last + 1))
    return Bins(bins=tuple(bins), cuts=tuple(cuts), decimals=0)


def _is_crowded(values: Any, ends: Sequence[Decimal | None]) -> bool:
    counts = np.bincount(np.searchsorted(np.array([float(end) for end in ends if end is not None]), values, "right"))
    return bool(counts.max() > CROWDED * len(values)) and len(np.unique(values)) > MAX_BINS


def _equal_ends(low: float, high: float, decimals: int) -> list[Decimal]:
    """Return the ends of bars of one round width."""
    smallest = Decimal(1).scaleb(-decimals)
    wanted = Decimal(repr((high - low) / MAX_BINS)) if high > low else smallest
    width = max(_round_up(wanted), smallest)
    first, last = math.floor(Decimal(repr(low)) / width), math.floor(Decimal(repr(high)) / width)
    return [width * place for place in range(first, last + 2)]


def _growing_ends(low: float, high: float, decimals: int) -> list[Decimal]:
    """Return the ends 1, 2, 5, 10, 20 …, or each power of ten when these are too many."""
    smallest = Decimal(1).scaleb(-decimals)
    powers = range(math.floor(math.log10(max(low, float(smallest)))), math.ceil(math.log10(max(high, 10))) + 1)
    ends: list[Decimal] = []
    for steps in (_ROUND, (1,)):
        ends = [Decimal(step).scaleb(power) for power in powers for step in steps]
        ends = [end for end in ends if smallest <= end and low <= end <= high]
        if len(ends) < MAX_BINS:
            break
    return ends[-MAX_BINS:]


def _round_up(wanted: Decimal) -> Decimal:
    """Return the next number of the form 1, 2 or 5 times a power of ten."""
    power = math.floor(wanted.log10())
    return next(
        (end for step in (*_ROUND, 10) if (end := Decimal(step).scaleb(power)) >= wanted), Decimal(10).scaleb(power)
    )


def _decimals(values: Any) -> int:
    """Return how many decimals the values have."""
    for decimals in range(LARGEST_DECIMALS):
        scaled = values * 10.0**decimals
        if np.all(np.abs(scaled - np.rint(scaled)) <= 1e-9 * np.maximum(np.abs(scaled), 1)):
            return decimals
    return LARGEST_DECIMALS


def _span(low: Decimal | None, high: Decimal | None) -> str:
    """Return the text of a range filter, both ends included."""
    low_text, high_text = ("" if end is None else _plain(end) for end in (low, high))
    return low_text if low_text == high_text else f"{low_text}..{high_text}"


def _plain(end: Decimal) -> str:
    """Return 100 and not 1E+2, 2.5 and not 2.50."""
    text = format(end, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _year_span(first: int | None, last: int | None, *, is_date: bool) -> str:
    if is_date:
        return f"{f'{first}-01-01' if first else ''}..{f'{last}-12-31' if last else ''}"
    return str(first) if first == last else f"{first or ''}..{last or ''}"
