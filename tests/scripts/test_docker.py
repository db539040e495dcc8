"""docker-compose.yml, read: the machines of CI have no Docker."""

import os
import re
import subprocess

import psycopg
import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict

from scripts.base.paths import ROOT
from scripts.cluster.configuration import OWNER, SUPERUSER
from scripts.cluster.database import libpq_url
from scripts.cluster.prepare import migrate
from scripts.cluster.rights import owns_schema


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))


def test_it_has_a_database_with_postgis_a_migration_a_web_server_and_a_worker(compose):
    services = compose["services"]
    assert set(services) == {"database", "migrate", "web", "worker", "front"}
    assert services["database"]["image"].startswith("postgis/postgis:")
    assert services["worker"]["command"] == [
        "python",
        "-m",
        "geodata.jobs",
        "webmap.map.export_runs",
        "webmap.worker",
    ]
    assert services["migrate"]["command"] == ["python", "-m", "scripts.cluster.prepare"]


def test_everything_waits_for_what_it_needs(compose):
    services = compose["services"]
    assert services["migrate"]["depends_on"]["database"]["condition"] == "service_healthy"
    for name in ("web", "worker"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert "healthcheck" in services["database"]
    assert "healthcheck" in services["worker"]
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text("utf-8")


def test_no_secret_has_a_default(compose):
    environment = compose["services"]["web"]["environment"]
    assert environment["SECRET_KEY"].startswith("${SECRET_KEY:?")
    assert environment["PGPASSWORD"].startswith("${POSTGRES_PASSWORD:?")
    database = compose["services"]["database"]["environment"]
    assert all(":?" in database[name] for name in ("POSTGRES_PASSWORD", "OWNER_PASSWORD", "APPLICATION_PASSWORD"))
    assert ":" not in environment["DATABASE_URL"].partition("://")[2].partition("@")[0]


def test_only_nginx_has_a_port_and_only_on_this_machine(compose):
    ports = {name: service.get("ports") for name, service in compose["services"].items() if service.get("ports")}
    assert list(ports) == ["front"]
    assert all(port.startswith("127.0.0.1:") for port in ports["front"])
    assert compose["services"]["web"]["environment"]["PROXY_COUNT"] == "${PROXY_COUNT:-1}"


def test_data_lives_in_named_volumes(compose):
    used = {mount.partition(":")[0] for service in compose["services"].values() for mount in service.get("volumes", [])}
    files = {name for name in used if name.startswith("./")}
    assert used - files == set(compose["volumes"])
    assert all((ROOT / name).is_file() for name in files)


def test_only_the_migration_signs_in_as_the_owner(compose):
    told = {name: str(service.get("environment")) for name, service in compose["services"].items()}
    assert [name for name, text in told.items() if "OWNER" in text] == ["database", "migrate"]
    assert compose["services"]["migrate"]["environment"]["DATABASE_URL"].startswith("postgresql://webmap@")


def test_the_databases_first_start_makes_two_roles_with_which_the_map_is_set_up(cluster, monkeypatch):
    with cluster.in_use():
        with psycopg.connect(cluster.url(database="postgres", role=SUPERUSER), autocommit=True) as connection:
            for name in ("webmap", "webmap_owner"):
                connection.execute(psycopg.sql.SQL("DROP ROLE IF EXISTS {}").format(psycopg.sql.Identifier(name)))
            connection.execute("CREATE DATABASE compose")
        socket_folder = conninfo_to_dict(libpq_url(cluster.url()))["host"]
        settings = {
            "POSTGRES_USER": SUPERUSER, "POSTGRES_DB": "compose", "OWNER_PASSWORD": "x1", "PGHOST": str(socket_folder),
            "APPLICATION_PASSWORD": "kh'ó \\ \"đoán",
        }  # fmt: skip
        subprocess.run([ROOT / "docs" / "deploy" / "database.sh"], env=os.environ | settings, check=True)
        monkeypatch.setenv("DATABASE_URL", cluster.url(database="compose"))
        monkeypatch.setenv("DATABASE_OWNER_URL", cluster.url(database="compose", role=OWNER))
        migrate()
        with psycopg.connect(cluster.url(database="compose")) as connection:
            assert not owns_schema(connection)
            assert connection.execute("SELECT count(*) FROM market").fetchone() == (0,)


def test_every_setting_that_can_be_made_reaches_the_containers(compose):
    named = set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE))
    own = {
        "PORT",
        "WAL_ARCHIVE_DIR",
        "ROUTING_TABLE",
        "DATABASE_OWNER_URL",
        "OWNER_PASSWORD",
        "SUPERUSER_PASSWORD",
        "POSTGRES_PASSWORD",
    }
    missing = {
        name for name in named - own - set(compose["services"]["web"]["environment"]) if not name.startswith("IMPORT_")
    }
    assert missing == set()


def test_no_interpolation_ends_early(compose):
    for service in compose["services"].values():
        for value in (service.get("environment") or {}).values():
            assert not re.sub(r"\$\{[^{}]*\}", "", str(value)).count("}"), value


def test_the_service_writes_in_one_folder_for_itself_and_reads_no_history():
    lines = (ROOT / "docs" / "deploy" / "webmap.service").read_text("utf-8").splitlines()
    told = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    assert {name: told[name] for name in ("ProtectSystem", "NoNewPrivileges", "UMask", "InaccessiblePaths")} == {
        "ProtectSystem": "strict", "NoNewPrivileges": "true", "UMask": "0077", "InaccessiblePaths": "-/srv/webmap/app/.git",
    }  # fmt: skip
    assert "--no-demo" in told["ExecStart"]


def test_the_image_holds_neither_tests_nor_history():
    kept = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert kept[0] == "*"
    assert {line[1:] for line in kept if line.startswith("!")} == {
        "geodata", "webmap", "scripts", "pyproject.toml", "requirements.txt", "package.json", "package-lock.json",
    }  # fmt: skip


def test_the_image_does_not_run_as_root():
    stages = (ROOT / "Dockerfile").read_text("utf-8").split("\nFROM ")
    assert re.search(r"^USER webmap$", stages[-1], re.MULTILINE)
    assert "--ignore-scripts" in stages[1]
