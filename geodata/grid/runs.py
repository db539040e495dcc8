"""The background's part of the power network: results computed anew when stations, circuits or parameters change."""

from collections.abc import Callable, Iterator

import procrastinate
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from geodata.base.database import new_engine, reading_all
from geodata.grid.documents import StudyDocument
from geodata.grid.parameters import Parameters
from geodata.grid.reading import read_records
from geodata.grid.records import Records, Scenario
from geodata.grid.report import as_document
from geodata.grid.study import run_study
from geodata.grid.tables import GridResult, GridRun, current_version, read_parameters, store_result
from geodata.jobs import QUEUE, layers_of
from geodata.query.years import this_year
from geodata.schema.registry import Registry

#: So many years from this one on are kept ready.
YEARS = 10
RUN = 1


def asked() -> Iterator[tuple[int, Scenario]]:
    """Yield the years and scenarios that are kept ready, what is looked at first in front."""
    first = this_year()
    for year in range(first, first + YEARS + 1):
        for scenario in Scenario:
            yield year, scenario


def compute(records: Records, parameters: Parameters, year: int, scenario: Scenario) -> StudyDocument:
    """Return the document of a year and scenario."""
    return as_document(run_study(records, parameters, year, scenario))


def refresh_results(session: Session, registry: Registry, *, commit: Callable[[], None]) -> int:
    """Compute what is missing or of older data, and return how many; each is kept at once.

    Stops when the data change meanwhile: the next run begins anew.
    """
    version = current_version(session, registry)
    kept = select(GridResult.year, GridResult.scenario).where(GridResult.version == version)
    ready = {(year, scenario) for year, scenario in session.execute(kept)}
    wanted = [(year, scenario) for year, scenario in asked() if (year, str(scenario)) not in ready]
    if not wanted:
        # What a killed run left open is done all the same.
        session.execute(update(GridRun).where(GridRun.finished_at.is_(None)).values(finished_at=func.clock_timestamp()))
        commit()
        return 0
    records, parameters = read_records(reading_all(session), registry), read_parameters(session)
    run = session.merge(
        GridRun(id=RUN, version=version, done=0, total=len(wanted), started_at=func.now(), finished_at=None)
    )
    commit()
    for number, (year, scenario) in enumerate(wanted, 1):
        store_result(session, compute(records, parameters, year, scenario), version)
        run.done = number
        commit()
        if current_version(session, registry) != version:
            return number
    run.finished_at = func.clock_timestamp()
    commit()
    return len(wanted)  # fmt: skip


@QUEUE.periodic(cron="* * * * *")
@QUEUE.task(name="refresh_grid", queueing_lock="refresh_grid", lock="refresh_grid", pass_context=True)
def _refresh_grid(context: procrastinate.JobContext, timestamp: int) -> None:
    """Bring the results up to the data."""
    engine = new_engine(pool_size=1)
    try:
        with Session(engine) as session:
            refresh_results(session, layers_of(context), commit=session.commit)
    finally:
        engine.dispose()
