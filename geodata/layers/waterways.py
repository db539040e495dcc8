"""Rivers and canals (sông, kênh): what one finds one's way by where no base map is."""

from sqlalchemy.orm import Mapped

from geodata.base.i18n import N_
from geodata.schema.feature import Feature, GeometryType, Layer
from geodata.schema.fields import LabelledEnum, field
from geodata.schema.portrayal import Style, Symbol, Variation


class WaterwayKind(LabelledEnum):
    """Whether nature or people made it."""

    RIVER = "river", N_("River"), "sông", "sông chính", "nhánh sông"
    CANAL = "canal", N_("Canal"), "kênh", "kênh đào", "mương"


class Waterway(Feature):
    """A river or canal. Geometry: its centre line."""

    __tablename__ = "waterway"
    layer = Layer(
        name="waterways",
        title=N_("Rivers and canals"),
        singular=N_("River or canal"),
        description=N_("Rivers and canals to find one's way by, where there is no base map"),
        geometry=GeometryType.LINE,
        is_ground=True,
        style=Style(
            base=Symbol(stroke="#9DBFD3", stroke_px=4.5),
            by=(
                Variation(
                    field="kind",
                    cases={"river": Symbol(), "canal": Symbol(stroke_px=2.5, dash=(14, 3))},
                    unknown=Symbol(stroke_px=2.5, dash=(4, 3)),
                ),
            ),
            label_min_zoom=9,
            label_rank=9,
        ),
    )

    kind: Mapped[WaterwayKind | None] = field(
        label=N_("Kind of waterway"), values=WaterwayKind, source_names=("LOAI", "LOAI_SONG")
    )
