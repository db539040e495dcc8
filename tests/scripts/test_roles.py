"""The web server and the worker run under a role that may write rows and change no table."""

import argparse
import os
import subprocess
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from geodata import demo, housekeeping, jobs
from geodata.accounts.accounts import create_demo_accounts, record_audit
from geodata.base.database import new_engine, parse_database_url
from geodata.history.undoing import undo
from geodata.importing import commit_import, preview_import
from geodata.importing.storing import indexes
from geodata.layers import LAYERS
from scripts.base.console import Failure
from scripts.cluster.cluster import Cluster
from scripts.cluster.configuration import OWNER
from scripts.cluster.prepare import migrate
from scripts.cluster.rights import owns_schema
from scripts.commands import check
from tests.conftest import PASSWORD, migrate as migrate_to

MARKET = LAYERS.get("markets")
EARLIER = Path(__file__).parent / "data" / "earlier.dump"

FORBIDDEN = [
    "DROP TABLE market",
    "TRUNCATE market",
    "CREATE TABLE mine (id int)",
    "ALTER TABLE market ADD COLUMN mine int",
    "ALTER TABLE market DISABLE TRIGGER ALL",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "DROP INDEX ix_market_geom",
    "UPDATE alembic_version SET version_num = '0001'",
    "DELETE FROM spatial_ref_sys",
    "UPDATE audit_entry SET account_name = 'somebody else'",
    "DELETE FROM audit_entry",
    "ALTER TABLE audit_entry DISABLE TRIGGER append_only",
    "DROP TRIGGER append_only ON audit_entry",
    "SELECT * FROM index_aside",
    "INSERT INTO index_aside VALUES ('x', 'DROP TABLE market')",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    f"SET ROLE {OWNER}",
    "SET session_replication_role = replica",
    "CREATE EXTENSION dblink",
    "COPY market TO PROGRAM 'cat'",
]


@pytest.fixture(scope="module")
def database(place):
    """A database as ./scripts/serve makes one: both roles, migrated by the owner."""
    cluster = Cluster(place / "two roles", durable=False)
    with pytest.MonkeyPatch.context() as patch, cluster.in_use():
        cluster.make_database("map")
        patch.setenv("DATABASE_URL", cluster.url(database="map"))
        patch.setenv("DATABASE_OWNER_URL", cluster.url(database="map", role=OWNER))
        migrate()
        yield cluster
    cluster.remove()


@pytest.fixture
def session(database):
    """The application's own."""
    engine = new_engine(database.url(database="map"))
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_applications_role_may_not(database, statement):
    with (
        psycopg.connect(database.url(database="map"), autocommit=True) as connection,
        pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported)),
    ):
        connection.execute(statement)


def test_a_layer_whose_table_is_not_watched_stops_the_start_with_a_sentence(database):
    with psycopg.connect(database.url(database="map", role=OWNER), autocommit=True) as owner:
        owner.execute("ALTER TABLE market DISABLE TRIGGER note_data_change")
        try:
            with pytest.raises(Failure, match=r"SELECT watch_layer\('market', 'markets'\)"):
                migrate()
        finally:
            owner.execute("ALTER TABLE market ENABLE TRIGGER note_data_change")
    migrate()


def test_it_sets_no_index_aside_but_those_of_layers(session):
    names = ("pk_market", "ix_audit_entry_at", "uq_market_code", "nothing'; DROP TABLE market; --")
    assert [session.scalar(select(indexes.func.set_index_aside(name))) for name in names] == [False] * 4


def test_all_that_the_program_does_works_without_rights_over_the_schema(session, tmp_path, monkeypatch):
    demo.load_demo(session)
    session.commit()
    assert create_demo_accounts(session)
    record_audit(session, by="admin", action="login")
    jobs.defer(session, "tidy_up", timestamp=0)
    session.commit()
    monkeypatch.setattr(indexes, "MANY", 10)
    monkeypatch.setattr(indexes, "FEW", 100_000)
    monkeypatch.setattr(indexes, "_is_more_than", lambda *_: False)
    path = tmp_path / "many.csv"
    lines = [f"R-{number},Chợ {number},{106.6 + number / 1000},20.85" for number in range(40)]
    path.write_text("\n".join(["code,name,lon,lat", *lines]), "utf-8")
    before = {index.name for index in MARKET.__table__.indexes}
    with indexes.without_indexes(session, MARKET, 40):
        assert {index.name for index in indexes.missing(session, MARKET)} == before
        report = commit_import(session, preview_import(session, MARKET, path), user_name="gis")
    assert report.counts.new == 40
    assert indexes.missing(session, MARKET) == []
    undo(session, report.import_id, LAYERS, user_name="gis")
    housekeeping.tidy_up(session)


def test_an_index_lost_in_another_way_is_the_owners_to_build(database, session):
    with psycopg.connect(database.url(database="map", role=OWNER)) as owner:
        owner.execute("DROP INDEX ix_market_geom")
    with pytest.raises(ProgrammingError, match="must be owner"):
        indexes.bring_back(session, MARKET)
    session.rollback()


