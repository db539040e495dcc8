"""The vocabulary of the registry: what a layer kind, a field, a symbol and a role are.

A layer kind is one subclass of Feature in one file of geodata/layers. Everything else in the project
reads the class. Kept small on purpose: no metaclass, no hooks.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field as dataclass_field, replace
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, Self

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column as SchemaColumn,
    ColumnElement,
    Computed,
    Date,
    Enum,
    ForeignKey,
    Identity,
    Index,
    SQLColumnExpression,
    Table,
    Text,
    UniqueConstraint,
    func,
    inspect,
    literal,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import ColumnProperty, Mapped, MappedColumn, column_property, declared_attr, mapped_column

from geoalchemy2 import Geometry, WKBElement

from geodata.crs import WEB_MERCATOR, WGS84
from geodata.database import Base
from geodata.errors import NotFoundError
from geodata.explanations import Explanation
from geodata.filters import Choice, DateRange, FilterKind, Text as TextFilter
from geodata.i18n import N_


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Role(StrEnum):
    """Who is looking. PUBLIC needs no login."""

    PUBLIC = "public"
    PLANNER = "planner"
    INSPECTOR = "inspector"
    GIS = "gis"
    ADMIN = "admin"


EVERYONE = frozenset(Role)
STAFF = EVERYONE - {Role.PUBLIC}
INSPECTION = frozenset({Role.INSPECTOR, Role.ADMIN})
EDITORS = frozenset({Role.GIS, Role.ADMIN})


class LabelledEnum(StrEnum):
    """A closed set of stored values, each with its label and the spellings files use for it."""

    label: str
    source_values: tuple[str, ...]

    def __new__(cls, value: str, label: str, *source_values: str) -> Self:
        """Return a member that is its stored value."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.source_values = source_values
        return member

    @classmethod
    def labels(cls) -> dict[str, str]:
        """Return stored value -> label, in the order of the class."""
        return {member.value: member.label for member in cls}


def stored(values: type[LabelledEnum]) -> Enum:
    """Return the column type of a closed set: text with a check constraint."""
    return Enum(
        values,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=_snake(values.__name__),
        values_callable=lambda enum: [member.value for member in enum],
    )


class LocationAccuracy(LabelledEnum):
    """How the location was found (DOMAIN: khảo sát, GPS, bản đồ, ước lượng)."""

    SURVEYED = "surveyed", N_("Surveyed"), "khảo sát", "đo đạc"
    GPS = "gps", N_("GPS"), "gps", "định vị"
    DIGITISED = "digitised", N_("Digitised from a map"), "bản đồ", "số hóa"
    APPROXIMATE = "approximate", N_("Approximate"), "ước lượng", "gần đúng"


class Group(StrEnum):
    """The headings of the object panel."""

    GENERAL = N_("General")
    STATE = N_("State")
    SIZE = N_("Size and capacity")
    PEOPLE = N_("Parties")
    LEGAL = N_("Papers")
    LOCATION = N_("Location and source")


@dataclass(frozen=True, kw_only=True)
class Field:
    """What the project knows about one column, besides its type.

    `explain` says from the feature's row why a derived value is what it is on a day; `on_day` is the value on
    another day than today, for what changes with time.
    `roles` None means: whoever may view the layer. `source_names` are the column names that files use;
    they match in any case, with or without accents, and cut to ten letters.
    """

    label: str
    name: str = ""
    unit: str = ""
    help: str = ""
    group: Group = Group.GENERAL
    source_names: tuple[str, ...] = ()
    filter: FilterKind | None = None
    roles: frozenset[Role] | None = None
    in_tile: bool = False
    searchable: bool = False
    derived: bool = False
    in_panel: bool = True
    required: bool = False
    values: type[LabelledEnum] | None = None
    python_type: type = str
    explain: Callable[[Mapping[str, Any], date], Explanation] | None = None
    on_day: Callable[[ColumnElement[date]], ColumnElement[Any]] | None = None


INFO = "field"
CHECK = "check"


def field(
    *,
    label: str,
    type_: Any = None,
    values: type[LabelledEnum] | None = None,
    filter: FilterKind | None = None,
    check: str | None = None,
    default: Any = None,
    server_default: str | None = None,
    index: bool = False,
    **spec: Any,
) -> Any:
    """Return a mapped column that carries its Field. `check` is an SQL condition on the column."""
    if values is not None:
        type_ = stored(values)
        filter = filter or Choice(values.labels())
    info: dict[str, Any] = {INFO: Field(label=label, values=values, filter=filter, **spec)}
    arguments: list[Any] = [type_] if type_ is not None else []
    if check:
        info[CHECK] = check
    return mapped_column(*arguments, info=info, default=default, server_default=server_default, index=index)


