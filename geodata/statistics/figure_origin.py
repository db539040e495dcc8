"""Where a month of an indicator comes from: who entered it when, from what source, and each change of it since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.history.change_sets import ChangeSet
from geodata.statistics.figure_changes import IndicatorChange, MonthChange, as_change
from geodata.statistics.indicators import Indicator, IndicatorValue, MonthKey


@dataclass(frozen=True, kw_only=True)
class FigureOrigin:
    """A month as it is stored: by whom, when, from what; None where nothing is. `changes`: the latest first."""

    entered_by: str | None
    entered_at: datetime | None
    source: str | None
    changes: Sequence[tuple[ChangeSet, MonthChange]]


def read_origin(session: Session, code: str, key: MonthKey) -> FigureOrigin:
    """Return where a month of a series comes from."""
    stored = session.execute(
        select(IndicatorValue.entered_by, IndicatorValue.entered_at, IndicatorValue.source)
        .join(Indicator, Indicator.id == IndicatorValue.indicator_id)
        .where(
            Indicator.code == code, IndicatorValue.period == key.period, IndicatorValue.version == key.version,
            IndicatorValue.scenario == key.scenario,
        )
    ).first()  # fmt: skip
    changes = session.execute(
        select(ChangeSet, IndicatorChange)
        .join(IndicatorChange, IndicatorChange.change_set_id == ChangeSet.id)
        .join(Indicator, Indicator.id == IndicatorChange.indicator_id)
        .where(
            Indicator.code == code, IndicatorChange.period == key.period, IndicatorChange.version == key.version,
            IndicatorChange.scenario == key.scenario,
        )
        .order_by(ChangeSet.id.desc())
    ).all()  # fmt: skip
    return FigureOrigin(
        entered_by=stored.entered_by if stored else None, entered_at=stored.entered_at if stored else None,
        source=stored.source if stored else None, changes=[(made, as_change(row, code)) for made, row in changes],
    )  # fmt: skip
