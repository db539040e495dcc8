"""The background queue on PostgreSQL (procrastinate), and its worker: `python -m geodata.jobs [--layers PLACE] [MODULE ...]`.

Work is queued by `defer` in the very transaction that makes it wait: both are stored, or neither is. Who has work that waits
also says how to find it (`register_backlog`); each minute the worker queues whatever waits without a job all the same.
"""

import argparse
import asyncio
import json
import logging
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import procrastinate
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from sqlalchemy import Connection, Select, String, cast, column, func, literal, select, table, text
from sqlalchemy.orm import Session

from geodata.base.database import TIME_ZONE, database_url, libpq_conninfo, new_engine
from geodata.base.logs import log_as_json
from geodata.base.priority import give_way
from geodata.schema.registry import Registry, registry_at

log = logging.getLogger(__name__)

#: The tasks live above this module in the import order; they are found by name when a worker starts.
QUEUE = procrastinate.App(
    connector=procrastinate.SyncPsycopgConnector(),
    import_paths=[
        "geodata.importing.sessions.runs",
        "geodata.inspections.runs",
        "geodata.grid.runs",
        "geodata.housekeeping",
    ],
)

#: Where the layers stand that a worker has when nobody says others.
LAYERS_AT = "geodata.layers:LAYERS"
#: Seconds a worker may be silent before its jobs count as lost with it; it gives a sign of life every 10.
LOST_AFTER_S = 60
#: How often a job is taken up again after its worker was lost: what kills every worker is not tried for ever.
MAX_ATTEMPTS = 5

_DEFER = text(
    "SELECT (procrastinate_defer_jobs_v1(ARRAY[CAST(ROW('default', CAST(:task AS text), 0, NULL, NULL,"
    " CAST(:arguments AS jsonb), NULL) AS procrastinate_job_to_defer_v1)]))[1]"
)
_JOBS = table("procrastinate_jobs", column("task_name"), column("status"), column("args"))
_BACKLOGS: dict[str, Select[int]] = {}
#: Jobs that the worker of this process is at, and those that the last sweep found it should be at but is not.
_RUNNING: set[int] = set()
_IDLE: set[int] = set()


def defer(session: Session | Connection, task: str, **arguments: Any) -> int:
    """Queue a task by its name in the caller's transaction, and return the job's number.

    The worker hears of it when the transaction is committed, and never of one that is rolled back.
    """
    return int(session.execute(_DEFER, {"task": task, "arguments": json.dumps(arguments)}).scalar_one())


def register_backlog(task: str, waiting: Select[int]) -> None:
    """Say which numbers wait for a task that takes `number`, so that none waits for ever without a job."""
    _BACKLOGS[task] = waiting


def backlogs() -> Mapping[str, Select[int]]:
    """Return task -> what waits for it, of all kinds of work that are loaded."""
    return MappingProxyType(_BACKLOGS)


def queue_forgotten(session: Session) -> list[tuple[str, int]]:
    """Queue whatever waits without a job, and return it as task and number. The caller commits."""
    found = []
    for task, waiting in _BACKLOGS.items():
        numbers = waiting.subquery()
        number = numbers.c[0]
        job = (
            select(literal(1))
            .select_from(_JOBS)
            .where(
                _JOBS.c.task_name == task,
                cast(_JOBS.c.status, String).in_(("todo", "doing")),
                func.jsonb_extract_path_text(_JOBS.c.args, "number") == cast(number, String),
            )
        )
        found += [(task, each) for each in session.scalars(select(number).where(~job.exists()))]
    for task, each in found:
        log.warning("%s %s waited without a job; it is queued now", task, each)
        defer(session, task, number=each)
    return found


@QUEUE.periodic(cron="* * * * *")
@QUEUE.task(queueing_lock="queue_forgotten_work", name="queue_forgotten_work")
def _queue_forgotten_work(timestamp: int) -> None:
    """Queue whatever waits without a job."""
    engine = new_engine(pool_size=1)
    with Session(engine) as session:
        queue_forgotten(session)
        session.commit()
    engine.dispose()


@QUEUE.periodic(cron="* * * * *")
@QUEUE.task(queueing_lock="retry_lost_jobs", name="retry_lost_jobs", pass_context=True)
async def _retry_lost_jobs(context: procrastinate.JobContext, timestamp: int) -> None:
    """Queue again what nobody is at any more, and give up what every worker dies of."""
    await retry_lost_jobs(context.app.job_manager, context.job.worker_id)


async def retry_lost_jobs(manager: JobManager, worker_id: int | None) -> None:
    """Queue again what a killed worker left running, and what this one has, by the database, but is not at.

    Where the database goes away just as a job is fetched or ends, it stays “doing” for a worker that lives on and does not
    know of it. Such a job is lost when two sweeps in a row find it so: in between its end may be on its way.
    """
    lost = list(await manager.get_stalled_jobs(seconds_since_heartbeat=LOST_AFTER_S))
    held = await manager.list_jobs_async(status=Status.DOING.value, worker_id=worker_id) if worker_id else ()
    idle = [job for job in held if job.id not in _RUNNING]
    lost += [job for job in idle if job.id in _IDLE]
    _IDLE.clear()
    _IDLE.update(job.id for job in idle if job.id)
    for job in lost:
        if job.attempts < MAX_ATTEMPTS and job.queueing_lock is None:
            log.warning("job %s (%s %s) was lost; it is queued again", job.id, job.task_name, job.task_kwargs)
            await manager.retry_job(job)
            continue
        if job.queueing_lock is None:
            log.error(
                "job %s (%s %s) was lost %s times and is given up", job.id, job.task_name, job.task_kwargs, job.attempts
            )
        # What comes each minute anyway is not queued twice.
        await manager.finish_job(job, Status.FAILED, delete_job=False)


async def note_running(
    call_next: Callable[[], Awaitable[Any]], context: procrastinate.JobContext, _worker: object
) -> Any:
    """Know which jobs the worker of this process is at."""
    number = context.job.id or 0
    _RUNNING.add(number)
    try:
        return await call_next()
    finally:
        _RUNNING.discard(number)


def layers_at(context: procrastinate.JobContext) -> str:
    """Return where the layers of this worker stand, as `registry_at` takes it."""
    return str(context.additional_context["layers"])


def layers_of(context: procrastinate.JobContext) -> Registry:
    """Return the layers of this worker."""
    return registry_at(layers_at(context))


async def _work(layers: str, more: Sequence[str]) -> None:
    QUEUE.import_paths = [*(QUEUE.import_paths or ()), *more]
    connector = procrastinate.PsycopgConnector(
        conninfo=libpq_conninfo(database_url()), kwargs={"options": f"-c TimeZone={TIME_ZONE}"}, min_size=1, max_size=4
    )
    # The one place where the application is given a connection: a worker has a process of its own.
    with QUEUE.replace_connector(connector) as app:
        async with app.open_async():
            await app.run_worker_async(
                concurrency=2,
                install_signal_handlers=True,
                worker_middleware=[note_running],
                additional_context={"layers": layers},
            )


def main() -> None:
    """Work until SIGTERM or SIGINT, behind what people wait for; a job that runs is finished first.

    The command line names modules with further tasks, and the layers of the application.
    """
    parser = argparse.ArgumentParser(prog="geodata.jobs")
    parser.add_argument("--layers", default=LAYERS_AT)
    parser.add_argument("modules", nargs="*")
    asked = parser.parse_args()
    registry_at(asked.layers)  # a wrong name ends the worker here, not its first job
    give_way()
    log_as_json("worker")
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    asyncio.run(_work(asked.layers, asked.modules))