def derived(
    expression: SQLColumnExpression[Any], *, label: str, values: type[LabelledEnum] | None = None, **spec: Any
) -> Any:
    """Return a computed, read-only field: it filters, tiles and shows like a stored one."""
    if values is not None:
        spec.setdefault("filter", Choice(values.labels()))
    info = {INFO: Field(label=label, derived=True, values=values, **spec)}
    return column_property(expression, info=info)


# --- portrayal -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Symbol:
    """A symbol as plain data; unset parts are taken from the symbol it is laid over.

    shape: circle square diamond drop triangle (points). glyph: a name the renderer knows (market, bolt).
    level: how much of a point symbol is filled, 0 to 1. hatch: angle in degrees (45, 135, 90) or 0.
    dash: on and off lengths in px. badge: alert, cross or tick.
    """

    shape: str | None = None
    size_px: float | None = None
    fill: str | None = None
    fill_opacity: float | None = None
    level: float | None = None
    stroke: str | None = None
    stroke_px: float | None = None
    dash: tuple[float, ...] | None = None
    hatch: int | None = None
    glyph: str | None = None
    badge: str | None = None

    def over(self, below: "Symbol") -> "Symbol":
        """Return this symbol with its unset parts taken from `below`."""
        parts = {name: value for name, value in vars(self).items() if value is not None}
        return replace(below, **parts)

    def as_dict(self) -> dict[str, Any]:
        """Return the set parts only."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Variation:
    """How one field changes the symbol: a case per value, the most urgent first (it is drawn on top).

    `opens_with`: the values the map shows until somebody asks for more; empty means all.
    """

    field: str
    cases: Mapping[Any, Symbol]
    unknown: Symbol = Symbol()
    opens_with: tuple[Any, ...] = ()

    def symbols(self) -> list[tuple[Any, Symbol]]:
        """Return (value, symbol), the unknown last with the value None."""
        return [*self.cases.items(), (None, self.unknown)]


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a layer looks: a base symbol and the fields that vary it. Maps values, computes nothing.

    A feature's class number is the mixed radix of its case in each visible variation, the first
    variation counting most; tiles, legend and renderer share it. `label_fields` are written from
    `label_min_zoom` on. `thin_below_zoom`: points that would overlap are merged below this zoom.
    """

    base: Symbol
    by: tuple[Variation, ...] = ()
    label_fields: tuple[str, ...] = ("name",)
    label_min_zoom: int = 12
    label_rank: int = 5
    thin_below_zoom: int = 0
    offset_field: str | None = None

    def variations(self, visible: frozenset[str]) -> tuple[Variation, ...]:
        """Return the variations whose field may be seen."""
        return tuple(variation for variation in self.by if variation.field in visible)

    def classes(self, visible: frozenset[str]) -> list[tuple[tuple[Any, ...], Symbol]]:
        """Return (values, symbol) for every class number, in order."""
        classes: list[tuple[tuple[Any, ...], Symbol]] = [((), self.base)]
        for variation in self.variations(visible):
            classes = [
                ((*values, value), symbol.over(below))
                for values, below in classes
                for value, symbol in variation.symbols()
            ]
        return classes


class GeometryType(StrEnum):
    """What a layer stores; single lines and polygons are promoted to multi on import."""

    POINT = "POINT"
    LINE = "MULTILINESTRING"
    POLYGON = "MULTIPOLYGON"


