"""Where a month of an indicator comes from, in words: shown above the table of its year."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask import request
from sqlalchemy.orm import Session

from geodata.base.errors import NotFoundError
from geodata.base.parsing import parse_whole
from geodata.statistics.figure_changes import MonthChange
from geodata.statistics.figure_origin import FigureOrigin, read_origin
from geodata.statistics.indicators import FigureVersion, MonthKey, Series
from webmap.app.i18n import current_language, translate
from webmap.map.charts import month_text, series_name
from webmap.statistics.figure_lines import FigureLine, figure_line


@dataclass(frozen=True, kw_only=True)
class ChangeView:
    """A change of a month in words."""

    number: int
    made_at: datetime
    by: str
    lines: Sequence[FigureLine]


@dataclass(frozen=True, kw_only=True)
class OriginView:
    """A month of a series with who entered it, and what was changed since."""

    code: str
    month: int
    title: str
    origin: FigureOrigin
    changes: Sequence[ChangeView]


def asked_origin(
    session: Session, series: Sequence[Series], year: int, version: FigureVersion, scenario: str
) -> OriginView | None:
    """Return where the month of the address comes from; None where it names none. Raises NotFoundError, InvalidValueError."""
    code, text = request.args.get("series", ""), request.args.get("month", "")
    if not code or not text:
        return None
    found = next((one for one in series if one.code == code), None)
    if found is None:
        raise NotFoundError(value=code[:40])
    month = parse_whole("month", text, low=1, high=12)
    key = MonthKey(date(year, month, 1), version, scenario)
    origin = read_origin(session, code, key)
    return OriginView(
        code=code, month=month, title=f"{series_name(found, current_language())}, {month_text(key.period, current_language())}",
        origin=origin, changes=[
            ChangeView(number=made.id, made_at=made.made_at, by=made.user_name, lines=_lines(found, change))
            for made, change in origin.changes
        ],
    )  # fmt: skip


def _lines(series: Series, change: MonthChange) -> list[FigureLine]:
    name, unit = series_name(series, current_language()), translate(series.unit)
    return [figure_line(name, unit, change.key, figure, (before, after)) for figure, before, after in change.figures()]
