"""Which letters the bytes mean: UTF-8, TCVN3, VNI, Windows-1258, VIQR or a Western code page. Everything leaves as NFC.

The test is the language itself: the right reading of Vietnamese bytes consists of Vietnamese syllables.
A declared code page (.cpg) is one vote, never believed against the bytes.
"""

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

#: TCVN 5712:1993 VN3 (fonts .Vn*): one byte per letter, in the order of the two strings. 0xAD is ư.
_TCVN3_BYTES = "µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\u00adõøö÷ùúýûüþ¡¢§£¤¥¦"
_TCVN3_LETTERS = "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵĂÂĐÊÔƠƯ"
_TCVN3 = str.maketrans(_TCVN3_BYTES, _TCVN3_LETTERS)

_TONES = {"grave": "\u0300", "acute": "\u0301", "hook": "\u0309", "tilde": "\u0303", "dot": "\u0323"}
_VNI_TONES = {"ø": "grave", "ù": "acute", "û": "hook", "õ": "tilde", "ï": "dot"}
_VNI_CIRCUMFLEX = {"à": "grave", "á": "acute", "å": "hook", "ã": "tilde", "ä": "dot"}
_VNI_BREVE = {"è": "grave", "é": "acute", "ú": "hook", "ü": "tilde", "ë": "dot"}
_VNI_SINGLE = {
    "ñ": "đ", "Ñ": "Đ", "ô": "ơ", "Ô": "Ơ", "ö": "ư", "Ö": "Ư", "æ": "ỉ", "Æ": "Ỉ", "ó": "ĩ", "Ó": "Ĩ",
    "ò": "ị", "Ò": "Ị", "î": "ỵ", "Î": "Ỵ", "í": "í", "Í": "Í", "ì": "ì", "Ì": "Ì",
}  # fmt: skip


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


@cache
def _vni_table() -> dict[str, str]:
    """Return VNI-Windows: a vowel followed by a byte for its mark and tone, or one byte for both."""
    table: dict[str, str] = {}
    for vowel in "aeouy":
        for sign, tone in _VNI_TONES.items():
            table[vowel + sign] = _nfc(vowel + _TONES[tone])
    for vowel in "aeo":
        table[vowel + "â"] = _nfc(vowel + "\u0302")
        for sign, tone in _VNI_CIRCUMFLEX.items():
            table[vowel + sign] = _nfc(vowel + "\u0302" + _TONES[tone])
    table["aê"] = "ă"
    for sign, tone in _VNI_BREVE.items():
        table["a" + sign] = _nfc("ă" + _TONES[tone])
    for letter, vowel in (("ô", "ơ"), ("ö", "ư")):
        for sign, tone in _VNI_TONES.items():
            table[letter + sign] = _nfc(vowel + _TONES[tone])
    upper = {}
    for key, value in table.items():
        upper[key.upper()] = value.upper()
        upper[key[0].upper() + key[1]] = value.upper()
    return {**table, **upper, **_VNI_SINGLE}


@cache
def _vni_pattern() -> re.Pattern[str]:
    return re.compile("|".join(sorted(map(re.escape, _vni_table()), key=len, reverse=True)))


_VIQR = re.compile(r"(dd|DD|Dd|dD)|([aeouyiAEOUYI])([(^+]?)([`'?~.]?)")
_VIQR_MARKS = {"(": "\u0306", "^": "\u0302", "+": "\u031b"}
_VIQR_TONES = {"`": "\u0300", "'": "\u0301", "?": "\u0309", "~": "\u0303", ".": "\u0323"}
_VIQR_SIGN = re.compile(r"[aeoAEO]\^|[ouOU]\+|[aA]\(")


def _viqr_letter(match: re.Match[str]) -> str:
    if match[1]:
        return "Đ" if match[1][0] == "D" else "đ"
    return _nfc(match[2] + _VIQR_MARKS.get(match[3], "") + _VIQR_TONES.get(match[4], ""))


