"""A layer kind: one subclass of Feature in one file of geodata/layers; everything else reads the class."""

from collections.abc import Mapping
from dataclasses import dataclass, field as dataclass_field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, MappedColumn, declared_attr, mapped_column

from geoalchemy2 import Geometry, WKBElement

from geodata.base.collation import VIETNAMESE
from geodata.base.crs import WEB_MERCATOR, WGS84
from geodata.base.i18n import N_
from geodata.base.values import JsonObject
from geodata.schema.charts import Chart, Listed, Reported, Showcase
from geodata.schema.described import Described
from geodata.schema.details import Detail
from geodata.schema.dues import Due
from geodata.schema.fields import INFO, Field, Group, LabelledEnum, field
from geodata.schema.filters import Choice, DateRange, Text as TextFilter
from geodata.schema.grid import GridCircuits, GridConsumers, GridStations
from geodata.schema.lifecycle import Life
from geodata.schema.pipeline import Pipeline
from geodata.schema.portrayal import Style
from geodata.schema.roles import STAFF, Access
from geodata.schema.sense import Sense


class LocationAccuracy(LabelledEnum):
    """How the location was found (khảo sát, GPS, bản đồ, ước lượng)."""

    SURVEYED = "surveyed", N_("Surveyed"), "khảo sát", "đo đạc"
    GPS = "gps", N_("GPS"), "gps", "định vị"
    DIGITISED = "digitised", N_("Digitised from a map"), "bản đồ", "số hóa"
    APPROXIMATE = "approximate", N_("Approximate"), "ước lượng", "gần đúng"


