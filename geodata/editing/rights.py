"""What an editor may change: layers by Access, fields and details by what the role sees, places by the account's areas."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

import shapely

from geodata.accounts.access import Action, may, visible_details, visible_fields
from geodata.accounts.scopes import lie_within
from geodata.base.errors import ForbiddenError
from geodata.editing.edits import Editor
from geodata.schema.details import Detail
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.roles import is_for


def check_layer(kind: type[Feature], editor: Editor) -> None:
    """Raise ForbiddenError when the editor may not write the layer."""
    if not (may(editor.role, Action.VIEW, kind) and may(editor.role, Action.WRITE, kind)):
        raise ForbiddenError(roles=sorted(kind.layer.access.write))


def writable_fields(kind: type[Feature], editor: Editor) -> dict[str, Field]:
    """Return the fields that an editor may fill, by name."""
    return {field.name: field for field in visible_fields(editor.role, kind) if not field.derived}


def writable_details(kind: type[Feature], editor: Editor) -> dict[str, type[Detail]]:
    """Return the details whose rows an editor may change, by name; some are kept on pages of their own."""
    return {
        detail.detail.name: detail
        for detail in visible_details(editor.role, kind)
        if not detail.detail.is_kept_elsewhere
    }


def detail_fields(detail: type[Detail], editor: Editor) -> dict[str, Field]:
    """Return the fields of a detail that an editor may fill, by name."""
    return {field.name: field for field in detail.fields() if not field.derived and is_for(editor.role, field.roles)}


def outside(session: Session, editor: Editor, shapes: Sequence[shapely.Geometry | None]) -> list[bool]:
    """Say of each geometry (EPSG:4326) whether it lies outside the areas to which the editor is limited."""
    if not editor.areas:
        return [False] * len(shapes)
    return [shape is not None and not lie_within(session, editor.registry, editor.areas, shape) for shape in shapes]
