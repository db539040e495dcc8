"""Settings come from the environment, and all that is wrong is said at once."""

import pytest
from sqlalchemy.orm import Session

from geodata.database import new_engine
from geodata.errors import ConfigurationError
from geodata.layers import LAYERS
from tests.conftest import migrate
from tests.factories import make_feature
from webmap.settings import OPENSTREETMAP, from_env

GOOD = {"SECRET_KEY": "s" * 40}


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


def test_the_sample_secret_is_refused():
    with pytest.raises(ConfigurationError):
        from_env({"SECRET_KEY": "change-me-change-me-change-me"})


def test_reads_go_to_the_replica_and_sign_in_to_the_primary(engine, empty_database, worker, make_app):
    url = empty_database(f"replica_{worker}")
    migrate(url)
    replica = new_engine(url)
    with Session(replica) as session:
        make_feature(session, LAYERS.get("markets"), code="ON-REPLICA")
        session.commit()
    app = make_app(engine, replica_urls=(url.render_as_string(hide_password=False),))
    found = app.test_client().get("/api/layers/markets/features").json["features"]
    assert [feature["properties"]["code"] for feature in found] == ["ON-REPLICA"]
    with app.app_context():
        from webmap.extensions import db_session

        assert db_session().query(LAYERS.get("markets")).count() == 0
    app.extensions["database"].dispose()
    replica.dispose()