@dataclass(frozen=True, kw_only=True)
class Access:
    """Which roles may do what with a layer."""

    view: frozenset[Role] = EVERYONE
    write: frozenset[Role] = EDITORS


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A figure of the dashboard: features per value of a choice, per span of a number, or ending within days.

    `spans` are values of the field's own filter (`80..99.9`): what a bar counts is what the map shows when
    it is opened. `days`: a span from today for each number. `only`: field -> the values counted at all.
    `sums`: number fields added up beside the count.
    """

    title: str
    field: str
    spans: tuple[str, ...] = ()
    days: tuple[int, ...] = ()
    only: Mapping[str, tuple[str, ...]] = dataclass_field(default_factory=dict)
    sums: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Showcase:
    """The layer's own public page at /<slug>: list, map and a fact sheet for each feature.

    `headline`: the number the page leads with; `steps`: the lower ends it offers. `columns` are listed,
    `facts` stand at the top of a fact sheet, `filters` are offered. `only`: field -> the values shown at
    all.
    """

    slug: str
    title: str
    intro: str
    headline: str
    steps: tuple[int, ...]
    columns: tuple[str, ...]
    facts: tuple[str, ...]
    filters: tuple[str, ...]
    only: Mapping[str, tuple[str, ...]] = dataclass_field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Life:
    """Which fields tell a feature's years. `begins`: years or days, the first that is known counts.

    `planned`, `under_way` and `gone` are values of `status`; any other means that it exists. `plan`: the
    field with the number of the plan that wants it. `sums`: number fields added up beside the counts.
    """

    begins: tuple[str, ...]
    status: str
    planned: tuple[str, ...]
    under_way: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    plan: str | None = None
    sums: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer kind's own facts. `key` are the columns that identify a feature across imports.

    `selects_as`: the name of the filter by which this layer's areas select other layers' features.
    `refers`: field -> the layer whose feature its value is the code of.
    `whole_by`: the field whose value is shared by the parts of one whole, each of which goes on where another ends.
    `inspected`: inspectors visit its features and keep a page for each.
    """

    name: str
    title: str
    singular: str
    description: str
    geometry: GeometryType
    style: Style
    access: Access = Access()
    min_zoom: int = 5
    shown: bool = True
    key: tuple[str, ...] = ("code",)
    selects_as: str | None = None
    refers: Mapping[str, str] = dataclass_field(default_factory=dict)
    whole_by: str | None = None
    showcase: Showcase | None = None
    charts: tuple[Chart, ...] = ()
    life: Life | None = None
    inspected: bool = False


@dataclass(frozen=True, kw_only=True)
class DetailInfo:
    """A table that hangs on a layer: its name in URLs and files, title, order and who may see it.

    `repeats`: column -> the feature's column whose values, as they change, a trigger keeps as rows of this table.
    `known_from`: the day from which a row can have been known. `known_later`: the days of what came after, each with
    the columns that tell of it.
    """

    name: str
    title: str
    order_by: tuple[str, ...]
    key: tuple[str, ...]
    roles: frozenset[Role] | None = None
    repeats: Mapping[str, str] = dataclass_field(default_factory=dict)
    known_from: str | None = None
    known_later: Mapping[str, tuple[str, ...]] = dataclass_field(default_factory=dict)


# --- tables ----------------------------------------------------------------------------------------


class Described(Base):
    """Anything whose columns carry a Field."""

    __abstract__ = True

    def __init_subclass__(cls, **options: Any) -> None:
        """Map the class, then turn its fields' checks into constraints of the table, where Alembic sees them."""
        super().__init_subclass__(**options)
        table = getattr(cls, "__table__", None)
        if not isinstance(table, Table):
            return
        for column in table.columns:
            if check := column.info.get(CHECK):
                table.append_constraint(CheckConstraint(check, name=f"{column.name}_range"))

    @classmethod
    def fields(cls) -> tuple[Field, ...]:
        """Return the fields in reading order, names and Python types filled in."""
        return _fields(cls)

    @classmethod
    def field(cls, name: str) -> Field | None:
        """Return the field of that name, or None."""
        return next((field for field in cls.fields() if field.name == name), None)

    @classmethod
    def column(cls, name: str, day: date | None = None) -> ColumnElement[Any]:
        """Return the SQL expression of a field or column of this class, today's or a day's."""
        field = cls.field(name) if day else None
        if field is not None and field.on_day is not None:
            return field.on_day(literal(day, Date))
        attribute: ColumnElement[Any] = getattr(cls, name)
        return attribute


class Detail(Described):
    """A row that hangs on a feature: a transformer, a certificate, a price plan."""

    __abstract__ = True
    detail: ClassVar[DetailInfo]

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    feature_id: Mapped[int]


def parent(table: str) -> Any:
    """Return the column that ties a detail to its feature; it goes when the feature goes."""
    return mapped_column(BigInteger, ForeignKey(f"{table}.id", ondelete="CASCADE"), index=True)


class Feature(Described):
    """What every layer kind has (DOMAIN.md §2, shared by all layers)."""

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
    extra: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    updated_at: Mapped[datetime] = mapped_column(
        info={INFO: Field(label=N_("Updated"), derived=True, group=Group.LOCATION)},
        server_default=func.now(),
        onupdate=func.now(),
    )
    change_set_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("change_set.id"), index=True)

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
            Index(f"ix_{table}_name", "name", "id", postgresql_ops={"name": "COLLATE vi_icu text_ops"}),
            *cls.extra_table_args(),
        )

    @classmethod
    def extra_table_args(cls) -> tuple[Any, ...]:
        """Constraints that only this kind has."""
        return ()

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


