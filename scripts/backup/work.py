"""Making a backup, restoring it, and trying it in a database that is thrown away."""

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import psycopg

from scripts.backup.archive import DUMP, UPLOADS, Manifest, Writer, open_backup, read_member
from scripts.backup.census import differences, take_census
from scripts.base.console import Exit, Failure, say
from scripts.cluster.cluster import Cluster
from scripts.cluster.configuration import DATABASE, OWNER
from scripts.cluster.database import connect
from scripts.cluster.dump import dump, load

#: A dump of pg_dump alone, as earlier versions made it, begins so.
_BARE_DUMP = b"PGDMP"
#: Where the database names files on disk.
_FILES = (
    "SELECT file_path FROM import_session WHERE file_path IS NOT NULL"
    " UNION SELECT facts->>'rejected_file' FROM import_session WHERE facts->>'rejected_file' IS NOT NULL ORDER BY 1"
)


def make_backup(url: str, target: Path) -> Manifest:
    """Write one consistent backup, readable by its owner alone; a partial file never has its name.

    Counts, dump and list of originals are of one snapshot.
    """
    target = target.absolute()
    if not target.parent.is_dir():
        raise Failure(Exit.ERROR, f"Không có thư mục {target.parent}", "the folder for the backup does not exist")
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder, _snapshot(url) as source:
        part, dumped = Path(folder, "backup.part"), Path(folder, DUMP)
        dump(url, dumped, str(_scalar(source, "SELECT pg_export_snapshot()")))
        with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as stream:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
                manifest = _fill(Writer(archive), source, dumped)
            stream.flush()
            os.fsync(stream.fileno())
        with open_backup(part):
            part.replace(target)
    return manifest


def _fill(writer: Writer, source: psycopg.Connection, dumped: Path) -> Manifest:
    with dumped.open("rb") as stream:
        writer.add(DUMP, stream)
    dumped.unlink()
    missing = []
    for path in _named_files(source):
        try:
            with path.open("rb") as stream:
                writer.add(UPLOADS + path.name, stream)
        except FileNotFoundError:
            missing.append(path.name)
    return writer.finish(
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        revision=_revision(source),
        tables=take_census(source),
        missing=missing,
    )


@contextmanager
def _snapshot(url: str) -> Iterator[psycopg.Connection]:
    """Give a connection that sees the database as it is at this moment, whatever others write meanwhile."""
    with connect(url) as connection:
        connection.autocommit = False
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        yield connection
        connection.rollback()


def _scalar(connection: psycopg.Connection, query: str) -> object:
    row = connection.execute(query).fetchone()
    return row[0] if row else None


def _has_table(connection: psycopg.Connection, name: str) -> bool:
    return connection.execute("SELECT to_regclass(%s) IS NOT NULL", (name,)).fetchone() == (True,)


def _named_files(connection: psycopg.Connection) -> list[Path]:
    if not _has_table(connection, "import_session"):
        return []
    return [Path(name) for (name,) in connection.execute(_FILES).fetchall()]


def _revision(connection: psycopg.Connection) -> str | None:
    if not _has_table(connection, "alembic_version"):
        return None
    found = _scalar(connection, "SELECT version_num FROM alembic_version")
    return str(found) if found else None


def restore_backup(url: str, source: Path, uploads: Path) -> Manifest | None:
    """Restore a backup into an empty database, and its originals into a folder; compare every table with the manifest.

    Nothing is touched before every byte has been checked. Returns None for a bare dump of an earlier version, which has
    nothing to be compared with. Raises Failure.
    """
    if _is_bare(source):
        say("Bản sao lưu kiểu cũ, không kèm bản kê để kiểm tra", "a backup of an earlier version, without a manifest")
        load(url, source, source)
        return None
    with open_backup(source) as (archive, manifest), tempfile.TemporaryDirectory(prefix="webmap-restore-") as folder:
        dumped = Path(folder, DUMP)
        _extract(archive, manifest, DUMP, dumped, source)
        load(url, dumped, source)
        _compare(url, manifest, source)
        uploads.mkdir(parents=True, exist_ok=True)
        for name in manifest.members:
            if name.startswith(UPLOADS):
                part = uploads / (PurePosixPath(name).name + ".part")
                _extract(archive, manifest, name, part, source)
                part.chmod(0o640)
                part.replace(part.with_suffix(""))
        _point_to(url, uploads)
    return manifest


def _is_bare(source: Path) -> bool:
    if not source.is_file():
        return False
    with source.open("rb") as stream:
        return stream.read(len(_BARE_DUMP)) == _BARE_DUMP


def _extract(archive: zipfile.ZipFile, manifest: Manifest, name: str, target: Path, source: Path) -> None:
    with target.open("wb") as stream:
        for chunk in read_member(archive, name, manifest.members[name], source):
            stream.write(chunk)


def _compare(url: str, manifest: Manifest, source: Path) -> None:
    """Raise Failure when a table does not hold what was saved."""
    with _snapshot(url) as connection:
        wrong = differences(manifest.tables, take_census(connection))
    if wrong:
        raise Failure(
            Exit.ERROR,
            f"Dữ liệu khôi phục từ {source} không khớp bản kê ({'; '.join(wrong[:5])}): đừng dùng cơ sở dữ liệu này",
            "what was restored does not match the manifest: do not use this database",
        )


def _point_to(url: str, uploads: Path) -> None:
    """Let the database name the originals where they lie now."""
    here = str(uploads.absolute()) + "/"
    with connect(url) as connection:
        if not _has_table(connection, "import_session"):
            return
        connection.execute(
            "UPDATE import_session SET file_path = %(here)s || regexp_replace(file_path, '^.*/', ''),"
            " facts = CASE WHEN facts->>'rejected_file' IS NULL THEN facts ELSE jsonb_set(facts, '{rejected_file}',"
            " to_jsonb(%(here)s || regexp_replace(facts->>'rejected_file', '^.*/', ''))) END"
            " WHERE file_path IS NOT NULL",
            {"here": here},
        )


def try_backup(source: Path, folder: Path) -> Manifest:
    """Restore a backup into a cluster of its own that is thrown away afterwards. Raises Failure when anything differs."""
    if _is_bare(source):
        raise Failure(
            Exit.ERROR,
            f"{source} là bản sao lưu kiểu cũ, không kèm bản kê nên không kiểm tra được: hãy sao lưu lại",
            "a backup of an earlier version has no manifest to be compared with: make a new one",
        )
    folder.mkdir(parents=True, exist_ok=True)
    cluster = Cluster(folder / f"pg-{os.getpid()}", durable=False)
    uploads = folder / f"uploads-{os.getpid()}"
    try:
        with cluster.in_use():
            cluster.make_database(DATABASE)
            manifest = restore_backup(cluster.url(role=OWNER), source, uploads)
    finally:
        cluster.remove()
        shutil.rmtree(uploads, ignore_errors=True)
    assert manifest is not None  # noqa: S101 - bare dumps are refused above
    return manifest


def summary(manifest: Manifest) -> Sequence[str]:
    """Return a backup's contents as lines for a person."""
    files = [member for name, member in manifest.members.items() if name.startswith(UPLOADS)]
    lines = [f"{name}\t{table.rows}" for name, table in sorted(manifest.tables.items()) if table.rows]
    return [*lines, f"tệp gốc (originals)\t{len(files)}\t{sum(member.size for member in files)} byte"]
