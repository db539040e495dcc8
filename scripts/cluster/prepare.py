"""Bring the database to the present schema and, at the first start, fill it with the demo data and accounts.

Runs inside .venv, as a process of its own: `python -m scripts.cluster.prepare [--no-demo]` with DATABASE_URL set.
"""

import argparse
import logging
import os
import traceback
from collections.abc import Callable
from typing import TypeVar

import psycopg
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geodata.accounts import accounts
from geodata.base.database import reading_all
from geodata.base.errors import GeodataError
from geodata.history.watched import unwatched_tables
from scripts.base.console import Exit, Failure, announce, disk_full, run_command, say
from scripts.base.paths import ROOT, VAR
from scripts.cluster.database import (
    check_postgis,
    connect,
    connect_patiently,
    connection_failure,
    libpq_url,
    owner_url,
)
from scripts.cluster.rights import grant_rights, owns_schema
from scripts.cluster.session import database_session

LOG = VAR / "log" / "migrate.log"


Done = TypeVar("Done")


def migrate() -> None:
    """Check the database and bring its schema to the newest version. Raises Failure."""
    with connect_patiently(owner_url()) as connection:
        check_postgis(connection)
    config = Config(toml_file=ROOT / "pyproject.toml", attributes={"configure_logger": False})
    try:
        patiently(lambda: command.upgrade(config, "head"))
        check_watched()
        separate_roles()
    except (CommandError, DBAPIError, psycopg.Error) as error:
        raise migration_failure(error) from error


def check_watched() -> None:
    """Refuse to start where a layer's table has no triggers: maps would go on showing what was. Raises Failure."""
    from geodata.layers import LAYERS

    with database_session() as session:
        forgotten = unwatched_tables(reading_all(session), LAYERS)
    if forgotten:
        calls = "; ".join(f"SELECT watch_layer('{table}', '{layer}')" for table, layer in forgotten)
        raise Failure(
            Exit.MIGRATION,
            f"Bảng của lớp dữ liệu chưa được theo dõi thay đổi, bản đồ sẽ hiện dữ liệu cũ. Thêm vào migration: {calls}",
            f"no trigger watches the tables of these layers; add to a migration: {calls}",
        )


def separate_roles() -> None:
    """Give the application's role its rights where it is another than the owner; tell where it is not. Raises Failure."""
    role = conninfo_to_dict(libpq_url(os.environ["DATABASE_URL"])).get("user")
    with connect(owner_url()) as connection:
        if role and role != connection.info.user:
            grant_rights(connection, str(role))
    with connect(os.environ["DATABASE_URL"]) as connection:
        if owns_schema(connection):
            say(
                "Bản đồ chạy bằng người dùng sở hữu cơ sở dữ liệu; an toàn hơn là tách riêng, xem docs/operations.md",
                "the map runs as the role that owns the schema; safer are two roles, see docs/operations.md",
            )


def patiently(step: Callable[[], Done]) -> Done:
    """Do a step that is one transaction, and once more when PostgreSQL went away in the middle. Raises what it raises."""
    try:
        return step()
    except DBAPIError as error:
        if not went_away(error):
            raise
        say(f"PostgreSQL ngắt kết nối giữa chừng: {first_line(error.orig)}", "PostgreSQL went away, trying again")
        connect_patiently(os.environ["DATABASE_URL"]).close()
        return step()


