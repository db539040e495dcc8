"""What the bytes of a text mean."""

import unicodedata

import pytest
from hypothesis import given, settings, strategies as st

from geodata.importing.reading import encoding
from tests.geodata.importing import files

SAMPLE = "Chợ Đổng Quốc Bình, phường Sở Dầu"
NAMES = [
    "Chợ Sắt",
    "Chợ Lương Văn Can",
    "Xã Kiến Thụy",
    "Trạm biến áp Cát Bà",
    "Cửa hàng xăng dầu số 5",
    "Đường Trần Hưng Đạo",
]
ENCODERS = {
    "tcvn3": files.tcvn3,
    "vni": files.vni,
    "cp1258": files.cp1258,
    "viqr": files.viqr,
    "utf-8": lambda text: text.encode(),
}


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("texts", [[SAMPLE], NAMES, [name.lower() for name in NAMES]])
def test_the_letters_are_recognised_and_read(name, texts):
    samples = [ENCODERS[name](text) for text in texts]
    found = encoding.detect(samples)
    assert found.encoding == name
    assert [encoding.decode_text(data.decode("latin1"), found.encoding) for data in samples] == texts


@pytest.mark.parametrize("name", ["tcvn3", "vni", "cp1258"])
@pytest.mark.parametrize("declared", ["UTF-8", "1252", "ISO-8859-1", "Big-5", "nonsense"])
def test_a_lying_cpg_is_not_believed(name, declared):
    found = encoding.detect([ENCODERS[name](text) for text in NAMES], declared)
    assert (found.encoding, found.source) == (name, "detected")


def test_a_cpg_that_says_utf8_falsely_the_other_way_round_is_not_believed():
    found = encoding.detect([text.encode() for text in NAMES], "1258")
    assert found.encoding == "utf-8"
    assert found.declared_is_wrong


def test_the_soft_hyphen_of_tcvn3_is_the_letter_u_with_horn():
    assert encoding.decode(b"ph\xad\xeang", "tcvn3") == "phường"


def test_decomposed_text_is_composed():
    decomposed = unicodedata.normalize("NFD", SAMPLE)
    assert encoding.decode_text(decomposed, "unicode") == SAMPLE


def test_text_that_was_encoded_twice_is_read():
    twice = SAMPLE.encode().decode("latin1").encode()
    assert encoding.decode_text(twice.decode("latin1"), encoding.detect([twice]).encoding) == SAMPLE


def test_old_fonts_in_unicode_cells_are_recognised():
    assert encoding.detect_in_text([files.tcvn3(text).decode("latin1") for text in NAMES]).encoding == "tcvn3"


@pytest.mark.parametrize("text", ["Café São José Ñandú", "Zürich Großstraße", "plain ascii", "Đà Nẵng"])
def test_other_languages_are_not_taken_for_old_vietnamese(text):
    assert encoding.detect_in_text([text]) is None


def test_western_bytes_are_a_question():
    assert encoding.detect(["Café São José Ñandú".encode("latin1")]).encoding is None


def test_a_western_cpg_is_believed_for_western_bytes():
    assert encoding.detect(["Café São José Ñandú".encode("latin1")], "1252").encoding == "cp1252"


def test_utf8_cut_in_the_middle_of_a_letter_is_still_utf8():
    assert encoding.detect([SAMPLE.encode()[:-1], "Chợ".encode()]).encoding == "utf-8"


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=encoding._TCVN3_LETTERS + "abcxyz 0123", max_size=40))
def test_tcvn3_round_trip(text):
    assert encoding.decode(files.tcvn3(text), "tcvn3") == text


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_decode_without_a_traceback(data):
    for name in ("tcvn3", "vni", "cp1258", "cp1252", "utf-8", "viqr", "utf-8-twice"):
        assert isinstance(encoding.decode_text(data.decode("latin1"), name), str)
    encoding.detect([data], "UTF-8")