class GeometryType(StrEnum):
    """What a layer stores; single lines and polygons are promoted to multi on import."""

    POINT = "POINT"
    LINE = "MULTILINESTRING"
    POLYGON = "MULTIPOLYGON"


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer kind's own facts. `key` are the columns that identify a feature across imports.

    `selects_as`: the name of the filter by which this layer's areas select other layers' features.
    `code_names`: how files of what hangs on its features call the column with their code.
    `refers`: field -> the layer whose feature its value is the code of.
    `names_object`: the field with the code of an object of whatever layer, which then leads back.
    `whole_by`: the field whose value is shared by the parts of one whole, each of which goes on where another ends.
    `other_names`: fields that hold other names of the object, several separated by commas; whoever searches one of them
    means it.
    `inspected`: inspectors visit its features and keep a page for each. `tracked`: its features have milestones, and a
    page each that tells what is late.
    `sense`: what values are expected to be beside one another.
    `pipeline`: the states that its features pass on their way, for the board of dossiers.
    `grid`: what its features are to the power network. `reported`: its figures in the monthly report.
    `listed`: the paper that lists its features. `dues`: what falls due on days of its features.
    `in_english`: field -> the field that says the same in English, shown in its place to who reads English.
    `is_ground`: what a base map draws too; the map opens with it only where there is none.
    """

    name: str
    title: str
    singular: str
    description: str
    geometry: GeometryType
    style: Style
    access: Access = dataclass_field(default_factory=Access)
    min_zoom: int = 5
    shown: bool = True
    key: tuple[str, ...] = ("code",)
    selects_as: str | None = None
    other_names: tuple[str, ...] = ()
    code_names: tuple[str, ...] = ()
    refers: Mapping[str, str] = dataclass_field(default_factory=dict)
    names_object: str | None = None
    whole_by: str | None = None
    showcase: Showcase | None = None
    charts: tuple[Chart, ...] = ()
    reported: Reported | None = None
    listed: Listed | None = None
    life: Life | None = None
    pipeline: Pipeline | None = None
    dues: tuple[Due, ...] = ()
    inspected: bool = False
    tracked: bool = False
    grid: GridStations | GridCircuits | GridConsumers | None = None
    sense: tuple[Sense, ...] = ()
    in_english: Mapping[str, str] = dataclass_field(default_factory=dict)
    is_ground: bool = False


class Feature(Described):
    """What every layer kind has; shared by all layers."""

    __abstract__ = True
    layer: ClassVar[Layer]
    details: ClassVar[tuple[type[Detail], ...]] = ()

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, sort_order=-100)
    code: Mapped[str] = field(
        label=N_("Code"),
        type_=Text,
        source_names=("MA", "MA_SO", "ID_DT", "code"),
        required=True,
        searchable=True,
        check="code <> '' AND length(code) <= 64",
    )
    name: Mapped[str] = field(
        label=N_("Name"),
        type_=Text,
        source_names=("TEN", "TEN_GOI", "name"),
        required=True,
        searchable=True,
        filter=TextFilter(),
        check="name <> '' AND length(name) <= 300",
    )
    address: Mapped[str | None] = field(
        label=N_("Address"),
        type_=Text,
        source_names=("DIA_CHI", "VI_TRI", "address"),
        searchable=True,
        group=Group.LOCATION,
    )
    admin_unit_code: Mapped[str | None] = field(
        label=N_("Administrative unit"),
        type_=Text,
        source_names=("DVHC_MA", "MA_XA", "MA_DVHC"),
        filter=Choice(),
        group=Group.LOCATION,
        index=True,
    )
    source: Mapped[str | None] = field(
        label=N_("Source"), type_=Text, source_names=("NGUON", "source"), group=Group.LOCATION
    )
    location_accuracy: Mapped[LocationAccuracy | None] = field(
        label=N_("Location accuracy"),
        values=LocationAccuracy,
        source_names=("DO_CHINH_XAC", "CHINH_XAC"),
        group=Group.LOCATION,
    )
    original_coordinates: Mapped[str | None] = field(
        label=N_("Coordinates as delivered"), type_=Text, source_names=("TOA_DO_GOC",), group=Group.LOCATION
    )
    valid_from: Mapped[date | None] = field(
        label=N_("Valid from"), source_names=("HIEU_LUC_TU", "TU_NGAY"), filter=DateRange(), group=Group.LEGAL
    )
    valid_to: Mapped[date | None] = field(
        label=N_("Valid to"), source_names=("HIEU_LUC_DEN", "DEN_NGAY"), filter=DateRange(), group=Group.LEGAL
    )
    note: Mapped[str | None] = field(label=N_("Note"), type_=Text, source_names=("GHI_CHU", "note"), roles=STAFF)
    is_illustration: Mapped[bool] = field(
        label=N_("Illustration only"),
        default=False,
        server_default="false",
        source_names=("MINH_HOA",),
        group=Group.LOCATION,
        in_tile=True,
    )
    extra: Mapped[JsonObject] = mapped_column(JSONB, default=dict, server_default="{}")
    updated_at: Mapped[datetime] = mapped_column(
        info={INFO: Field(label=N_("Updated"), derived=True, group=Group.LOCATION)},
        server_default=func.now(),
        onupdate=func.now(),
    )
    #: A change set that is there: triggers see to it, a statement at a time (watch_layer).
    change_set_id: Mapped[int | None] = mapped_column(BigInteger, index=True)

    @declared_attr
    @classmethod
    def geom(cls) -> Mapped[WKBElement]:
        """Hold the geometry, EPSG:4326 (lon, lat)."""
        return mapped_column(Geometry(cls.layer.geometry, srid=WGS84, spatial_index=False), nullable=False)

    @declared_attr
    @classmethod
    def geom_3857(cls) -> Mapped[WKBElement]:
        """Keep a stored copy in web Mercator: tiles read it without transforming row by row."""
        return mapped_column(
            Geometry(cls.layer.geometry, srid=WEB_MERCATOR, spatial_index=False),
            Computed(f"st_transform(geom, {WEB_MERCATOR})", persisted=True),
            deferred=True,
        )

    @declared_attr
    @classmethod
    def search_text(cls) -> Mapped[str]:
        """Keep code, name, address and the public searchable fields without accents and case, for search."""
        names = [
            name
            for name, column in vars(cls).items()
            if name not in {"code", "name", "address"}
            and isinstance(column, MappedColumn)
            and _is_searchable(column.column.info.get(INFO))
        ]
        parts = "".join(f" || ' ' || coalesce({name}, '')" for name in ["address", *names])
        return mapped_column(Text, Computed(f"fold_text(code || ' ' || name{parts})", persisted=True), deferred=True)

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        """Return the constraints and indexes of every layer; a kind adds its own."""
        table = cls.__tablename__
        return (
            UniqueConstraint(*cls.layer.key, name=f"uq_{table}_key", postgresql_nulls_not_distinct=True),
            CheckConstraint("st_isvalid(geom) AND NOT st_isempty(geom)", name="valid_geometry"),
            CheckConstraint("geom @ province_extent()", name="inside_extent"),
            CheckConstraint("valid_from IS NULL OR valid_to IS NULL OR valid_from <= valid_to", name="valid_span"),
            Index(f"ix_{table}_geom", "geom", postgresql_using="gist"),
            Index(f"ix_{table}_geom_3857", "geom_3857", postgresql_using="gist"),
            Index(
                f"ix_{table}_search_text",
                "search_text",
                postgresql_using="gin",
                postgresql_ops={"search_text": "gin_trgm_ops"},
            ),
            # Lists open in Vietnamese order of names; the id makes the order, and the next page, certain.
            # (PostgreSQL reports no collation of an index's column, so as an expression it would always differ.)
            Index(f"ix_{table}_name", "name", "id", postgresql_ops={"name": f"COLLATE {VIETNAMESE} text_ops"}),
            *cls.extra_table_args(),
        )

    @classmethod
    def extra_table_args(cls) -> tuple[Any, ...]:
        """Constraints that only this kind has."""
        return ()

    @classmethod
    def key_names(cls) -> tuple[str, ...]:
        """Return the layer's key."""
        return cls.layer.key

    @classmethod
    def is_point(cls) -> bool:
        """Whether the layer stores points."""
        return cls.layer.geometry is GeometryType.POINT

    @classmethod
    def detail(cls, name: str) -> type[Detail] | None:
        """Return the table of that name that hangs on this kind, or None."""
        return next((detail for detail in cls.details if detail.detail.name == name), None)


def _is_searchable(spec: Field | None) -> bool:
    """Say whether a field belongs in the search text; what not everybody may see must not be found by anybody."""
    return spec is not None and spec.searchable and spec.roles is None


def _fields_of_grid(grid: GridStations | GridCircuits | GridConsumers | None) -> set[str]:
    match grid:
        case GridStations():
            return {grid.voltage_kv, grid.capacity_mva}
        case GridCircuits():
            named = {grid.voltage_kv, grid.length_km, grid.conductor, grid.bundle_count, grid.rating_a}
            return named | set(grid.ends) | ({grid.is_open} if grid.is_open else set())
        case GridConsumers():
            told = (grid.supplied_by, grid.free_ha, grid.trade, grid.stated_mw)
            return {name for name in told if name} | set(grid.only)
    return set()
