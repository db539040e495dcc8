"""Filters of a whole layer rather than of a field: a day, a time of life, words anywhere, a box."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_

from geodata.base.crs import WGS84, Bbox
from geodata.base.database import TIME_ZONE
from geodata.base.errors import InvalidFilterError
from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.schema.filters import Column, Condition, parse_number

BBOX_PARTS = 4


def day_filter(name: str, day: date, begins: Column, ends: Column) -> Condition:
    """Return the condition that a feature was there on a day; states are then those of that day."""
    return Condition(
        name=name,
        sql=and_(or_(begins.is_(None), begins <= day), or_(ends.is_(None), ends >= day)),
        said=Message(template=N_("as on {day}"), values={"day": day}),
        day=day,
    )


def parse_span(name: str, text: str) -> tuple[date | None, date | None]:
    """Return first and last day of an RFC 3339 moment or interval, `..` or nothing for an open end. Raises InvalidFilterError."""
    first, slash, last = text.strip().partition("/")
    low, high = (None if end in {"", ".."} else _day_of_moment(name, end) for end in (first, last if slash else first))
    if (low is None and high is None) or (low is not None and high is not None and low > high):
        raise InvalidFilterError(
            name=name, value=text, reason=N_("a moment or an interval like 2020-01-01/.. is needed")
        )
    return low, high


def _day_of_moment(name: str, text: str) -> date:
    try:
        if len(text) == len("2020-03-02"):
            return date.fromisoformat(text)
        return datetime.fromisoformat(text.upper()).astimezone(ZoneInfo(TIME_ZONE)).date()
    except (ValueError, OverflowError):
        raise InvalidFilterError(
            name=name, value=text, reason=N_("a moment or an interval like 2020-01-01/.. is needed")
        ) from None


def lifetime_filter(name: str, span: tuple[date | None, date | None], begins: Column, ends: Column) -> Condition:
    """Return the condition that a feature was there on some day of a span; unknown ends are open."""
    low, high = span
    parts = [or_(begins.is_(None), begins <= high)] if high is not None else []
    parts += [or_(ends.is_(None), ends >= low)] if low is not None else []
    said = Message(template=N_("valid between {low} and {high}"), values={"low": low or "…", "high": high or "…"})
    return Condition(name=name, sql=and_(*parts), said=said)


def text_filter(name: str, value: str, folded: Column) -> Condition:
    """Return the condition that every word of `value` occurs in an already folded text column."""
    words = value.replace("\x00", "").split()[:10]
    if not words:
        raise InvalidFilterError(name=name, value=value, reason=N_("give at least one word"))
    return Condition(
        name=name,
        sql=and_(*(func.strpos(folded, func.fold_text(word)) > 0 for word in words)),
        said=Message(template=N_("text contains “{value}”"), values={"value": value}),
    )


def parse_bbox(name: str, value: str) -> Bbox:
    """Return west, south, east, north in degrees. Raises InvalidFilterError."""
    parts = [float(parse_number(name, part.strip())) for part in value.split(",")]
    if len(parts) != BBOX_PARTS or not (-180 <= parts[0] <= parts[2] <= 180 and -90 <= parts[1] <= parts[3] <= 90):
        raise InvalidFilterError(name=name, value=value, reason=N_("give west,south,east,north in degrees"))
    return (parts[0], parts[1], parts[2], parts[3])


def meets_box(geom: Column, bbox: Bbox) -> ColumnElement[bool]:
    """Return the condition that a geometry meets a box; both EPSG:4326, west, south, east, north."""
    west, south, east, north = bbox
    box = func.ST_MakeEnvelope(*bbox, WGS84)
    if getattr(geom.type, "geometry_type", "") == "POINT":
        # The index rounds to single precision; a point's own numbers say more cheaply than ST_Intersects what is inside.
        return and_(geom.op("&&")(box), func.ST_X(geom).between(west, east), func.ST_Y(geom).between(south, north))
    return func.ST_Intersects(geom, box)


def bbox_filter(name: str, bbox: Bbox, geom: Column) -> Condition:
    """Return the condition that a geometry meets the box."""
    return Condition(
        name=name,
        sql=meets_box(geom, bbox),
        said=Message(template=N_("on the visible map")),
    )
