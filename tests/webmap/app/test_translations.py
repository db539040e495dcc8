"""Every text a person can meet exists in Vietnamese."""

import json
import re
import string
import unicodedata

import pytest
from babel.messages.extract import extract_from_dir

from scripts.install import bundle
from tests.conftest import ROOT
from webmap.app.i18n import CATALOGUES, catalogue

KEYWORDS = {"N_": None, "translate": None, "_": None, "gettext": None}
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
SCRIPTS = sorted((ROOT / "webmap/static/src").rglob("*.js"))


def texts():
    found = {}
    for folder in ("geodata", "webmap", "scripts"):
        for name, line, text, _comments, _context in extract_from_dir(
            str(ROOT / folder),
            method_map=METHODS,
            keywords=KEYWORDS,
            directory_filter=lambda path: "vendor" not in path and "built" not in path,
        ):
            for part in text if isinstance(text, tuple) else [text]:
                if part:
                    found.setdefault(part, f"{folder}/{name}:{line}")
    for path in SCRIPTS:
        for text in bundle.texts_of(path):
            found.setdefault(text, f"scripts in {path.name}")
    return found


def test_no_text_of_a_script_escapes_the_extractor():
    said = re.compile(r"""(?<![\w.$])(?:t|N_)\(\s*"((?:[^"\\]|\\.)*)\"""")
    written = [(path.name, text) for path in SCRIPTS for text in said.findall(path.read_text("utf-8"))]
    assert len(written) > 150
    assert [
        (name, text)
        for name, text in written
        if not any(text in bundle.texts_of(path) for path in SCRIPTS if path.name == name)
    ] == []


def given(client, page):
    """What the map page is given, in the file that it asks for."""
    (address,) = set(re.findall(r'src="(/map/[^"]+)"', client.get(page).get_data(as_text=True)))
    script = client.get(address).get_data(as_text=True)
    return json.loads(script.removeprefix("globalThis.given = ").removesuffix(";\n"))


def test_a_page_carries_the_texts_of_its_scripts_and_no_others(client):
    texts_of_page = given(client, "/")["texts"]
    assert texts_of_page["Clear filters"] == "Xóa lọc"
    assert "Part of the map could not be loaded." not in texts_of_page
    assert given(client, "/?lang=en")["texts"] == {}


def test_every_text_has_a_vietnamese_translation():
    vietnamese = catalogue("vi")._catalog if hasattr(catalogue("vi"), "_catalog") else {}
    assert vietnamese
    missing = [f"{place}: {text!r}" for text, place in texts().items() if _lookup(text) is None]
    assert missing == []


def test_no_text_that_the_web_says_too_names_an_option_of_the_command():
    shared = [text for text, place in texts().items() if place.startswith("geodata/")]
    spoken = [*shared, *(_lookup(text) for text in shared)]
    assert spoken
    assert [text for text in spoken if re.search(r"--[a-z]", text)] == []


def _lookup(text):
    translations = catalogue("vi")
    while translations is not None:
        if text in getattr(translations, "_catalog", {}):
            return translations._catalog[text]
        translations = translations._fallback
    return None


def _names(template):
    try:
        return {name.split(".")[0] for _, name, _, _ in string.Formatter().parse(template) if name}
    except ValueError:
        return None


@pytest.mark.parametrize("path", sorted((ROOT / "webmap/translations/vi").glob("*.po")), ids=lambda path: path.name)
def test_a_translation_fills_in_the_same_names(path):
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        entries = [message for message in read_po(file) if message.id and message.string]
    assert entries
    for message in entries:
        assert _names(message.string) == _names(message.id), message.id
        assert not re.search(r"\s$", message.string) or re.search(r"\s$", message.id), message.id


def test_each_text_is_translated_once():
    from babel.messages.pofile import read_po

    places: dict[str, list[str]] = {}
    for path in sorted((ROOT / "webmap/translations/vi").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file):
                if message.id:
                    places.setdefault(message.id, []).append(path.name)
    assert {text: found for text, found in places.items() if len(found) > 1} == {}


#: “hoà”, “xoá”, “thuỷ”: the mark on the second of two vowels that end a syllable. The texts write “hòa”, “xóa”, “thủy”.
NEW_MARKS = re.compile(r"\w*(?:o[àáảãạèéẻẽẹ]|(?<![qQ])u[ỳýỷỹỵ])(?!\w)", re.IGNORECASE)


@pytest.mark.parametrize("path", sorted(CATALOGUES.glob("vi/*.po")), ids=lambda path: path.stem)
def test_marks_stand_on_the_same_vowel_everywhere(path):
    written = unicodedata.normalize("NFC", path.read_text("utf-8"))
    assert NEW_MARKS.findall(written) == []


DEMO = sorted(path for path in (ROOT / "geodata/demo").iterdir() if path.suffix in {".csv", ".geojson"})


@pytest.mark.parametrize("path", DEMO, ids=lambda path: path.name)
def test_the_demo_is_spelled_like_the_pages(path):
    assert NEW_MARKS.findall(unicodedata.normalize("NFC", path.read_text("utf-8"))) == []


#: What is not written, and what is written in its place: one term for a thing, in the style of offices.
NOT_WRITTEN = {
    "Tạm dừng": "Tạm ngừng",
    "Chép": "Sao chép",
    "(?<![Ss]ao )chép": "sao chép",
    "Tải về": "Tải xuống",
    "tải về": "tải xuống",
    "Email": "Thư điện tử",
    "e-mail": "thư điện tử",
    "Thoát": "Đăng xuất",
    "Ai trước": "Thứ tự ưu tiên",
    "minh hoạ": "minh họa",
    "lãnh thổ": "địa bàn",
    "click": "bấm",
    "link ": "đường dẫn",
}


@pytest.mark.parametrize("path", sorted(CATALOGUES.glob("vi/*.po")), ids=lambda path: path.stem)
def test_each_thing_has_one_term(path):
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        texts = [str(message.string) for message in read_po(file) if message.id]
    found = {
        (wrong, right, text)
        for text in texts
        for wrong, right in NOT_WRITTEN.items()
        if re.search(rf"(?<!\w){wrong}(?!\w)", text)
    }
    assert found == set()


def test_templates_and_scripts_say_nothing_in_vietnamese_of_their_own():
    """What a template or a script says itself is English; Vietnamese comes from the catalogues, where it is held to one term."""
    own = re.compile(r"[ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹđơưĂĐƠƯ]")
    quoted = re.compile(r"“[^”]*”|Tiếng Việt|cho dong quoc binh")
    said = {}
    for path in sorted((ROOT / "webmap").rglob("*.html")):
        text = quoted.sub("", re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL))
        if found := own.findall(re.sub(r"_\(\s*[\"'].*?[\"']\s*\)", "", text, flags=re.DOTALL)):
            said[path.name] = found
    assert said == {}
