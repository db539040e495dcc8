"""Change sets: who changed what, when, from which file; and the way back."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geodata.database import Base


class ChangeKind(StrEnum):
    """What caused a change set."""

    IMPORT = "import"
    EDIT = "edit"
    UNDO = "undo"


class ChangeSet(Base):
    """One unit of work on one layer; an import is one change set."""

    __tablename__ = "change_set"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    layer: Mapped[str] = mapped_column(Text, index=True)
    user_name: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
    file_name: Mapped[str | None] = mapped_column(Text)
    file_sha256: Mapped[str | None] = mapped_column(Text)
    crs: Mapped[str | None] = mapped_column(Text)
    encoding: Mapped[str | None] = mapped_column(Text)
    mapping: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("change_set.id"), unique=True)


class FeatureChange(Base):
    """One feature before and after, as JSON of its columns; geometry as hex EWKB."""

    __tablename__ = "feature_change"
    __table_args__ = (Index("ix_feature_change_feature", "layer", "feature_id"),)

    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_set.id", ondelete="CASCADE"), primary_key=True)
    layer: Mapped[str] = mapped_column(Text)
    feature_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
