"""The background queue: what is deferred is done by a worker, and a stopped worker leaves nothing behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import procrastinate
from sqlalchemy import text

from geodata import jobs
from geodata.base.database import libpq_conninfo, new_engine
from tests.conftest import ROOT, migrated_database


def test_a_deferred_job_is_done_by_a_worker_that_stops_on_sigterm(worker, monkeypatch):
    url = migrated_database(f"jobs_{worker}")
    address = url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", address)
    from geodata.jobs import defer

    engine = new_engine(url)
    with engine.begin() as connection:
        number = defer(connection, "tidy_up", timestamp=0)
    process = subprocess.Popen(
        [sys.executable, "-m", "geodata.jobs"], cwd=ROOT, env={**os.environ, "DATABASE_URL": address}
    )
    try:
        deadline, status = time.monotonic() + 200, ""
        while time.monotonic() < deadline and status != "succeeded":
            with engine.connect() as connection:
                found = text("SELECT status::text FROM procrastinate_jobs WHERE id = :id")
                status = connection.execute(found, {"id": number}).scalar()
            time.sleep(0.2)
        assert status == "succeeded"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0
    finally:
        process.kill()
        process.wait()
        engine.dispose()


def test_a_job_that_a_living_worker_lost_is_queued_again_by_the_second_sweep_one_it_is_at_is_not(worker, monkeypatch):
    """The database went away as the job was fetched, or before its end was written down."""
    url = migrated_database(f"lost_jobs_{worker}")
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
    engine = new_engine(url)
    with engine.begin() as connection:
        lost, at_work = (jobs.defer(connection, "tidy_up", timestamp=number) for number in range(2))

    def states():
        with engine.connect() as connection:
            found = connection.execute(text("SELECT id, status::text FROM procrastinate_jobs"))
            return {row.id: row.status for row in found}

    async def sweep_twice():
        connector = procrastinate.PsycopgConnector(conninfo=libpq_conninfo(url), min_size=1, max_size=2)
        async with procrastinate.App(connector=connector).open_async() as app:
            manager = app.job_manager
            own = await manager.register_worker()
            fetched = {job.id: job for job in [await manager.fetch_job(None, own), await manager.fetch_job(None, own)]}
            seen = []

            async def at_it():
                for _ in range(2):
                    await jobs.retry_lost_jobs(manager, own)
                    seen.append(states())

            context = procrastinate.JobContext(
                app=app, job=fetched[at_work], start_timestamp=0, abort_reason=lambda: None
            )
            await jobs.note_running(at_it, context, None)
            return seen

    # In a thread of its own: where browser tests ran in this process, this one has an event loop already.
    with ThreadPoolExecutor(1) as thread:
        first, second = thread.submit(lambda: asyncio.run(sweep_twice())).result()
    engine.dispose()
    assert first == {lost: "doing", at_work: "doing"}
    assert second == {lost: "todo", at_work: "doing"}