def _latin(data: bytes) -> str:
    """Return the bytes as Windows shows them; the five holes of cp1252 stay as they are."""
    is_whole = all(byte not in data for byte in b"\x81\x8d\x8f\x90\x9d")
    return data.decode("cp1252" if is_whole else "latin1")


def _whole_utf8(data: bytes) -> str:
    """Decode UTF-8 whose last letter may be cut by a fixed field width. Raises UnicodeDecodeError."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    return decoder.decode(data, final=False)


def _viqr(data: bytes) -> str:
    return _VIQR.sub(_viqr_letter, data.decode("ascii"))


_DECODERS: dict[str, Callable[[bytes], str]] = {
    "utf-8": _whole_utf8,
    "tcvn3": lambda data: data.decode("latin1").translate(_TCVN3),
    "vni": lambda data: _vni_pattern().sub(lambda match: _vni_table()[match[0]], _latin(data)),
    "cp1258": lambda data: data.decode("cp1258"),
    "viqr": _viqr,
    "utf-8-twice": lambda data: _whole_utf8(to_bytes(_whole_utf8(data)) or b"\xff"),
    "cp1252": _latin,
}

#: What stands for letters that no longer exist; texts with it are never stored.
LOST = "\ufffd"

#: What may be given by hand, besides the names Python knows.
ALIASES = {
    "utf8": "utf-8", "65001": "utf-8", "utf-8-sig": "utf-8", "abc": "tcvn3", "tcvn": "tcvn3", "tcvn-3": "tcvn3",
    "tcvn5712": "tcvn3", "vni-windows": "vni", "windows-1258": "cp1258", "1258": "cp1258", "ansi 1258": "cp1258",
    "1252": "cp1252", "windows-1252": "cp1252", "ansi 1252": "cp1252", "latin1": "cp1252", "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252", "88591": "cp1252", "ansi": "cp1252", "big-5": "big5", "gbk": "gbk",
}  # fmt: skip

#: dBase language ids that say more than “ANSI”.
LANGUAGE_IDS = {
    0x7A: "gbk",
    0x4D: "gbk",
    0x78: "big5",
    0x4F: "big5",
    0x13: "shift_jis",
    0x7B: "shift_jis",
    0xC9: "cp1251",
}

_ONSET = "ngh|ng|nh|gh|gi|kh|ph|th|tr|ch|qu|[bcdđghklmnpqrstvx]"
_RHYME = (
    "[aàáảãạăâeêioôơuưy]|ai|ao|au|ay|âu|ây|eo|êu|ia|iê|iu|oa|oă|oe|oai|oay|oao|oeo|oi|ôi|ơi|oo|ua|uâ|uă|uê|ui|uô|uôi|uơ"
    "|uy|uya|uyê|uyu|uây|ưa|ươ|ưi|ươi|ươu|ưu|yê|yêu|iêu|uao|uau|uai|ue"
)
_SYLLABLE = re.compile(f"(?:{_ONSET})?(?:{_RHYME})(?:ch|ng|nh|[cmnpt])?$")
_TONE_MARKS = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
_WORD = re.compile(r"[^\W\d_]+")


@cache
def _is_syllable(word: str) -> bool:
    """Say whether an accented word could be Vietnamese: one tone at most, and a known onset and rhyme."""
    decomposed = unicodedata.normalize("NFD", word.lower())
    plain, tones = _TONE_MARKS.subn("", decomposed)
    return tones <= 1 and _SYLLABLE.fullmatch(_nfc(plain)) is not None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One possible encoding: the share of accented words that are Vietnamese, and five values read with it.

    `damaged` are texts that cannot be read so although the others can.
    """

    encoding: str
    score: float
    words: int
    samples: tuple[str, ...] = ()
    damaged: int = 0


