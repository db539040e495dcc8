"""What the network's study keeps in the database: parameters in force, requests for power, results, the state of a run."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Connection,
    Double,
    Identity,
    Numeric,
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
from geodata.base.database import Base
from geodata.base.errors import InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.grid.parameters import DEFAULTS, Confidence, Parameter, Parameters
from geodata.grid.reading import grid_layers
from geodata.schema.fields import LabelledEnum, stored
from geodata.schema.registry import Registry

#: Part of each result's version: raised when a document has other fields, so that older ones are computed anew.
SHAPE = 3
#: A request is for no more, MW.
MAX_REQUEST_MW = 5000


class RequestState(LabelledEnum):
    """Where a request for power stands."""

    WAITING = "waiting", N_("Waiting")
    ACCEPTED = "accepted", N_("Agreed")
    CONNECTED = "connected", N_("Connected")
    REFUSED = "refused", N_("Refused or withdrawn")


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


class PowerRequest(Base):
    """A request to draw power at a station: who, how many MW, from which year, and whether it was accepted."""

    __tablename__ = "grid_request"
    __table_args__ = (
        CheckConstraint("power_mw > 0 AND power_mw <= 5000", name="power_range"),
        CheckConstraint("from_year BETWEEN 2000 AND 2100", name="from_year_range"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    station_code: Mapped[str] = mapped_column(Text, index=True)
    applicant: Mapped[str] = mapped_column(Text)
    power_mw: Mapped[float] = mapped_column(Numeric(8, 2))
    from_year: Mapped[int]
    state: Mapped[RequestState] = mapped_column(stored(RequestState))
    document_no: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    is_illustration: Mapped[bool] = mapped_column(server_default="false")
    entered_by: Mapped[str | None] = mapped_column(Text)
    entered_at: Mapped[datetime] = mapped_column(server_default=func.now())


class GridResult(Base):
    """The result of a year and scenario, and of which data: `version` is what current_version() said."""

    __tablename__ = "grid_result"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    scenario: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[str] = mapped_column(Text)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
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


def read_parameters(connection: Connection | Session) -> Parameters:
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


def current_version(connection: Connection | Session, registry: Registry) -> str:
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


def store_result(session: Session, document: Mapping[str, Any], version: str) -> GridResult:
    """Keep a result in place of the one before."""
    result = session.merge(
        GridResult(
            year=document["year"], scenario=document["scenario"], version=version, document=dict(document),
            computed_at=func.clock_timestamp(),
        )
    )  # fmt: skip
    session.flush()
    return result


def forget_results(session: Session) -> None:
    """Drop all results."""
    session.execute(delete(GridResult))


def list_requests(session: Session, station_code: str | None = None) -> list[PowerRequest]:
    """Return the requests, the accepted first, then by year."""
    query = select(PowerRequest).order_by(PowerRequest.state, PowerRequest.from_year, PowerRequest.id)
    if station_code is not None:
        query = query.where(PowerRequest.station_code == station_code)
    return list(session.scalars(query))


def committed_mw(requests: Iterable[PowerRequest], year: int) -> dict[str, tuple[float, float]]:
    """Return station -> (accepted, waiting) MW up to a year. What is connected is part of the load already."""
    found: dict[str, tuple[float, float]] = {}
    for request in requests:
        if request.from_year > year:
            continue
        accepted, waiting = found.get(request.station_code, (0.0, 0.0))
        if request.state is RequestState.ACCEPTED:
            accepted += float(request.power_mw)
        elif request.state is RequestState.WAITING:
            waiting += float(request.power_mw)
        found[request.station_code] = (accepted, waiting)
    return found


def list_parameters(session: Session) -> list[GridParameter]:
    """Return the parameters in force, by subject."""
    return list(session.scalars(select(GridParameter).order_by(GridParameter.subject, GridParameter.id)))


def save_request(
    session: Session,
    *,
    number: int | None,
    station_code: str,
    applicant: str,
    power_mw: float,
    from_year: int,
    state: str,
    document_no: str,
    user: str,
) -> PowerRequest:
    """Add a request, or change the one of that number. Raises NotFoundError, InvalidValueError."""
    row = PowerRequest() if number is None else session.get(PowerRequest, number)
    if row is None:
        raise NotFoundError(value=str(number))
    if not station_code.strip():
        raise InvalidValueError(name="station_code", value="", reason=N_("choose a station"))
    if not applicant.strip():
        raise InvalidValueError(name="applicant", value="", reason=N_("say who asks"))
    if not 0 < power_mw <= MAX_REQUEST_MW:
        raise InvalidValueError(
            name="power_mw", value=f"{power_mw:g}", reason=N_("give a power above 0 and up to 5000 MW")
        )
    row.station_code, row.applicant = station_code.strip()[:64], applicant.strip()[:300]
    row.power_mw, row.from_year, row.entered_by = power_mw, from_year, user
    row.state = next((one for one in RequestState if one == state), RequestState.WAITING)
    row.document_no = document_no.strip()[:100] or None
    session.add(row)
    session.flush()
    return row  # fmt: skip
