"""Nothing grows without a bound: counted after many requests, and after the background has tidied up."""

import errno
import io
import os
import time
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from geodata import housekeeping, jobs
from geodata.accounts.access import create_user
from geodata.accounts.accounts import AuditAction, AuditEntry, LoginFailure, LoginSession
from geodata.base.data_version import DataChange, data_version, fold_data_changes
from geodata.base.database import new_engine
from geodata.importing.sessions.keeping import forget_orphans
from geodata.importing.sessions.model import ImportSession
from geodata.layers import LAYERS
from tests.conftest import PASSWORD, migrated_database, sign_in
from tests.factories import make_feature
from webmap.imports import uploads as uploads_module
from webmap.map.tile_cache import ENTRY_BYTES, new_tile_cache

MARKET = LAYERS.get("markets")


@pytest.fixture(scope="module")
def own_engine(worker):
    """A database of its own, where transactions are real."""
    url = migrated_database(f"growth_{worker}")
    engine = new_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def own(own_engine):
    """A session there, with no market and no change."""
    with Session(own_engine) as session:
        session.execute(text("TRUNCATE market CASCADE"))
        session.execute(text("TRUNCATE data_change, data_change_sum"))
        session.commit()
        yield session


def count(session, what):
    return session.scalar(select(func.count()).select_from(what))


def test_a_hundred_thousand_empty_tiles_keep_within_the_limit():
    cache = new_tile_cache(1_000_000)

    def is_kept(number):
        made = []
        cache.get_or_make(f"{number:032x}", lambda: made.append(1) or b"")
        return not made

    most = 1_000_000 // ENTRY_BYTES
    assert not any(is_kept(number) for number in range(100_000))
    assert all(is_kept(number) for number in range(100_000 - most, 100_000))
    assert not is_kept(100_000 - most - 1)


def test_folding_changes_of_earlier_days_keeps_the_version_and_leaves_one_row_a_layer(own):
    seen = [data_version(own, "markets")]
    for number in range(50):
        make_feature(own, MARKET, code=f"G-{number}")
        own.commit()
        if number % 10 == 9:
            before = data_version(own, "markets")
            fold_data_changes(own)
            own.commit()
            assert count(own, DataChange) == 10, "today's tell where they were"
            own.execute(text("UPDATE data_change SET noted_on = noted_on - 1"))
            fold_data_changes(own)
            own.commit()
            assert data_version(own, "markets") == before
            assert count(own, DataChange) == 0
        seen.append(data_version(own, "markets"))
    assert len(set(seen)) == len(seen), "a version came again"
    assert seen[-1].startswith("50-")


def test_more_than_a_thousand_changes_of_one_day_are_folded(own, monkeypatch):
    monkeypatch.setattr("geodata.base.data_version.MOST_APART", 5)
    for number in range(6):
        make_feature(own, MARKET, code=f"M-{number}")
        own.commit()
    before = data_version(own, "markets")
    fold_data_changes(own)
    own.commit()
    assert (count(own, DataChange), data_version(own, "markets")) == (0, before)


def test_a_version_does_not_come_again_when_transactions_are_counted_anew(own):
    """A database restored into another cluster, or to an earlier moment, meets its old numbers of transactions again."""
    make_feature(own, MARKET, code="R-1")
    own.commit()
    before = data_version(own, "markets")
    own.execute(text("UPDATE data_change SET transaction_id = transaction_id + 1"))
    own.commit()
    number = own.scalar(select(func.max(DataChange.transaction_id)))
    while own.scalar(text("SELECT pg_current_xact_id()::text::bigint")) < number:
        own.commit()
    own.execute(text("UPDATE market SET name = 'Chợ khác' WHERE code = 'R-1'"))
    own.commit()
    assert data_version(own, "markets") != before


def test_two_pasts_with_the_same_number_of_changes_have_two_versions(own):
    make_feature(own, MARKET, code="P-1")
    own.commit()
    versions = set()
    for name in ("Chợ A", "Chợ B"):
        own.execute(text("TRUNCATE data_change, data_change_sum"))
        own.commit()
        own.execute(text("UPDATE market SET name = :name"), {"name": name})
        own.execute(text("UPDATE data_change SET transaction_id = 7"))
        versions.add(data_version(own, "markets"))
        own.commit()
    assert len(versions) == 2


