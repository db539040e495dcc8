"""Look at a running installation as an operator would in the morning: one line for each thing, exit code 1 when one is wrong."""

import argparse
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from geodata.base.database import new_engine
from geodata.importing.sessions.model import ImportSession
from geodata.importing.storing.indexes import missing
from geodata.jobs.state import queue_state
from geodata.layers import LAYERS
from scripts.base.console import announce
from scripts.base.paths import VAR, uploads_folder
from scripts.cluster.database import connect
from scripts.cluster.rights import owns_schema

FREE_BYTES = 2 * 2**30
WAITS_S, SILENT_S = 15 * 60, 60
BACKUP_S = 36 * 3600


@dataclass(frozen=True)
class Finding:
    """What was looked at: is it right, and what to say of it."""

    is_right: bool
    vi: str
    en: str


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `check`."""
    parser.add_argument(
        "--backups",
        type=Path,
        help="thư mục bản sao lưu; bản mới nhất không quá 36 giờ (folder of backups, looked at for age)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the findings."""
    findings = list(look(arguments.backups))
    for finding in findings:
        announce(f"{'tốt' if finding.is_right else 'SAI'}\t{finding.vi} ({finding.en})")
    return 0 if all(finding.is_right for finding in findings) else 1


def look(backups: Path | None) -> Iterator[Finding]:
    """Give what is right and what is not."""
    engine = new_engine(pool_size=2)
    try:
        with engine.connect() as connection:
            yield from _database(connection)
            yield from _queue(connection)
            yield from _files(connection)
    finally:
        engine.dispose()
    yield from _disks((VAR, uploads_folder()))
    if backups is not None:
        yield _backup(backups)


def _database(connection: Connection) -> Iterator[Finding]:
    with connect(os.environ["DATABASE_URL"]) as plain:
        separate = not owns_schema(plain)
    yield Finding(
        separate, "Bản đồ chạy bằng người dùng không có quyền đổi cấu trúc", "the application's role owns no table"
    )
    enabled = connection.scalar(
        text(
            "SELECT bool_and(tgenabled = 'O') FROM pg_trigger WHERE tgname = 'append_only' OR tgname LIKE 'note_data_change%'"
        )
    )
    yield Finding(
        bool(enabled), "Nhật ký chỉ ghi thêm và phiên bản dữ liệu đang bật", "audit and version triggers are on"
    )
    with Session(connection) as session:
        lost = [str(index.name) for kind in LAYERS for index in missing(session, kind)]
    yield Finding(not lost, f"Chỉ mục của các lớp đủ{_named(lost)}", "every layer has its indexes")


def _queue(connection: Connection) -> Iterator[Finding]:
    numbers = queue_state(connection)
    silence = numbers["webmap_worker_silence_seconds"][2][0][1]
    yield Finding(
        0 <= silence < SILENT_S, f"Tiến trình nền im lặng {silence:.0f} giây", "the worker gives signs of life"
    )
    oldest = numbers["webmap_oldest_job_seconds"][2][0][1]
    yield Finding(oldest < WAITS_S, f"Việc chờ lâu nhất {oldest:.0f} giây", "no job waits for long")
    failed = int(sum(count for (_, status), count in numbers["webmap_jobs"][2] if status == "failed"))
    yield Finding(not failed, f"{failed} việc nền hỏng trong 30 ngày, xem worker.log", "failed jobs, see worker.log")


def _files(connection: Connection) -> Iterator[Finding]:
    paths = connection.scalars(select(ImportSession.file_path).where(ImportSession.file_path.is_not(None)))
    gone = [Path(path).name for path in paths if path and not Path(path).is_file()]
    yield Finding(not gone, f"Tệp gốc của các lần nhập còn đủ{_named(gone)}", "every original is on the disk")


def _disks(places: Sequence[Path]) -> Iterator[Finding]:
    for place in places:
        there = next(folder for folder in (place, *place.parents) if folder.exists())
        free = shutil.disk_usage(there).free
        yield Finding(free > FREE_BYTES, f"{place} còn {free / 2**30:.1f} GB trống", "room on the disk")


def _backup(folder: Path) -> Finding:
    ages = [time.time() - path.stat().st_mtime for path in folder.glob("*") if path.is_file()]
    if not ages:
        return Finding(is_right=False, vi=f"Không có bản sao lưu nào trong {folder}", en="there is no backup")
    return Finding(
        min(ages) < BACKUP_S, f"Bản sao lưu mới nhất cách đây {min(ages) / 3600:.0f} giờ", "age of the newest backup"
    )


def _named(names: Sequence[str]) -> str:
    return f": thiếu {', '.join(names[:5])}" if names else ""