def test_a_database_of_an_earlier_version_changes_its_owner(database, monkeypatch):
    """Until now the application's role owned everything."""
    with psycopg.connect(database.url(database="postgres", role="postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE earlier OWNER webmap")
    with psycopg.connect(database.url(database="earlier", role="postgres")) as connection:
        connection.execute("CREATE EXTENSION postgis")
        connection.execute("GRANT INSERT, UPDATE, DELETE ON spatial_ref_sys TO webmap")
    application, owner = database.url(database="earlier"), database.url(database="earlier", role=OWNER)
    monkeypatch.setenv("DATABASE_URL", application)
    monkeypatch.setenv("DATABASE_OWNER_URL", "")
    migrate()
    with psycopg.connect(application) as connection:
        assert owns_schema(connection)
        connection.execute(
            "INSERT INTO market (code, name, geom) VALUES ('E-1', 'Chợ cũ', 'SRID=4326;POINT(106.7 20.8)')"
        )
    database.make_database("earlier")
    monkeypatch.setenv("DATABASE_OWNER_URL", owner)
    migrate()
    with psycopg.connect(application) as connection:
        assert not owns_schema(connection)
        assert connection.execute("SELECT count(*) FROM market").fetchone() == (1,)
        connection.execute("UPDATE market SET name = 'Chợ mới'")


def test_the_operators_check_tells_what_is_right_and_what_is_not(database, session, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", database.url(database="map"))
    session.execute(text("INSERT INTO procrastinate_workers DEFAULT VALUES"))
    session.execute(text("DELETE FROM procrastinate_jobs"))
    session.commit()
    with psycopg.connect(database.url(database="map", role=OWNER)) as owner:
        owner.execute("CREATE INDEX IF NOT EXISTS ix_market_geom ON market USING gist (geom)")
    (tmp_path / "new.backup").touch()
    arguments = argparse.Namespace(backups=tmp_path)
    assert check.run(arguments) == 0, capsys.readouterr().out
    os.utime(tmp_path / "new.backup", (0, 0))
    with psycopg.connect(database.url(database="map", role=OWNER)) as owner:
        owner.execute("DROP INDEX ix_market_geom")
        owner.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")
    capsys.readouterr()
    assert check.run(arguments) == 1
    wrong = [line for line in capsys.readouterr().out.splitlines() if line.startswith("SAI")]
    assert len(wrong) == 3, wrong
    assert "ix_market_geom" in wrong[0]


@pytest.fixture
def earlier(database):
    """A database as a department left it with the version of early November 2026: demo data, imports, an undo, a visit.

    Its rows are `data/earlier.dump` (pg_dump --data-only of schema 0017); the application's role owned everything then.
    """
    address = database.url(database="earlier_full", role="postgres")
    with psycopg.connect(database.url(database="postgres", role="postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE earlier_full OWNER webmap")
    with psycopg.connect(address) as connection:
        connection.execute("CREATE EXTENSION postgis")
        connection.execute("GRANT INSERT, UPDATE, DELETE ON spatial_ref_sys TO webmap")
    migrate_to(parse_database_url(database.url(database="earlier_full")), "0017")
    with psycopg.connect(address) as connection:
        tables = sorted(tables_of(connection))
        everything = psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, tables))
        connection.execute("SET session_replication_role = replica")  # the audit log refuses else
        connection.execute(psycopg.sql.SQL("TRUNCATE {} CASCADE").format(everything))
    restore = ["pg_restore", "--data-only", "--disable-triggers", "--exit-on-error", "--dbname", address, str(EARLIER)]
    subprocess.run(restore, check=True)
    with psycopg.connect(address) as connection:
        return {table: count_of(connection, table) for table in tables}


def tables_of(connection):
    found = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND relname NOT IN ('spatial_ref_sys', 'alembic_version')"
    )
    return {name for (name,) in found}


def count_of(connection, table):
    query = psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(table))
    return connection.execute(query).fetchone()[0]


def test_all_data_of_the_earlier_version_are_there_after_the_upgrade_and_can_be_worked_with(
    database, earlier, monkeypatch, make_app
):
    assert earlier["feature_change"] > 0
    assert earlier["import_session"] >= 3
    assert earlier["inspection_paper"] >= 1
    application = database.url(database="earlier_full")
    monkeypatch.setenv("DATABASE_URL", application)
    monkeypatch.setenv("DATABASE_OWNER_URL", database.url(database="earlier_full", role=OWNER))
    database.make_database("earlier_full")
    migrate()
    with psycopg.connect(application) as connection:
        assert not owns_schema(connection)
        now = {table: count_of(connection, table) for table in earlier if table in tables_of(connection)}
        named = dict(connection.execute("SELECT code, name FROM market WHERE code LIKE 'O-%'").fetchall())
        (change_set,) = connection.execute("SELECT min(id) FROM change_set WHERE file_name = 'chợ cũ.csv'").fetchone()
    lost = {table: (count, now.get(table)) for table, count in earlier.items() if now.get(table, 0) < count}
    assert lost == {}
    assert named == {"O-1": "Chợ cũ 1", "O-2": "Chợ cũ 2"}
    engine = new_engine(application)
    client = make_app(engine).test_client()
    assert client.post("/login", data={"username": "admin-old", "password": PASSWORD}).status_code == 302
    for address in (
        "/",
        "/imports",
        "/history",
        f"/history/{change_set}",
        "/inspections",
        "/inspections/visits",
        "/dashboard",
    ):
        assert client.get(address).status_code == 200, address
    with Session(engine) as session:
        undo(session, change_set, LAYERS, user_name="admin-old")
    engine.dispose()
