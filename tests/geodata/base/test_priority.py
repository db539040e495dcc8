"""Background work gives way, in its own process and in PostgreSQL's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from geodata.base.priority import BACKGROUND
from tests.conftest import ROOT

ASKING = """
import os, sys
from geodata.base.database import new_engine
from geodata.base.priority import give_way
give_way() if sys.argv[2] == "background" else None
with new_engine(sys.argv[1]).connect() as connection:
    process = connection.connection.dbapi_connection.info.backend_pid
    print(os.getpriority(os.PRIO_PROCESS, 0), os.getpriority(os.PRIO_PROCESS, process))
"""


@pytest.fixture
def socket_url(connection, database_url):
    """The address of the test's database through PostgreSQL's own socket."""
    if str(database_url.query.get("host", "")).startswith("/"):
        return database_url
    folder = connection.scalar(text("SHOW unix_socket_directories")).split(",")[0].strip()
    port = connection.scalar(text("SHOW port"))
    if not Path(folder).exists():
        pytest.skip("PostgreSQL of the tests runs on another machine")
    return database_url.set(host=None, port=None, query={"host": folder, "port": port})


def priorities(url, work):
    command = [sys.executable, "-P", "-c", ASKING, url.render_as_string(hide_password=False), work]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=ROOT)
    return [int(number) for number in done.stdout.split()]


def test_background_work_and_its_sessions_have_a_lower_priority(socket_url):
    lower = min(os.getpriority(os.PRIO_PROCESS, 0) + BACKGROUND, 19)
    assert priorities(socket_url, "background") == [lower, lower]


def test_sessions_of_what_people_wait_for_keep_theirs(socket_url):
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    assert priorities(socket_url, "a request") == [usual, usual]


WORKING = """
import os
from geodata import jobs
jobs.asyncio.run = lambda work: work.close()  # only what comes before the work
jobs.main()
print(os.getpriority(os.PRIO_PROCESS, 0))
"""


def test_a_worker_works_in_the_background():
    command = [sys.executable, "-P", "-c", WORKING]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=ROOT)
    assert int(done.stdout) == min(os.getpriority(os.PRIO_PROCESS, 0) + BACKGROUND, 19)