def went_away(error: Exception) -> bool:
    """Return whether the connection was lost: connection exceptions (08), operator intervention (57P), or no state at all."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    return isinstance(cause, psycopg.OperationalError) and (state is None or state.startswith(("08", "57P")))


def migration_failure(error: Exception) -> Failure:
    """Return the sentence for a migration that did not go through; the details go to a log."""
    write_log(error)
    cause = error.orig if isinstance(error, DBAPIError) else error
    if went_away(error):
        return connection_failure(libpq_url(owner_url()), str(cause))
    if isinstance(cause, psycopg.errors.DiskFull):
        return disk_full("PostgreSQL")
    if isinstance(cause, psycopg.errors.InsufficientPrivilege):
        return Failure(
            Exit.MIGRATION,
            f"Người dùng của DATABASE_URL không đủ quyền cập nhật cấu trúc cơ sở dữ liệu: {first_line(cause)}. "
            "Hãy nhờ quản trị cấp quyền sở hữu cơ sở dữ liệu và quyền ghi bảng spatial_ref_sys",
            "the database user may not change the schema: it must own the database and may write spatial_ref_sys",
        )
    if isinstance(error, CommandError):
        return Failure(
            Exit.MIGRATION,
            f"Cấu trúc cơ sở dữ liệu không thuộc phiên bản mã nguồn này: {first_line(error)}. "
            "Hãy dùng mã nguồn mới hơn hoặc khôi phục bản sao lưu phù hợp",
            "the database belongs to another version of this project: use a newer checkout or a matching backup",
        )
    return Failure(
        Exit.MIGRATION,
        f"Không cập nhật được cấu trúc cơ sở dữ liệu: {first_line(cause)}. Nhật ký: {LOG}",
        "the database schema could not be brought up to date; nothing was changed, see the log",
    )


def first_line(error: BaseException | None) -> str:
    """Return the first line of an error's text."""
    return (str(error).strip().splitlines() or ["?"])[0][:300]


def load_demo_at_first_start() -> None:
    """Load the demo data and accounts into a database that nobody has an account in yet.

    The accounts come last, so that a start killed while loading begins again; a database that was put to use
    without the demo is left alone.
    """
    with database_session() as session:
        if not accounts.list_users(session):
            load_demo(session)


def load_demo(session: Session) -> None:
    """Load the demo data unless it is there, then the demo accounts unless there are any."""
    from geodata import demo  # loads what reads files, which few starts need

    if not demo.is_loaded(session):
        say("Đang nạp dữ liệu minh họa…", "loading the demo data")
        demo.load_demo(session)
        session.commit()
    made = accounts.create_demo_accounts(session)
    session.commit()
    if made:
        print_accounts(made)


def demo_failure(error: Exception) -> Failure:
    """Return the sentence for demo data that could not be loaded; the details go to a log."""
    write_log(error)
    cause = error.orig if isinstance(error, DBAPIError) else error
    if went_away(error):
        return connection_failure(libpq_url(os.environ["DATABASE_URL"]), str(cause))
    if isinstance(cause, psycopg.errors.DiskFull):
        return disk_full("PostgreSQL")
    return Failure(
        Exit.DEMO,
        f"Không nạp được dữ liệu minh họa: {first_line(cause)}. Chạy không có nó bằng --no-demo; nhật ký: {LOG}",
        "the demo data could not be loaded, nothing of it was stored; --no-demo starts without it",
    )


def write_log(error: Exception) -> None:
    """Keep an error's details for whoever looks closer."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    LOG.write_text("".join(traceback.format_exception(error)), "utf-8")


def print_accounts(accounts: list[tuple[str, str, str]]) -> None:
    """Print the accounts' passwords, which nobody can read again."""
    width = max(len(name) for name, _, _ in accounts)
    announce("Tài khoản dùng thử, chỉ hiện một lần này (demo accounts, shown only this once):")
    for name, role, password in accounts:
        announce(f"  {name:<{width}}  {password}  [{role}]")
    announce("Đổi mật khẩu (change one): ./scripts/manage user password NAME --password-stdin")


def main() -> int:
    """Migrate, then load the demo unless told not to."""
    parser = argparse.ArgumentParser(prog="scripts.cluster.prepare")
    parser.add_argument("--no-demo", action="store_true")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    migrate()
    if not arguments.no_demo:
        try:
            patiently(load_demo_at_first_start)
        except (DBAPIError, GeodataError) as error:
            raise demo_failure(error) from error
    return 0


if __name__ == "__main__":
    run_command(main)
