"""The import door that other programs use: exit codes and one JSON object."""

import argparse
import contextlib
import json

import pytest

from geodata.importing import CODES
from scripts.commands import export, history, importing, undo
from scripts.console import Failure

HEAD = "MA,TEN,SO_HO,lon,lat\n"
GOOD = HEAD + "A,Chợ An,10,106.68,20.86\n"
MIXED = GOOD + "B,Chợ Ba,nhiều,106.69,20.86\n"


@pytest.fixture
def manage(session, monkeypatch, capsys):
    @contextlib.contextmanager
    def same_session():
        yield session

    for module in (importing, undo, history, export):
        monkeypatch.setattr(module, "database_session", same_session)

    def run(module, *words):
        parser = argparse.ArgumentParser()
        module.configure(parser)
        code = module.run(parser.parse_args([str(word) for word in words]))
        return code, capsys.readouterr().out

    return run


@pytest.mark.parametrize(
    ("text", "options", "code", "status", "is_stored"),
    [
        (GOOD, (), 0, "ok", True),
        (GOOD, ("--dry-run",), 0, "ok", False),
        (MIXED, (), 3, "partial", False),
        (MIXED, ("--accept-partial",), 3, "partial", True),
        (MIXED, ("--dry-run",), 3, "partial", False),
        (HEAD + "A,Chợ,1,2307792,596943\n", (), 4, "ask", False),
        (GOOD.replace("MA,", "xyz,"), (), 4, "ask", False),
        (HEAD, (), 5, "refused", False),
        (HEAD + "A,Chợ,1,2.3,48.8\n", (), 5, "refused", False),
    ],
)
def test_exit_codes_and_the_json_object(manage, tmp_path, text, options, code, status, is_stored):
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    found, output = manage(importing, path, "--layer", "markets", "--json", *options)
    report = json.loads(output)
    assert (found, report["status"], report["import_id"] is not None) == (code, status, is_stored)
    assert set(report["counts"]) == {"read", "new", "changed", "unchanged", "absent", "rejected"}
    assert len(report["file_sha256"]) == 64
    assert {problem["code"] for problem in report["problems"]} <= CODES
    assert (report["question"] is not None) == (status == "ask")
    assert (report["reason"] is not None) == (status == "refused")


def test_what_a_person_reads_is_vietnamese(manage, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(MIXED, encoding="utf-8")
    code, output = manage(importing, path, "--layer", "markets", "--rejected", tmp_path / "r.csv")
    assert code == 3
    assert "không phải số" in output
    assert "nhiều" in (tmp_path / "r.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("words", [("--map", "code"), ("--set", "=x"), ("--mode", "delete")])
def test_a_wrong_option_fails(manage, tmp_path, words):
    path = tmp_path / "a.csv"
    path.write_text(GOOD, encoding="utf-8")
    with pytest.raises(Failure):
        manage(importing, path, "--layer", "markets", *words)


def test_a_file_that_is_not_there_fails(manage, tmp_path):
    with pytest.raises(Failure):
        manage(importing, tmp_path / "nothing.csv", "--layer", "markets")


def test_import_history_undo_and_export(manage, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(GOOD, encoding="utf-8")
    number = json.loads(manage(importing, path, "--layer", "markets", "--json")[1])["import_id"]
    assert number in {item["id"] for item in json.loads(manage(history, "--json")[1])}
    assert (
        manage(export, "markets", tmp_path / "b.geojson", "--crs", "EPSG:9210", "--where", "trader_count=5..")[0] == 0
    )
    assert [
        item["properties"]["code"]
        for item in json.loads((tmp_path / "b.geojson").read_text(encoding="utf-8"))["features"]
    ] == ["A"]
    assert manage(undo, number)[0] == 0
    manage(export, "markets", tmp_path / "c.geojson")
    assert json.loads((tmp_path / "c.geojson").read_text(encoding="utf-8"))["features"] == []
