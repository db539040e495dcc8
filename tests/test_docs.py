"""What the documents say of addresses of files, settings, commands and exit codes is true."""

import re
from collections import Counter
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


@pytest.mark.parametrize("path", DOCUMENTS, ids=_name)
def test_tests_that_are_named_are_there(path):
    named = re.findall(r"`(tests/[\w./-]+\.py)::(\w+)`", TEXT[path])
    assert [f"{file}::{name}" for file, name in named if f"def {name}(" not in (ROOT / file).read_text("utf-8")] == []


#: How many requirements of levels 1 and 2 each section has; those of level 3 stand between them or after.
REQUIREMENTS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4, "3.4": 6,
    "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3, "6.1": 3, "6.2": 12,
    "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2, "8.1": 2,
    "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3, "9.2": 4, "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2,
    "10.7": 3, "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1, "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1,
    "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4, "14.3": 3, "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5,
    "16.3": 4, "16.4": 3, "16.5": 3, "17.1": 1, "17.2": 4, "17.3": 2,
}  # fmt: skip


def test_each_requirement_is_told_once_and_what_is_met_names_code_and_test():
    text = TEXT[ROOT / "docs" / "asvs.md"]
    rows = [line.strip("| ").split(" | ") for line in re.findall(r"(?m)^\| \d+\.\d+\.\d+ \|.*$", text)]
    told = [row[0] for row in rows]
    assert told == [f"{section}.{number}" for section, most in REQUIREMENTS.items() for number in range(1, most + 1)]
    states = Counter(re.match(r"met|not applicable: \S|\*\*gap\*\*: \S", row[2])[0][:3] for row in rows)
    counted = re.search(r"Of (\d+) requirements (\d+) are met, (\d+) concern what there is not, (\d+) are gaps", text)
    assert [int(number) for number in counted.groups()] == [len(rows), states["met"], states["not"], states["**g"]]
    bare = [row[0] for row in rows if row[2].startswith("met") and not (row[3] and "`tests/" in row[4])]
    assert bare == []
    above = text.partition("\n## V1 ")[0]
    assert [row[0] for row in rows if row[2].startswith("**gap") and row[0] not in above] == []


def test_a_bound_that_is_told_is_the_codes():
    wrong, rows = (
        [],
        re.findall(r"(?m)^\| .+ \| ([\d,]+)(?: (\w+))? \| `((?:geodata|webmap)[\w.]*)\.(\w+)` \|$", EVERYTHING),
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
