"""A layer that is no part of the program, and the layers of an application that has it; a worker finds both by their names."""

from sqlalchemy import Numeric
from sqlalchemy.orm import Mapped

from geodata.layers import LAYERS as OF_THE_PROGRAM
from geodata.schema.feature import Feature, GeometryType, Layer
from geodata.schema.fields import LabelledEnum, field
from geodata.schema.filters import Range
from geodata.schema.portrayal import Style, Symbol, Variation
from geodata.schema.registry import registry
from geodata.schema.roles import STAFF


class Goods(LabelledEnum):
    COLD = "cold", "Cold goods", "hàng lạnh"
    DRY = "dry", "Dry goods", "hàng khô"


class Warehouse(Feature):
    __tablename__ = "warehouse"
    layer = Layer(
        name="warehouses",
        title="Warehouses",
        singular="Warehouse",
        description="Warehouses",
        geometry=GeometryType.POINT,
        style=Style(
            base=Symbol(shape="square", size_px=12, fill="#444444"),
            by=(Variation(field="goods", cases={"cold": Symbol(fill="#0077AA"), "dry": Symbol()}),),
        ),
    )
    goods: Mapped[Goods | None] = field(label="Goods kept", values=Goods, source_names=("HANG_HOA",))
    insured_vnd: Mapped[float | None] = field(
        label="Insured sum", unit="VND", type_=Numeric, roles=STAFF, filter=Range(), check="insured_vnd >= 0"
    )


LAYERS = registry(*OF_THE_PROGRAM, Warehouse)
