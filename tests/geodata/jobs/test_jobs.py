"""The background queue: what is deferred is done by a worker, and a stopped worker leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time

from sqlalchemy import text

from geodata.base.database import new_engine
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
