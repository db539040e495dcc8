"""Pages that are open to readers who see less read a layer through the reader's connection alone, whatever they show."""

import re
import traceback
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, update

from geodata.base.database import today
from geodata.history.change_sets import ChangeSet
from geodata.layers import LAYERS
from tests.conftest import sign_in
from tests.webmap.app.test_areas import inside, limited
from webmap.app import areas, as_stored

__all__ = ["limited"]

#: What is read of an object that the reader has just been shown, and the code that is free among all.
BESIDE = {"version_of", "changes_of", "_next_code"}
KINDS = [LAYERS.get("markets"), LAYERS.get("industrial_clusters")]


@contextmanager
def watching(connection, mark):
    """Give the functions that read a layer by statements without a mark of the rewriting."""
    tables = "|".join(kind.__tablename__ for kind in LAYERS if not kind.layer.selects_as)
    asked = re.compile(rf'\b(?:FROM|JOIN)\s+(?:public\.)?"?(?:{tables})\b')
    found = set()

    def look(_connection, _cursor, sql, _parameters, _context, _many):
        if asked.search(sql) and mark not in sql:
            ours = [
                frame.name for frame in traceback.extract_stack() if re.search("/(geodata|webmap)/", frame.filename)
            ]
            found.add(next((name for name in ours if name in BESIDE), " < ".join(reversed(ours[-4:]))))

    event.listen(connection, "before_cursor_execute", look)
    try:
        yield found
    finally:
        event.remove(connection, "before_cursor_execute", look)


def addresses(app, blueprints, objects):
    """Give every address of these blueprints that shows something, of each of the objects where it names one."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.endpoint.partition(".")[0] not in blueprints:
            continue
        for kind, (number, code) in objects.items():
            name = kind.layer.name
            values = {
                "layer": name, "kind": name, "name": name, "slug": "clusters", "feature_id": number, "code": code,
                "z": 10, "x": 815, "y": 451, "row": 451, "column": 815, "format": "docx",
            }  # fmt: skip
            if rule.arguments <= set(values):
                yield rule.endpoint, adapter.build(rule.endpoint, {each: values[each] for each in rule.arguments})
            if not rule.arguments:
                break


def crawl(client, app, blueprints, objects, under=""):
    """Ask all addresses; return the blueprints that have shown something."""
    shown = set()
    for endpoint, address in addresses(app, blueprints, objects):
        answer = client.get(f"{under}{address}")
        assert answer.status_code < 500, (address, answer.text)
        if answer.status_code == 200:
            shown.add(endpoint.partition(".")[0])
    return shown


@pytest.fixture
def objects(demo_connection):
    """An object of each layer in the area of the limited account."""
    return {kind: next(iter(inside(demo_connection, kind).items())) for kind in KINDS}


def test_open_pages_read_of_layers_what_lies_in_the_readers_areas(limited, demo_app, demo_connection, objects):
    with watching(demo_connection, mark="ST_Union") as beside:
        shown = crawl(limited, demo_app, areas.OPEN, objects)
    assert shown >= {"map", "api", "tiles", "features", "exports", "ogc", "editing", "dashboard", "showcase", "tools"}
    assert beside <= BESIDE


def test_the_map_of_a_day_reads_layers_as_they_were_stored(demo_app, demo_connection, objects):
    gis, day = sign_in(demo_app, "gis"), today() - timedelta(days=30)
    demo_connection.execute(update(ChangeSet).values(made_at=ChangeSet.made_at - timedelta(days=365)))
    with watching(demo_connection, mark="feature_change") as beside:
        shown = crawl(gis, demo_app, as_stored.SHOWN, objects, under=f"/then/{day}")
    assert shown >= {"map", "api", "tiles", "features", "exports"}
    assert beside <= BESIDE


def test_a_page_that_reads_otherwise_would_be_found(demo_app, demo_connection, limited):
    with watching(demo_connection, mark="ST_Union") as beside:
        limited.get("/edit/markets/form")
    assert beside == {"_next_code"}
