"""Where it is: recognising a CRS, scoring candidates, exact transformation to EPSG:4326.

Nothing here decides between answers that are both possible; it scores them for the one who is asked.
"""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

import pyproj
import shapely
from pyproj.transformer import AreaOfInterest, TransformerGroup

from geodata.base.crs import (
    VN2000_GEOGRAPHIC,
    VN2000_TM3,
    VN2000_UTM_48N,
    VN2000_UTM_49N,
    WGS84,
    WGS84_UTM_48N,
    Bbox,
    current_province,
)
from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.importing.results import Choice
from geodata.importing.table import Geometries

Points = NDArray[np.float64]

#: Answers that differ by less than this are equally likely.
_AS_GOOD = 0.1

#: How many vertices are enough to score a candidate.
SAMPLE = 5_000

#: Only what lands at least so much of the data in the province is an answer; maps of the web are, where nothing else is.
_LEAST, _RARE = 0.3, (3857,)
_EPSG = re.compile(r"(?:EPSG:)?(\d{4,6})", re.IGNORECASE)
#: The projection of a VN-2000 zone on WGS 84, which has no number of its own.
_ON_WGS84 = re.compile(r"WGS84:(\d{4})", re.IGNORECASE)
_UTM = {105.0: VN2000_UTM_48N, 111.0: VN2000_UTM_49N}
#: Reading the same coordinates as the other CRS of such a pair moves them by about 224 m and no more.
TWINS = {
    VN2000_UTM_48N: WGS84_UTM_48N, WGS84_UTM_48N: VN2000_UTM_48N, VN2000_GEOGRAPHIC: WGS84, WGS84: VN2000_GEOGRAPHIC,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Recognised:
    """A CRS: its EPSG code when it has one, else its full definition.

    `twin` is the other answer, 224 m away, where a definition has the projection of one datum and the name of another.
    """

    name: str
    crs: pyproj.CRS
    by_parameters: bool = False
    twin: str | None = None


def parse_crs(text: str) -> Recognised | None:
    """Return the CRS that a name (EPSG:9210) or a WKT says, or None. Never opens a URL or a file."""
    text = text.strip()
    if match := _EPSG.fullmatch(text):
        try:
            return Recognised(name=f"EPSG:{match[1]}", crs=pyproj.CRS.from_epsg(int(match[1])))
        except pyproj.exceptions.CRSError:
            return None
    if match := _ON_WGS84.fullmatch(text):
        return _zone_on_wgs84(int(match[1]))
    if not re.match(r"(PROJCS|GEOGCS|PROJCRS|GEOGCRS|COMPD_CS|COMPOUNDCRS|BOUNDCRS|GEODCRS|BASEGEOGCRS)\s*[\[(]", text):
        return None
    try:
        crs = pyproj.CRS.from_wkt(text)
    except pyproj.exceptions.CRSError:
        return None
    if (srid := _vn2000_by_parameters(crs)) is not None:
        named = pyproj.CRS.from_epsg(srid)
        is_other = srid in VN2000_TM3 and _is_wgs84(crs) and not _says_vn2000(crs)
        return Recognised(
            name=f"EPSG:{srid}",
            crs=named,
            by_parameters=crs.to_epsg(min_confidence=90) != srid,
            twin=f"WGS84:{srid}" if is_other else None,
        )
    code = crs.to_epsg(min_confidence=60)
    if code is not None:
        return Recognised(name=f"EPSG:{code}", crs=pyproj.CRS.from_epsg(code))
    if crs.is_geographic and _is_wgs84(crs):
        return Recognised(name=f"EPSG:{WGS84}", crs=pyproj.CRS.from_epsg(WGS84))
    if not (crs.is_projected or crs.is_geographic):
        return None
    return Recognised(name=crs.name[:80], crs=crs)


def _zone_on_wgs84(srid: int) -> Recognised | None:
    meridian = VN2000_TM3.get(srid)
    if meridian is None:
        return None
    text = f"+proj=tmerc +lat_0=0 +lon_0={meridian:g} +k=0.9999 +x_0=500000 +y_0=0 +datum=WGS84 +units=m +no_defs"
    return Recognised(name=f"WGS84:{srid}", crs=pyproj.CRS.from_proj4(text))


def _is_wgs84(crs: pyproj.CRS) -> bool:
    base = crs.source_crs if crs.is_bound and crs.source_crs else crs
    return "1984" in str(base.datum.name if base.datum else "").replace("_", " ")


def _says_vn2000(crs: pyproj.CRS) -> bool:
    names = f"{crs.name} {crs.datum.name if crs.datum else ''} {crs.geodetic_crs.name if crs.geodetic_crs else ''}"
    plain = re.sub(r"[^a-z0-9]", "", names.lower())
    if "vn2000" in plain or "vietnam2000" in plain:
        return True
    shift = crs.to_dict().get("towgs84") if crs.is_bound else None
    return bool(shift) and abs(float(str(shift).split(",", maxsplit=1)[0].strip("[]")) + 191.904) < 1


def _vn2000_by_parameters(crs: pyproj.CRS) -> int | None:
    """Return the VN-2000 zone that a definition describes, whatever it is called.

    A scale of 0.9999 on a transverse Mercator of this ellipsoid is Vietnam's 3° zone even when the
    definition names no datum of its own; 0.9996 is UTM and needs VN-2000 named.
    """
    base = crs.source_crs if crs.is_bound and crs.source_crs else crs
    if base.is_geographic:
        return VN2000_GEOGRAPHIC if _says_vn2000(crs) else None
    operation = base.coordinate_operation
    if operation is None or "transverse mercator" not in operation.method_name.lower():
        return None
    if base.ellipsoid is None or abs(base.ellipsoid.semi_major_metre - 6378137) > 1:
        return None
    values = {param.name.lower(): float(param.value) for param in operation.params}
    scale = next((value for name, value in values.items() if "scale" in name), 0.0)
    meridian = next((value for name, value in values.items() if "longitude" in name or "meridian" in name), None)
    easting = next((value for name, value in values.items() if "easting" in name), 0.0)
    if meridian is None or abs(easting - 500000) > 1:
        return None
    if abs(scale - 0.9999) < 1e-6:
        return next((srid for srid, zone in VN2000_TM3.items() if abs(zone - meridian) < 1e-4), None)
    if abs(scale - 0.9996) < 1e-6 and _says_vn2000(crs):
        return _UTM.get(round(meridian, 4))
    return None


@cache
def _exact_transformer(wkt: str) -> pyproj.Transformer | None:
    """Return the best operation for the province, else for anywhere; never one that leaves the datum shift out."""
    west, south, east, north = current_province().extent
    crs = pyproj.CRS.from_user_input(wkt)
    for area in (AreaOfInterest(west, south, east, north), None):
        try:
            with warnings.catch_warnings():
                # Grids that are not installed are no matter here: they are for other countries.
                warnings.simplefilter("ignore", UserWarning)
                group = TransformerGroup(crs, WGS84, always_xy=True, area_of_interest=area, allow_ballpark=False)
        except (pyproj.exceptions.ProjError, IndexError):
            # pyproj fails with an IndexError where its list of operations is empty.
            continue
        if group.transformers:
            return group.transformers[0]
    return None


def rough_place(recognised: Recognised, points: Points) -> Points:
    """Return about where points lie, to a few hundred metres: enough to see that data belong elsewhere."""
    try:
        transformer = pyproj.Transformer.from_crs(recognised.crs, WGS84, always_xy=True)
        x, y = transformer.transform(points[:, 0], points[:, 1], errcheck=False)
    except pyproj.exceptions.ProjError:
        return np.full_like(points, np.inf)
    return np.column_stack([x, y])


@dataclass(frozen=True, kw_only=True)
class Transformation:
    """The exact way to EPSG:4326: its operation by name, its accuracy in metres (None: not stated), and where it holds.

    `is_for_here` says whether it is meant for the whole province.
    """

    transformer: pyproj.Transformer | None
    operation: str
    accuracy_m: float | None
    area: str = ""
    is_for_here: bool = True

    def apply(self, points: Points) -> Points:
        """Return lon, lat; what cannot be transformed becomes infinite."""
        if self.transformer is None or not len(points):
            return points
        x, y = self.transformer.transform(points[:, 0], points[:, 1], errcheck=False)
        return np.column_stack([x, y])


def find_transformation(recognised: Recognised) -> Transformation | None:
    """Return the best operation for the province, or None when only a zero shift is known (it would be silently wrong)."""
    if recognised.name == f"EPSG:{WGS84}":
        return Transformation(transformer=None, operation="EPSG:4326", accuracy_m=0)
    try:
        best = _exact_transformer(recognised.crs.to_wkt())
    except pyproj.exceptions.CRSError:
        return None
    if best is None:
        return None
    used = best.area_of_use
    west, south, east, north = current_province().opening
    return Transformation(
        transformer=best,
        operation=best.description,
        accuracy_m=float(best.accuracy) if best.accuracy >= 0 else None,
        area=used.name if used else "",
        is_for_here=used is not None
        and used.west <= west
        and used.south <= south
        and used.east >= east
        and used.north >= north,
    )


def inside_extent(points: Points, extent: Bbox) -> NDArray[np.bool_]:
    """Say which lon, lat lie in an extent."""
    west, south, east, north = extent
    return (points[:, 0] >= west) & (points[:, 0] <= east) & (points[:, 1] >= south) & (points[:, 1] <= north)


@dataclass(frozen=True, kw_only=True)
class Places:
    """Units named in the attributes: for some rows (positions), the area it should lie in, and how the row calls it.

    `is_from_unit_column`: a column of units says so, not an address.
    """

    rows: NDArray[np.int64]
    areas: Geometries
    names: tuple[str, ...] = ()
    is_from_unit_column: bool = False


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A CRS tried on the data: where it puts it, and the share of it that lands where it should.

    `share` is that in the province's box, `share_at_home` that in the units' areas where they are stored (`has_area`).
    """

    srid: int
    swapped: bool
    share: float
    share_at_home: float
    share_in_units: float | None
    has_area: bool
    bbox: Bbox

    @property
    def name(self) -> str:
        """The CRS as it is given on the command line."""
        return f"EPSG:{self.srid}"

    @property
    def rank(self) -> float:
        """The unit that an object names says more than the province's area, and that more than its box."""
        return self.share + 0.5 * self.share_at_home + 2 * (self.share_in_units or 0.0)


def representative_points(geometries: Geometries) -> Points:
    """Return a point of each geometry: of its bounds' middle, so that it stays linear and cheap."""
    bounds = shapely.bounds(geometries)
    return np.column_stack([(bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2])


class Area(Protocol):
    """Where the province is, finer than its box."""

    def inside(self, geometries: Geometries) -> NDArray[np.bool_]:
        """Say which geometries touch it."""


def try_candidate(
    srid: int, points: Points, *, swapped: bool, places: Places | None, area: Area | None = None
) -> Candidate:
    """Score one CRS."""
    found = parse_crs(str(srid))
    transformation = find_transformation(found) if found else None
    at = points[:, ::-1] if swapped else points
    moved = transformation.apply(at) if transformation else np.full_like(at, np.inf)
    good = np.isfinite(moved).all(axis=1)
    inside = inside_extent(moved, current_province().extent) & good
    landed = shapely.points(np.where(good.reshape(-1, 1), moved, 0.0))
    home = inside_extent(moved, current_province().home) if area is None else area.inside(landed)
    at_home = float((home & good).mean())
    in_units = None
    if places is not None and len(places.rows):
        in_units = float(np.mean(shapely.intersects(places.areas, landed[places.rows])))
    shown = moved[inside] if inside.any() else moved[good]
    bbox = (
        (float(shown[:, 0].min()), float(shown[:, 1].min()), float(shown[:, 0].max()), float(shown[:, 1].max()))
        if len(shown)
        else (0.0, 0.0, 0.0, 0.0)
    )
    return Candidate(
        srid=srid,
        swapped=swapped,
        share=float(inside.mean()),
        share_at_home=at_home,
        share_in_units=in_units,
        has_area=area is not None,
        bbox=bbox,
    )


def list_candidates(
    points: Points, *, places: Places | None = None, swapped: bool = False, area: Area | None = None
) -> list[Candidate]:
    """Return the CRSs that put at least some of the data in the province, the likeliest first."""
    order = {srid: number for number, srid in enumerate(current_province().likely_srids)}
    srids = [*order, *[srid for srid in VN2000_TM3 if srid not in order]]
    tried = [try_candidate(srid, points, swapped=swapped, places=places, area=area) for srid in srids]
    if max((candidate.share for candidate in tried), default=0.0) < _LEAST:
        tried = [try_candidate(srid, points, swapped=swapped, places=places, area=area) for srid in _RARE]
    found = [candidate for candidate in tried if candidate.share >= _LEAST]
    return sorted(found, key=lambda candidate: (-round(candidate.rank, 2), order.get(candidate.srid, 99)))


def best_choices(candidates: Sequence[Candidate], least: int = 3, most: int = 5) -> tuple[Choice, ...]:
    """Return the likeliest answers, more of them where they are equally good; the 224 m twin of one is always listed too."""
    alike = [item for item in candidates[:most] if item.rank >= candidates[0].rank - _AS_GOOD]
    listed = [*candidates[:least], *alike[least:]]
    for candidate in list(listed):
        twin = next((other for other in candidates if other.srid == TWINS.get(candidate.srid)), None)
        if twin is not None and twin not in listed:
            listed.append(twin)
    return tuple(_choice(candidate, candidates) for candidate in listed)


def _choice(candidate: Candidate, candidates: Sequence[Candidate]) -> Choice:
    if candidate.share_in_units is not None:
        template = N_("{crs}: {share} % of the objects fall inside the administrative unit they name")
        share = candidate.share_in_units
    else:
        template = N_("{crs}: {share} % of the objects fall inside the province")
        share = candidate.share_at_home if candidate.has_area else candidate.share
    if TWINS.get(candidate.srid) in {other.srid for other in candidates}:
        template = (
            N_("{crs}: {share} % fall inside the administrative unit they name; {twin} would put them 224 m away")
            if candidate.share_in_units is not None
            else N_("{crs}: {share} % fall inside the province; {twin} would put them 224 m away")
        )
    name = pyproj.CRS.from_epsg(candidate.srid).name
    text = Message(
        template=template,
        values={"crs": f"{name}", "share": f"{share * 100:.0f}", "twin": f"EPSG:{TWINS.get(candidate.srid, '')}"},
    )
    return Choice(value=candidate.name, why=text, share_inside=share, bbox=candidate.bbox)


def transform_geometries(geometries: Geometries, transformation: Transformation, *, swapped: bool) -> Geometries:
    """Return the geometries in EPSG:4326 (lon, lat)."""
    if transformation.transformer is None and not swapped:
        return geometries

    def move(points: Points) -> Points:
        return transformation.apply(points[:, ::-1] if swapped else points)

    transformed: Geometries = shapely.transform(geometries, move)
    return transformed
