"""Legal acts (văn bản) and what they are linked to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Identity,
    Text,
    UniqueConstraint,
    and_,
    case,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.base.collation import by_name
from geodata.base.database import Base, ReadConnection
from geodata.base.errors import NotFoundError
from geodata.base.i18n import N_
from geodata.schema.details import ADDED_BY
from geodata.schema.feature import Feature
from geodata.schema.fields import LabelledEnum, stored

#: A text shorter than this would find half of the register.
MIN_ASKED = 2


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
    change_set_id: Mapped[int | None] = mapped_column(BigInteger, server_default=ADDED_BY)


def documents_of(connection: ReadConnection, layer: str, feature_id: int) -> "list[Act]":
    """Return the legal acts that concern a feature, oldest first."""
    act = LegalAct.__table__
    statement = (
        select(act)
        .join(FeatureDocument, FeatureDocument.legal_act_id == LegalAct.id)
        .where(FeatureDocument.layer == layer, FeatureDocument.feature_id == feature_id)
        .order_by(LegalAct.issued_on.nulls_last(), LegalAct.number)
    )
    return [Act(**row._asdict()) for row in connection.execute(statement)]


@dataclass(frozen=True, kw_only=True)
class Act:
    """A legal act as it is shown; `features`: how many of the layers asked for hang on it."""

    id: int
    number: str
    kind: ActKind
    authority: str | None
    issued_on: date | None
    valid_from: date | None
    valid_to: date | None
    summary: str | None
    is_verified: bool
    features: int = 0


@dataclass(frozen=True, kw_only=True)
class Linked:
    """What of one layer hangs on an act: how many, and the first of them as (id, code, name)."""

    kind: type[Feature]
    count: int
    features: list[tuple[int, str, str]]


def search_acts(connection: ReadConnection, asked: str, kinds: Iterable[type[Feature]], limit: int = 5) -> list[Act]:
    """Return the acts whose number, or number and summary, have every word asked for; accents optional."""
    words = _without_kind(" ".join(asked.replace("\x00", "").split())[:100]).split()
    if len("".join(words)) < MIN_ASKED:
        return []
    number, text = (
        func.fold_text(LegalAct.number),
        func.fold_text(func.concat_ws(" ", LegalAct.number, LegalAct.authority, LegalAct.summary)),
    )
    whole = func.fold_text(" ".join(words))
    found = and_(*(func.strpos(text, func.fold_text(word)) > 0 for word in words))
    rank = case(
        (number == whole, 0), (func.strpos(number, whole) == 1, 1), (func.strpos(number, whole) > 0, 2), else_=3
    )
    # Counted in the layers themselves: who is limited to areas is told of what lies there.
    linked = [
        select(FeatureDocument.legal_act_id)
        .join(kind, kind.id == FeatureDocument.feature_id)
        .where(FeatureDocument.layer == kind.layer.name)
        for kind in kinds
    ]
    acts = union_all(*linked).subquery("linked")
    count = select(func.count()).where(acts.c.legal_act_id == LegalAct.id).scalar_subquery()
    statement = (
        select(LegalAct.__table__, count.label("features"))
        .where(or_(found, func.strpos(number, whole) > 0))
        .order_by(rank, count.desc(), LegalAct.issued_on.desc().nulls_last(), LegalAct.number)
        .limit(limit)
    )
    return [Act(**row._asdict()) for row in connection.execute(statement)]


def _without_kind(asked: str) -> str:
    """Return what is asked without the kind of act in front: “Quyết định 2810/QĐ-UBND” asks for 2810/QĐ-UBND."""
    kinds = (word for kind in ActKind for word in kind.source_values)
    for word in sorted(kinds, key=len, reverse=True):
        if asked.casefold().startswith(f"{word} ") and any(sign.isdigit() for sign in asked):
            rest = asked[len(word) :].strip()
            return rest.removeprefix("số ").removeprefix("Số ").strip()
    return asked


def act_numbers(connection: ReadConnection | Session, ids: Sequence[int]) -> dict[int, str]:
    """Return id → number of legal acts."""
    found = connection.execute(select(LegalAct.id, LegalAct.number).where(LegalAct.id.in_(ids)))
    return {row.id: row.number for row in found}


def get_act(connection: ReadConnection, act_id: int) -> Act:
    """Return a legal act. Raises NotFoundError."""
    row = connection.execute(select(LegalAct.__table__).where(LegalAct.id == act_id)).first()
    if row is None:
        raise NotFoundError(value=str(act_id))
    return Act(**row._asdict())


def features_of(
    connection: ReadConnection, act_id: int, kinds: Iterable[type[Feature]], limit: int = 100
) -> list[Linked]:
    """Return per layer what hangs on an act, by name; layers with nothing are left out."""
    linked = []
    for kind in kinds:
        ids = select(FeatureDocument.feature_id).where(
            FeatureDocument.layer == kind.layer.name, FeatureDocument.legal_act_id == act_id
        )
        count = connection.execute(select(func.count()).where(kind.id.in_(ids))).scalar_one()
        statement = select(kind.id, kind.code, kind.name).where(kind.id.in_(ids)).order_by(by_name(kind.name), kind.id)
        rows = connection.execute(statement.limit(limit)).all() if count else []
        if count:
            linked.append(Linked(kind=kind, count=count, features=[(row[0], row[1], row[2]) for row in rows]))
    return linked
