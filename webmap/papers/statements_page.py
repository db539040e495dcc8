"""What enterprises state for a report: staff ask by links, which are shown once; who has a link states without an account."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from babel.numbers import NumberFormatError, parse_decimal
from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from geodata.base.database import today
from geodata.base.errors import ConflictError, GeodataError, InvalidValueError
from geodata.base.i18n import N_
from geodata.base.parsing import parse_day
from geodata.papers import statements as stored
from geodata.schema.charts import Statutory
from geodata.schema.feature import Feature
from geodata.schema.roles import Role
from webmap.app.auth import allow, allow_public, current_reader, current_user
from webmap.app.extensions import database, db_session, layers
from webmap.app.i18n import current_language, format_number, translate, translate_error
from webmap.papers.periods import Period, Span, parse_period
from webmap.papers.statutory import Stated, find_statutory, read_stated, wanted_fields
from webmap.papers.statutory_form import Wanted

blueprint = Blueprint("statements", __name__)

ASKING = allow(Role.PLANNER, Role.LEADER, Role.ADMIN)
#: The part of an address that is a secret is called `key`: the log of requests leaves it out.
#: Enterprises state before the 20th of the month in which a period ends.
_DUE_DAY, _LEAST_DAYS = 20, 14
#: More digits are no figure of a cluster.
_MOST = Decimal(10) ** 15
#: Digits with the marks between them: “1e9” and other scripts' digits are numbers to Python.
_PLAIN = re.compile(r"[0-9.,]{1,30}")


@blueprint.get("/papers/<period>/statements")
@ASKING
def index(period: str) -> str:
    """Show who was asked, who has stated, and what."""
    return _page(_period(period))


@blueprint.post("/papers/<period>/statements")
@ASKING
def ask(period: str) -> ResponseReturnValue:
    """Ask one or all that have not stated yet, and show the links this once."""
    asked_period = _period(period)
    kind, _statutory = _declared(asked_period)
    only, rows = request.form.get("feature", ""), _stated(asked_period)
    chosen = [(row.code, row.name) for row in rows if (row.code == only if only else not row.is_there)]
    try:
        open_until = parse_day("open_until", request.form.get("open_until", ""))
        asked = stored.ask(
            db_session(),
            kind.layer.name,
            chosen,
            period_ends_on=asked_period.last,
            open_until=open_until,
            by=current_user().name,
        )
    except GeodataError as error:
        db_session().rollback()
        return _page(asked_period, problem=translate_error(error)), 400
    db_session().commit()
    links = [(one, url_for("statements.form", key=one.code, _external=True)) for one in asked]
    answer = make_response(_page(asked_period, links=links))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/statements/<key>")
@allow_public
def form(key: str) -> Response:
    """Show the form that a code leads to, with what was stated before."""
    return _form(key)


@blueprint.post("/statements/<key>")
@allow_public
def save(key: str) -> ResponseReturnValue:
    """Store what is stated."""
    row, typed = (
        stored.find_statement(db_session(), key),
        {key: text.replace("\x00", "") for key, text in request.form.items()},
    )
    try:
        values = _values(typed)
        stored.state(db_session(), row, values, by=typed.get("stated_by", ""))
    except GeodataError as error:
        db_session().rollback()
        status = 409 if isinstance(error, ConflictError) else 400
        return _form(key, problem=translate_error(error), typed=typed, status=status)
    db_session().commit()
    return redirect(url_for("statements.form", key=key, saved=1))


def _form(key: str, *, problem: str = "", typed: Mapping[str, str] | None = None, status: int = 200) -> Response:
    row = stored.find_statement(db_session(), key)
    span = Span.HALF_YEAR if row.period_ends_on.month <= 6 else Span.YEAR
    period = Period(span=span, year=row.period_ends_on.year)
    kind, statutory = _declared(period)
    fields = [
        (
            one,
            translate(one.label_en),
            _unit(one),
            _text(one, row.values.get(one.name)) if typed is None else typed.get(one.name, ""),
        )
        for one in wanted_fields(kind, statutory)
    ]
    page = render_template(
        "papers/statement.html", row=row, period=period, statutory=statutory, fields=fields, problem=problem,
        stated_by=(typed or {}).get("stated_by", row.stated_by or ""), is_saved="saved" in request.args and not problem,
    )  # fmt: skip
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _page(period: Period, *, problem: str = "", links: list[tuple[stored.Asked, str]] | None = None) -> str:
    kind, statutory = _declared(period)
    asked = {one.feature_code: one for one in stored.list_statements(db_session(), kind.layer.name, period.last)}
    due = date(period.last.year, period.last.month, _DUE_DAY)
    return render_template(
        "papers/statements.html", period=period, statutory=statutory, wanted=wanted_fields(kind, statutory), problem=problem,
        rows=[(row, asked.get(row.code)) for row in _stated(period)], links=links or [],
        open_until=max(due, today() + timedelta(days=_LEAST_DAYS)),
    )  # fmt: skip


def _stated(period: Period) -> list[Stated]:
    with database().reading(current_reader(), is_fresh=True) as connection:
        return read_stated(connection, layers(), period)


def _period(text: str) -> Period:
    period = parse_period(text)
    _declared(period)
    return period


def _declared(period: Period) -> tuple[type[Feature], Statutory]:
    found = find_statutory(layers())
    if found is None or period.span is Span.MONTH:
        raise InvalidValueError(name="period", value=period.text, reason=N_("there is no report of such a period"))
    return found


def _values(typed: Mapping[str, str]) -> dict[str, str]:
    """Return what was typed as stored texts of numbers. Raises InvalidValueError."""
    found = find_statutory(layers())
    wanted = wanted_fields(*found) if found else []
    values = {one.name: _number(one, typed.get(one.name, "")) for one in wanted}
    return {name: str(value) for name, value in values.items() if value is not None}


def _number(wanted: Wanted, text: str) -> Decimal | None:
    clean = text.replace("\u00a0", "").replace("\u202f", "").replace(" ", "")
    if not clean:
        return None
    is_plain = _PLAIN.fullmatch(clean) is not None
    try:
        value = parse_decimal(clean, locale=current_language(), strict=True)
    except NumberFormatError:
        value = Decimal("NaN")
    if not is_plain or not value.is_finite() or not 0 <= value < _MOST or (wanted.is_whole and value % 1):
        example = format_number(Decimal(1250) if wanted.is_whole else Decimal("1250.5"), current_language())
        raise InvalidValueError(
            N_("“{value}” for “{label}” is not a number as written here, like {example}."),
            value=text[:40], label=translate(wanted.label_en), example=example,
        )  # fmt: skip
    return (value * wanted.scale).normalize() + 0


def _text(wanted: Wanted, stored_value: str | None) -> str:
    return (
        ""
        if stored_value is None
        else format_number((Decimal(stored_value) / wanted.scale).normalize() + 0, current_language())
    )


def _unit(wanted: Wanted) -> str:
    return translate("million VND") if wanted.scale != 1 else translate(wanted.unit) if wanted.unit else ""
