"""The order of names: Vietnamese, where Đ follows D and accents come last; code points put it after Z."""

from sqlalchemy import ColumnElement, collate
from sqlalchemy.orm import InstrumentedAttribute

#: Collation of the database; the layers' index on the name has it too.
VIETNAMESE = "vi_icu"


def by_name(column: ColumnElement[str] | InstrumentedAttribute[str]) -> ColumnElement[str]:
    """Return what to order by so that texts stand in Vietnamese order."""
    return collate(column, VIETNAMESE)
