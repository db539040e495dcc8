"""Fixtures: a migrated database per worker, a rolled-back session per test, the app, a live server, a browser."""

import gc
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as settings_of_examples
from sqlalchemy import URL, Connection, Engine, text
from sqlalchemy.orm import Session

from geodata.accounts import passwords
from geodata.base.crs import HAI_PHONG
from geodata.base.database import new_engine, parse_database_url
from geodata.tables import METADATA
from scripts.base.ports import free_port
from tests.examples import HEAVY
from tests.kept import TEMPLATES, keep_compiled_rules
from tests.quick import TODAY, pytest_collection_modifyitems, pytest_report_header

# Where the environment forbids to keep compiled modules, each server, worker and command that a test starts would compile
# the whole program, and each step of a migration all migrations.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

__all__ = ["pytest_collection_modifyitems", "pytest_report_header"]

ROOT = Path(__file__).parent.parent
PASSWORD = "correct horse battery"

# A database copied from another process's template runs no migration here: the tables are known all the same.
assert METADATA.tables


def _maintenance_url() -> URL:
    address = os.environ.get("TEST_DATABASE_URL")
    if not address:
        pytest.exit("TEST_DATABASE_URL is not set: run ./scripts/test", returncode=4)
    return parse_database_url(address)


def _create_database(name: str, template: str = "template1") -> URL:
    maintenance = _maintenance_url()
    engine = new_engine(maintenance).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    engine.dispose()
    return maintenance.set(database=name)


def migrate(url: URL, revision: str = "head") -> None:
    """Run the migrations of the project on a database."""
    config = Config(toml_file=str(ROOT / "pyproject.toml"))
    engine = new_engine(url)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()
    engine.dispose()


def _copy_of(template: str, name: str, fill: Callable[[URL], None]) -> URL:
    """Copy a database that all test processes share; the first who asks makes it, the others wait."""
    engine = new_engine(_maintenance_url()).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("SET lock_timeout = 0"))  # making it takes longer than any answer may wait
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_lock(hashtext(:name))"), {"name": template})
        if not connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": template}):
            made = _create_database(f"{template}_making")
            fill(made)
            connection.execute(text(f'ALTER DATABASE "{made.database}" RENAME TO "{template}"'))
        url = _create_database(name, template)
    engine.dispose()
    return url


def _fill_with_demo(url: URL) -> None:
    from geodata.demo import load_demo

    migrate(url)
    engine = new_engine(url)
    with Session(engine) as session:
        load_demo(session)
        session.commit()
    engine.dispose()


def migrated_database(name: str) -> URL:
    """Make a migrated database without rows, of a given name."""
    return _copy_of(os.environ.get("PYTEST_DB_PREFIX", "") + "template_migrated", name, migrate)


def demo_database(name: str) -> URL:
    """Make a database with the demo data, of a given name."""
    return _copy_of(os.environ.get("PYTEST_DB_PREFIX", "") + "template_demo", name, _fill_with_demo)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switches of the heavy run (many uploads, many faults) and of the quick one."""
    parser.addoption("--quick", nargs="?", type=int, const=TODAY, metavar="TURN", help="run one of each")
    parser.addoption("--heavy", "--full", action="store_true", help="run what takes long with its full numbers")


def pytest_configure(config: pytest.Config) -> None:
    """Have property tests take all their examples in the heavy run."""
    settings_of_examples.register_profile(HEAVY)
    if config.getoption("--heavy"):
        settings_of_examples.load_profile(HEAVY)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Set aside what stays, as a web process does: to look through all modules and tests for circles again and again is a sixth of the work."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def heavy(request: pytest.FixtureRequest) -> bool:
    """Whether numbers are those of the heavy run."""
    return bool(request.config.getoption("--heavy"))


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """Hash passwords with next to no work, and unpack the leaked ones once: they would be most of each sign-in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        patch.setattr(passwords, "_leaked_lines", cache(passwords._leaked_lines))
        yield


@pytest.fixture(scope="session", autouse=True)
def compile_each_rule_once() -> Iterator[None]:
    """Compile addresses once for all applications: each test makes one of its own."""
    with pytest.MonkeyPatch.context() as patch:
        keep_compiled_rules(patch)
        yield


@pytest.fixture(scope="session")
def worker(request: pytest.FixtureRequest) -> str:
    """The name of this test process, for databases of its own."""
    prefix = os.environ.get("PYTEST_DB_PREFIX", "")
    return prefix + getattr(request.config, "workerinput", {}).get("workerid", "main")


@pytest.fixture(scope="session")
def empty_database() -> Callable[[str], URL]:
    """Make an empty database of a given name."""
    return _create_database


@pytest.fixture(scope="session")
def database_url(worker: str) -> URL:
    """A migrated database without rows."""
    return migrated_database(f"test_{worker}")


@pytest.fixture(scope="session")
def engine(database_url: URL) -> Iterator[Engine]:
    """Connections to the migrated, empty database."""
    engine = new_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection whose transaction is rolled back after the test."""
    with engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


@pytest.fixture
def session(connection: Connection) -> Iterator[Session]:
    """A session inside the test's transaction; its commits are savepoints."""
    with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
        yield session


@pytest.fixture(scope="session")
def demo_url(worker: str) -> URL:
    """A database with the demo data, for reading."""
    return demo_database(f"demo_{worker}")