class Registry:
    """The layer kinds in legend order. Refuses at start-up what would only fail later."""

    def __init__(self, *kinds: type[Feature]) -> None:
        self._kinds = {kind.layer.name: kind for kind in kinds}
        if len(self._kinds) != len(kinds):
            raise ValueError("two layers have the same name")
        for kind in kinds:
            _check_kind(kind)

    def __iter__(self) -> Iterator[type[Feature]]:
        return iter(self._kinds.values())

    def __len__(self) -> int:
        return len(self._kinds)

    def find(self, name: str) -> type[Feature] | None:
        """Return the kind of that layer name, or None."""
        return self._kinds.get(name)

    def get(self, name: str) -> type[Feature]:
        """Return the kind of that layer name. Raises NotFoundError."""
        kind = self._kinds.get(name)
        if kind is None:
            raise NotFoundError(value=name)
        return kind


def registry(*kinds: type[Feature]) -> Registry:
    """Return the registry of these kinds, checked."""
    return Registry(*kinds)


def _check_kind(kind: type[Feature]) -> None:
    fields = {field.name: field for field in kind.fields()}
    owners: dict[str, str] = {}
    for field in fields.values():
        if not field.label:
            raise ValueError(f"{kind.layer.name}.{field.name} has no label")
        for alias in {fold_column_name(name) for name in (*field.source_names, field.name)}:
            if owners.setdefault(alias, field.name) != field.name:
                raise ValueError(f"{kind.layer.name}: {alias!r} means both {owners[alias]} and {field.name}")
    if unknown := _fields_named_by(kind.layer) - set(fields):
        raise ValueError(
            f"{kind.layer.name}: style, key, chart, reference, showcase or life names unknown fields {sorted(unknown)}"
        )
    for detail in kind.details:
        if not detail.fields():
            raise ValueError(f"{kind.layer.name}: detail {detail.detail.name} has no fields")


def _fields_named_by(layer: Layer) -> set[str]:
    wanted = {variation.field for variation in layer.style.by} | set(layer.style.label_fields)
    wanted |= set(layer.key) | set(layer.refers) | {layer.style.offset_field or "code", layer.whole_by or "code"}
    for chart in layer.charts:
        wanted |= {chart.field, *chart.only, *chart.sums}
    if show := layer.showcase:
        wanted |= {show.headline, *show.columns, *show.facts, *show.filters, *show.only}
    if life := layer.life:
        wanted |= {life.status, *life.begins, *life.sums} | ({life.plan} if life.plan else set())
    return wanted


def fold_column_name(name: str) -> str:
    """Return a column name without accents, case and punctuation, as files are matched by it."""
    decomposed = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D"))
    return "".join(char for char in decomposed if char.isascii() and char.isalnum()).lower()


@cache
def _fields(cls: type[Described]) -> tuple[Field, ...]:
    mapper = inspect(cls)
    found: list[Field] = []
    for key, attribute in mapper.attrs.items():
        if not isinstance(attribute, ColumnProperty):
            continue
        info = {**getattr(attribute.columns[0], "info", {}), **attribute.info}
        if (spec := info.get(INFO)) is None:
            continue
        column = attribute.columns[0]
        required = spec.required or (
            isinstance(column, SchemaColumn)
            and not column.nullable
            and not spec.derived
            and column.default is None
            and column.server_default is None
        )
        found.append(replace(spec, name=key, python_type=_python_type(column.type), required=required))
    order = {name: index for index, name in enumerate(dict.fromkeys(_declared_names(cls)))}
    return tuple(sorted(found, key=lambda field: order.get(field.name, len(order))))


def _declared_names(cls: type) -> list[str]:
    """Return attribute names as written: identity first, the kind's own next, the shared ones last."""
    own = [
        name for base in cls.__mro__ if base not in {Feature, Detail, Described, Base, object} for name in vars(base)
    ]
    shared = [name for name in Feature.__annotations__ if name not in {"code", "name"}]
    return ["code", "name", *[name for name in own if name not in shared], *shared]


def _python_type(type_: Any) -> type:
    try:
        python_type: type = type_.python_type
    except NotImplementedError:
        return str
    return str if issubclass(python_type, StrEnum) else python_type
