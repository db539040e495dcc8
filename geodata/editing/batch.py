"""Many objects at once: the same values for all of them, and that none is another since the preview was looked at."""

import hashlib
import json
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.base.database import ReadConnection
from geodata.base.errors import InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.base.numbers import NumberStyle
from geodata.base.values import JsonObject
from geodata.editing.edits import MOST_OBJECTS, Edit, ObjectEdit
from geodata.editing.present import load_present
from geodata.schema.feature import Feature
from geodata.schema.filters import Condition


def ids_of(
    connection: ReadConnection,
    kind: type[Feature],
    conditions: Sequence[Condition] = (),
    *,
    among: Sequence[int] | None = None,
) -> list[int]:
    """Return the ids, ascending, of what the conditions keep; `among`: of these, each of which must be there.

    Raises NotFoundError, InvalidValueError (too many).
    """
    asked = select(kind.id).where(*[condition.sql for condition in conditions])
    if among is not None:
        asked = asked.where(kind.id.in_(among[: MOST_OBJECTS + 1]))
    found = list(connection.scalars(asked.order_by(kind.id).limit(MOST_OBJECTS + 1)))
    if len(found) > MOST_OBJECTS:
        raise InvalidValueError(
            name="objects", value=str(len(found)), reason=N_("these are too many; import them from a file")
        )
    for missing in set(among or ()) - set(found):
        raise NotFoundError(value=str(missing))
    return found


def batch_edit(
    session: Session,
    kind: type[Feature],
    ids: Sequence[int],
    values: JsonObject,
    *,
    reason: str | None = None,
    style: NumberStyle = NumberStyle.UNKNOWN,
) -> Edit:
    """Return the edit that gives all these objects the same values, made from what they are now."""
    present = load_present(session, kind, ids)
    return Edit(
        objects=[
            ObjectEdit(feature_id=id_, version=present[id_].version, values=values) for id_ in ids if id_ in present
        ],
        reason=reason,
        style=style,
    )


def mark_of(edit: Edit) -> str:
    """Return a text that is another when an edit is of other objects, or any of them has changed since."""
    told = json.dumps([(item.feature_id, item.version) for item in edit.objects])
    return hashlib.sha256(told.encode()).hexdigest()[:32]
