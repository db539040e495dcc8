"""Limits of an import come from the environment, and a refusal says which one for programs."""

from dataclasses import fields

import pytest

from geodata.base.errors import ConfigurationError
from geodata.importing import Limits
from geodata.importing.limits import limits_from_env
from tests.conftest import ROOT
from tests.geodata.importing.files import csv

ROWS = "MA,TEN,lon,lat\nA,Chợ An,106.68,20.86\nB,Chợ Ba,106.69,20.86\n"


def test_without_settings_the_limits_are_those_of_the_example_file():
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    shown = dict(line[1:].split("=", 1) for line in lines if line.startswith("#IMPORT_"))
    assert limits_from_env({}) == Limits() == limits_from_env(shown)
    assert len(shown) == len(fields(Limits))


@pytest.mark.parametrize(
    ("name", "value"), [("rows", "1"), ("columns", "3"), ("file_bytes", "20"), ("memory_bytes", "60000000")]
)
def test_a_limit_of_the_environment_is_kept_and_named(monkeypatch, tmp_path, preview, name, value):
    monkeypatch.setenv(f"IMPORT_{name.upper()}", value)
    report = preview(csv(tmp_path / "a.csv", ROWS)).report
    assert report.reason == "limit_exceeded"
    assert report.reason_text.values["name"] == name
    assert name not in report.reason_text.say() or "_" not in name


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "١"])
def test_a_wrong_limit_is_named(value):
    with pytest.raises(ConfigurationError, match="IMPORT_ROWS"):
        limits_from_env({"IMPORT_ROWS": value})
