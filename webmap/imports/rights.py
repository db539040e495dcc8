"""Which imports the person asking may see and make; asked before anything is shown or stored."""

from geodata.accounts.access import Action, may, visible_details
from geodata.base.errors import ForbiddenError, NotFoundError
from geodata.importing.details import detail_of, file_details
from geodata.importing.sessions import sessions
from geodata.importing.sessions.model import ImportSession
from geodata.schema.details import Detail
from geodata.schema.feature import Feature
from webmap.app.auth import current_role
from webmap.app.extensions import db_session, layers


def writable_kinds() -> list[type[Feature]]:
    """Return the layers into which the person asking may import."""
    return [kind for kind in layers() if may(current_role(), Action.WRITE, kind)]


def writable(name: str) -> type[Feature]:
    """Return a layer that the person asking may change. Raises NotFoundError, ForbiddenError."""
    kind = layers().get(name)
    if not may(current_role(), Action.WRITE, kind):
        raise ForbiddenError(roles=sorted(kind.layer.access.write))
    return kind


def offered_details(kind: type[Feature]) -> list[type[Detail]]:
    """Return the details that files may fill, as far as the person asking may see them."""
    seen = visible_details(current_role(), kind)
    return [detail for detail in file_details(kind) if detail in seen]


def check_detail(kind: type[Feature], name: str) -> None:
    """Raise NotFoundError, or ForbiddenError for a detail that the person asking may not see."""
    detail = detail_of(kind, name)
    if detail is None:
        raise NotFoundError(value=name)
    if detail not in offered_details(kind):
        raise ForbiddenError(roles=sorted(detail.detail.roles or ()))


def import_of(number: int) -> ImportSession:
    """Return an import as it stands now, of what the person asking may change. Raises NotFoundError, ForbiddenError."""
    session = db_session()
    found = sessions.get_import(session, number)
    if found.is_working:
        sessions.settle_lost(session)
        found = sessions.get_import(session, number)
    kind = writable(found.layer)
    if detail := found.options.detail:
        check_detail(kind, detail)
    return found
