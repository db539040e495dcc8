"""`manage indicators`: out, in again without a change, in with changes, and back by `manage undo`."""

import argparse
import contextlib
import json
from datetime import date
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from geodata.statistics.figure_changes import record_month
from geodata.statistics.indicators import Indicator, Month, get_series
from scripts.base.console import Failure
from scripts.commands import indicators, undo


@pytest.fixture
def manage(session, monkeypatch, capsys):
    @contextlib.contextmanager
    def same_session():
        yield session

    session.add(Indicator(code="retail", name="Bán lẻ", unit="bn VND"))
    session.flush()
    record_month(session, "retail", Month(period=date(2020, 2, 1), value=Decimal(11159)), by="planner")
    session.commit()

    def run(command, *words, code=0):
        monkeypatch.setattr(command, "database_session", same_session)
        parser = argparse.ArgumentParser()
        command.configure(parser)
        assert command.run(parser.parse_args([str(word) for word in words])) == code
        return capsys.readouterr().out

    return run


def value(session):
    return get_series(session.connection(), "retail").months[0].value


@pytest.mark.parametrize("name", ["chi-tieu.xlsx", "chi-tieu.csv"])
def test_the_export_comes_in_again_without_a_change(manage, tmp_path, name):
    manage(indicators, "export", tmp_path / name)
    told = json.loads(manage(indicators, "import", tmp_path / name, "--json"))
    assert (told["status"], told["import_id"], told["counts"]["changed"], told["counts"]["unchanged"]) == (
        "ok",
        None,
        0,
        1,
    )


def test_changes_are_told_stored_and_taken_back(manage, session, tmp_path):
    path = tmp_path / "chi-tieu.xlsx"
    manage(indicators, "export", path)
    book = load_workbook(path)
    book.active["I2"] = 12000
    book.save(path)
    assert "11159 → 12000" in manage(indicators, "import", path, "--dry-run")
    assert value(session) == 11159
    told = json.loads(manage(indicators, "import", path, "--json"))
    assert [(one["cell"], one["before"], one["after"]) for one in told["changes"]] == [("I2", "11159", "12000")]
    assert value(session) == 12000
    manage(undo, told["import_id"])
    assert value(session) == 11159


def test_a_wrong_cell_stores_nothing_and_is_told(manage, session, tmp_path):
    path = tmp_path / "chi-tieu.csv"
    path.write_text("Mã,Năm,Tháng 1,Tháng 2\nretail,2020,5,mười\n", encoding="utf-8")
    assert "dòng 2, ô D2: “mười” không phải số." in manage(indicators, "import", path, code=5)
    assert value(session) == 11159


def test_a_name_of_no_table_is_refused(manage, tmp_path):
    with pytest.raises(Failure):
        manage(indicators, "export", tmp_path / "chi-tieu.doc")