def canonical(name: str) -> str | None:
    """Return the name this project uses for an encoding, or None when nobody knows it."""
    key = " ".join(name.strip().lower().replace("_", "-").split())
    key = ALIASES.get(key, key)
    if key in _DECODERS:
        return key
    try:
        found = codecs.lookup(key)
        # What Python calls a codec may be a compression or a cipher too.
        "".encode(key)
    except (LookupError, ValueError, TypeError):
        return None
    return ALIASES.get(found.name, found.name)


def decode(data: bytes, encoding: str, *, is_whole: bool = False) -> str:
    """Return the text, NFC. `is_whole`: no fixed width can have cut its last letter.

    Raises UnicodeDecodeError where the bytes cannot mean that.
    """
    decoder = None if is_whole and encoding == "utf-8" else _DECODERS.get(encoding)
    return _nfc(decoder(data) if decoder else data.decode(encoding))


def to_bytes(text: str) -> bytes | None:
    """Return the bytes behind a text whose letters are really single bytes, or None."""
    try:
        return b"".join(char.encode("latin1") if char < "\u0100" else char.encode("cp1252") for char in text)
    except UnicodeEncodeError:
        return None


def score(samples: Iterable[bytes], encoding: str) -> Reading:
    """Return how Vietnamese the samples read in that encoding."""
    words = good = 0
    shown: list[str] = []
    for data in samples:
        try:
            text = decode(data, encoding)
        except (UnicodeDecodeError, ValueError):
            return Reading(encoding=encoding, score=-1.0, words=0)
        if any("\x7f" <= char < "\xa0" or char == "\ufffd" for char in text):
            good -= 1
        for word in _WORD.findall(text.replace("\u00ad", "")):
            if not word.isascii():
                words += 1
                good += _is_syllable(word)
        # A sign of another encoding that is left over inside a word breaks it in two; count what is no letter.
        leftover = sum(
            1 for char in text if char > "\x7f" and not char.isalpha() and char not in "–—“”‘’…°²³«»·×±€™®©§"
        )
        words += leftover
        if len(shown) < 5 and text not in shown:
            shown.append(text)
    return Reading(encoding=encoding, score=good / words if words else 0.0, words=words, samples=tuple(shown))


def _accented(samples: Iterable[bytes], most: int = 400) -> list[bytes]:
    found: dict[bytes, None] = {}
    for data in samples:
        if any(byte > 0x7F for byte in data):
            found[data] = None
            if len(found) >= most:
                break
    return list(found)


@dataclass(frozen=True, kw_only=True)
class Detected:
    """The encoding of a file's texts. `encoding` None: several readings are possible, ask."""

    encoding: str | None
    source: str
    readings: tuple[Reading, ...] = ()
    declared_is_wrong: bool = False


def detect(samples: Sequence[bytes], declared: str | None = None) -> Detected:
    """Return what the bytes are. `declared` is a .cpg or language id; it decides only where the bytes allow it."""
    named = canonical(declared) if declared else None
    accented = _accented(samples)
    if not accented:
        return _detect_ascii(samples, named)
    if score(accented, "utf-8").score >= 0:
        return _utf8(accented, named)
    readings = [score(accented, name) for name in ("tcvn3", "vni", "cp1258")]
    readings.sort(key=lambda reading: reading.score, reverse=True)
    best = readings[0]
    damaged = _damaged_utf8(accented)
    if damaged is not None:
        return Detected(encoding=None, source="detected", readings=(damaged, *readings))
    if best.score >= 0.75 and best.score - readings[1].score >= 0.15:
        source = "cpg" if best.encoding == named else "detected"
        return Detected(
            encoding=best.encoding,
            source=source,
            readings=tuple(readings),
            declared_is_wrong=named is not None and best.encoding != named,
        )
    if named and named not in {"utf-8", best.encoding}:
        reading = score(accented, named)
        if reading.score >= 0:
            return Detected(encoding=named, source="cpg", readings=(reading, *readings))
    if named and named == best.encoding and best.score >= 0.5:
        return Detected(encoding=named, source="cpg", readings=tuple(readings))
    readings.append(score(accented, "cp1252"))
    return Detected(encoding=None, source="detected", readings=tuple(readings), declared_is_wrong=named is not None)


