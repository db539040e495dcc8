"""Look at the database of DATABASE_URL before anything uses it: one clear sentence instead of a driver's traceback.

Runs inside .venv (needs psycopg).
"""

import os
import time
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from scripts.base.console import Exit, Failure, say
from scripts.base.processes import Pauses

CONNECT_SECONDS = 5
PATIENCE_SECONDS = 7.5
"""How long a start waits for a PostgreSQL that is away: a restart takes a few seconds."""
EXTENSION_OWNED = "SELECT objid FROM pg_depend WHERE classid = 'pg_class'::regclass AND deptype = 'e'"


def libpq_url(url: str) -> str:
    """Return the address as libpq takes it (without SQLAlchemy's driver name). Raises Failure on bad syntax."""
    scheme, separator, rest = url.strip().partition("://")
    plain = f"postgresql://{rest}"
    try:
        if not separator or scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
            raise ValueError(scheme)
        _ = urlsplit(plain).port
        if not conninfo_to_dict(plain).get("dbname"):
            raise ValueError("no database name")
    except (ValueError, psycopg.ProgrammingError) as error:
        # The address may hold a password: it is not repeated.
        raise Failure(
            Exit.DATABASE_URL,
            "DATABASE_URL sai cú pháp: phải có dạng postgresql://người_dùng:mật_khẩu@máy:5432/tên_cơ_sở_dữ_liệu "
            "(ký tự đặc biệt trong mật khẩu viết dạng %XX)",
            "DATABASE_URL is malformed: it must look like postgresql://user:password@host:5432/database",
        ) from error
    return plain


def owner_url() -> str:
    """Return the address of who owns the schema: DATABASE_OWNER_URL, else DATABASE_URL."""
    return os.environ.get("DATABASE_OWNER_URL", "").strip() or os.environ["DATABASE_URL"]


def connect(url: str) -> psycopg.Connection:
    """Connect, or raise the Failure that says what to put right."""
    plain = libpq_url(url)
    try:
        return psycopg.connect(plain, connect_timeout=CONNECT_SECONDS, autocommit=True, application_name="webmap-setup")
    except psycopg.OperationalError as error:
        raise connection_failure(plain, str(error)) from error


def connect_patiently(url: str) -> psycopg.Connection:
    """Connect to a server that may be restarting: tried again for some seconds, with growing pauses. Raises Failure."""
    pauses, waited = Pauses(), 0.0
    while True:
        try:
            return connect(url)
        except Failure as failure:
            if failure.code is not Exit.UNREACHABLE or waited >= PATIENCE_SECONDS:
                raise
            pause = pauses.grow()
            waited += pause
            say(str(failure), f"trying again in {pause:g} s")
            time.sleep(pause)


def connection_failure(plain_url: str, reason: str) -> Failure:
    """Return the sentence for an error of libpq."""
    settings = conninfo_to_dict(plain_url)
    host = settings.get("host") or settings.get("hostaddr") or "máy này"
    where, name, user = f"{host}:{settings.get('port') or 5432}", settings.get("dbname"), settings.get("user")
    first = " ".join(reason.partition("Is the server running")[0].removeprefix("connection failed: ").split())[:300]
    if "password authentication failed" in reason or "no password supplied" in reason:
        return Failure(
            Exit.LOGIN,
            f"PostgreSQL ở {where} không chấp nhận người dùng “{user}” hoặc mật khẩu trong DATABASE_URL: hãy kiểm tra lại",
            "PostgreSQL refuses the user or password of DATABASE_URL: correct it",
        )
    if (
        "authentication failed" in reason
        or "no pg_hba.conf entry" in reason
        or ("role " in reason and "does not exist" in reason)
    ):
        return Failure(
            Exit.LOGIN,
            f"PostgreSQL ở {where} không cho người dùng “{user}” của DATABASE_URL đăng nhập: {first}. "
            "Hãy nhờ quản trị cơ sở dữ liệu cấp quyền",
            "PostgreSQL does not let this user in: ask the database administrator",
        )
    if "database " in reason and "does not exist" in reason:
        return Failure(
            Exit.NO_DATABASE,
            f"Cơ sở dữ liệu “{name}” chưa có ở {where}: hãy tạo bằng “createdb {name}” rồi chạy lại",
            "the database named in DATABASE_URL does not exist: create it, then run this again",
        )
    return Failure(
        Exit.UNREACHABLE,
        f"Không kết nối được PostgreSQL ở {where}: {first}. Hãy kiểm tra DATABASE_URL, mạng và máy chủ",
        "PostgreSQL cannot be reached: check DATABASE_URL, the network and the server",
    )


def check_postgis(connection: psycopg.Connection) -> None:
    """Make sure PostGIS is in the database, adding it when that is allowed. Raises Failure."""
    if connection.execute("SELECT 1 FROM pg_extension WHERE extname = 'postgis'").fetchone():
        return
    if not connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'").fetchone():
        major = connection.info.server_version // 10000
        raise Failure(
            Exit.NO_POSTGIS,
            f"Máy chủ PostgreSQL chưa cài PostGIS: hãy cài gói postgresql-{major}-postgis-3 trên máy chủ ấy rồi chạy lại",
            "PostGIS is not installed on the database server: install its package there, then run this again",
        )
    try:
        connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    except psycopg.errors.InsufficientPrivilege as error:
        raise Failure(
            Exit.NO_POSTGIS,
            f"Cơ sở dữ liệu “{connection.info.dbname}” chưa có PostGIS và người dùng “{connection.info.user}” không được tạo: "
            "hãy nhờ quản trị chạy “CREATE EXTENSION postgis” trong đó rồi chạy lại",
            "the database has no PostGIS and this user may not create it: "
            "have an administrator run CREATE EXTENSION postgis in it, then run this again",
        ) from error


def is_empty(connection: psycopg.Connection) -> bool:
    """Return whether nobody has made a table yet (those of extensions aside)."""
    query = sql.SQL(
        "SELECT NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
        " AND n.nspname NOT LIKE 'pg_toast%' AND c.oid NOT IN ({owned}))"
    ).format(owned=sql.SQL(EXTENSION_OWNED))
    row = connection.execute(query).fetchone()
    return bool(row and row[0])
