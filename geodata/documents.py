"""Legal acts (văn bản) and what they are linked to."""

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Connection, ForeignKey, Identity, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from geodata.database import Base
from geodata.i18n import N_
from geodata.layer import LabelledEnum, stored


class ActKind(LabelledEnum):
    """Kinds of legal act."""

    LAW = "law", N_("Law"), "luật"
    DECREE = "decree", N_("Decree"), "nđ", "nghị định"
    CIRCULAR = "circular", N_("Circular"), "tt", "thông tư"
    DECISION = "decision", N_("Decision"), "qđ", "quyết định"
    RESOLUTION = "resolution", N_("Resolution"), "nq", "nghị quyết"
    PLAN = "plan", N_("Plan"), "kh", "kế hoạch"
    STANDARD = "standard", N_("Standard"), "qcvn", "tcvn"


class LegalAct(Base):
    """A legal act. `is_verified` False: known to the writer, text not read (show “unverified”)."""

    __tablename__ = "legal_act"
    __table_args__ = (UniqueConstraint("number", "issued_on", postgresql_nulls_not_distinct=True),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    kind: Mapped[ActKind] = mapped_column(stored(ActKind))
    authority: Mapped[str | None] = mapped_column(Text)
    issued_on: Mapped[date | None]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    summary: Mapped[str | None] = mapped_column(Text)
    is_verified: Mapped[bool] = mapped_column(default=False, server_default="false")


class FeatureDocument(Base):
    """A legal act that concerns a feature."""

    __tablename__ = "feature_document"
    __table_args__ = (UniqueConstraint("layer", "feature_id", "legal_act_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    layer: Mapped[str] = mapped_column(Text)
    feature_id: Mapped[int] = mapped_column(BigInteger)
    legal_act_id: Mapped[int] = mapped_column(ForeignKey("legal_act.id", ondelete="CASCADE"), index=True)


def documents_of(connection: Connection, layer: str, feature_id: int) -> list[dict[str, Any]]:
    """Return the legal acts that concern a feature, oldest first."""
    act = LegalAct.__table__
    statement = (
        select(act)
        .join(FeatureDocument, FeatureDocument.legal_act_id == LegalAct.id)
        .where(FeatureDocument.layer == layer, FeatureDocument.feature_id == feature_id)
        .order_by(LegalAct.issued_on.nulls_last(), LegalAct.number)
    )
    return [row._asdict() for row in connection.execute(statement)]
