"""What keeps an object from being deleted: records that must outlive every import, edit and undo.

A table says so by its foreign key (ON DELETE RESTRICT), and the database is asked, so that nothing here needs to know
which tables those are: the minutes of a visit are one example.
"""

from sqlalchemy import ColumnElement, String, bindparam, column, false, or_, select, table, text
from sqlalchemy.orm import Session

from geodata.base.i18n import N_
from geodata.history.documents import table_of
from geodata.schema.feature import Feature

#: Why an object that was to go is still there.
HAS_RECORDS = N_("records that must be kept hang on it")

_HOLDERS = text(
    "SELECT other.relname, own.attname FROM pg_constraint AS tie "
    "JOIN pg_class AS other ON other.oid = tie.conrelid "
    "JOIN pg_attribute AS own ON own.attrelid = tie.conrelid AND own.attnum = tie.conkey[1] "
    "WHERE tie.contype = 'f' AND tie.confdeltype = 'r' AND tie.confrelid = to_regclass(:name) ORDER BY 1, 2"
).bindparams(bindparam("name", type_=String))


def is_held(session: Session, kind: type[Feature]) -> ColumnElement[bool]:
    """Return the condition on a layer's table under which an object may not be deleted."""
    own = table_of(kind)
    holders = session.execute(_HOLDERS, {"name": own.name}).all()
    ties = [(table(name, column(tie)), tie) for name, tie in holders]
    found = [select(other.c[tie]).where(other.c[tie] == own.c.id).correlate(own).exists() for other, tie in ties]
    return or_(*found) if found else false()