def _damaged_utf8(accented: Sequence[bytes]) -> Reading | None:
    """Return the reading as UTF-8 where most texts are UTF-8 and some are damaged: other code pages hardly ever look so."""
    whole = [data for data in accented if score([data], "utf-8").score >= 0]
    if len(whole) * 2 < len(accented) or not whole:
        return None
    reading = score(whole, "utf-8")
    damaged = len(accented) - len(whole)
    return Reading(
        encoding="utf-8",
        score=len(whole) / len(accented),
        words=reading.words,
        samples=reading.samples,
        damaged=damaged,
    )


def _utf8(accented: Sequence[bytes], named: str | None) -> Detected:
    once, twice = score(accented, "utf-8"), score(accented, "utf-8-twice")
    wrong = named is not None and named != "utf-8"
    if twice.score > 0.8 and twice.score > once.score + 0.3:
        return Detected(encoding="utf-8-twice", source="detected", readings=(twice, once), declared_is_wrong=wrong)
    source = "cpg" if named == "utf-8" else "detected"
    inner = detect_in_text([_whole_utf8(data) for data in accented])
    if inner is not None:
        return Detected(
            encoding=f"utf-8+{inner.encoding}", source="detected", readings=(inner, once), declared_is_wrong=wrong
        )
    return Detected(encoding="utf-8", source=source, readings=(once,), declared_is_wrong=wrong)


def _detect_ascii(samples: Sequence[bytes], named: str | None) -> Detected:
    words = [data for data in samples if _VIQR_SIGN.search(data.decode("latin1"))]
    if len(words) * 5 >= len(samples) and words:
        reading = score(words[:400], "viqr")
        if reading.words and reading.score >= 0.9:
            return Detected(
                encoding="viqr", source="detected", readings=(reading,), declared_is_wrong=named is not None
            )
    return Detected(encoding=named or "utf-8", source="cpg" if named else "detected")


def detect_in_text(texts: Sequence[str]) -> Reading | None:
    """Return the reading when Unicode text is really TCVN3 or VNI bytes behind old fonts, else None."""
    accented = [text for text in texts if not text.isascii()]
    if any(to_bytes(text) is None for text in accented) or not accented:
        return None
    samples = _accented(filter(None, map(to_bytes, accented)))
    plain = score(samples, "cp1252").score
    readings = [score(samples, name) for name in ("tcvn3", "vni", "cp1258")]
    best = max(readings, key=lambda reading: reading.score)
    return best if best.score >= 0.8 and best.score > plain + 0.2 else None


def decode_text(text: str, encoding: str, *, is_whole: bool = False) -> str:
    """Return a text that a reader handed over as bytes in disguise (one letter per byte), decoded and NFC.

    `utf-8+NAME` is a UTF-8 file whose letters are those of an old font. Bytes that cannot mean that become LOST,
    which is never stored.
    """
    if text.isascii() and encoding != "viqr":
        return text
    outer, _, inner = encoding.partition("+")
    data = to_bytes(text) if outer != "unicode" else None
    decoded = text
    if data is not None:
        try:
            decoded = decode(data, outer, is_whole=is_whole)
        except (UnicodeDecodeError, ValueError):
            decoded = data.decode({"utf-8-twice": "utf-8", "viqr": "ascii"}.get(outer, outer), "replace")
    if inner and (again := to_bytes(decoded)) is not None:
        try:
            return decode(again, inner)
        except UnicodeDecodeError:
            return LOST
    return _nfc(decoded)


def is_cut(text: str, encoding: str) -> bool:
    """Say whether the last letter of a text in disguise was cut off by the width of its column."""
    data = to_bytes(text) if encoding == "utf-8" and not text.isascii() else None
    if data is None:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return False
