"""What may hang on a feature as a file: PDF as it was made (a signature must stay whole), pictures written anew.

A PDF that carries a program, another file or an order to start something is refused: readers act on these when it is opened.
"""

import hashlib
import re
import zlib
from dataclasses import dataclass

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.photos.reading import read_photo

MAX_BYTES = 20 * 2**20
MAX_NAME = 120
_NEEDED = N_("a PDF or a picture (JPEG, PNG) is needed; save papers of Word and Excel as PDF")
_MAX_UNPACKED = 64 * 2**20
_HEAD_BYTES, _TAIL_BYTES = 1024, 2048
_PDF, _PDF_END = b"%PDF-", b"%%EOF"
_ACTIVE = re.compile(
    rb"/(JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA|SubmitForm|ImportData|GoToE)(?![A-Za-z0-9])"
)
_LOCKED = re.compile(rb"/Encrypt(?![A-Za-z0-9])")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
#: Pictures and texts of pages: any three letters may stand there by chance.
_STREAM = re.compile(rb"stream\r?\n.*?endstream", re.DOTALL)
#: Dictionaries may stand in a stream of objects, packed.
_OBJECTS = re.compile(rb"/ObjStm\b.{0,2000}?stream\r?\n", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Received:
    """A file that may be kept. `sha256` is of the bytes as sent."""

    name: str
    content: bytes
    mimetype: str
    sha256: str


def read_file(name: str, data: bytes) -> Received:
    """Return a file as it is kept. Raises InvalidValueError."""
    if len(data) > MAX_BYTES:
        raise _refused(f"{len(data) // 2**20} MB", N_("at most 20 MB"))
    digest = hashlib.sha256(data).hexdigest()
    stem = _stem(name)
    if data[:_HEAD_BYTES].lstrip().startswith(_PDF):
        _check_pdf(data)
        return Received(name=f"{stem}.pdf", content=data, mimetype="application/pdf", sha256=digest)
    try:
        picture = read_photo(data)
    except InvalidValueError:
        raise _refused(name[:80], _NEEDED) from None
    return Received(name=f"{stem}.jpg", content=picture.content, mimetype=picture.mimetype, sha256=digest)


def _stem(name: str) -> str:
    """Return a file's name without folders, ending and signs that systems do not take."""
    last = re.split(r"[\\/]", name)[-1].rpartition(".")[0] or name
    kept = "".join(char if char.isalnum() or char in " -_.,()" else "-" for char in last)
    return " ".join(kept.split()).strip(". -")[:MAX_NAME] or "document"


def _check_pdf(data: bytes) -> None:
    if _PDF_END not in data[-_TAIL_BYTES:]:
        raise _refused("PDF", N_("the file is damaged: its end is missing"))
    plain = _STREAM.sub(b"stream endstream", data) + b"".join(_packed_objects(data))
    plain = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), plain)
    if _LOCKED.search(plain):
        raise _refused("PDF", N_("the file is protected by a password; save it without one"))
    if found := _ACTIVE.search(plain):
        raise _refused(
            f"/{found[1].decode()}", N_("the file holds a program, a form or another file; print it to PDF anew")
        )


def _packed_objects(data: bytes) -> list[bytes]:
    """Return what stands in the packed streams of objects. Raises InvalidValueError where that grows beyond measure."""
    found, room = [], _MAX_UNPACKED
    for head in _OBJECTS.finditer(data):
        unpacker = zlib.decompressobj()
        try:
            content = unpacker.decompress(data[head.end() :], room)
        except zlib.error:
            continue
        room -= len(content)
        if room <= 0:
            raise _refused("PDF", N_("unpacked, the file grows too much"))
        found.append(content)
    return found


def _refused(value: str, reason: str) -> InvalidValueError:
    return InvalidValueError(name="file", value=value, reason=reason)
