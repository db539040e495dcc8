"""The private cluster survives what happens to machines and commands."""

import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from geodata.base.database import new_engine
from scripts.base.console import Exit, Failure
from scripts.base.paths import ROOT
from scripts.cluster.abandoned import remove_abandoned
from scripts.cluster.cluster import SOCKET_PATH_LIMIT, Cluster
from scripts.cluster.configuration import SUPERUSER
from scripts.cluster.database import connect_patiently
from scripts.cluster.prepare import patiently
from tests.scripts.running import wait_for

HOLD = """
import sys, pathlib
from scripts.cluster.cluster import Cluster
with Cluster(pathlib.Path(sys.argv[1]), durable=sys.argv[2] == "durable").in_use():
    print("ready", flush=True)
    sys.stdin.read()
"""


def ask(cluster: Cluster, question: str) -> object:
    with psycopg.connect(cluster.url(database="postgres", role=SUPERUSER)) as connection:
        return connection.execute(question).fetchone()[0]


def hold(home: Path, kind: str = "throwaway") -> subprocess.Popen[str]:
    """Use the cluster from another process until its stdin is closed."""
    child = subprocess.Popen(
        [sys.executable, "-P", "-c", HOLD, str(home), kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert child.stdout.readline() == "ready\n"
    return child


def end(child: subprocess.Popen[str]) -> None:
    child.communicate(timeout=60)


def server(cluster: Cluster) -> int:
    return int((cluster.data / "postmaster.pid").read_text().split()[0])


def is_running(number: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return False


def test_it_answers_only_on_a_private_socket_and_never_runs_as_root(cluster):
    with cluster.in_use():
        number = server(cluster)
        assert ask(cluster, "SHOW listen_addresses") == ""
        assert Path(f"/proc/{number}").stat().st_uid != 0
        assert stat.S_IMODE(cluster.socket_folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(cluster.data.stat().st_mode) == 0o700
    assert wait_for(lambda: not is_running(number))


def test_a_start_killed_inside_initdb_is_made_again(cluster):
    half_made = cluster.home / "data.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("15\n")
    with cluster.in_use():
        assert ask(cluster, "SELECT 1") == 1
    assert not half_made.exists()


def test_a_pid_file_that_names_another_program_does_not_stop_the_start(cluster):
    with cluster.in_use():
        pass
    (cluster.data / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster.data}\n")
    with cluster.in_use():
        assert ask(cluster, "SELECT 1") == 1


def test_a_killed_server_is_started_again_while_in_use(cluster):
    with cluster.in_use():
        ask(cluster, "SELECT 1")
        os.kill(server(cluster), signal.SIGKILL)
        assert wait_for(lambda: cluster._server.poll() is not None)
        cluster.watch()
        assert ask(cluster, "SELECT 1") == 1


def test_the_first_to_leave_does_not_stop_it_for_the_second(cluster):
    first = hold(cluster.home, "durable")
    second = hold(cluster.home, "durable")
    number = server(cluster)
    end(first)
    assert ask(cluster, "SHOW fsync") == "on"
    end(second)
    assert wait_for(lambda: not is_running(number))


def test_a_killed_command_leaves_a_server_that_the_next_one_takes_over(cluster):
    first = hold(cluster.home, "durable")
    number = server(cluster)
    first.kill()
    end(first)
    assert is_running(number)
    second = hold(cluster.home, "durable")
    assert server(cluster) == number
    end(second)
    assert wait_for(lambda: not is_running(number))


def test_the_tests_cluster_ends_with_a_killed_test_run_and_is_cleared_away(place):
    folder = place / "test-pg"
    folder.mkdir()
    child = hold(folder / "1-ab")
    number = server(Cluster(folder / "1-ab", durable=False))
    child.kill()
    end(child)
    assert wait_for(lambda: not is_running(number))
    remove_abandoned(folder)
    assert list(folder.iterdir()) == []


def test_clearing_away_spares_a_cluster_in_use(place):
    folder = place / "test-pg-in-use"
    folder.mkdir()
    child = hold(folder / "2-cd")
    remove_abandoned(folder)
    assert is_running(server(Cluster(folder / "2-cd", durable=False)))
    end(child)
    remove_abandoned(folder)


def test_a_long_path_gets_a_short_private_socket_folder(place):
    cluster = Cluster(place / ("d" * 90) / "pg", durable=False)
    with cluster.in_use():
        assert len(os.fsencode(cluster.socket_folder / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT
        assert stat.S_IMODE(cluster.socket_folder.stat().st_mode) == 0o700
        assert ask(cluster, "SELECT 1") == 1
    cluster.remove()
    assert not cluster.socket_folder.exists()


def test_a_checkout_that_postgresql_cannot_enter_keeps_its_cluster_where_it_can(place):
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    cluster = Cluster(closed / "pg", durable=False)
    with cluster.in_use():
        assert ask(cluster, "SELECT 1") == 1
        assert cluster.home.is_symlink() == (os.geteuid() == 0)
        kept_in = cluster.home.resolve()
    with cluster.in_use():
        assert cluster.home.resolve() == kept_in
    cluster.remove()
    assert not kept_in.exists()


def test_a_damaged_cluster_is_told_in_one_sentence(cluster):
    with cluster.in_use():
        pass
    (cluster.data / "global" / "pg_control").unlink()
    with pytest.raises(Failure) as failure, cluster.in_use():
        pass
    assert failure.value.code == Exit.CLUSTER
    assert "\n" not in str(failure.value)


def test_an_old_full_disk_in_the_log_is_not_todays_reason(place):
    cluster = Cluster(place / "earlier trouble")
    try:
        with cluster.in_use():
            pass
        for log in (cluster.data / "log").glob("*.log"):
            with log.open("a") as stream:
                stream.write("FATAL:  could not write to file: No space left on device\n")
        (cluster.data / "global" / "pg_control").unlink()
        with pytest.raises(Failure) as failure, cluster.in_use():
            pass
        assert failure.value.code == Exit.CLUSTER
    finally:
        cluster.stop()


def test_a_server_that_cannot_start_again_is_tried_later_and_ends_nothing(cluster, capsys):
    with cluster.in_use():
        os.kill(server(cluster), signal.SIGKILL)
        assert wait_for(lambda: cluster._pid() is None)
        control = cluster.data / "global" / "pg_control"
        control.rename(control.with_suffix(".away"))
        cluster.watch()
        assert "trying again in 0 s" in capsys.readouterr().err
        control.with_suffix(".away").rename(control)
        assert wait_for(lambda: cluster.watch() or cluster._pid() is not None)
        assert ask(cluster, "SELECT 1") == 1


def test_a_start_waits_for_a_server_that_is_away_for_a_moment(cluster, capsys):
    with cluster.in_use():
        cluster.make_database("map")
        url = cluster.url(database="map")
        cluster.stop()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(connect_patiently, url)
            assert wait_for(lambda: "trying again in 0.5 s" in capsys.readouterr().err)
            cluster.ensure_running()
            with waiting.result(timeout=60) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_step_is_done_again_when_the_server_went_away_in_the_middle(cluster, monkeypatch):
    with cluster.in_use():
        cluster.make_database("map")
        monkeypatch.setenv("DATABASE_URL", cluster.url(database="map"))
        engine = new_engine(cluster.url(database="map"))
        killed = []

        def step():
            with engine.connect() as connection:
                if not killed:
                    killed.append(
                        ask(
                            cluster,
                            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'map'",
                        )
                    )
                return connection.scalar(text("SELECT 7"))

        assert patiently(step) == 7
        assert killed == [1]
        with pytest.raises(ProgrammingError):
            patiently(lambda: engine.connect().execute(text("SELECT nonsense")))
        engine.dispose()


def test_the_real_cluster_is_never_removed(place):
    with pytest.raises(Failure):
        Cluster(place / "pg").remove()
