"""Geometry while it is drawn: what is worth knowing before it is stored."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypedDict

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import shapely
from shapely.validation import explain_validity

from geodata.base.crs import WGS84, current_province
from geodata.base.database import ReadConnection
from geodata.base.i18n import N_
from geodata.base.message import Message, Translate, Write, same
from geodata.schema.feature import Feature, GeometryType
from geodata.schema.registry import Registry

#: A stated area may differ by this share before it is told.
AREA_TOLERANCE = 0.05
#: What is shared with a neighbour below this is how outlines are drawn, m².
SMALLEST_OVERLAP_M2 = 1.0
#: A line that ends this near to a station, but not at it, was meant to end there, m.
NEAR_M, AT_M = 100.0, 1.0


@dataclass(frozen=True, kw_only=True)
class Remark:
    """One thing to know about a geometry; `place`: lon, lat of the spot, where there is one."""

    code: str
    text: Message
    place: tuple[float, float] | None = None


class RemarkAnswer(TypedDict):
    """A remark as programs read it; `place`: lon, lat of the spot."""

    code: str
    message: str
    place: tuple[float, float] | None


class LookedAnswer(TypedDict):
    """What is known of a drawn geometry, as programs read it."""

    length_km: float | None
    area_ha: float | None
    vertices: int
    units: dict[str, str | None]
    remarks: list[RemarkAnswer]


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A drawn geometry's length in km or area in ha, its corners, the units in which it lies, and the remarks."""

    length_km: float | None = None
    area_ha: float | None = None
    vertices: int = 0
    units: Mapping[str, str | None] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = field(default_factory=tuple)

    def as_json(self, translate: Translate = same, write: Write | None = None) -> LookedAnswer:
        """Return plain data; `write`: numbers as people read them."""
        return {
            "length_km": self.length_km,
            "area_ha": self.area_ha,
            "vertices": self.vertices,
            "units": dict(self.units),
            "remarks": [
                {"code": item.code, "message": item.text.say(translate, write), "place": item.place}
                for item in self.remarks
            ],
        }


def look_at(
    connection: ReadConnection,
    registry: Registry,
    kind: type[Feature],
    shape: shapely.Geometry,
    *,
    without: Collection[int] = (),
    stated_ha: float | None = None,
) -> Looked:
    """Return size (on the ellipsoid) and remarks of a geometry, EPSG:4326 (lon, lat).

    `registry`: the layers of the application; `without`: ids of no neighbours: itself, and what is merged into it.
    """
    remarks = [*_outside(shape), *_crossing(shape)]
    place = func.ST_SetSRID(func.ST_GeomFromWKB(shapely.to_wkb(shape)), WGS84)
    length = area = None
    if kind.layer.geometry is GeometryType.LINE:
        length = round(float(connection.scalar(select(func.ST_Length(func.geography(place)))) or 0) / 1000, 3)
        remarks += _loose_ends(connection, registry, kind, shape)
    elif kind.layer.geometry is GeometryType.POLYGON and shapely.is_valid(shape):
        area = round(float(connection.scalar(select(func.ST_Area(func.geography(place)))) or 0) / 10_000, 4)
        remarks += _overlaps(connection, kind, shape, without)
        remarks += _other_area(area, stated_ha)
    count = int(shapely.get_num_coordinates(shape))
    units = {name: area_at(connection, layer, shape) for name, layer in area_references(kind, registry).items()}
    return Looked(length_km=length, area_ha=area, vertices=count, units=units, remarks=tuple(remarks))


def area_references(kind: type[Feature], registry: Registry) -> dict[str, type[Feature]]:
    """Return the fields of a layer that name the area in which an object lies, with the layer of the areas."""
    found = {name: registry.find(layer) for name, layer in kind.layer.refers.items()}
    return {name: area for name, area in found.items() if area is not None and area.layer.selects_as}


