"""Half-yearly and yearly reports that law asks for: automatic figures of a layer, and what enterprises state of its features.

Which layer has one, with which figures, is the layer's declaration. In Vietnamese: they go to authorities.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.base.database import ReadConnection
from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.papers.statements import list_statements
from geodata.query.features import have_illustration
from geodata.schema.charts import Statutory
from geodata.schema.details import Detail
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.registry import Registry
from geodata.schema.sense import InOrder
from webmap.app.i18n import DEFAULT_LANGUAGE, translate
from webmap.app.papers import Filled, said_illustration
from webmap.app.query import AS_OF
from webmap.papers.figures import Filters, conditions_of, section_of
from webmap.papers.periods import Period, Span
from webmap.papers.statutory_form import Wanted, statutory_form
from webmap.papers.written import Missing, Report, number, said_figures, said_sections, told

#: A list of names in a sentence ends here.
_MOST_NAMED = 8
_REGISTER = "theo sổ dữ liệu"
#: Where enterprises are asked.
_STATEMENTS = "/papers/{period}/statements"


@dataclass(frozen=True, kw_only=True)
class _Register:
    """The layer at a period's last day."""

    connection: ReadConnection
    kinds: Sequence[type[Feature]]
    kind: type[Feature]
    statutory: Statutory
    period: Period

    def rows(self, only: Filters, names: Sequence[str]) -> list[Mapping[str, Any]]:
        """Return fields of the features that filters keep, by name."""
        day = self.period.cut_off
        conditions = conditions_of(self.connection, self.kind, self.kinds, {**only, AS_OF: (day.isoformat(),)})
        columns = [self.kind.column(name, day).label(name) for name in names]
        order = self.kind.column("name"), self.kind.column("code")
        query = select(*columns).where(*(one.sql for one in conditions)).order_by(*order)
        return [dict(row) for row in self.connection.execute(query).mappings()]


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What was stated of a feature for a period, and by whom; `values` by field, None where nothing was said."""

    code: str
    name: str
    holder: str
    values: Mapping[str, Decimal | None]
    said_by: str

    @property
    def is_there(self) -> bool:
        """Whether anything was stated."""
        return bool(self.said_by)


def find_statutory(registry: Registry) -> tuple[type[Feature], Statutory] | None:
    """Return the layer that has such a report, with its declaration."""
    return next(
        (
            (kind, kind.layer.reported.statutory)
            for kind in registry
            if kind.layer.reported and kind.layer.reported.statutory
        ),
        None,
    )


def wanted_fields(kind: type[Feature], statutory: Statutory) -> list[Wanted]:
    """Return what enterprises are asked for, money in millions of VND."""
    detail = _detail(kind, statutory)
    fields = [(name, detail.field(name)) for name in statutory.wanted]
    return [Wanted.of(field, is_whole=field.python_type is int) for _name, field in fields if field]


def read_statutory(connection: ReadConnection, registry: Registry, period: Period, *, office: str) -> Report:
    """Read the report of a half-year or year. Raises InvalidValueError where no layer has one."""
    found = find_statutory(registry)
    if found is None:
        raise InvalidValueError(name="period", value=period.text, reason=N_("there is no report of such a period"))
    kind, statutory = found
    kinds = tuple(registry)
    register = _Register(connection=connection, kinds=kinds, kind=kind, statutory=statutory, period=period)
    section = section_of(connection, kind, statutory.figures, kinds, period, title=kind.layer.title)
    wanted = wanted_fields(kind, statutory)
    stated = [read_stated(connection, registry, one) for one in (period, period.before, period.last_year)]
    missing = [*_not_stated(register, stated[0], wanted), *_empty(register)]
    contradictions = [
        *_out_of_order(register), *_differing(register, stated[0])
    ]  # fmt: skip
    totals = [[_total(rows, one) for rows in stated] for one in wanted]
    there = [one for one in stated[0] if one.is_there]
    form = statutory_form(kind, statutory, wanted, period.span)
    values = {
        **said_illustration(is_some=have_illustration(connection, [kind])),
        "subject": f"{_say(statutory.subject)} {_said_span(period)}",
        "period": _said_period(period), "source": _say(statutory.source), "sections": said_sections([section], 0),
        "figures": said_figures([section]), "coverage": f"{len(there)}/{len(stated[0])}",
        "totals": [
            {"label": one.label, "now": one.say(now), "before": one.say(before), "last_year": one.say(last)}
            for one, (now, before, last) in zip(wanted, totals, strict=True)
        ],
        "statements": [
            {"no": str(place), "name": row.name, "holder": row.holder, "said_by": row.said_by,
             **{one.name: one.say(row.values.get(one.name)) for one in wanted}}
            for place, row in enumerate(there, start=1)
        ],
        "missing": [{"text": one.text, "who": one.who} for one in missing],
        "contradictions": [{"text": text} for text in contradictions],
    }  # fmt: skip
    return Report(
        coverage=(len(there), len(stated[0])),
        name=form.name, title=form.title, period=period, day=period.cut_off, sections=[section], missing=missing,
        contradictions=contradictions, filled=Filled(form=form, values=values, office=office, number="…/BC-SCT", day=period.cut_off),
        stated=[(f"{row.name}: {one.label}", f"{one.say(row.values.get(one.name))} ({row.said_by})") for row in there for one in wanted],
        stated_as_kept=[
            {"key": f"{kind.layer.name}: {row.code}: {one.name}", "value": None if value is None else str(value),
             "said_by": row.said_by, "filters": {}, "rows": [row.code]}
            for row in there for one in wanted for value in [row.values.get(one.name)]
        ],
    )  # fmt: skip


def active_features(connection: ReadConnection, registry: Registry, period: Period) -> list[tuple[str, str, str]]:
    """Return code, name and holder of the features that have something to state for a period."""
    found = find_statutory(registry)
    if found is None:
        return []
    kind, statutory = found
    rows = _Register(connection=connection, kinds=tuple(registry), kind=kind, statutory=statutory, period=period).rows(
        statutory.active, ("code", "name", statutory.holder)
    )
    return [(row["code"], row["name"], row[statutory.holder] or "") for row in rows]


def read_stated(connection: ReadConnection, registry: Registry, period: Period) -> list[Stated]:
    """Return what was stated for a period of each feature that has to: by the form, else what the register has of its last day."""
    found = find_statutory(registry)
    if found is None:
        return []
    kind, statutory = found
    with Session(connection) as session:
        listed = list_statements(session, kind.layer.name, period.last)
    by_form = {one.feature_code: one for one in listed if one.stated_at}
    by_register = _register(connection, kind, statutory, period)
    rows = []
    for code, name, holder in active_features(connection, registry, period):
        values, said_by = by_register.get(code, {}), _REGISTER if code in by_register else ""
        if (form := by_form.get(code)) is not None:
            values = {key: Decimal(value) for key, value in form.values.items()}
            said_by = f"{form.stated_by}, {told(form.stated_at.date() if form.stated_at else None)}"
        rows.append(
            Stated(code=code, name=name, holder=holder or "chưa rõ chủ đầu tư hạ tầng", values=values, said_by=said_by)
        )
    return rows


def _register(
    connection: ReadConnection, kind: type[Feature], statutory: Statutory, period: Period
) -> dict[str, dict[str, Decimal | None]]:
    detail: Any = _detail(kind, statutory)
    columns = [detail.column(name).label(name) for name in statutory.wanted]
    query = (
        select(kind.column("code"), *columns)
        .join_from(detail, kind, detail.feature_id == kind.column("id"))
        .where(detail.column(statutory.period) == period.last)
    )
    return {
        row["code"]: {name: None if row[name] is None else Decimal(row[name]) for name in statutory.wanted}
        for row in connection.execute(query).mappings()
    }


def _not_stated(register: _Register, stated: Sequence[Stated], wanted: Sequence[Wanted]) -> Iterator[Missing]:
    for row in stated:
        if not row.is_there:
            yield Missing(
                text=f"{row.name}: chưa có khai báo",
                who=row.holder,
                address=_STATEMENTS.format(period=register.period.text),
            )
        elif left := [one.label for one in wanted if row.values.get(one.name) is None]:
            yield Missing(
                text=f"{row.name}: chưa khai {', '.join(left)}",
                who=row.said_by,
                address=_STATEMENTS.format(period=register.period.text),
            )


def _empty(register: _Register) -> Iterator[Missing]:
    """Return which fields that are added up are empty in the register, and of which features."""
    summed = [(figure, register.kind.field(figure.sums)) for figure in register.statutory.figures if figure.sums]
    rows = register.rows(register.statutory.active, ("name", *(figure.sums for figure, _field in summed)))
    for figure, field in summed:
        names = [row["name"] for row in rows if row[figure.sums] is None]
        if field and names:
            yield Missing(text=f"{_say(field.label)}: thiếu ở {_named(names)}", who="bộ phận quy hoạch, GIS nhập trên bản đồ", layer=register.kind.layer.name, filters=register.statutory.active)  # fmt: skip


def _out_of_order(register: _Register) -> Iterator[str]:
    """Return the features whose part is above its whole, by the layer's own expectations."""
    for sense in register.kind.layer.sense:
        if isinstance(sense, InOrder):
            for row in register.rows(register.statutory.only, ("name", sense.lesser, sense.greater)):
                lesser, greater = row[sense.lesser], row[sense.greater]
                if lesser is not None and greater is not None and lesser > greater:
                    yield f"{row['name']}: {_label(register.kind, sense.lesser)} {number(lesser)} lớn hơn {_label(register.kind, sense.greater)} {number(greater)}"


