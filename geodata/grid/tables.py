"""What the network's study keeps in the database: parameters in force, results, the state of a run."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Double,
    Identity,
    Select,
    Text,
    UniqueConstraint,
    delete,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.base.data_version import data_version
from geodata.base.database import Base, ReadConnection
from geodata.base.errors import InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.grid.documents import StudyDocument
from geodata.grid.parameters import DEFAULTS, Confidence, Parameter, Parameters
from geodata.grid.reading import grid_layers
from geodata.schema.fields import stored
from geodata.schema.registry import Registry

#: Part of each result's version: raised when a document has other fields, so that older ones are computed anew.
SHAPE = 3


class GridParameter(Base):
    """A parameter in force; a change names who made it."""

    __tablename__ = "grid_parameter"
    __table_args__ = (UniqueConstraint("subject", "name"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    subject: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    value: Mapped[float] = mapped_column(Double)
    unit: Mapped[str] = mapped_column(Text, server_default="")
    source: Mapped[str] = mapped_column(Text, server_default="")
    confidence: Mapped[Confidence] = mapped_column(stored(Confidence))
    changed_by: Mapped[str | None] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class GridResult(Base):
    """The result of a year and scenario, and of which data: `version` is what current_version() said."""

    __tablename__ = "grid_result"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    scenario: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[str] = mapped_column(Text)
    document: Mapped[StudyDocument] = mapped_column(JSONB)
    computed_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class GridRun(Base):
    """How far the present computation is; one row."""

    __tablename__ = "grid_run"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[str] = mapped_column(Text)
    done: Mapped[int]
    total: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]


def read_parameters(connection: ReadConnection | Session) -> Parameters:
    """Return the parameters in force: what the table says, the defaults for the rest."""
    rows = {(row.subject, row.name): row for row in DEFAULTS}
    table = GridParameter.__table__.c
    columns = (table.subject, table.name, table.value, table.unit, table.source, table.confidence)
    for row in connection.execute(select(*columns)).mappings():
        rows[row["subject"], row["name"]] = Parameter(**row)
    return Parameters(rows.values())


def change_parameter(session: Session, number: int, *, value: float, source: str, confidence: str, user: str) -> None:
    """Set a parameter's value with where it is from. Raises NotFoundError, InvalidValueError."""
    row = session.get(GridParameter, number)
    if row is None:
        raise NotFoundError(value=str(number))
    if not 0 <= value < 1e9:
        raise InvalidValueError(name=row.name, value=str(value), reason=N_("give a number from 0 on"))
    if not source.strip():
        raise InvalidValueError(name=row.name, value="", reason=N_("say where the value is from"))
    row.value, row.source, row.changed_by = value, source.strip()[:300], user
    row.confidence = next((one for one in Confidence if one == confidence), row.confidence)


def current_version(connection: ReadConnection | Session, registry: Registry) -> str:
    """Return a text that changes with the stations, the circuits, the parameters and what a document holds."""
    data, _, _day = data_version(connection, *grid_layers(registry)).rpartition("-")
    changed = connection.execute(select(func.count(), func.max(GridParameter.changed_at))).one()
    return f"{SHAPE}/{data}/{changed[0]}-{changed[1].timestamp() if changed[1] else 0:.6f}"


def find_result(session: Session, year: int, scenario: str) -> GridResult | None:
    """Return the result of a year and scenario that was computed last, of whatever data."""
    return session.scalar(results_of(scenario).where(GridResult.year == year))


def results_of(scenario: str) -> Select[GridResult]:
    """Return the query of a scenario's results, by year; those of an older shape are none."""
    query = select(GridResult).where(GridResult.scenario == scenario, GridResult.version.startswith(f"{SHAPE}/"))
    return query.order_by(GridResult.year)


def store_result(session: Session, document: StudyDocument, version: str) -> GridResult:
    """Keep a result in place of the one before."""
    result = session.merge(
        GridResult(
            year=document["year"], scenario=document["scenario"], version=version, document=document,
            computed_at=func.clock_timestamp(),
        )
    )  # fmt: skip
    session.flush()
    return result


def forget_results(session: Session) -> None:
    """Drop all results."""
    session.execute(delete(GridResult))


def list_parameters(session: Session) -> list[GridParameter]:
    """Return the parameters in force, by subject."""
    return list(session.scalars(select(GridParameter).order_by(GridParameter.subject, GridParameter.id)))
