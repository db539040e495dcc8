"""City indicators (IIP, retail sales …) as monthly series.

A month is given as a report gives it: its value, the change on the month before and on the same month of the
year before, and the year so far. These figures depend on each other: figure_checks.py says where they differ.
What a year is to reach is the year so far of its December, planned or in a growth scenario.
Source of the form: monthly reports of the department, “Tình hình thực hiện kế hoạch … tháng N và N tháng”.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Identity,
    Numeric,
    Text,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from geodata.base.database import Base, ReadConnection
from geodata.base.errors import NotFoundError
from geodata.base.i18n import N_
from geodata.schema.fields import LabelledEnum, stored

#: Units of the series, marked for translation; a unit is stored in English.
UNITS = (N_("bn VND"), "%")


class FigureVersion(LabelledEnum):
    """What a figure is: reported, estimated, or one to be reached."""

    ACTUAL = "actual", N_("Actual")
    ESTIMATE = "estimate", N_("Estimate")
    TARGET = "target", N_("Target")
    SCENARIO = "scenario", N_("Growth scenario")


def version_called(value: str) -> FigureVersion:
    """Return the kind of figure stored as `value`. Raises ValueError."""
    for version in FigureVersion:
        if version.value == value:
            return version
    raise ValueError(value)


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
        UniqueConstraint("indicator_id", "period", "version", "scenario"),
        CheckConstraint("extract(day from period) = 1", name="period_is_a_month"),
        CheckConstraint(
            "num_nonnulls(value, month_change_percent, year_change_percent, cumulative, cumulative_change_percent) > 0",
            name="says_something",
        ),
        CheckConstraint("scenario = '' OR version = 'scenario'", name="only_scenarios_have_names"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id", ondelete="CASCADE"), index=True)
    period: Mapped[date]
    version: Mapped[FigureVersion] = mapped_column(
        stored(FigureVersion), default=FigureVersion.ACTUAL, server_default="actual"
    )
    #: What tells scenarios of one month apart: “Thấp”, “Cao”.
    scenario: Mapped[str] = mapped_column(Text, default="", server_default="")
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


class MonthKey(NamedTuple):
    """A month of a series: its first day, what kind of figure it is, of which scenario."""

    period: date
    version: FigureVersion = FigureVersion.ACTUAL
    scenario: str = ""


@dataclass(frozen=True, kw_only=True)
class Month:
    """The figures of one month of one series."""

    period: date
    version: FigureVersion = FigureVersion.ACTUAL
    scenario: str = ""
    value: Decimal | None = None
    month_change_percent: Decimal | None = None
    year_change_percent: Decimal | None = None
    cumulative: Decimal | None = None
    cumulative_change_percent: Decimal | None = None
    source: str | None = None

    @property
    def key(self) -> "MonthKey":
        """What tells it from the other months of its series."""
        return MonthKey(self.period, self.version, self.scenario)

    @property
    def is_empty(self) -> bool:
        """Whether no figure is given."""
        return all(getattr(self, name) is None for name in FIGURES)


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


def list_series(connection: ReadConnection) -> list[Series]:
    """Return every indicator with its months."""
    columns = [getattr(IndicatorValue, name) for name in ("period", "version", "scenario", *FIGURES, "source")]
    months: dict[int, list[Month]] = {}
    order_of_months = (IndicatorValue.period, IndicatorValue.version, IndicatorValue.scenario)
    statement = select(IndicatorValue.indicator_id, *columns).order_by(*order_of_months)
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


def get_series(connection: ReadConnection, code: str) -> Series:
    """Return one indicator with its months. Raises NotFoundError."""
    for series in list_series(connection):
        if series.code == code:
            return series
    raise NotFoundError(value=code)


def latest(months: Sequence[Month]) -> Month | None:
    """Return the newest month, or None."""
    return max(months, key=lambda month: month.period, default=None)
