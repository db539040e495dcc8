"""What a process loads before it does anything: each server, worker and command pays for it at its start."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT

#: Packages that take long to load and that only some of the work needs; folium brings pandas to the web's processes.
UNNEEDED = {
    "webmap.front": {"geopandas", "openpyxl"},
    "geodata.importing.sessions.runs": {"pandas", "geopandas", "openpyxl", "reportlab"},
}


@pytest.mark.parametrize("module", list(UNNEEDED))
def test_a_process_starts_without_what_only_some_work_needs(module):
    code = f"import sys, {module}; print(*sorted({UNNEEDED[module]!r} & set(sys.modules)))"
    started = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert started.stdout.split() == []
