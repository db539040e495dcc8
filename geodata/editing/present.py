"""Objects as they are stored now, with what hangs on them, and the version by which two editors notice each other."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

import shapely

from geodata.base.database import ReadConnection
from geodata.history.change_sets import hanging_tables, hold_rows
from geodata.history.documents import ADDED_IN, Document, row_json, table_of, type_of_json
from geodata.schema.feature import Feature


@dataclass(frozen=True, kw_only=True)
class Present:
    """One stored object: its columns as the history keeps them, and its rows by detail and number."""

    id: int
    document: Document
    hanging: dict[str, dict[int, Document]] = field(default_factory=dict)

    @cached_property
    def geometry(self) -> shapely.Geometry:
        """The geometry, EPSG:4326 (lon, lat)."""
        return shapely.from_wkb(self.document["geom"])

    @cached_property
    def version(self) -> str:
        """A text that is another when anything of the object, or of what is edited with it, is another."""
        parts = [self.document, {name: sorted(rows.items()) for name, rows in sorted(self.hanging.items())}]
        text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def load_present(
    session: Session | ReadConnection, kind: type[Feature], ids: Sequence[int], *, hold: bool = False
) -> dict[int, Present]:
    """Return the stored objects of these ids; `hold`: nobody else changes them until this transaction ends."""
    table = table_of(kind)
    if hold and isinstance(session, Session):
        hold_rows(session, table, select(table.c.id).where(table.c.id.in_(ids)).order_by(table.c.id))
    rows = session.execute(select(table.c.id, row_json(kind).label("document")).where(table.c.id.in_(ids)))
    found = {row.id: Present(id=row.id, document=row.document) for row in rows}
    elsewhere = {detail.detail.name for detail in kind.details if detail.detail.is_kept_elsewhere}
    for name, other in hanging_tables(kind).items():
        if name in elsewhere:
            continue
        document: Any = func.to_jsonb(other.table_valued(), type_=JSONB).op("-")(ADDED_IN)
        own = [other.c.layer == kind.layer.name] if "layer" in other.c else []
        asked = select(other.c.id, other.c.feature_id, type_of_json(document).label("document")).where(
            other.c.feature_id.in_(list(found)), *own
        )
        for row in session.execute(asked):
            found[row.feature_id].hanging.setdefault(name, {})[row.id] = row.document
    return found


def version_of(session: Session | ReadConnection, kind: type[Feature], feature_id: int) -> str | None:
    """Return the version of a stored object, or None when there is none."""
    found = load_present(session, kind, [feature_id]).get(feature_id)
    return found.version if found else None