@pytest.fixture(scope="session")
def demo_engine(demo_url: URL) -> Iterator[Engine]:
    """Connections to the demo database; do not write."""
    engine = new_engine(demo_url)
    yield engine
    engine.dispose()


@pytest.fixture
def demo_connection(demo_engine: Engine) -> Iterator[Connection]:
    """A connection to the demo data whose transaction is rolled back."""
    with demo_engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


@pytest.fixture
def demo_session(demo_connection: Connection) -> Iterator[Session]:
    """A session over the demo data, rolled back after the test."""
    with Session(demo_connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
        yield session


def settings(**changes: object):
    """Return settings for tests: no base map, so that nothing asks another host."""
    from webmap.app.settings import Settings

    values: dict[str, object] = {"secret_key": "test-" + "k" * 32, "province": HAI_PHONG, "basemap_url": ""}
    return Settings(**(values | changes))


@pytest.fixture(scope="session")
def make_app() -> Callable[..., Flask]:
    """Build an application over a connection: make_app(bind, layers=..., basemap_url=...)."""

    from webmap import create_app

    def build(bind: Engine | Connection, **options: object) -> Flask:
        layers = {"layers": options.pop("layers")} if "layers" in options else {}
        app = create_app(settings(**options), bind=bind, **layers)
        app.jinja_env.bytecode_cache = TEMPLATES
        app.config["TESTING"] = True
        app.config["PROPAGATE_EXCEPTIONS"] = False
        app.config["WTF_CSRF_ENABLED"] = False
        return app

    return build


@pytest.fixture
def app(connection: Connection, make_app: Callable[..., Flask]) -> Flask:
    """The application over the empty database."""
    return make_app(connection)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Nobody in particular."""
    return app.test_client()


@pytest.fixture
def demo_app(demo_connection: Connection, make_app: Callable[..., Flask]) -> Flask:
    """The application over the demo data; what a test writes is rolled back."""
    return make_app(demo_connection)


def sign_in(app: Flask, role: str) -> FlaskClient:
    """Return a client signed in with that role; “public” is not signed in."""
    from geodata.accounts.access import create_user

    client = app.test_client()
    if role == "public":
        return client
    with Session(app.extensions["database"].bind, join_transaction_mode="create_savepoint") as session:
        create_user(session, name=f"{role}-test", role=role, password=PASSWORD)
        session.commit()
    answer = client.post("/login", data={"username": f"{role}-test", "password": PASSWORD})
    assert answer.status_code == 302, answer.text
    return client


@pytest.fixture
def login(app: Flask) -> Callable[[str], FlaskClient]:
    """Sign in on the empty database: login(role) -> client."""
    return lambda role: sign_in(app, role)


@pytest.fixture
def demo_login(demo_app: Flask) -> Callable[[str], FlaskClient]:
    """Sign in on the demo data: demo_login(role) -> client."""
    return lambda role: sign_in(demo_app, role)


class Server:
    """A live server over a database of its own, for the browser."""

    def __init__(self, url: URL, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = url
        env = {
            **os.environ,
            "DATABASE_URL": url.render_as_string(hide_password=False),
            "SECRET_KEY": secrets.token_urlsafe(32),
            "BASEMAP_URL": "",
            **environment,
        }
        command_line = [
            sys.executable, "-m", "granian", "--interface", "rsgi", "--factory", "webmap.front:create_front",
            "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1", "--log-level", "warning",
        ]  # fmt: skip
        self.process = subprocess.Popen(command_line, cwd=ROOT, env=env)

    def wait(self) -> None:
        """Wait until it is ready; one that does not get ready is ended."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        self.stop()
        raise RuntimeError("the server did not become ready")

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(timeout=15)


@pytest.fixture(scope="session")
def served_url(worker: str) -> URL:
    """A database with the demo data of its own for the browser: what people do there stays."""
    return demo_database(f"served_{worker}")


def _add_accounts(url: URL) -> dict[str, str]:
    from geodata.accounts.access import create_user

    engine = new_engine(url)
    with Session(engine) as session:
        names = {role: f"{role}-browser" for role in ("planner", "inspector", "leader", "gis", "admin")}
        for role, name in names.items():
            create_user(session, name=name, role=role, password=PASSWORD)
        session.commit()
    engine.dispose()
    return names


@pytest.fixture(scope="session")
def accounts(served_url: URL) -> dict[str, str]:
    """One account per role in the served database, as role -> name; the password is PASSWORD."""
    return _add_accounts(served_url)


@pytest.fixture(scope="session")
def demo_accounts(demo_url: URL) -> dict[str, str]:
    """The same in the demo database for reading."""
    return _add_accounts(demo_url)


@pytest.fixture(scope="session")
def between() -> None:
    """nginx and pgbouncer, unpacked from Debian's packages."""
    from scripts.base.console import Failure
    from scripts.benchmarks._between import install_between

    try:
        install_between()
    except Failure as failure:
        pytest.skip(f"nginx and pgbouncer cannot be fetched here: {failure}")


@pytest.fixture(scope="session")
def server(served_url: URL, accounts: dict[str, str]) -> Iterator[Server]:
    """A live server over the demo data, without a base map."""
    server = Server(served_url)
    server.wait()
    yield server
    server.stop()
