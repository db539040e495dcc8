"""The background queue: what is deferred is done by a worker, and a stopped worker leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time

from sqlalchemy import text

from geodata.database import new_engine
from tests.conftest import ROOT, migrate


def test_a_deferred_job_is_done_by_a_worker_that_stops_on_sigterm(empty_database, worker, monkeypatch):
    url = empty_database(f"jobs_{worker}")
    migrate(url)
    address = url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", address)
    from geodata.jobs import defer

    number = defer("forget_old_logins", timestamp=0)
    process = subprocess.Popen(
        [sys.executable, "-m", "geodata.jobs"], cwd=ROOT, env={**os.environ, "DATABASE_URL": address}
    )
    engine = new_engine(url)
    try:
        deadline, status = time.monotonic() + 30, ""
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
