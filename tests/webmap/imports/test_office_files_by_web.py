"""The files of offices through the wizard's pages: every question that is asked can be answered there, to the end."""

import re
from html.parser import HTMLParser

import pytest
from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from geodata.importing.sessions.model import ImportSession, Stage
from geodata.layers import LAYERS
from tests.factories import make_feature
from tests.geodata.importing.further_files import FILES
from tests.geodata.importing.odder_files import ODDER
from tests.geodata.importing.test_import_corpus import CORPUS
from tests.geodata.importing.test_office_files import CASES, QUESTIONS, RIGHT, STEPS, layer_of
from tests.webmap.imports.test_import_corpus_by_web import client, engine, work

__all__ = ["client", "engine"]


class Form(HTMLParser):
    """The inputs of the page of questions as a browser sends them, and what is asked and left open."""

    def __init__(self, text):
        super().__init__()
        self.values, self.radios, self.select, self.is_answer = {}, {}, None, False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            self.is_answer = str(given.get("action", "")).endswith("/questions")
        if not self.is_answer:
            return
        name, value = given.get("name"), given.get("value", "")
        if tag == "input" and given.get("type") == "radio":
            self.radios.setdefault(name, []).append((value, "checked" in given))
        elif tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given):
            self.values[name] = value
        elif tag == "select":
            self.select = name
            self.values.setdefault(name, "")
        elif tag == "option" and self.select and "selected" in given:
            self.values[self.select] = value

    def answered(self):
        chosen = {name: next((value for value, on in items if on), items[0][0]) for name, items in self.radios.items()}
        return {**self.values, **chosen}


@pytest.fixture(scope="module")
def sites(engine):
    """What the certificates of the case without coordinates belong to."""
    with Session(engine) as session:
        for number in range(1, 7):
            make_feature(session, LAYERS.get("fuel_sites"), code=f"CHXD-{number:03d}", name="x")
        session.commit()
    yield
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM fuel_site"))


@pytest.fixture(autouse=True)
def nothing_uploaded(engine):
    """Leave room for the next upload."""
    yield
    with engine.begin() as connection:
        connection.execute(delete(ImportSession))


def first_answer(stored):
    """Return what a person says who takes the likeliest columns, which come first in the question, as by command."""
    columns = [column.name for column in stored.facts.columns]
    proposed = [choice.value for choice in stored.report.question.choices]
    names = list(dict.fromkeys([*(value for value in proposed if value in columns), *columns]))
    if not names:  # one value for all rows
        return {"set.code": "C1", "set.name": "Chợ An"}
    places = {"places": "none"} if proposed[:1] == ["none"] else {}
    if pair := re.match(r"x=(.*),y=(.*)$", proposed[0]):
        places = {"places": "two", "places.first": pair[1], "places.second": pair[2]}
    return {f"map.{field}": name for field, name in zip(("code", "name"), names, strict=False)} | places


def walk(client, engine, path, layer):
    """Send a file and answer each question with what its page proposes first; return the questions and the import."""
    with path.open("rb") as file:
        answer = client.post("/imports/new", data={"layer": layer, "files": [(file, path.name)]})
    number = int(answer.location.split("/")[2])
    found = []
    for _ in range(STEPS):
        stored = work(engine, number)
        if stored.stage is not Stage.ASKING:
            break
        found.append(stored.report.question.about)
        form = Form(client.get(f"/imports/{number}/questions").text).answered()
        if found[-1] == "columns":
            form |= first_answer(stored)
        assert client.post(f"/imports/{number}/questions", data=form).status_code == 302
    return found, stored


@pytest.mark.parametrize("name", RIGHT)
def test_every_question_of_a_case_is_answered_on_its_page(client, engine, sites, name):
    asked, read, rejected, _ = RIGHT[name]
    found, stored = walk(client, engine, CASES / name, layer_of(name))
    # One page takes the answers of several columns, the command one after the other.
    assert list(dict.fromkeys(found)) == list(dict.fromkeys(asked)), stored.reason
    assert stored.stage is Stage.READY, stored.reason
    assert (stored.report.counts.read, stored.report.counts.rejected) == (read, rejected)
    assert client.get(f"/imports/{stored.id}/preview").status_code == 200


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_of_the_corpus_is_answered_on_its_page(client, engine, tmp_path, name):
    file_name, write, *_ = CORPUS[name]
    write(tmp_path / file_name)
    found, stored = walk(client, engine, tmp_path / file_name, "markets")
    assert found
    assert stored.stage in {Stage.READY, Stage.REFUSED}, stored.report.question


@pytest.mark.parametrize("name", [*FILES, *ODDER])
def test_every_question_of_a_further_file_is_answered_on_its_page(client, engine, tmp_path, name):
    file_name, layer, write, asked, read, rejected, _ = (FILES | ODDER)[name]
    write(tmp_path / file_name)
    found, stored = walk(client, engine, tmp_path / file_name, layer)
    assert list(dict.fromkeys(found)) == list(dict.fromkeys(asked)), stored.reason
    assert stored.stage is Stage.READY, stored.reason
    assert (stored.report.counts.read, stored.report.counts.rejected) == (read, rejected)
    assert client.get(f"/imports/{stored.id}/preview").status_code == 200
