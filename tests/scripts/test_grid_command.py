"""`manage grid`: one JSON object for programs, tables for people, both of the demo network."""

import argparse
import contextlib
import json

import pytest

from scripts.base.console import Failure
from scripts.commands import grid


@pytest.fixture
def manage(demo_session, monkeypatch, capsys):
    @contextlib.contextmanager
    def same_session():
        yield demo_session

    monkeypatch.setattr(grid, "database_session", same_session)

    def run(*words):
        parser = argparse.ArgumentParser()
        grid.configure(parser)
        assert grid.run(parser.parse_args(words)) == 0
        return capsys.readouterr().out

    return run


def loadings(output):
    return {row["code"]: row["loading_percent"] for row in json.loads(output)["circuits"]}


def test_on_a_hot_day_the_same_flow_loads_circuits_more(manage):
    asked = ("--year", "2028", "--scenario", "forecast", "--json")
    usual, hot = loadings(manage(*asked)), loadings(manage(*asked, "--hot"))
    assert hot == pytest.approx({code: percent / 0.82 for code, percent in usual.items()})


def test_the_tables_say_first_that_they_are_indicative_and_what_does_not_fit(manage):
    lines = manage("--year", "2028", "--scenario", "forecast").splitlines()
    places = [
        next(i for i, line in enumerate(lines) if line.startswith(start)) for start in ("chỉ để", "sơ đồ", "mạch")
    ]
    assert places == sorted(places)
    assert any("loose_end" in line for line in lines)


def test_a_year_that_cannot_be_is_told(manage):
    with pytest.raises(Failure):
        manage("--year", "1")
