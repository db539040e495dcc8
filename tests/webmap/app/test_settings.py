"""Settings come from the environment, and all that is wrong is said at once."""

import pytest
from sqlalchemy.orm import Session

from geodata.base.database import libpq_conninfo, new_engine, parse_database_url
from geodata.base.errors import ConfigurationError
from geodata.layers import LAYERS
from tests.conftest import migrated_database
from tests.factories import make_feature
from webmap.app.settings import OPENSTREETMAP, from_env

GOOD = {"SECRET_KEY": "mX4-qT9_wLz7Kd2s"}


def test_the_base_map_is_openstreetmap_unless_set_and_none_when_empty():
    assert from_env(GOOD).basemap_url == OPENSTREETMAP
    assert from_env(GOOD).basemap_origin == "https://tile.openstreetmap.org"
    assert from_env(GOOD | {"BASEMAP_URL": ""}).basemap_url == ""
    own = from_env(GOOD | {"BASEMAP_URL": "http://10.0.0.5:8080/{z}/{x}/{y}.png"})
    assert own.basemap_origin == "http://10.0.0.5:8080"
    assert own.basemap_attribution == ""


def test_every_wrong_setting_is_named_in_one_message():
    wrong = {
        "SECRET_KEY": "short",
        "PROVINCE": "Atlantis",
        "BASEMAP_URL": "ftp://x",
        "PROXY_COUNT": "one",
        "DATABASE_REPLICA_URLS": "mysql://replica/db",
    }
    with pytest.raises(ConfigurationError) as raised:
        from_env(wrong)
    for name in wrong:
        assert name in str(raised.value)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "mX4-qT9_wLz7Kd2",
        "change-me-change-me-change-me",
        "your-secret-key-here",
        "a" * 16,
        "abab" * 20,
        "Password1234567890",
    ],
)
def test_a_secret_that_can_be_guessed_is_refused(key):
    with pytest.raises(ConfigurationError, match="SECRET_KEY"):
        from_env({"SECRET_KEY": key})


def test_an_encrypted_way_to_the_database_is_kept_as_it_was_set():
    url = parse_database_url("postgresql://a:b@db.example/c?sslmode=verify-full&sslrootcert=/etc/ca.pem")
    assert "sslmode=verify-full sslrootcert=/etc/ca.pem" in libpq_conninfo(url)
    assert new_engine(url).url.query["sslmode"] == "verify-full"


def test_a_name_that_is_not_ours_gets_no_link(connection, make_app):
    client = make_app(connection, trusted_hosts=("bando.example.vn", ".sct.vn")).test_client()
    for host, status in (
        ("bando.example.vn", 200), ("BANDO.example.vn:8443", 200), ("a.sct.vn", 200), ("evil.example", 400), ("", 400), ("a b", 400),
        ("evil.example/bando.example.vn", 400), ("localhost", 400),
    ):  # fmt: skip
        answer = client.get("/ogc/", headers={"Host": host})
        assert answer.status_code == status, host
        assert status == 200 or (not host or host not in answer.text)
    assert from_env(GOOD | {"TRUSTED_HOSTS": "a.vn  b.vn"}).trusted_hosts == ("a.vn", "b.vn")
    assert (
        "evil" not in client.get("/ogc/", headers={"Host": "bando.example.vn", "X-Forwarded-Host": "evil.example"}).text
    )


def test_reads_go_to_the_replica_and_sign_in_to_the_primary(engine, worker, make_app):
    url = migrated_database(f"replica_{worker}")
    replica = new_engine(url)
    with Session(replica) as session:
        make_feature(session, LAYERS.get("markets"), code="ON-REPLICA")
        session.commit()
    app = make_app(engine, replica_urls=(url.render_as_string(hide_password=False),))
    found = app.test_client().get("/api/layers/markets/features").json["features"]
    assert [feature["properties"]["code"] for feature in found] == ["ON-REPLICA"]
    with app.app_context():
        from webmap.app.extensions import db_session

        assert db_session().query(LAYERS.get("markets")).count() == 0
    app.extensions["database"].dispose()
    replica.dispose()
