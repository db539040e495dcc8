"""The same corpus as by command, through the wizard's pages: each file ends at the same step, with the same code."""

import itertools
from contextlib import contextmanager

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from geodata.base.database import new_engine
from geodata.importing import CODES
from geodata.importing.sessions import runs, sessions
from geodata.importing.sessions.model import ImportItem, ImportSession, Stage
from geodata.layers import LAYERS
from tests.conftest import migrated_database, sign_in
from tests.factories import make_feature
from tests.geodata.importing.test_import_corpus import CORPUS

#: What the command's exit code is as a stage of the wizard.
STAGES = {0: Stage.READY, 3: Stage.READY, 4: Stage.ASKING, 5: Stage.REFUSED}


@pytest.fixture(scope="module")
def engine(worker, tmp_path_factory):
    url = migrated_database(f"corpus_{worker}")
    engine = new_engine(url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
        patch.setenv("IMPORT_VERTICES_PER_FEATURE", "50")
        patch.setattr(sessions, "LOST_AFTER_S", 3600)
        yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def client(engine, tmp_path_factory):
    from tests.conftest import settings
    from webmap import create_app

    app = create_app(settings(upload_dir=tmp_path_factory.mktemp("uploads")), bind=engine)
    app.config |= {"TESTING": True, "PROPAGATE_EXCEPTIONS": False, "WTF_CSRF_ENABLED": False}
    with Session(engine) as session:
        make_feature(session, LAYERS.get("markets"), code="STORED", name="Chợ Đã Có")
        session.commit()
    return sign_in(app, "gis")


def work(engine, number):
    runs.run(engine, number, runs.claim(engine, number), LAYERS)
    with Session(engine, expire_on_commit=False) as session:
        return sessions.get_import(session, number)


def answered(client, engine, found, words):
    """Give the answers of the command's options on the pages; return where the import stands then."""
    pairs = dict(itertools.pairwise([*words, ""]))
    names = {"--mode": "mode", "--source-layer": "source_layer", "--crs": "crs"}
    answers = {field: pairs[option] for option, field in names.items() if option in words}
    matched = bool({"--take-matches", "--match"} & set(words))
    if matched and found.stage is Stage.ASKING:
        answers |= {"match_asked": "1", "match": "1"}
    if answers:
        assert client.post(f"/imports/{found.id}/questions", data=answers).status_code == 302
        found = work(engine, found.id)
    if sessions.undecided(found):
        row, _, code = pairs.get("--match", "").partition("=")
        said = {f"match.{row}": f"={code}"} if row else {"all": "same" if matched else "new"}
        assert client.post(f"/imports/{found.id}/matches", data=said).status_code == 302
        found = work(engine, found.id)
    return found


def codes_of(engine, number):
    with Session(engine) as session:
        query = select(ImportItem.data["code"].astext).where(
            ImportItem.import_session_id == number, ImportItem.kind.in_(["error", "warning"])
        )
        return set(session.scalars(query))


def count(engine):
    with engine.begin() as connection:
        return sum(connection.scalar(text(f"SELECT count(*) FROM {name}")) for name in ("market", "planning_zone"))


@contextmanager
def cleaned(engine):
    """Leave the layers as they were."""
    yield
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM market WHERE code <> 'STORED'"))
        connection.execute(text("DELETE FROM planning_zone"))
        connection.execute(
            text(
                "UPDATE market SET name = 'Chợ Đã Có', change_set_id = NULL, geom = ST_Point(106.6835, 20.8605, 4326)"
                " WHERE change_set_id IS NOT NULL"
            )
        )
        connection.execute(update(ImportSession).values(change_set_id=None))
        connection.execute(text("DELETE FROM change_set"))
        connection.execute(delete(ImportSession))


@pytest.mark.parametrize("name", CORPUS)
def test_a_file_ends_at_the_step_where_it_should(client, engine, tmp_path, name):
    file_name, write, words, expected, code = CORPUS[name]
    layer = words[words.index("--layer") + 1] if "--layer" in words else "markets"
    write(tmp_path / file_name)
    before = count(engine)
    with cleaned(engine), (tmp_path / file_name).open("rb") as file:
        answer = client.post("/imports/new", data={"layer": layer, "files": [(file, file_name)]})
        assert answer.status_code == 302, answer.text
        number = int(answer.location.split("/")[2])
        found = answered(client, engine, work(engine, number), words)
        assert found.stage is STAGES[expected], found.reason
        codes = codes_of(engine, number)
        assert codes <= CODES
        assert code is None or code in codes or "--take-matches" in words or name.startswith("same name"), codes
        assert found.report.reason == (code if expected == 5 else None)
        page = client.get(f"/imports/{number}", follow_redirects=True)
        assert page.status_code == 200
        if expected in {4, 5}:
            assert "/questions" in page.request.path
            assert count(engine) == before
            return
        counts, mark = found.report.counts, found.facts.mark
        assert bool(counts.rejected) == (expected == 3)
        confirmed = client.post(f"/imports/{number}/confirm", data={"mark": mark})
        assert confirmed.status_code == (409 if expected == 3 else 302)
        if expected == 0:
            found = work(engine, number)
            assert found.stage is Stage.STORED or not (counts.new or counts.changed), found.reason
        assert count(engine) - before == (counts.new if expected == 0 else 0)
