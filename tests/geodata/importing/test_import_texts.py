"""Everything an import says is there in Vietnamese."""

import ast

import pytest

from tests.conftest import ROOT
from webmap.app.i18n import catalogue

SOURCES = [
    *sorted((ROOT / "geodata" / "importing").rglob("*.py")),
    *sorted((ROOT / "geodata" / "export").glob("*.py")),
    *sorted((ROOT / "geodata" / "history").glob("*.py")),
]


def marked(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "N_":
            yield ast.literal_eval(node.args[0])


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_message_has_its_translation_with_the_same_fields(path):
    vietnamese = catalogue("vi")
    for text in marked(path):
        translated = vietnamese.gettext(text)
        assert translated != text, text
        assert sorted(text.split("{")[1:], key=str) == [] or {part.split("}")[0] for part in text.split("{")[1:]} == {
            part.split("}")[0] for part in translated.split("{")[1:]
        }
