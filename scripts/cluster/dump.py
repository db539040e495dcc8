"""The database in and out by PostgreSQL's own tools: pg_dump and pg_restore."""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from scripts.base.console import Exit, Failure, disk_full
from scripts.base.processes import NO_SPACE, bound_to_us, last_line
from scripts.cluster.database import check_postgis, connect, is_empty, libpq_url
from scripts.install.system import Binaries, find_binaries


def tools_for(url: str) -> Binaries:
    """Return programs that know the server's version. Raises Failure."""
    with connect(url) as connection:
        server = connection.info.server_version // 10000
    binaries = find_binaries(server) or find_binaries()
    if binaries is None or binaries.major < server:
        raise Failure(
            Exit.PACKAGES,
            f"Cần pg_dump phiên bản {server} trở lên: hãy chạy “sudo apt-get install postgresql-{server}” rồi chạy lại",
            f"pg_dump of version {server} or newer is needed: install it, then run this again",
        )
    return binaries


def run_tool(command: Sequence[str | Path], url: str) -> str:
    """Run a tool on the database and return what it printed; the password stays out of the process list."""
    settings = conninfo_to_dict(libpq_url(url))
    password = settings.pop("password", None)
    env = {**os.environ, "LC_ALL": "C.UTF-8", **({"PGPASSWORD": str(password)} if password else {})}
    address = make_conninfo(**{name: str(value) for name, value in settings.items() if value is not None})
    result = subprocess.run(
        bound_to_us([*command, "--dbname", address]),
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if result.returncode:
        if NO_SPACE in result.stderr:
            raise disk_full(Path.cwd())
        raise Failure(
            Exit.ERROR, f"{Path(command[0]).name} không chạy xong: {last_line(result.stderr)}", "nothing was changed"
        )
    return result.stdout


def dump(url: str, target: Path, snapshot: str) -> None:
    """Write the database as a transaction sees it that exported its snapshot."""
    pg_dump = tools_for(url).path("pg_dump")
    run_tool([pg_dump, "--format=custom", "--no-password", f"--snapshot={snapshot}", "--file", target], url)


def load(url: str, source: Path, name: Path) -> None:
    """Load a dump into an empty database, whole or not at all; `name` is what a person calls it. Raises Failure."""
    with connect(url) as connection:
        if not is_empty(connection):
            raise Failure(
                Exit.ERROR,
                "Cơ sở dữ liệu đã có dữ liệu nên không khôi phục đè lên: hãy dùng cơ sở dữ liệu trống "
                "(đặt DATABASE_URL khác, hoặc dừng bản đồ rồi chuyển var/pg đi nơi khác)",
                "the database is not empty and a restore never overwrites: use an empty one, or stop the map and move var/pg away",
            )
        check_postgis(connection)
    pg_restore = tools_for(url).path("pg_restore")
    listed = subprocess.run(
        [pg_restore, "--list", source], capture_output=True, text=True, errors="replace", check=False
    )
    if listed.returncode:
        raise Failure(
            Exit.ERROR,
            f"{name} không phải bản sao lưu của ./scripts/manage backup, hoặc đã hỏng",
            "this is no backup made by ./scripts/manage backup, or it is damaged",
        )
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".list") as contents:
        # A comment on an extension may only be written by who owns it, and the extension is there already.
        contents.writelines(
            line for line in listed.stdout.splitlines(keepends=True) if " COMMENT - EXTENSION " not in line
        )
        contents.flush()
        run_tool(
            [
                pg_restore,
                "--no-owner",
                "--no-privileges",
                "--no-password",
                "--exit-on-error",
                "--single-transaction",
                "--use-list",
                contents.name,
                source,
            ],
            url,
        )
