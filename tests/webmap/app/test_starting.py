"""What a web process does before its first request."""

import gc
import subprocess
import sys

import pytest
from flask import request_finished

from geodata import OLDER, YOUNG
from geodata.base.database import new_engine
from scripts.base.paths import ROOT
from webmap import create_app
from webmap.app.settings import settings_for_words
from webmap.app.starting import get_ready


@pytest.fixture
def usual_collection():
    """Nothing set aside, and afterwards all of it again: the tests go on in this process."""
    gc.unfreeze()
    yield
    gc.freeze()


@pytest.fixture
def answers(demo_app):
    """What the application answered, as (address, status)."""
    seen = []

    def note(_sender, response, **_):
        from flask import request

        seen.append((request.path, response.status_code))

    with request_finished.connected_to(note, demo_app):
        yield seen


def test_a_process_asks_itself_what_everybody_asks_first(demo_app, answers, usual_collection):
    get_ready(demo_app, demo_app.config["SETTINGS"])
    assert {status for _, status in answers} <= {200, 204}
    asked = " ".join(path for path, _ in answers)
    assert all(part in asked for part in ("/readyz / /tiles/", ".mvt", "/facets", "/features", "/api/search"))


def test_what_lasts_is_not_looked_through_again(demo_app, usual_collection):
    get_ready(demo_app, demo_app.config["SETTINGS"])
    assert gc.get_freeze_count() > 100_000
    assert len(gc.get_objects()) < gc.get_freeze_count() / 10


def test_whatever_loads_the_program_looks_for_circles_seldom():
    told = "import gc, geodata.base.errors; print(gc.get_threshold())"
    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str((YOUNG, OLDER, OLDER))


def test_a_process_starts_while_its_database_is_away(usual_collection):
    app = create_app(settings_for_words(None), bind=new_engine("postgresql://nobody@127.0.0.1:1/nothing"))
    get_ready(app, app.config["SETTINGS"])
    assert app.test_client().get("/healthz").status_code == 200
