"""Backups: what comes back is what was saved, originals included, and a damaged file is refused before anything is touched."""

import random
import stat
import zipfile
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.orm import Session

from geodata.base.database import new_engine
from geodata.importing.sessions.model import StoredFile
from geodata.importing.sessions.sessions import add_import, get_import
from scripts.backup import archive
from scripts.backup.census import differences, take_census
from scripts.backup.work import make_backup, restore_backup
from scripts.base.console import Failure
from scripts.cluster.database import connect
from scripts.cluster.dump import dump
from tests.conftest import migrated_database


@pytest.fixture(scope="module")
def source(empty_database, worker, tmp_path_factory):
    """A small database that names one original on disk and one that is gone."""
    url = migrated_database(f"backup_{worker}")
    folder = tmp_path_factory.mktemp("uploads")
    (folder / "a1b2").write_bytes("code,name\nCH-1,Chợ Sắt\n".encode())
    engine = new_engine(url)
    with Session(engine) as session:
        from datetime import date

        for name in ("a1b2", "gone"):
            file = StoredFile(name=f"{name}.csv", path=folder / name, size=24, keep_until=date(2030, 1, 1))
            add_import(session, layer="markets", user_name="gis", file=file)
        session.commit()
    engine.dispose()
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture
def target(empty_database, worker):
    """An empty database."""
    return empty_database(f"restored_{worker}").set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def saved(source, tmp_path_factory):
    """A backup of it."""
    path = tmp_path_factory.mktemp("backup") / "map.backup"
    make_backup(source, path)
    return path


def census(url):
    with connect(url) as connection:
        return take_census(connection)


def test_what_comes_back_is_what_was_saved_with_its_originals(source, saved, target, tmp_path):
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]
    manifest = restore_backup(target, saved, tmp_path / "uploads")
    assert (manifest.missing, manifest.revision is not None) == (["gone"], True)
    assert [path.name for path in (tmp_path / "uploads").iterdir()] == ["a1b2"]
    assert (tmp_path / "uploads" / "a1b2").read_text("utf-8") == "code,name\nCH-1,Chợ Sắt\n"
    engine = new_engine(target)
    with Session(engine) as session:
        assert Path(get_import(session, 1).file_path) == tmp_path / "uploads" / "a1b2"
        assert get_import(session, 1).has_file
    engine.dispose()
    moved = {line.split(":")[0] for line in differences(census(source), census(target))}
    assert moved == {"import_session"}, "only where the originals lie is another place"


def test_a_flipped_bit_is_refused_before_anything_is_touched_or_changes_nothing(saved, target, tmp_path):
    whole = saved.read_bytes()
    with archive.open_backup(saved) as (_, manifest):
        pass
    refused = 0
    chance = random.Random(13)
    ends = [chance.randrange(len(whole) - 6_000, len(whole)) for _ in range(60)]
    for place in [*(chance.randrange(len(whole)) for _ in range(60)), *ends]:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << chance.randrange(8)
        path = tmp_path / "damaged.backup"
        path.write_bytes(damaged)
        try:
            with archive.open_backup(path) as (_, found):
                # Dates and attributes in a ZIP's headers decide nothing.
                assert found == manifest, place
        except Failure:
            refused += 1
    assert refused > 100
    with pytest.raises(Failure):
        restore_backup(target, path_with_damage(whole, tmp_path), tmp_path / "uploads")
    assert not (tmp_path / "uploads").exists()
    assert census(target) == {}


def path_with_damage(whole, folder):
    """Return a backup whose dump has one wrong bit."""
    damaged = bytearray(whole)
    damaged[len(whole) // 3] ^= 4
    path = folder / "one-bit.backup"
    path.write_bytes(damaged)
    return path


@pytest.mark.parametrize("share", [0, 0.3, 0.999])
def test_a_file_that_was_cut_is_refused(saved, target, tmp_path, share):
    whole = saved.read_bytes()
    path = tmp_path / "cut.backup"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(Failure, match="hỏng"):
        restore_backup(target, path, tmp_path / "uploads")


def test_a_database_that_does_not_hold_what_the_manifest_says_is_told(saved, target, tmp_path):
    with archive.open_backup(saved) as (opened, manifest):
        contents = {name: opened.read(name) for name in manifest.members}
    forged = tmp_path / "forged.backup"
    with zipfile.ZipFile(forged, "w") as made:
        writer = archive.Writer(made)
        for name, content in contents.items():
            with (tmp_path / "member").open("w+b") as stream:
                stream.write(content)
                stream.seek(0)
                writer.add(name, stream)
        tables = {**manifest.tables, "import_session": archive.Contents(rows=3, checksum="1")}
        writer.finish(made_at=manifest.made_at, revision=manifest.revision, tables=tables, missing=[])
    with pytest.raises(Failure, match="import_session: 3 → 2"):
        restore_backup(target, forged, tmp_path / "uploads")


def test_a_bare_dump_of_an_earlier_version_can_still_be_restored(source, target, tmp_path, capsys):
    with psycopg.connect(source) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        name = connection.execute("SELECT pg_export_snapshot()").fetchone()[0]
        dump(source, tmp_path / "old.dump", name)
    assert restore_backup(target, tmp_path / "old.dump", tmp_path / "uploads") is None
    assert "manifest" in capsys.readouterr().err
    assert census(target) == census(source)


def test_rows_in_another_order_have_the_same_checksum(source):
    with connect(source) as connection, connection.transaction(force_rollback=True):
        connection.execute("CREATE TABLE a AS SELECT * FROM generate_series(1, 9) n")
        connection.execute("CREATE TABLE b AS SELECT 10 - n AS n FROM generate_series(1, 9) n")
        found = take_census(connection)
    assert found["a"] == found["b"]
    assert found["a"].rows == 9
