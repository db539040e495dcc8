"""Transport hubs (đầu mối giao thông): the ports, airports and motorway junctions that investors ask the way to."""

from sqlalchemy import Text
from sqlalchemy.orm import Mapped

from geodata.base.i18n import N_
from geodata.schema.feature import Feature, GeometryType, Layer
from geodata.schema.fields import Group, LabelledEnum, field
from geodata.schema.portrayal import Style, Symbol, Variation
from geodata.schema.roles import EDITORS, Access, Role


class HubKind(LabelledEnum):
    """What one travels or ships by."""

    SEAPORT = "seaport", N_("Seaport"), "cảng biển", "cảng"
    RIVER_PORT = "river_port", N_("River port"), "cảng thủy nội địa", "cảng sông"
    AIRPORT = "airport", N_("Airport"), "sân bay", "cảng hàng không"
    MOTORWAY = "motorway", N_("Motorway junction"), "nút giao cao tốc", "cao tốc"
    RAILWAY = "railway", N_("Railway station"), "ga đường sắt", "ga"


_SLATE = "#37474F"


class TransportHub(Feature):
    """A transport hub. Geometry: the point that distances are measured to."""

    __tablename__ = "transport_hub"
    layer = Layer(
        name="transport_hubs",
        title=N_("Transport hubs"),
        singular=N_("Transport hub"),
        description=N_(
            "Ports, airports, motorway junctions and railway stations; public pages measure distances to them"
        ),
        geometry=GeometryType.POINT,
        shown=False,
        access=Access(write=EDITORS | {Role.PLANNER}),
        in_english={"name": "name_en"},
        style=Style(
            base=Symbol(shape="circle", size_px=17, fill=_SLATE, stroke=_SLATE, stroke_px=1.2, weight=4),
            by=(
                Variation(
                    field="kind",
                    cases={
                        "seaport": Symbol(glyph="anchor"),
                        "airport": Symbol(shape="square", glyph="plane"),
                        "motorway": Symbol(shape="diamond", size_px=20, glyph="road"),
                        "railway": Symbol(shape="rounded", glyph="track"),
                        "river_port": Symbol(glyph="anchor", fill="#FFFFFF"),
                    },
                    unknown=Symbol(fill="#FFFFFF"),
                ),
            ),
            label_min_zoom=11,
            label_rank=4,
        ),
        refers={"admin_unit_code": "admin_units"},
    )

    kind: Mapped[HubKind | None] = field(label=N_("Kind of hub"), values=HubKind, source_names=("LOAI", "LOAI_HINH"))
    name_en: Mapped[str | None] = field(
        label=N_("Name in English"),
        type_=Text,
        source_names=("TEN_EN", "TEN_TIENG_ANH"),
        searchable=True,
        in_panel=False,
    )
    operator: Mapped[str | None] = field(
        label=N_("Port or station operator"),
        type_=Text,
        source_names=("DON_VI_KHAI_THAC", "DON_VI_QL"),
        group=Group.PEOPLE,
    )
