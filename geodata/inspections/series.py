"""Numbers of papers: each kind of paper counts from 1 in every year (Decree 30/2020/NĐ-CP, annex I, II.3)."""

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.base.database import Base

#: Sign of minutes: the kind of the paper and the office, as the decree abbreviates them.
MINUTES = "BB-SCT"


class PaperSeries(Base):
    """The last number that a kind of paper has had in a year."""

    __tablename__ = "paper_series"

    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


def take_number(session: Session, kind: str, year: int) -> str:
    """Return the next number of a kind of paper, such as “12/BB-SCT”; a number once taken is never given again.

    Two who ask at once wait for each other; a transaction that is rolled back gives its number back.
    """
    first = insert(PaperSeries).values(kind=kind, year=year, last=1)
    again = first.on_conflict_do_update(index_elements=["kind", "year"], set_={"last": PaperSeries.last + 1})
    return f"{session.execute(again.returning(PaperSeries.last)).scalar_one()}/{kind}"
