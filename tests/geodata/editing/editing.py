"""What tests of edits share: an editor, values that fit a field, the whole state of a layer."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select

from geodata.accounts.access import Role
from geodata.editing import Editor
from geodata.history.change_sets import hanging_tables
from geodata.history.documents import row_json, table_of
from geodata.layers import LAYERS

ADMIN = Editor(name="an", role=Role.ADMIN, registry=LAYERS)
PLANNER = Editor(name="bình", role=Role.PLANNER, registry=LAYERS)


def value_for(field, number):
    """Return a value of the field's type that passes its rules, another for each number."""
    if field.values is not None:
        return list(field.values)[number % len(list(field.values))].value
    plain = {
        bool: number % 2 == 0,
        int: 1 + number,
        Decimal: 1.5 + number,
        date: f"2026-01-{number % 28 + 1:02d}",
        datetime: f"2026-01-{number % 28 + 1:02d}T08:00",
    }
    shaped = {"contact_email": f"a{number}@example.com", "link": f"https://example.com/{number}"}
    return plain.get(field.python_type, shaped.get(field.name, f"giá trị {number}"))


def row_values(detail, number):
    """Return values for every field of a detail."""
    return {field.name: value_for(field, number) for field in detail.fields() if not field.derived}


def state_of(session, kind):
    """Return all that is stored of a layer: its objects and what hangs on them, without who changed it last."""
    session.expire_all()
    table = table_of(kind)
    objects = {row.id: row.document for row in session.execute(select(table.c.id, row_json(kind).label("document")))}
    hanging = {}
    for name, other in hanging_tables(kind).items():
        rows = session.execute(select(*[column for column in other.columns if column.name != "change_set_id"]))
        hanging[name] = {row.id: tuple(row) for row in rows}
    return objects, hanging
