"""What the private cluster is made with: its roles, its settings, who may enter."""

import os
import shlex
from pathlib import Path

from scripts.cluster.account import Account, user_name

DATABASE = "webmap"
ROLE = "webmap"
OWNER = "webmap_owner"
SUPERUSER = "postgres"


def _shared_buffers() -> str:
    """Return an eighth of the machine's memory, 128 MB to 1 GB: a national register of sites then stays in memory."""
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return f"{max(128, min(memory_mb // 8, 1024))}MB"


_ALWAYS: dict[str, str] = {
    "listen_addresses": "''",
    "max_connections": "100",
    "shared_buffers": _shared_buffers(),
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    # Compiling a query takes longer than drawing a tile.
    "jit": "off",
    "timezone": "'Asia/Ho_Chi_Minh'",
    "lc_messages": "'C'",
    "log_line_prefix": "'%m [%p] %q%u@%d '",
}
_DURABLE = {
    "fsync": "on",
    "logging_collector": "on",
    "log_directory": "'log'",
    # A week of logs, each day's overwritten a week later.
    "log_filename": "'postgresql-%a.log'",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
}
_THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
    "max_connections": "60",
}
MAKE_DATABASE = """
SELECT format('CREATE ROLE %I LOGIN', name) FROM unnest(ARRAY[:'role', :'owner']) name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \\gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'owner')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \\gexec
"""
DROP_DATABASE = """
DROP DATABASE IF EXISTS :"database" WITH (FORCE);
"""
# The owner is no superuser: PostGIS is made for it, and it may add the VN-2000 reference systems. In clusters of earlier
# versions the application's role owned everything.
MAKE_EXTENSION = """
CREATE EXTENSION IF NOT EXISTS postgis;
REASSIGN OWNED BY :"role" TO :"owner";
GRANT SELECT, INSERT, UPDATE, DELETE ON spatial_ref_sys TO :"owner";
REVOKE INSERT, UPDATE, DELETE ON spatial_ref_sys FROM :"role";
"""


def quoted(text: str) -> str:
    """Return a value as postgresql.conf wants it."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def archiving(folder: str) -> dict[str, str]:
    """Return the settings that keep every finished log file in a folder, for a restore to any moment; none without one."""
    if not folder:
        return {}
    # Single quotes for the shell: PostgreSQL replaces %f and %p, and %% by %.
    place = shlex.quote(folder).replace("%", "%%")
    command = f"test ! -f {place}/%f && cp %p {place}/%f.part && mv {place}/%f.part {place}/%f"
    return {"archive_mode": "on", "archive_command": quoted(command), "archive_timeout": "5min"}


def configuration(account: Account, socket_folder: Path, *, durable: bool) -> dict[str, str]:
    """Return name -> text of PostgreSQL's files: settings, who may enter from where, and as whom."""
    settings = _ALWAYS | (_DURABLE if durable else _THROWAWAY)
    socket_list = '"' + str(socket_folder).replace('"', '""') + '"'
    if durable:
        settings |= archiving(os.environ.get("WAL_ARCHIVE_DIR", "").strip())
    settings |= {"unix_socket_directories": quoted(socket_list), "unix_socket_permissions": "0700"}
    names = sorted({account.name, user_name(os.geteuid()), "root"})
    users = [f'webmap "{name}" {role}\n' for name in names for role in (ROLE, OWNER, SUPERUSER)]
    replication = f"local replication {SUPERUSER} peer map=webmap\n"
    return {
        "postgresql.conf": "".join(f"{name} = {value}\n" for name, value in settings.items()),
        "pg_hba.conf": "local all all peer map=webmap\n" + replication,
        "pg_ident.conf": "".join(users),
    }
