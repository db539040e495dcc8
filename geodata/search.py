"""One search over all layers: accents optional, small typing errors tolerated."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Float, case, cast, func, literal, or_, select, union_all

from geodata.layer import Feature

MAX_HITS = 50


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A feature that fits; place in EPSG:4326 (lon, lat)."""

    layer: str
    id: int
    code: str
    name: str
    address: str | None
    lon: float
    lat: float
    bbox: tuple[float, float, float, float]
    score: float


def search(connection: Connection, kinds: Sequence[type[Feature]], text: str, limit: int = 20) -> list[Hit]:
    """Return the best hits over the given layers, best first."""
    wanted = " ".join(text.replace("\x00", "").split())[:100]
    if not wanted or not kinds:
        return []
    folded = func.fold_text(wanted)
    parts = []
    for order, kind in enumerate(kinds):
        haystack = kind.column("search_text")
        name = func.fold_text(kind.name)
        score = (
            func.word_similarity(folded, haystack)
            + case((name == folded, 2.0), (kind.code == wanted, 2.0), else_=0.0)
            + case((func.strpos(name, folded) > 0, 0.6), (func.strpos(haystack, folded) > 0, 0.3), else_=0.0)
            - func.length(kind.name) * 0.0005
            - literal(order) * 0.01
        )
        geom = kind.column("geom")
        point = func.ST_PointOnSurface(geom)
        part = (
            select(
                literal(kind.layer.name).label("layer"),
                kind.id.label("id"),
                kind.code.label("code"),
                kind.name.label("name"),
                kind.address.label("address"),
                func.ST_X(point).label("lon"),
                func.ST_Y(point).label("lat"),
                func.ST_XMin(geom).label("west"),
                func.ST_YMin(geom).label("south"),
                func.ST_XMax(geom).label("east"),
                func.ST_YMax(geom).label("north"),
                cast(score, Float).label("score"),
            )
            .where(or_(haystack.contains(folded), haystack.op("%>")(folded)))
            .order_by(cast(score, Float).desc())
            .limit(MAX_HITS)
        )
        parts.append(part.subquery().select())
    found = union_all(*parts).subquery()
    statement = select(found).order_by(found.c.score.desc(), found.c.layer, found.c.id).limit(min(limit, MAX_HITS))
    return [
        Hit(
            layer=row.layer,
            id=row.id,
            code=row.code,
            name=row.name,
            address=row.address,
            lon=row.lon,
            lat=row.lat,
            bbox=(row.west, row.south, row.east, row.north),
            score=row.score,
        )
        for row in connection.execute(statement)
    ]
