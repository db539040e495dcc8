"""Zones that bind other plans: heritage, free trade, restricted and reserved land."""

from datetime import date
from decimal import Decimal

from sqlalchemy import Numeric, Text
from sqlalchemy.orm import Mapped

from geodata.base.i18n import N_
from geodata.schema.feature import Feature, GeometryType, Layer
from geodata.schema.fields import Group, LabelledEnum, field
from geodata.schema.filters import DateRange, Range
from geodata.schema.portrayal import Style, Symbol, Variation
from geodata.schema.roles import EDITORS, Access, Role
from geodata.schema.sense import SameScale


class ZoneKind(LabelledEnum):
    """What a zone protects or reserves."""

    HERITAGE = "heritage", N_("Heritage protection"), "di sản", "di tích"
    STUDY = "study", N_("Study area"), "nghiên cứu", "phạm vi nghiên cứu"
    FREE_TRADE = "free_trade", N_("Free trade zone"), "khu thương mại tự do"
    RESTRICTED = "restricted", N_("Restricted development"), "hạn chế phát triển"
    FLOOD = "flood", N_("Flood corridor"), "thoát lũ", "hành lang thoát lũ"
    RESERVE = "reserve", N_("Reserved land"), "dự trữ"


class PlanningZone(Feature):
    """A planning zone. Geometry: its area. Area in ha."""

    __tablename__ = "planning_zone"
    layer = Layer(
        name="planning_zones",
        sense=(SameScale(name="area_unit", fields=("area_ha",)),),
        title=N_("Planning zones"),
        singular=N_("Planning zone"),
        description=N_("Heritage, free trade and restricted zones that bind other plans"),
        geometry=GeometryType.POLYGON,
        selects_as="within",
        access=Access(write=EDITORS | {Role.PLANNER}),
        style=Style(
            # Dash and dot around all of them: in grey print the same hatching of a cluster has a plain outline.
            base=Symbol(
                fill="#8C510A", stroke="#8C510A", stroke_px=2.4, fill_opacity=0.35, weight=5, dash=(12, 3, 2, 3)
            ),
            by=(
                Variation(
                    field="kind",
                    cases={
                        "heritage": Symbol(hatch=135),
                        "study": Symbol(fill_opacity=0.08, dash=(9, 5)),
                        "free_trade": Symbol(hatch=90, fill="#01665E", stroke="#01665E"),
                        "restricted": Symbol(hatch=45),
                        "flood": Symbol(hatch=180, fill="#2166AC", stroke="#2166AC"),
                        "reserve": Symbol(fill_opacity=0.15),
                    },
                    unknown=Symbol(fill_opacity=0.1, dash=(2, 3)),
                ),
            ),
            label_min_zoom=11,
            label_rank=2,
        ),
    )

    kind: Mapped[ZoneKind | None] = field(label=N_("Kind"), values=ZoneKind, source_names=("LOAI", "LOAI_VUNG"))
    area_ha: Mapped[Decimal | None] = field(
        label=N_("Area by the document"),
        unit="ha",
        type_=Numeric(12, 2),
        source_names=("DIEN_TICH",),
        filter=Range(),
        group=Group.SIZE,
        check="area_ha >= 0",
    )
    restriction: Mapped[str | None] = field(
        label=N_("What it restricts"), type_=Text, source_names=("HAN_CHE", "NOI_DUNG"), group=Group.LEGAL
    )
    document_no: Mapped[str | None] = field(
        label=N_("Document"),
        type_=Text,
        source_names=("SO_VB", "SO_QD", "VAN_BAN"),
        group=Group.LEGAL,
        searchable=True,
    )
    document_on: Mapped[date | None] = field(
        label=N_("Document of"), source_names=("NGAY_VB", "NGAY_QD"), filter=DateRange(), group=Group.LEGAL
    )
    authority: Mapped[str | None] = field(
        label=N_("Authority"), type_=Text, source_names=("CO_QUAN",), group=Group.LEGAL
    )
