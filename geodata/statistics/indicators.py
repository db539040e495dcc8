"""City indicators (IIP, retail sales …) as monthly series, and the cross-check of a month's figures.

A month is given as a report gives it: its value, the change on the month before and on the same month of the
year before, and the year so far. These figures depend on each other; check_figures() says where they differ.
Source of the form: monthly reports of the department, “Tình hình thực hiện kế hoạch … tháng N và N tháng”.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Connection,
    ForeignKey,
    Identity,
    Numeric,
    Text,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.base.database import Base
from geodata.base.errors import InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.schema.fields import LabelledEnum, stored

HUNDRED = Decimal(100)

#: Units of the series, marked for translation; a unit is stored in English.
UNITS = (N_("bn VND"), "%")


class FigureVersion(LabelledEnum):
    """What a figure is: reported, estimated, or one to be reached."""

    ACTUAL = "actual", N_("Actual")
    ESTIMATE = "estimate", N_("Estimate")
    TARGET = "target", N_("Target")
    SCENARIO = "scenario", N_("Growth scenario")


class Indicator(Base):
    """A series. `is_index`: only changes in percent are published (IIP), there is no value to add up."""

    __tablename__ = "indicator"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str | None] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text, default="", server_default="")
    is_index: Mapped[bool] = mapped_column(Boolean, default=False, server_default="false")
    position: Mapped[int] = mapped_column(default=0, server_default="0")


class IndicatorValue(Base):
    """The figures of one month; `period` is its first day. Changes in %, values in the indicator's unit."""

    __tablename__ = "indicator_value"
    __table_args__ = (
        UniqueConstraint("indicator_id", "period", "version"),
        CheckConstraint("extract(day from period) = 1", name="period_is_a_month"),
        CheckConstraint(
            "num_nonnulls(value, month_change_percent, year_change_percent, cumulative, cumulative_change_percent) > 0",
            name="says_something",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id", ondelete="CASCADE"), index=True)
    period: Mapped[date]
    version: Mapped[FigureVersion] = mapped_column(
        stored(FigureVersion), default=FigureVersion.ACTUAL, server_default="actual"
    )
    value: Mapped[Decimal | None] = mapped_column(Numeric(18, 4))
    month_change_percent: Mapped[Decimal | None] = mapped_column(Numeric(10, 4))
    year_change_percent: Mapped[Decimal | None] = mapped_column(Numeric(10, 4))
    cumulative: Mapped[Decimal | None] = mapped_column(Numeric(18, 4))
    cumulative_change_percent: Mapped[Decimal | None] = mapped_column(Numeric(10, 4))
    source: Mapped[str | None] = mapped_column(Text)
    entered_by: Mapped[str | None] = mapped_column(Text)
    entered_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


#: The figures of a month, in the order of a report.
FIGURES = {
    "value": N_("Value of the month"),
    "month_change_percent": N_("Change on the month before"),
    "year_change_percent": N_("Change on the same month last year"),
    "cumulative": N_("Year so far"),
    "cumulative_change_percent": N_("Year so far against last year"),
}
PERCENT = frozenset(name for name in FIGURES if name.endswith("_percent"))


@dataclass(frozen=True, kw_only=True)
class Month:
    """The figures of one month of one series."""

    period: date
    version: FigureVersion = FigureVersion.ACTUAL
    value: Decimal | None = None
    month_change_percent: Decimal | None = None
    year_change_percent: Decimal | None = None
    cumulative: Decimal | None = None
    cumulative_change_percent: Decimal | None = None
    source: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no figure is given."""
        return all(getattr(self, name) is None for name in FIGURES)


@dataclass(frozen=True, kw_only=True)
class Check:
    """One comparison of figures: the sum written out, the figure given, the figure that follows.

    `sentence` names {given} and {expected}; `numbers` are filled in by whoever shows it, in his writing.
    """

    sentence: str
    numbers: dict[str, Decimal] = field(default_factory=dict)
    is_consistent: bool = True


@dataclass(frozen=True, kw_only=True)
class Series:
    """An indicator with its months, oldest first."""

    code: str
    name: str
    name_en: str | None
    unit: str
    is_index: bool
    months: tuple[Month, ...] = ()

    def months_of(self, *versions: FigureVersion) -> tuple[Month, ...]:
        """Return the months of these versions."""
        return tuple(month for month in self.months if month.version in versions)


def month_before(period: date) -> date:
    """Return the first day of the month before."""
    return date(period.year - (period.month == 1), period.month - 1 or 12, 1)


def year_before(period: date) -> date:
    """Return the same month of the year before."""
    return period.replace(year=period.year - 1)


def check_figures(month: Month, others: Iterable[Month] = ()) -> list[Check]:
    """Compare the figures of a month with each other and with other months of the same version.

    Rounding is allowed for: half a unit of the last place of every figure that goes in.
    Source: the department's report of 02/03/2020, where 23.400 − 11.159 = 12.241 and 11.159 / 12.241 − 1 = −8,84 %.
    """
    known = {other.period: other for other in others if other.version == month.version}
    known.pop(month.period, None)
    before = known.get(month_before(month.period))
    last_year = known.get(year_before(month.period))
    checks = [*_check_cumulative(month, before), *_check_month_change(month, before)]
    if last_year is not None:
        checks += _check_change(
            (month.value, last_year.value, month.year_change_percent),
            N_("{now} / {then} − 1 = {expected} %; given: {given} % on the same month last year"),
        )
        checks += _check_change(
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
        (month.value, before.value, month.month_change_percent),
        N_("{now} / {then} − 1 = {expected} %; given: {given} % on the month before"),
    )


def _check_change(
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
    return [Check(sentence=sentence, numbers=numbers, is_consistent=abs(change - given) <= allowed)]


def _compare(sentence: str, numbers: dict[str, Decimal], allowed: Decimal) -> Check:
    return Check(
        sentence=sentence, numbers=numbers, is_consistent=abs(numbers["expected"] - numbers["given"]) <= allowed
    )


def _decimals(number: Decimal) -> int:
    """Return how many decimals are written; stored numbers come back with zeros that nobody wrote."""
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _half(number: Decimal) -> Decimal:
    return Decimal(1).scaleb(-_decimals(number)) / 2


def list_series(connection: Connection) -> list[Series]:
    """Return every indicator with its months."""
    columns = [getattr(IndicatorValue, name) for name in ("period", "version", *FIGURES, "source")]
    months: dict[int, list[Month]] = {}
    statement = select(IndicatorValue.indicator_id, *columns).order_by(IndicatorValue.period, IndicatorValue.version)
    for row in connection.execute(statement):
        values = row._asdict()
        months.setdefault(values.pop("indicator_id"), []).append(Month(**values))
    order = select(Indicator.__table__).order_by(Indicator.position, Indicator.code)
    return [
        Series(
            code=row.code,
            name=row.name,
            name_en=row.name_en,
            unit=row.unit,
            is_index=row.is_index,
            months=tuple(months.get(row.id, ())),
        )
        for row in connection.execute(order)
    ]


def get_series(connection: Connection, code: str) -> Series:
    """Return one indicator with its months. Raises NotFoundError."""
    for series in list_series(connection):
        if series.code == code:
            return series
    raise NotFoundError(value=code)


def record_month(session: Session, code: str, month: Month, *, by: str) -> None:
    """Store the figures of a month, in place of those there. Raises NotFoundError, InvalidValueError."""
    indicator_id = session.scalar(select(Indicator.id).where(Indicator.code == code))
    if indicator_id is None:
        raise NotFoundError(value=code)
    if month.is_empty:
        raise InvalidValueError(N_("Give at least one figure."))
    if not 1990 <= month.period.year <= 2100:
        raise InvalidValueError(N_("The year must be between 1990 and 2100."))
    figures = {name: getattr(month, name) for name in (*FIGURES, "source")}
    statement = insert(IndicatorValue).values(
        indicator_id=indicator_id,
        period=month.period.replace(day=1),
        version=month.version,
        entered_by=by,
        **figures,
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["indicator_id", "period", "version"],
            set_={name: statement.excluded[name] for name in (*figures, "entered_by")} | {"entered_at": func.now()},
        )
    )


def latest(months: Sequence[Month]) -> Month | None:
    """Return the newest month, or None."""
    return max(months, key=lambda month: month.period, default=None)
