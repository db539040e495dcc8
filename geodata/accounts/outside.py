"""Maps of other servers that an administrator allows: pictures in web Mercator tiles (XYZ, WMTS) or of a WMS.

Nothing here asks those servers anything: a person's browser fetches their pictures, and only from the hosts listed here.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import BigInteger, CheckConstraint, Identity, SmallInteger, Text, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.accounts.accounts import COMMAND_LINE, record_audit
from geodata.base.database import Base
from geodata.base.errors import ConflictError, InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.schema.fields import LabelledEnum
from geodata.schema.roles import EDITORS, EVERYONE, STAFF, Role

MAX_NAME = 80
MAX_ADDRESS = 1000
MAX_ATTRIBUTION = 200
MAX_SOURCES = 30


class SourceKind(LabelledEnum):
    """How the pictures are asked for."""

    XYZ = "xyz", N_("XYZ tiles")
    WMTS = "wmts", N_("WMTS")
    WMS = "wms", N_("WMS")


class Audience(LabelledEnum):
    """For whom a map of another server is."""

    EVERYONE = "everyone", N_("Everybody")
    STAFF = "staff", N_("Who is signed in")
    EDITORS = "editors", N_("GIS staff and administrators")


AUDIENCES: Mapping[str, frozenset[Role]] = {
    Audience.EVERYONE: EVERYONE,
    Audience.STAFF: STAFF,
    Audience.EDITORS: EDITORS,
}


class SourceAction(LabelledEnum):
    """What the audit log tells about maps of other servers."""

    ADDED = "map_source_added", N_("Allowed a map of another server")
    CHANGED = "map_source_changed", N_("Changed a map of another server")
    REMOVED = "map_source_removed", N_("No longer allows a map of another server")


class MapSource(Base):
    """A map of another server. `address` of tiles has {z}, {x} and {y}; of a WMS it is what goes before the question mark."""

    __tablename__ = "map_source"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint(f"name <> '' AND length(name) <= {MAX_NAME}", name="name_length"),
        CheckConstraint("kind IN ('xyz', 'wmts', 'wms')", name="kind"),
        CheckConstraint("audience IN ('everyone', 'staff', 'editors')", name="audience"),
        CheckConstraint(f"address ~ '^https?://' AND length(address) <= {MAX_ADDRESS}", name="address"),
        CheckConstraint("opacity BETWEEN 10 AND 100", name="opacity_range"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    layers: Mapped[str] = mapped_column(Text, default="")
    attribution: Mapped[str] = mapped_column(Text, default="")
    opacity: Mapped[int] = mapped_column(SmallInteger, default=100)
    audience: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    @property
    def origin(self) -> str:
        """Scheme, host and port, for the content policy."""
        return origin_of(self.address)


_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
#: What may stand in an address: no quotes, spaces, semicolons or commas, which would end a directive of the policy.
_ADDRESS = re.compile(r"[A-Za-z0-9:/?&=%._~{}+!@$*()-]+")
#: WMTS of the matrix set GoogleMapsCompatible has the same numbers as XYZ.
_OF_WMTS = {"tilematrix": "z", "tilerow": "y", "tilecol": "x", "style": "default"}


def origin_of(address: str) -> str:
    """Return scheme, host and port of an address. Raises InvalidValueError where they are not plainly there."""
    reason = N_("it must start with https:// or http:// and the name of a server")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise InvalidValueError(name="address", value=address[:200], reason=reason) from error
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(host) or "@" in parts.netloc:
        raise InvalidValueError(name="address", value=address[:200], reason=reason)
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def list_sources(session: Session) -> list[MapSource]:
    """Return every map of another server, by name."""
    return list(session.scalars(select(MapSource).order_by(func.fold_text(MapSource.name), MapSource.id)))


def sources_for(session: Session, role: Role) -> list[MapSource]:
    """Return those that are for a role."""
    return [one for one in list_sources(session) if role in AUDIENCES[one.audience]]


def save_source(
    session: Session, form: Mapping[str, str], *, source_id: int | None = None, by: str = COMMAND_LINE
) -> None:
    """Allow a map of another server, or change one that is allowed, and write it into the audit log.

    `form` has name, kind, address, layers (of a WMS), attribution, opacity (10 to 100 per cent) and audience.
    Raises InvalidValueError, ConflictError (the name is taken, or there are too many), NotFoundError.
    """
    values = _checked(form)
    source = _locked(session, source_id) if source_id else MapSource()
    if _is_taken(session, str(values["name"]), source_id):
        raise ConflictError(N_("There is a map of that name already: {value}."), value=str(values["name"]))
    if source_id is None and (session.scalar(select(func.count()).select_from(MapSource)) or 0) >= MAX_SOURCES:
        raise ConflictError(
            N_("There are {value} maps of other servers already; remove one first."), value=str(MAX_SOURCES)
        )
    for name, value in values.items():
        setattr(source, name, value)
    session.add(source)
    action = SourceAction.CHANGED if source_id else SourceAction.ADDED
    told = f"{source.kind} {source.address} {source.layers} · {source.audience} · {source.opacity} %"
    record_audit(session, by=by, action=action, subject=source.name, details=told)


def remove_source(session: Session, source_id: int, *, by: str = COMMAND_LINE) -> None:
    """No longer allow a map of another server. Raises NotFoundError."""
    source = _locked(session, source_id)
    session.delete(source)
    record_audit(session, by=by, action=SourceAction.REMOVED, subject=source.name, details=source.address)


def _locked(session: Session, source_id: int) -> MapSource:
    source = session.get(MapSource, source_id, with_for_update=True)
    if source is None:
        raise NotFoundError(value=str(source_id))
    return source


def _is_taken(session: Session, name: str, source_id: int | None) -> bool:
    same = select(MapSource.id).where(MapSource.name == name)
    return any(found != source_id for found in session.scalars(same))


def _checked(form: Mapping[str, str]) -> dict[str, str | int]:
    kind = _choice("kind", form, [str(one) for one in SourceKind])
    return {
        "name": _text("name", form, MAX_NAME, needed=True),
        "kind": kind,
        "address": _address(form.get("address", "").strip(), kind),
        "layers": _text("layers", form, MAX_ATTRIBUTION, needed=kind == SourceKind.WMS)
        if kind == SourceKind.WMS
        else "",
        "attribution": _text("attribution", form, MAX_ATTRIBUTION, needed=True),
        "opacity": _opacity(form.get("opacity", "100")),
        "audience": _choice("audience", form, [str(one) for one in Audience]),
    }


def _text(name: str, form: Mapping[str, str], most: int, *, needed: bool) -> str:
    text = " ".join(form.get(name, "").split())
    if len(text) > most or not text.isprintable() or (needed and not text):
        raise InvalidValueError(name=name, value=text[:most], reason=N_("give between 1 and 200 printable characters"))
    return text


def _choice(name: str, form: Mapping[str, str], values: list[str]) -> str:
    value = form.get(name, "")
    if value not in values:
        raise InvalidValueError(name=name, value=value[:80], reason=N_("choose one of the list"))
    return value


def _opacity(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 3 or not 10 <= int(text) <= 100:
        raise InvalidValueError(name="opacity", value=text[:80], reason=N_("a whole number of per cent from 10 to 100"))
    return int(text)


def _address(address: str, kind: str) -> str:
    """Return the address as the map asks for it: of tiles with {z}, {x}, {y} after the host, of a WMS without a query of its own."""
    if len(address) > MAX_ADDRESS or not _ADDRESS.fullmatch(address):
        reason = N_("an address of at most 1000 characters, without spaces, quotes, commas and semicolons, is needed")
        raise InvalidValueError(name="address", value=address[:200], reason=reason)
    origin_of(address)
    if kind == SourceKind.WMS:
        if _PLACEHOLDER.search(address):
            reason = N_("the address of a WMS has no placeholders in braces; its layers are named beside it")
            raise InvalidValueError(name="address", value=address[:200], reason=reason)
        return address

    def ours(found: re.Match[str]) -> str:
        name = _OF_WMTS.get(found[1].lower(), found[1])
        return name if found[1].lower() == "style" else f"{{{name}}}"

    written = _PLACEHOLDER.sub(ours, address)
    names = _PLACEHOLDER.findall(written)
    if sorted("y" if name == "-y" else name for name in names) != ["x", "y", "z"] or "{" in urlsplit(written).netloc:
        reason = N_(
            "it needs {z}, {x} and {y} once each, or {TileMatrix}, {TileCol} and {TileRow}, and no other placeholder"
        )
        raise InvalidValueError(name="address", value=address[:200], reason=reason)
    return written
