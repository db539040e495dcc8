"""docker-compose.yml, read: the machines of CI have no Docker."""

import re

import pytest
import yaml

from scripts.paths import ROOT


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))


def test_it_has_a_database_with_postgis_a_migration_a_web_server_and_a_worker(compose):
    services = compose["services"]
    assert set(services) == {"database", "migrate", "web", "worker"}
    assert services["database"]["image"].startswith("postgis/postgis:")
    assert services["worker"]["command"] == ["python", "-m", "geodata.jobs"]
    assert services["migrate"]["command"] == ["python", "-m", "scripts.prepare"]


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
    assert compose["services"]["database"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")
    assert ":" not in environment["DATABASE_URL"].partition("://")[2].partition("@")[0]


def test_only_the_web_server_has_a_port_and_only_on_this_machine(compose):
    ports = {name: service.get("ports") for name, service in compose["services"].items() if service.get("ports")}
    assert list(ports) == ["web"]
    assert all(port.startswith("127.0.0.1:") for port in ports["web"])


def test_data_lives_in_named_volumes(compose):
    used = {mount.partition(":")[0] for service in compose["services"].values() for mount in service.get("volumes", [])}
    assert used == set(compose["volumes"])


def test_no_interpolation_ends_early(compose):
    for service in compose["services"].values():
        for value in (service.get("environment") or {}).values():
            assert not re.sub(r"\$\{[^{}]*\}", "", str(value)).count("}"), value


def test_the_image_does_not_run_as_root():
    stages = (ROOT / "Dockerfile").read_text("utf-8").split("\nFROM ")
    assert re.search(r"^USER webmap$", stages[-1], re.MULTILINE)
    assert "--ignore-scripts" in stages[1]