def test_who_is_held_back_all_day_writes_one_audit_line(app, session, heavy):
    client = app.test_client()
    for _ in range(3000 if heavy else 60):
        client.post("/login", data={"username": "nobody-here", "password": "wrong"})
    held = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == AuditAction.LOGIN_THROTTLED)
    assert session.scalar(held) == 1
    assert count(session, LoginFailure) == 5


def test_ended_sessions_are_deleted(app, session):
    for _ in range(3):
        sign_in_again(app, session)
    session.execute(text("UPDATE login_session SET expires_at = now() - interval '1 second'"))
    session.commit()
    housekeeping.tidy_up(session)
    assert count(session, LoginSession) == 0


def sign_in_again(app, session):
    name = f"someone-{count(session, LoginSession)}"
    create_user(session, name=name, role="planner", password=PASSWORD)
    session.commit()
    assert app.test_client().post("/login", data={"username": name, "password": PASSWORD}).status_code == 302


def test_jobs_that_have_ended_are_deleted_after_a_day_and_failed_ones_after_a_month(own_engine):
    ages = {
        "succeeded": ["2 hours", "2 days"],
        "cancelled": ["2 days"],
        "failed": ["2 days", "40 days"],
        "todo": ["40 days"],
    }
    with own_engine.begin() as connection:
        for status, times in ages.items():
            for age in times:
                number = jobs.defer(connection, "nothing")
                connection.execute(
                    text(
                        "UPDATE procrastinate_jobs SET status = CAST(:status AS procrastinate_job_status) WHERE id = :id"
                    ),
                    {"status": status, "id": number},
                )
                connection.execute(
                    text("UPDATE procrastinate_events SET at = now() - CAST(:age AS interval) WHERE job_id = :id"),
                    {"age": age, "id": number},
                )
    with Session(own_engine) as session:
        housekeeping.tidy_up(session)
    with own_engine.connect() as connection:
        left = connection.execute(
            text("SELECT status::text, count(*) FROM procrastinate_jobs WHERE task_name = 'nothing' GROUP BY 1")
        )
        assert dict(left.all()) == {"succeeded": 1, "failed": 1, "todo": 1}


@pytest.fixture
def uploads(tmp_path):
    return tmp_path / "uploads"


@pytest.fixture
def gis(make_app, connection, uploads):
    return sign_in(make_app(connection, upload_dir=uploads), "gis")


def send(client, *names):
    files = [(io.BytesIO(b"code,name\nCH-1,A\n" * 50), name) for name in names]
    return client.post("/imports/new", data={"layer": "markets", "files": files}, content_type="multipart/form-data")


def test_a_full_disk_is_said_in_words_and_leaves_nothing(gis, session, uploads, monkeypatch):
    whole = os.fsync
    calls = iter(range(9))

    def full(descriptor):
        if next(calls) == 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        whole(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    answer = send(gis, "một.csv", "hai.csv")
    assert answer.status_code == 507
    assert "hết chỗ" in answer.text
    assert list(uploads.iterdir()) == []
    assert count(session, ImportSession) == 0
    assert send(gis, "ba.csv").status_code == 302
    assert len(list(uploads.iterdir())) == 1


def test_a_disk_that_would_be_left_without_room_takes_no_file(gis, uploads, session, monkeypatch):
    free = uploads_module.LEAVE_FREE_BYTES
    monkeypatch.setattr(uploads_module.shutil, "disk_usage", lambda _path: SimpleNamespace(free=free))
    answer = send(gis, "một.csv")
    assert (answer.status_code, count(session, ImportSession)) == (507, 0)
    assert "hết chỗ" in answer.text
    assert not uploads.exists() or list(uploads.iterdir()) == []


def test_files_that_no_import_names_are_swept_and_others_stay(gis, session, uploads):
    send(gis, "giữ.csv")
    (kept,) = uploads.iterdir()
    for name in ("orphan", "half.part", "young"):
        (uploads / name).write_bytes(b"x")
    for name in (f"{kept.name}-read", "gone-read", "gone-read.part"):
        (uploads / name).mkdir()
    long_ago = time.time() - 86_400
    for path in uploads.iterdir():
        if path.name != "young":
            os.utime(path, (long_ago, long_ago))
    assert forget_orphans(session, uploads, now=time.time()) == 4
    assert {path.name for path in uploads.iterdir()} == {kept.name, f"{kept.name}-read", "young"}
