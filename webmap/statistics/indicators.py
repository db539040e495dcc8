"""Entering city indicators month by month, with the cross-check of the figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from geodata.base.errors import GeodataError, InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.base.parsing import FIRST_DAY, LAST_DAY, parse_whole
from geodata.schema.roles import Role
from geodata.statistics.figure_changes import record_month
from geodata.statistics.figure_checks import Check, check_figures
from geodata.statistics.indicators import (
    FIGURES,
    PERCENT,
    FigureVersion,
    Month,
    Series,
    latest,
    list_series,
)
from webmap.app.auth import allow, current_reader, current_user
from webmap.app.extensions import database, db_session
from webmap.app.i18n import current_language, translate, translate_error
from webmap.map.charts import figures_of, month_text, series_name
from webmap.statistics.numbers import EXAMPLE, read_number, write_number

blueprint = Blueprint("indicators", __name__)

ENTRY = allow(Role.PLANNER, Role.ADMIN)
MAX_TEXT = 500
FIELDS = ("year", "month", "version", *FIGURES, "source")


@dataclass(frozen=True, kw_only=True)
class CheckView:
    """A comparison written out."""

    text: str
    is_consistent: bool


@dataclass(frozen=True, kw_only=True)
class MonthView:
    """A line of the months already entered."""

    text: str
    version: str
    figures: tuple[tuple[str, str], ...]
    checks: tuple[CheckView, ...]
    source: str
    address: str


@blueprint.get("/indicators")
@ENTRY
def index() -> ResponseReturnValue:
    """Show the months of a series and the form for another one."""
    series = _asked_series(request.args.get("series"))
    month = _month_of_address(series)
    return _page(series, form=_as_form(month) if month else _next_form(series), saved=bool(request.args.get("saved")))


@blueprint.post("/indicators")
@ENTRY
def save() -> ResponseReturnValue:
    """Store a month; where figures do not fit each other, show that first and let the person decide."""
    series = _asked_series(request.form.get("series"))
    form = {name: request.form.get(name, "").strip() for name in FIELDS}
    if series is None:
        raise NotFoundError(value=request.form.get("series", ""))
    try:
        month = _parse(form)
        checks = check_figures(month, series.months)
        if not request.form.get("confirmed") and not all(check.is_consistent for check in checks):
            return _page(series, form=form, checks=checks), 409
        record_month(db_session(), series.code, month, by=current_user().name)
    except GeodataError as error:
        return _page(series, form=form, problem=translate_error(error)), 400
    db_session().commit()
    address = url_for("indicators.index", series=series.code, period=f"{month.period:%Y-%m}", saved=1)
    return redirect(address)


def _page(
    series: Series | None,
    *,
    form: Mapping[str, str] | None = None,
    checks: list[Check] | None = None,
    problem: str = "",
    saved: bool = False,
) -> str:
    language = current_language()
    months = sorted(series.months, key=lambda month: (month.period, month.version), reverse=True) if series else []
    return render_template(
        "statistics/indicators/page.html",
        all_series=[(one.code, series_name(one, language)) for one in _all_series()],
        series=series,
        name=series_name(series, language) if series else "",
        unit=translate(series.unit, language) if series else "",
        form=form or {},
        versions=FigureVersion.labels(),
        figures=FIGURES,
        percent=PERCENT,
        checks=[say_check(check) for check in checks] if checks is not None else None,
        months=[_month_view(series, month) for month in months] if series else [],
        problem=problem,
        saved=saved,
        example=write_number(EXAMPLE),
    )


def _all_series() -> list[Series]:
    with database().reading(current_reader()) as connection:
        return list_series(connection)


def _asked_series(code: str | None) -> Series | None:
    """Return the series asked for, or the first. Raises NotFoundError."""
    series = _all_series()
    if not code:
        return series[0] if series else None
    found = next((one for one in series if one.code == code), None)
    if found is None:
        raise NotFoundError(value=code)
    return found


def _month_of_address(series: Series | None) -> Month | None:
    """Return the month the address names, to be corrected."""
    asked, version = request.args.get("period", ""), request.args.get("version", FigureVersion.ACTUAL.value)
    months = series.months if series else ()
    return next((one for one in months if f"{one.period:%Y-%m}" == asked and one.version == version), None)


def _as_form(month: Month) -> dict[str, str]:
    form = {"year": str(month.period.year), "month": str(month.period.month), "version": month.version.value}
    for name in FIGURES:
        form[name] = write_number(getattr(month, name))
    return form | {"source": month.source or ""}


def _next_form(series: Series | None) -> dict[str, str]:
    """Return the form for the month after the newest."""
    newest = latest(series.months_of(FigureVersion.ACTUAL)) if series else None
    if newest is None:
        return {}
    year, month = divmod(newest.period.year * 12 + newest.period.month, 12)
    return {"year": str(year), "month": str(month + 1)}


def _parse(form: Mapping[str, str]) -> Month:
    """Return the month that was typed, numbers as the page's language writes them. Raises InvalidValueError."""
    try:
        year = parse_whole("year", form["year"], low=FIRST_DAY.year, high=LAST_DAY.year)
        period = date(year, parse_whole("month", form["month"], low=1, high=12), 1)
    except InvalidValueError:
        raise InvalidValueError(N_("Choose a month and a year.")) from None
    version = next((version for version in FigureVersion if version.value == form["version"]), None)
    if version is None:
        raise InvalidValueError(N_("Choose what kind of figure this is."))
    figures: dict[str, Any] = {name: _number(label, form[name]) for name, label in FIGURES.items()}
    source = form["source"][:MAX_TEXT].replace("\x00", "") or None
    return Month(period=period, version=version, source=source, **figures)


def _number(label: str, text: str) -> Decimal | None:
    try:
        return read_number(text)
    except InvalidValueError as error:
        raise InvalidValueError(
            N_("“{value}” for “{label}” is not a number as written here, like {example}."),
            label=translate(label),
            **{name: str(value) for name, value in error.details.items()},
        ) from None


def say_check(check: Check) -> CheckView:
    """Return a comparison in words."""
    text = check.message.say(translate, partial(write_number, minus="−"))
    return CheckView(text=text, is_consistent=check.is_consistent)


def _month_view(series: Series, month: Month) -> MonthView:
    language = current_language()
    return MonthView(
        text=month_text(month.period, language),
        version=translate(month.version.label, language),
        figures=tuple(figures_of(month, series, language)),
        checks=tuple(say_check(check) for check in check_figures(month, series.months)),
        source=month.source or "",
        address=url_for(
            "indicators.index", series=series.code, period=f"{month.period:%Y-%m}", version=month.version.value
        ),
    )
