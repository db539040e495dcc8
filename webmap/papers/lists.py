"""Lists of a layer's features by the values of a choice, as they were on a day; which layers have one is their declaration."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import select

from geodata.base.database import ReadConnection
from geodata.base.errors import NotFoundError
from geodata.query.features import have_illustration
from geodata.schema.charts import Listed, ReportFigure
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.registry import Registry
from webmap.app.i18n import DEFAULT_LANGUAGE, translate
from webmap.app.papers import ILLUSTRATION_BLOCK, ILLUSTRATION_FIELDS, Filled, said_illustration
from webmap.map.present import present_value
from webmap.papers.figures import Figure, Section, conditions_of, section_on
from webmap.papers.written import NOTHING, number, told
from webmap.templating.fields import Fields, Listing, Text
from webmap.templating.forms import Each, Form, Rows

#: Columns of every list, and how wide they are in cm.
_OFTEN: Fields = {"no": Text(label="TT"), "name": Text(label="Tên"), "address": Text(label="Địa chỉ")}
_OFTEN_CM = (1.0, 3.0, 4.4)


def list_forms(registry: Registry) -> list[Form]:
    """Return the form of each list that layers declare."""
    return [_form(kind, kind.layer.listed) for kind in registry if kind.layer.listed]


def _form(kind: type[Feature], listed: Listed) -> Form:
    columns = {**_OFTEN, **{name: Text(label=_say(_field(kind, name).label)) for name in listed.columns}}
    rows = Rows(
        of="group.rows", header=[text.label for text in columns.values() if isinstance(text, Text)],
        cells=[f"{{row.{name}}}" for name in columns], widths=(*_OFTEN_CM, *listed.widths), right=frozenset({0}),
    )  # fmt: skip
    group: Fields = {
        "title": Text(label="Nhóm"), "count": Text(label="Số cơ sở của nhóm"),
        "rows": Listing(label="Các cơ sở của nhóm", fields=columns),
    }  # fmt: skip
    return Form(
        name=listed.name, title=listed.title, heading="DANH SÁCH",
        fields={
            **ILLUSTRATION_FIELDS,
            "on": Text(label="Ngày chốt số liệu"), "total": Text(label="Tổng số cơ sở"),
            "groups": Listing(label="Các nhóm", fields=group),
        },
        blocks=(
            ILLUSTRATION_BLOCK,
            "Tính đến ngày {on}, theo dữ liệu đang lưu: {total} cơ sở.",
            Each(of="groups", name="group", blocks=("# {group.title}: {group.count}", rows)),
        ),
        signatures=("NGƯỜI LẬP", "LÃNH ĐẠO PHÒNG"),
    )  # fmt: skip


def read_list(
    connection: ReadConnection, registry: Registry, name: str, day: date, *, office: str
) -> tuple[Filled, Section]:
    """Read a list on a day, and its counts as figures. Raises NotFoundError."""
    kind = next((one for one in registry if one.layer.listed and one.layer.listed.name == name), None)
    if kind is None or kind.layer.listed is None:
        raise NotFoundError(value=name[:40])
    listed, kinds = kind.layer.listed, tuple(registry)
    counted = ReportFigure(name=listed.name, label=listed.title, only=listed.only, by=listed.by)
    section = section_on(connection, kind, [counted], kinds, day, title=kind.layer.title)
    groups = [
        {
            "title": _say(figure.value_label), "count": number(figure.values[0]),
            "rows": _rows(connection, kind, kinds, listed, figure=figure, day=day),
        }
        for figure in section.named
        if figure.values[0]
    ]  # fmt: skip
    values = {
        **said_illustration(is_some=have_illustration(connection, [kind])),
        "subject": _say(listed.subject).format(day=told(day)), "on": told(day),
        "total": number(sum(len(figure.codes) for figure in section.named)), "groups": groups,
    }  # fmt: skip
    return Filled(form=_form(kind, listed), values=values, office=office, number="…/DS-SCT", day=day), section


def _rows(
    connection: ReadConnection,
    kind: type[Feature],
    kinds: Sequence[type[Feature]],
    listed: Listed,
    *,
    figure: Figure,
    day: date,
) -> list[Mapping[str, str]]:
    fields = [_field(kind, name) for name in ("name", "address", *listed.columns)]
    columns = [kind.column(field.name, day).label(field.name) for field in fields]
    conditions = conditions_of(connection, kind, kinds, figure.filters)
    query = select(*columns).where(*(one.sql for one in conditions)).order_by(kind.column("name"), kind.column("code"))
    return [
        {
            "no": str(place),
            **{field.name: present_value(field, row[field.name], DEFAULT_LANGUAGE) or NOTHING for field in fields},
        }
        for place, row in enumerate(connection.execute(query).mappings(), start=1)
    ]


def _field(kind: type[Feature], name: str) -> Field:
    field = kind.field(name)
    assert field is not None  # noqa: S101  (the registry looked at the declaration)
    return field


def _say(text: str) -> str:
    return translate(text, DEFAULT_LANGUAGE)
