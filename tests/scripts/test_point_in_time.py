"""A restore to any moment, as docs/operations.md describes it, step by step."""

import os
import shutil
import subprocess

import psycopg
import pytest

from scripts.cluster.cluster import Cluster
from scripts.cluster.configuration import OWNER, SUPERUSER, archiving
from tests.scripts.running import wait_for


def test_without_a_folder_nothing_is_kept():
    assert archiving("") == {}
    assert archiving("/srv/kho wal")["archive_command"].count("'/srv/kho wal'".replace("'", "''")) == 4


def test_a_database_comes_back_as_it_was_at_a_moment(place, monkeypatch, heavy):
    if not heavy:
        pytest.skip("makes two durable clusters, about a minute: run with --heavy")
    archive = place / "nhật ký wal"
    archive.mkdir(mode=0o777)
    archive.chmod(0o777)
    monkeypatch.setenv("WAL_ARCHIVE_DIR", str(archive))
    first, second = Cluster(place / "first"), Cluster(place / "second")
    with first.in_use():
        base = place / "base"
        with psycopg.connect(first.url(role=OWNER), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (n int)")
            subprocess.run(
                [first.binaries.path("pg_basebackup"), "-h", first.socket_folder, "-U", SUPERUSER, "-D", base, "-X", "none",
                 "-c", "fast", "--no-password"],
                check=True, env={**os.environ, "LC_ALL": "C"},
            )  # fmt: skip
            connection.execute("INSERT INTO kept VALUES (1)")
            moment = connection.execute("SELECT clock_timestamp()").fetchone()[0]
            connection.execute("SELECT pg_sleep(0.1)")
            connection.execute("DELETE FROM kept")
        with psycopg.connect(first.url(database="postgres", role=SUPERUSER), autocommit=True) as connection:
            name = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()[0]
        assert wait_for((archive / name).exists, 60)

    monkeypatch.delenv("WAL_ARCHIVE_DIR")
    with second.in_use():
        pass
    shutil.rmtree(second.data)
    shutil.copytree(base, second.data)
    (second.data / "recovery.signal").touch()
    with (second.data / "postgresql.auto.conf").open("a") as settings:
        settings.write(
            f"restore_command = 'cp \"{archive}/%f\" %p'\nrecovery_target_time = '{moment.isoformat()}'\n"
            "recovery_target_action = 'promote'\n"
        )
    for path in (second.data, *second.data.rglob("*")):
        os.chown(path, second.account.uid, second.account.gid)
    second.data.chmod(0o700)
    with second.in_use(), psycopg.connect(second.url(role=OWNER)) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(1,)]
