"""A colour that stands for something is written down once, and reaches the other languages by its name."""

import re

from geodata.schema.colours import stylesheet
from tests.conftest import ROOT

STATIC = ROOT / "webmap" / "static"
DECLARED = STATIC / "css" / "colours.css"
STYLES = [path for path in (STATIC / "css").glob("*.css") if path != DECLARED]
SCRIPTS = list((STATIC / "src").rglob("*.js"))
#: Not the name of an element, such as the #add of a style or a script's this.#add().
HEX = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})(?![\w(-])", re.IGNORECASE)
#: White is white in every language; it stands for nothing.
WHITE = "#ffffff"


def _colours(path):
    """Return the colours that a file writes out, as #rrggbb."""
    found = {match.lower() for match in HEX.findall(path.read_text(encoding="utf-8"))}
    return {colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:]) for colour in found}


def test_a_file_s_colours_are_found_however_they_are_written(tmp_path):
    path = tmp_path / "a.css"
    path.write_text(".a { color: #B2182B; border-color: #fff } #add-file { top: 0 } this.#add(1)", encoding="utf-8")
    assert _colours(path) == {"#b2182b", WHITE}


def test_styles_and_scripts_have_the_colours_that_are_declared():
    assert DECLARED.read_text(encoding="utf-8") == stylesheet()


def test_scripts_write_no_colour_and_styles_none_that_python_declares():
    python = [path for room in ("geodata", "webmap") for path in (ROOT / room).rglob("*.py")]
    declared = set().union(*map(_colours, python)) - {WHITE}
    wrong = {path.name: sorted(_colours(path)) for path in SCRIPTS if _colours(path)}
    wrong |= {path.name: sorted(both) for path in STYLES if (both := _colours(path) & declared)}
    assert wrong == {}


def test_every_colour_that_is_named_is_declared():
    declared = set(re.findall(r"--c-([\w-]+):", stylesheet()))
    rows = {name.rpartition("-")[0] for name in declared if name[-1].isdigit()}
    scripts = "".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    styles = "".join(path.read_text(encoding="utf-8") for path in STYLES)
    named = set(re.findall(r'namedColour\("([\w-]+)"\)', scripts)) | set(re.findall(r"var\(--c-([\w-]+)\)", styles))
    assert named <= declared
    assert set(re.findall(r'namedColours\("([\w-]+)"\)', scripts)) == rows