def _differing(register: _Register, stated: Sequence[Stated]) -> Iterator[str]:  # fmt: skip
    """Return where what was stated is not what the register holds of the feature itself."""
    names = [name for name in register.statutory.wanted if register.kind.field(name)]
    held_of = {row["code"]: row for row in register.rows(register.statutory.active, ("code", *names))}
    for row in stated:
        for name in names:
            said, held = row.values.get(name), held_of[row.code][name]
            if said is not None and held is not None and said != held:
                yield f"{row.name}: {_label(register.kind, name)} khai {number(said)} ({row.said_by}), sổ dữ liệu ghi {number(held)}"


def _total(rows: Sequence[Stated], wanted: Wanted) -> Decimal | None:
    said = [value for row in rows if (value := row.values.get(wanted.name)) is not None]
    return sum(said, Decimal(0)) if said else None


def _detail(kind: type[Feature], statutory: Statutory) -> type[Detail]:
    return next(one for one in kind.details if one.detail.name == statutory.stated)


def _label(kind: type[Feature], name: str) -> str:
    field: Field | None = kind.field(name)
    return _say(field.label).lower() if field else name


def _named(names: Sequence[str]) -> str:
    more = f" và {len(names) - _MOST_NAMED} đối tượng khác" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _said_span(period: Period) -> str:
    return f"6 tháng năm {period.year}" if period.span is Span.HALF_YEAR else f"năm {period.year}"


def _said_period(period: Period) -> dict[str, str]:
    return {
        "text": f"{_said_span(period)} (từ ngày {told(period.first)} đến ngày {told(period.last)})", "title": told(period.cut_off),
        "day": told(period.cut_off), "year": str(period.year), "before": f"Kỳ trước {told(period.before.cut_off)}",
        "last_year": f"Cùng kỳ {told(period.last_year.cut_off)}",
    }  # fmt: skip


def _say(text: str) -> str:
    return translate(text, DEFAULT_LANGUAGE)
