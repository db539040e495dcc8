"""A database of its own for the wizard, emptied before each test: other processes work on it too."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.base.database import new_engine
from tests.conftest import migrated_database, sign_in


@pytest.fixture(scope="session")
def database(worker):
    """A database of its own that other processes can see."""
    return migrated_database(f"wizard_{worker}")


@pytest.fixture
def engine(database, monkeypatch):
    """An empty start, and the address where the work looks for it."""
    monkeypatch.setenv("DATABASE_URL", database.render_as_string(hide_password=False))
    engine = new_engine(database)
    with engine.begin() as connection:
        connection.execute(
            text(
                "TRUNCATE import_session, change_set, market, substation, fuel_site, data_change, procrastinate_jobs,"
                " procrastinate_workers RESTART IDENTITY CASCADE"
            )
        )
        connection.execute(text("DELETE FROM account"))
    yield engine
    engine.dispose()


@pytest.fixture
def app(engine, make_app, tmp_path):
    """The application on that database."""
    return make_app(engine, upload_dir=tmp_path / "uploads")


@pytest.fixture
def gis(app):
    """Somebody who may import."""
    return sign_in(app, "gis")


@pytest.fixture
def session(engine):
    """A look into the database."""
    with Session(engine, expire_on_commit=False) as session:
        yield session
