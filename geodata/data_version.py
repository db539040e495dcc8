"""A version per layer that grows with every committed change, for caches and ETags.

Triggers write one row per layer and transaction; the version is their number and sum. Taking the highest
alone would be wrong when transactions commit out of order.
"""

from sqlalchemy import BigInteger, Connection, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.database import Base


class DataChange(Base):
    """A transaction that changed a layer or something that hangs on it."""

    __tablename__ = "data_change"

    layer: Mapped[str] = mapped_column(Text, primary_key=True)
    transaction_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


_COUNT = select(func.count(), func.coalesce(func.sum(DataChange.transaction_id), 0), func.current_date()).select_from(
    DataChange
)


def data_version(connection: Connection | Session, *layers: str) -> str:
    """Return a text that changes with the data of these layers, and at midnight: states depend on today."""
    count, total, today = connection.execute(_COUNT.where(DataChange.layer.in_(layers))).one()
    return f"{count}-{total}-{today:%Y%m%d}"
