"""Views of the map that people keep under a name: an address of the map page each."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Text, UniqueConstraint, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.base.database import Base
from geodata.base.errors import InvalidValueError, NotFoundError
from geodata.base.i18n import N_

MAX_NAME = 80
MAX_ADDRESS = 4000
MAX_VIEWS = 100


class SavedView(Base):
    """A named address of the map page; it belongs to one account."""

    __tablename__ = "saved_view"
    __table_args__ = (
        UniqueConstraint("account_id", "name"),
        CheckConstraint(f"name <> '' AND length(name) <= {MAX_NAME}", name="name_length"),
        CheckConstraint(f"address ~ '^/([?]|$)' AND length(address) <= {MAX_ADDRESS}", name="address_of_the_map"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime] = mapped_column(server_default=func.now())


def list_views(session: Session, account_id: int) -> list[SavedView]:
    """Return the account's views by name."""
    mine = select(SavedView).where(SavedView.account_id == account_id)
    return list(session.scalars(mine.order_by(func.fold_text(SavedView.name), SavedView.id)))


def save_view(session: Session, account_id: int, name: str, address: str) -> None:
    """Keep an address under a name; the same name again replaces it. Raises InvalidValueError."""
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise InvalidValueError(name="name", value=name[:MAX_NAME], reason=N_("give between 1 and 80 characters"))
    is_map = address == "/" or address.startswith("/?")
    if not is_map or len(address) > MAX_ADDRESS or not address.isprintable() or "\\" in address:
        raise InvalidValueError(name="address", value=address[:200], reason=N_("it must be an address of the map"))
    names = select(SavedView.name).where(SavedView.account_id == account_id)
    kept = set(session.scalars(names))
    if name not in kept and len(kept) >= MAX_VIEWS:
        raise InvalidValueError(name="name", value=name, reason=N_("delete a view first; there are 100 already"))
    statement = insert(SavedView).values(account_id=account_id, name=name, address=address)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["account_id", "name"], set_={"address": address, "saved_at": func.now()}
        )
    )


def delete_view(session: Session, account_id: int, view_id: int) -> None:
    """Forget one of the account's views. Raises NotFoundError, also for somebody else's."""
    mine = delete(SavedView).where(SavedView.id == view_id, SavedView.account_id == account_id).returning(SavedView.id)
    if session.execute(mine).first() is None:
        raise NotFoundError(value=str(view_id))
