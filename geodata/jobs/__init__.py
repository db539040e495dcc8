"""The background queue on PostgreSQL (procrastinate), and its worker: `python -m geodata.jobs`.

Tasks are plain functions registered on QUEUE; whoever defers one opens QUEUE with the synchronous
connector. The worker survives a database restart, because the supervisor starts it again.
"""

import asyncio
import logging
import signal
from typing import Any

import procrastinate
from sqlalchemy.orm import Session

from geodata.database import TIME_ZONE, database_url, libpq_conninfo, new_engine
from geodata.logins import forget_old_logins

log = logging.getLogger(__name__)

#: The tasks that live above this module in the import order are found by name when a worker starts.
QUEUE = procrastinate.App(
    connector=procrastinate.SyncPsycopgConnector(), import_paths=["geodata.import_runs", "geodata.inspection_runs"]
)

#: Seconds a running job may be silent before it counts as lost with its worker.
LOST_AFTER_S = 600


def _conninfo() -> str:
    return libpq_conninfo(database_url())


@QUEUE.periodic(cron="17 3 * * *")
@QUEUE.task(queueing_lock="forget_old_logins", name="forget_old_logins")
def _forget_old_logins(timestamp: int) -> None:
    """Delete ended sessions and old failures each night."""
    engine = new_engine()
    with Session(engine) as session:
        forget_old_logins(session)
        session.commit()
    engine.dispose()


@QUEUE.periodic(cron="*/5 * * * *")
@QUEUE.task(queueing_lock="retry_lost_jobs", name="retry_lost_jobs", pass_context=True)
async def _retry_lost_jobs(context: procrastinate.JobContext, timestamp: int) -> None:
    """Queue again what a killed worker left running."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=LOST_AFTER_S):
        await manager.retry_job(job)


def defer(task: str, **arguments: Any) -> int:
    """Queue a task by its name and return the job's number."""
    connector = procrastinate.SyncPsycopgConnector(conninfo=_conninfo(), kwargs={"options": f"-c TimeZone={TIME_ZONE}"})
    with QUEUE.replace_connector(connector) as app, app.open():
        return int(app.configure_task(task).defer(**arguments))


async def _work() -> None:
    connector = procrastinate.PsycopgConnector(conninfo=_conninfo(), min_size=1, max_size=4)
    with QUEUE.replace_connector(connector) as app:
        async with app.open_async():
            await app.run_worker_async(concurrency=2, install_signal_handlers=True)


def main() -> None:
    """Work until SIGTERM or SIGINT; a job that runs is finished first."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s worker %(levelname)s %(message)s")
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    asyncio.run(_work())
