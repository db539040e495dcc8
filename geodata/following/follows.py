"""What somebody follows: an object (a unit with all that lies in it), or what a filter of the map shows.

Of each follow is kept what it covered when its owner last looked, and up to where he has seen the history: whatever came
since is news.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ForeignKey,
    Identity,
    Select,
    Text,
    UniqueConstraint,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.base.database import Base, ReadConnection
from geodata.base.errors import HiddenError, InvalidValueError
from geodata.base.i18n import N_
from geodata.following.marks import Mark, mark
from geodata.history.documents import table_of

MAX_NAME = 200
MAX_ADDRESS = 4000
MAX_FOLLOWS = 100
#: Who follows more objects than this follows no longer anything in particular.
MOST_COVERED = 20_000
#: Layer -> ids of its objects.
Covered = Mapping[str, Sequence[int]]


class Follow(Base):
    """One thing that an account follows: `layer` and `code` of an object, or `address` of the map, whose filters count.

    `known`: what it covered when its owner last looked, as layer -> ids.
    """

    __tablename__ = "follow"
    __table_args__ = (UniqueConstraint("account_id", "layer", "code", "address", postgresql_nulls_not_distinct=True),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    layer: Mapped[str | None] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_up_to: Mapped[int] = mapped_column(BigInteger)
    seen_without: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    known: Mapped[dict[str, list[int]]] = mapped_column(JSONB)

    @property
    def mark(self) -> Mark:
        """Up to where the owner has seen the history."""
        return Mark(up_to=self.seen_up_to, without=tuple(self.seen_without))


def list_follows(session: Session, account_id: int) -> list[Follow]:
    """Return what an account follows, by name."""
    mine = select(Follow).where(Follow.account_id == account_id)
    return list(session.scalars(mine.order_by(func.fold_text(Follow.name), Follow.id)))


def read_follows(connection: ReadConnection, account_id: int) -> list[Follow]:
    """Return the same over a connection, for reading only."""
    mine = select(table_of(Follow)).where(Follow.account_id == account_id).order_by(Follow.id)
    return [Follow(**row._asdict()) for row in connection.execute(mine)]


def find_follow(
    session: Session, account_id: int, *, layer: str | None = None, code: str | None = None, address: str | None = None
) -> Follow | None:
    """Return the account's follow of an object or an address, or None."""
    return session.scalar(_same(account_id, layer, code, address))


def _same(account_id: int, layer: str | None, code: str | None, address: str | None) -> Select[Follow]:
    return select(Follow).where(
        Follow.account_id == account_id,
        Follow.layer.is_not_distinct_from(layer),
        Follow.code.is_not_distinct_from(code),
        Follow.address.is_not_distinct_from(address),
    )


def get_follow(session: Session, account_id: int, number: int) -> Follow:
    """Return one of the account's follows. Raises HiddenError, also for somebody else's."""
    found = session.get(Follow, number)
    if found is None or found.account_id != account_id:
        raise HiddenError(value=str(number))
    return found


def follow(
    session: Session,
    account_id: int,
    *,
    name: str,
    covered: Covered,
    layer: str | None = None,
    code: str | None = None,
    address: str | None = None,
) -> Follow:
    """Follow an object or an address from now on; what is followed already stays as it is. The caller commits.

    Raises InvalidValueError for too many follows, too long an address, or an address that covers too much.
    """
    known = find_follow(session, account_id, layer=layer, code=code, address=address)
    if known is not None:
        return known
    check_covered(covered)
    if len(address or "") > MAX_ADDRESS:
        raise InvalidValueError(N_("This address is too long to be followed. Save a view with fewer filters."))
    if session.execute(select(func.count()).where(Follow.account_id == account_id)).scalar_one() >= MAX_FOLLOWS:
        raise InvalidValueError(N_("You follow 100 things already. Stop following one of them first."))
    seen = mark(session)
    values = {
        "account_id": account_id, "name": " ".join(name.split())[:MAX_NAME] or "–", "layer": layer, "code": code,
        "address": address, "seen_up_to": seen.up_to, "seen_without": list(seen.without), "known": _plain(covered),
    }  # fmt: skip
    # Two presses of a button at once follow once.
    session.execute(insert(Follow).values(values).on_conflict_do_nothing())
    return session.scalars(_same(account_id, layer, code, address)).one()


def stop(session: Session, account_id: int, number: int) -> None:
    """Follow something no longer. Raises HiddenError, also for somebody else's. The caller commits."""
    get_follow(session, account_id, number)
    session.execute(delete(Follow).where(Follow.id == number))


def see(session: Session, follow: Follow, covered: Covered, seen: Mark) -> None:
    """Note that the owner has looked: what is there and in the history up to the mark is news no longer."""
    session.execute(
        update(Follow)
        .where(Follow.id == follow.id)
        .values(seen_at=func.now(), seen_up_to=seen.up_to, seen_without=list(seen.without), known=_plain(covered))
    )


def check_covered(covered: Covered) -> None:
    """Raise InvalidValueError when it is too much to be followed."""
    if sum(len(ids) for ids in covered.values()) > MOST_COVERED:
        raise InvalidValueError(
            N_("This covers more than 20,000 objects. Narrow the filter: news of everything are news of nothing.")
        )


def _plain(covered: Covered) -> dict[str, list[int]]:
    return {layer: list(ids) for layer, ids in covered.items() if ids}
