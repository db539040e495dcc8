"""What the documents say of addresses of files, settings, commands and exit codes is true."""

import re
from datetime import timedelta
from importlib import import_module

import pytest

from scripts.base.console import Exit
from scripts.commands import COMMANDS
from tests.conftest import ROOT

DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
TEXT = {path: path.read_text("utf-8") for path in DOCUMENTS}
EVERYTHING = "\n".join(TEXT.values())
PLACE = re.compile(r"^(?:geodata|webmap|scripts|tests|docs)/[\w./-]+$")


def _name(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", DOCUMENTS, ids=_name)
def test_links_lead_to_a_file_and_a_heading_that_are_there(path):
    broken = []
    for address in re.findall(r"\]\(([^)\s]+)\)", TEXT[path]):
        if re.match(r"[a-z]+:", address):
            continue
        file, _, heading = address.partition("#")
        target = (path.parent / file).resolve() if file else path
        if not target.exists() or (heading and heading not in _headings(target)):
            broken.append(address)
    assert broken == []


def _headings(path):
    lines = re.findall(r"(?m)^#+ (.+)$", path.read_text("utf-8"))
    return {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in lines}


@pytest.mark.parametrize("path", DOCUMENTS, ids=_name)
def test_files_that_are_named_are_there(path):
    named = {text.rstrip("/") for text in re.findall(r"`([^`\s]+)`", TEXT[path]) if PLACE.match(text)}
    built = ("webmap/static/built", "webmap/static/vendor")
    assert [place for place in sorted(named) if not (ROOT / place).exists() and not place.startswith(built)] == []


def test_a_bound_that_is_told_is_the_codes():
    wrong, rows = (
        [],
        re.findall(r"(?m)^\| .+ \| ([\d,]+)(?: (\w+))? \| `((?:geodata|webmap)[\w.]+)\.(\w+)` \|$", EVERYTHING),
    )
    for number, unit, module, name in rows:
        told = int(number.replace(",", ""))
        told = told * 2**20 if unit == "MB" else timedelta(**{unit: told}) if unit else told
        owner, is_class = module.rpartition(".")[::2], module.rpartition(".")[2][0].isupper()
        found = getattr(getattr(import_module(owner[0]), owner[1])() if is_class else import_module(module), name)
        if found != told:
            wrong.append(f"{module}.{name}: {found}, told {told}")
    assert wrong == []
    assert len(rows) > 10


def test_every_setting_of_the_example_is_explained():
    names = re.findall(r"(?m)^#?\s?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text("utf-8"))
    own_sets = tuple(name for name in names if name.startswith("IMPORT_"))
    assert [name for name in names if name not in own_sets and f"`{name}`" not in EVERYTHING] == []


def test_every_command_is_explained():
    assert [command.name for command in COMMANDS if f"./scripts/manage {command.name}" not in EVERYTHING] == []


def test_every_exit_code_is_explained():
    rows = set(re.findall(r"(?m)^\| ([\d, ]+) \|", EVERYTHING))
    told = {int(number) for row in rows for number in re.findall(r"\d+", row)}
    assert sorted({int(code) for code in Exit} - told) == []
