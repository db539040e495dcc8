"""Whether the figures of a month fit each other and those of other months, and what follows from them.

Source: the department's report of 02/03/2020, where 23.400 − 11.159 = 12.241 and 11.159 / 12.241 − 1 = −8,84 %.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.statistics.indicators import FigureVersion, Month

HUNDRED = Decimal(100)
REPORTED = (FigureVersion.ACTUAL, FigureVersion.ESTIMATE)


@dataclass(frozen=True, kw_only=True)
class Check:
    """One comparison of figures: the sum written out, the figure given, the figure that follows.

    The message tells {given} and {expected}; `figure`: which figure of the month is looked at.
    """

    message: Message
    figure: str
    is_consistent: bool = True


def month_before(period: date) -> date:
    """Return the first day of the month before."""
    return date(period.year - (period.month == 1), period.month - 1 or 12, 1)


def year_before(period: date) -> date:
    """Return the same month of the year before."""
    return period.replace(year=period.year - 1)


def check_figures(month: Month, others: Iterable[Month] = ()) -> list[Check]:
    """Compare the figures of a month with each other and with other months of the same version and scenario.

    Rounding is allowed for: half a unit of the last place of every figure that goes in.
    """
    known = {other.period: other for other in others if other.key[1:] == month.key[1:]}
    known.pop(month.period, None)
    before = known.get(month_before(month.period))
    last_year = known.get(year_before(month.period))
    checks = [*_check_cumulative(month, before), *_check_month_change(month, before)]
    if last_year is not None:
        checks += _check_change(
            "year_change_percent",
            (month.value, last_year.value, month.year_change_percent),
            N_("{now} / {then} − 1 = {expected} %; given: {given} % on the same month last year"),
        )
        checks += _check_change(
            "cumulative_change_percent",
            (month.cumulative, last_year.cumulative, month.cumulative_change_percent),
            N_("{now} / {then} − 1 = {expected} %; given: {given} % for the year so far"),
        )
    return checks


def _check_cumulative(month: Month, before: Month | None) -> list[Check]:
    if month.value is None or month.cumulative is None:
        return []
    if month.period.month == 1:
        numbers = {"given": month.cumulative, "expected": month.value}
        sentence = N_("In January the year so far is the month itself: {expected}; given: {given}")
        return [_compare(sentence, numbers, _half(month.cumulative) + _half(month.value))]
    if before is None or before.cumulative is None:
        return []
    expected = before.cumulative + month.value
    allowed = _half(before.cumulative) + _half(month.value) + _half(month.cumulative)
    numbers = {"before": before.cumulative, "value": month.value, "expected": expected, "given": month.cumulative}
    return [_compare(N_("{before} + {value} = {expected}; given: {given} for the year so far"), numbers, allowed)]


def _check_month_change(month: Month, before: Month | None) -> list[Check]:
    """Check the change on the month before; in February the year so far tells January by itself."""
    if month.value is None or month.month_change_percent is None:
        return []
    if month.period.month == 2 and month.cumulative is not None:
        january = month.cumulative - month.value
        checks = _check_change(
            "month_change_percent",
            (month.value, january, month.month_change_percent),
            N_(
                "{cumulative} − {now} = {then}; {now} / {then} − 1 = {expected} %; given: {given} % on the month before"
            ),
            extra={"cumulative": month.cumulative},
            then_half=_half(month.cumulative) + _half(month.value),
        )
        if before is not None and before.value is not None and before.cumulative is None:
            numbers = {
                "cumulative": month.cumulative,
                "value": month.value,
                "expected": january,
                "given": before.value,
            }
            allowed = _half(month.cumulative) + _half(month.value) + _half(before.value)
            sentence = N_("{cumulative} − {value} = {expected}; stored for the month before: {given}")
            checks.append(_compare(sentence, numbers, allowed))
        return checks
    if before is None:
        return []
    return _check_change(
        "month_change_percent",
        (month.value, before.value, month.month_change_percent),
        N_("{now} / {then} − 1 = {expected} %; given: {given} % on the month before"),
    )


def _check_change(
    name: str,
    figures: tuple[Decimal | None, Decimal | None, Decimal | None],
    sentence: str,
    *,
    extra: dict[str, Decimal] | None = None,
    then_half: Decimal | None = None,
) -> list[Check]:
    now, then, given = figures
    if now is None or given is None or not then:
        return []
    change = (now / then - 1) * HUNDRED
    # What the roundings of both values can move the quotient by, and that of the percentage itself.
    then_half = _half(then) if then_half is None else then_half
    allowed = HUNDRED * (_half(now) / abs(then) + abs(now) * then_half / (then * then)) + _half(given)
    expected = round(change, max(2, _decimals(given)))
    numbers = {"now": now, "then": then, "expected": expected, "given": given, **(extra or {})}
    is_consistent = abs(change - given) <= allowed
    return [Check(figure=name, message=Message(template=sentence, values=numbers), is_consistent=is_consistent)]


def _compare(sentence: str, numbers: dict[str, Decimal], allowed: Decimal) -> Check:
    return Check(
        figure="cumulative",
        message=Message(template=sentence, values=numbers),
        is_consistent=abs(numbers["expected"] - numbers["given"]) <= allowed,
    )


def _decimals(number: Decimal) -> int:
    """Return how many decimals are written; stored numbers come back with zeros that nobody wrote."""
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _half(number: Decimal) -> Decimal:
    return Decimal(1).scaleb(-_decimals(number)) / 2


@dataclass(frozen=True, kw_only=True)
class Computed:
    """A figure that follows from others. `differs`: from the one given by more than roundings can; False where none is given."""

    value: Decimal
    differs: bool = False


def compute_figures(month: Month, others: Iterable[Month]) -> dict[str, Computed]:
    """Return what follows for a month from its own values and those of other months, by figure.

    Of the other months what was reported counts, else what was estimated; for plans and scenarios the month before is one of
    the same. An index has no values, so nothing follows for it.
    """
    known = _known(month, others)
    before, last_year = known.get(month_before(month.period)), known.get(year_before(month.period))
    found: dict[str, Computed] = {}
    cumulative = _sum_of_year(month, known)
    if cumulative is not None:
        allowed = _half(month.cumulative) if month.cumulative is not None else Decimal(0)
        allowed += sum((_half(one.value) for one in _months_of_year(month, known) if one.value is not None), Decimal(0))
        differs = month.cumulative is not None and abs(cumulative - month.cumulative) > allowed
        found["cumulative"] = Computed(value=cumulative, differs=differs)
    pairs = {
        "month_change_percent": (month.value, before.value if before and before.value is not None else _january(month)),
        "year_change_percent": (month.value, last_year.value if last_year else None),
        "cumulative_change_percent": (
            month.cumulative if month.cumulative is not None else cumulative,
            last_year.cumulative if last_year else None,
        ),
    }
    for name, (now, then) in pairs.items():
        if now is not None and then:
            change = (now / then - 1) * HUNDRED
            given = getattr(month, name)
            (check,) = _check_change(name, (now, then, given), "") or (None,)
            found[name] = Computed(value=change, differs=check is not None and not check.is_consistent)
    return found


def _known(month: Month, others: Iterable[Month]) -> dict[date, Month]:
    """Return the other months by their day: what was reported, else estimated; of a planned month's year, first its own kind."""
    best: dict[date, tuple[int, Month]] = {}
    for one in others:
        is_own_plan = month.version not in REPORTED and one.period.year == month.period.year
        order = [*([month.key[1:]] if is_own_plan else []), *((version, "") for version in REPORTED)]
        if one.period != month.period and one.key[1:] in order:
            rank = order.index(one.key[1:])
            if one.period not in best or rank < best[one.period][0]:
                best[one.period] = (rank, one)
    return {day: one for day, (_, one) in best.items()}


def _months_of_year(month: Month, known: dict[date, Month]) -> list[Month]:
    days = [month.period.replace(month=number) for number in range(1, month.period.month)]
    return [*(known[day] for day in days if day in known), month]


def _sum_of_year(month: Month, known: dict[date, Month]) -> Decimal | None:
    """Return the sum of the months so far; None where one of them is not known."""
    values = [one.value for one in _months_of_year(month, known)]
    if len(values) < month.period.month or None in values:
        return None
    return sum((value for value in values if value is not None), Decimal(0))


def _january(month: Month) -> Decimal | None:
    """Return what January was, as February and its year so far tell."""
    if month.period.month != 2 or month.value is None or month.cumulative is None:
        return None
    return month.cumulative - month.value
