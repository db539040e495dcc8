"""Drawings with notes that people put on the map: points, lines, areas and words, kept under a code that cannot be guessed.

They are notes and no data: nothing counts, exports or imports them. Who has made one changes it; who else changes it gets a copy.
"""

import json
import math
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Text, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.accounts.accounts import Account
from geodata.base.database import Base
from geodata.base.errors import ConflictError, InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.schema.colours import NOTES

MAX_SHAPES = 200
MAX_PLACES = 5000
MAX_NOTE = 300
MAX_SKETCHES = 300
MAX_BYTES = 400_000
#: Least number of places of each kind.
KINDS = {"point": 1, "text": 1, "line": 2, "area": 3}
LATITUDE = 85.0  # web Mercator ends there


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Something drawn: `at` are places (lon, lat) in EPSG:4326, an area's ring is not closed."""

    kind: str
    at: tuple[tuple[float, float], ...]
    colour: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A drawing as it is kept."""

    code: str
    shapes: tuple[Shape, ...]
    by: str
    is_mine: bool
    saved_at: datetime


class Sketch(Base):
    """A drawing; whoever is signed in and knows its code may look at it."""

    __tablename__ = "sketch"
    __table_args__ = (CheckConstraint("code ~ '^[A-Za-z0-9_-]{22}$'", name="code"),)

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("account.id", ondelete="CASCADE"), index=True)
    shapes: Mapped[list[dict[str, object]]] = mapped_column(JSONB)
    saved_at: Mapped[datetime] = mapped_column(server_default=func.now())


def read_sketch(session: Session, code: str, account_id: int) -> Drawn:
    """Return a drawing. Raises NotFoundError."""
    found = session.execute(select(Sketch, Account).join(Account).where(Sketch.code == code)).first()
    if found is None:
        raise NotFoundError(value=code[:30])
    sketch, account = found
    shapes = tuple(_shape(one) for one in sketch.shapes)
    by = account.full_name or account.name
    return Drawn(code=code, shapes=shapes, by=by, is_mine=account.id == account_id, saved_at=sketch.saved_at)


def save_sketch(session: Session, account_id: int, text: str, code: str = "") -> str:
    """Keep a drawing, a JSON list of shapes, and return its code: a new one for a new drawing and for somebody else's.

    Raises InvalidValueError, ConflictError where the account keeps too many.
    """
    shapes = [asdict(shape) for shape in parse_shapes(text)]
    mine = select(Sketch).where(Sketch.code == code, Sketch.account_id == account_id).with_for_update()
    sketch = session.scalar(mine)
    if sketch is None:
        kept = session.scalar(select(func.count()).select_from(Sketch).where(Sketch.account_id == account_id)) or 0
        if kept >= MAX_SKETCHES:
            raise ConflictError(N_("You keep {value} drawings already; delete one first."), value=str(MAX_SKETCHES))
        sketch = Sketch(code=secrets.token_urlsafe(16), account_id=account_id)
        session.add(sketch)
    sketch.shapes = shapes
    sketch.saved_at = func.now()
    session.flush()
    return sketch.code


def delete_sketch(session: Session, account_id: int, code: str) -> None:
    """Forget one of the account's drawings. Raises NotFoundError, also for somebody else's."""
    sketch = session.scalar(select(Sketch).where(Sketch.code == code, Sketch.account_id == account_id))
    if sketch is None:
        raise NotFoundError(value=code[:30])
    session.delete(sketch)


def parse_shapes(text: str) -> tuple[Shape, ...]:
    """Return the shapes of a JSON text. Raises InvalidValueError."""
    if len(text) > MAX_BYTES:
        raise _refused(N_("it is too large"))
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refused(N_("it is no list of shapes")) from error
    if not isinstance(found, list) or len(found) > MAX_SHAPES:
        raise _refused(N_("it is no list of at most 200 shapes"))
    shapes = tuple(_shape(one) for one in found)
    if sum(len(shape.at) for shape in shapes) > MAX_PLACES:
        raise _refused(N_("it has more than 5000 places"))
    return shapes


def _shape(found: object) -> Shape:
    asked = found if isinstance(found, dict) else {}
    kind, colour, note, at = (asked.get(name, "") for name in ("kind", "colour", "note", "at"))
    if not isinstance(kind, str) or kind not in KINDS or colour not in NOTES:
        raise _refused(N_("a shape has a kind and a colour of the lists"))
    if not isinstance(note, str) or len(note) > MAX_NOTE or not (note.isprintable() or note == ""):
        raise _refused(N_("a note has at most 300 printable characters"))
    if not isinstance(at, Sequence) or isinstance(at, str) or not KINDS[kind] <= len(at):
        raise _refused(N_("a shape has too few places"))
    places = tuple(_place(one) for one in at)
    return Shape(kind=kind, at=places[:1] if KINDS[kind] == 1 else places, colour=str(colour), note=note)


def _place(found: object) -> tuple[float, float]:
    if isinstance(found, list | tuple) and len(found) == 2 and all(type(one) in (int, float) for one in found):
        lon, lat = float(found[0]), float(found[1])
        if math.isfinite(lon) and abs(lon) <= 180 and math.isfinite(lat) and abs(lat) <= LATITUDE:
            return round(lon, 7), round(lat, 7)
    raise _refused(N_("a place is a longitude and a latitude in degrees"))


def _refused(reason: str) -> InvalidValueError:
    return InvalidValueError(name="shapes", value="…", reason=reason)


__all__ = ["Drawn", "Shape", "Sketch", "delete_sketch", "parse_shapes", "read_sketch", "save_sketch"]