def area_at(connection: ReadConnection | Session, area: type[Feature], shape: shapely.Geometry) -> str | None:
    """Return the code of the smallest area of a layer, valid still, in which a geometry (EPSG:4326, lon, lat) lies."""
    point = shapely.point_on_surface(shape)
    place = func.ST_SetSRID(func.ST_MakePoint(point.x, point.y), WGS84)
    inside = (func.ST_Intersects(area.column("geom"), place), area.column("valid_to").is_(None))
    asked = select(area.code).where(*inside).order_by(func.ST_Area(area.column("geom")), area.id).limit(1)
    code: str | None = connection.scalar(asked)
    return code


def _outside(shape: shapely.Geometry) -> list[Remark]:
    west, south, east, north = current_province().extent
    if shapely.within(shape, shapely.box(west, south, east, north)):
        return []
    return [Remark(code="out_of_extent", text=Message(template=N_("This lies outside the province.")))]


def _crossing(shape: shapely.Geometry) -> list[Remark]:
    if shapely.is_valid(shape):
        return []
    why = explain_validity(shape)
    spot = why.partition("[")[2].rstrip("]").split()
    place = (float(spot[0]), float(spot[1])) if len(spot) == 2 else None
    return [Remark(code="invalid_geometry", text=Message(template=N_("The outline crosses itself here.")), place=place)]


def _overlaps(
    connection: ReadConnection, kind: type[Feature], shape: shapely.Geometry, without: Collection[int]
) -> list[Remark]:
    place = func.ST_SetSRID(func.ST_GeomFromWKB(shapely.to_wkb(shape)), WGS84)
    geom = kind.column("geom")
    shared = func.ST_Intersection(geom, place)
    area = func.ST_Area(func.geography(shared))
    middle = func.ST_PointOnSurface(shared)
    found = (
        select(kind.name, area.label("area_m2"), func.ST_X(middle), func.ST_Y(middle))
        .where(
            func.ST_Intersects(geom, place),
            kind.id.not_in(without),
            kind.column("valid_to").is_(None),
            area > SMALLEST_OVERLAP_M2,
        )
        .order_by(area.desc())
        .limit(5)
    )
    return [
        Remark(
            code="overlap",
            text=Message(
                template=N_("{area} m² are shared with “{name}”."), values={"area": round(area_m2), "name": name}
            ),
            place=(lon, lat) if lon is not None else None,
        )
        for name, area_m2, lon, lat in connection.execute(found)
    ]


def _other_area(area_ha: float, stated_ha: float | None) -> list[Remark]:
    if not stated_ha or abs(area_ha - stated_ha) <= AREA_TOLERANCE * stated_ha:
        return []
    template = N_("The drawn area is {drawn} ha, the stated one {stated} ha: {percent} % apart.")
    percent = abs(area_ha - stated_ha) / stated_ha * 100
    details = {"drawn": round(area_ha, 2), "stated": stated_ha, "percent": round(percent)}
    return [Remark(code="area_differs", text=Message(template=template, values=details))]


def _loose_ends(
    connection: ReadConnection, registry: Registry, kind: type[Feature], shape: shapely.Geometry
) -> list[Remark]:
    """Return the ends that lie near what a line may end at, but not at it."""
    others = {registry.find(layer) for layer in kind.layer.refers.values()}
    parts = shapely.get_parts(shape)
    ends = [point for part in parts if part.geom_type == "LineString" for point in (part.coords[0], part.coords[-1])]
    remarks = []
    for other in others:
        if other is None or other.layer.selects_as or not other.is_point():
            continue
        for lon, lat, *_ in ends:
            end = func.geography(func.ST_SetSRID(func.ST_MakePoint(lon, lat), WGS84))
            gap = func.ST_Distance(end, func.geography(other.column("geom")))
            near = select(other.name, gap.label("gap_m")).where(
                func.ST_DWithin(end, func.geography(other.column("geom")), NEAR_M)
            )
            found = connection.execute(near.order_by(gap).limit(1)).first()
            if found is not None and found.gap_m > AT_M:
                template = N_("This end lies {metres} m from “{name}”, not at it.")
                details = {"metres": round(found.gap_m), "name": found.name}
                remarks.append(
                    Remark(code="loose_end", text=Message(template=template, values=details), place=(lon, lat))
                )
    return remarks
