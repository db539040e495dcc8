"""Photos as phones send them, made safe: decoded, turned upright, made smaller, written anew without metadata.

What is kept on purpose is the time of taking; the place comes from the form, where people see it.
"""

import base64
import binascii
import hashlib
import io
import re
import warnings
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from PIL import Image, ImageOps, UnidentifiedImageError
from pillow_heif import register_heif_opener

from geodata.base.database import TIME_ZONE
from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_

MAX_BYTES = 15 * 2**20
#: How much of an original is looked at for the time of taking.
MAX_HEAD_BYTES = 512 * 1024
MAX_PIXELS = 60_000_000
MAX_SIDE_PX = 2000
SIGNATURE_SIDE_PX = 900
_FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
_TAKEN = 0x9003
_EXIF_PART = 0x8769
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DATA_URL = "data:image/png;base64,"

register_heif_opener()


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A re-encoded picture. `source_sha256` is of the bytes as sent, `original_sha256` of the file on the phone."""

    content: bytes
    mimetype: str
    width: int
    height: int
    taken_at: datetime | None
    source_sha256: str
    original_sha256: str | None = None


def read_photo(data: bytes, *, head: bytes = b"", original_sha256: str = "") -> Picture:
    """Return a photo as JPEG of at most MAX_SIDE_PX, upright, without metadata. Raises InvalidValueError.

    A phone that made it small sends the original's `head`, which says when it was taken, and its hash.
    """
    image, taken_at = _open(data)
    taken_at = taken_at or _time_in_head(head)
    image.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX))
    clean = Image.new("RGB", image.size, "white")
    clean.paste(image.convert("RGBA"), mask=image.convert("RGBA").getchannel("A"))
    target = io.BytesIO()
    clean.save(target, "JPEG", quality=82, optimize=True)
    picture = _picture(target.getvalue(), "image/jpeg", clean.size, taken_at, data)
    is_hash = _SHA256.fullmatch(original_sha256) is not None
    return replace(picture, original_sha256=original_sha256 if is_hash else None)


def read_signature(data_url: str) -> Picture:
    """Return a signature drawn on a canvas (PNG as data URL) as PNG. Raises InvalidValueError."""
    if not data_url.startswith(_DATA_URL):
        raise _refused()
    try:
        data = base64.b64decode(data_url[len(_DATA_URL) :], validate=True)
    except (binascii.Error, ValueError):
        raise _refused() from None
    image, _ = _open(data)
    image.thumbnail((SIGNATURE_SIDE_PX, SIGNATURE_SIDE_PX))
    clean = Image.new("RGB", image.size, "white")
    clean.paste(image.convert("RGBA"), mask=image.convert("RGBA").getchannel("A"))
    target = io.BytesIO()
    clean.save(target, "PNG", optimize=True)
    return _picture(target.getvalue(), "image/png", clean.size, None, data)


def _open(data: bytes) -> tuple[Image.Image, datetime | None]:
    if len(data) > MAX_BYTES:
        raise InvalidValueError(name="photo", value=f"{len(data) // 2**20} MB", reason=N_("at most 15 MB"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
            if image.width * image.height > MAX_PIXELS:
                raise InvalidValueError(
                    name="photo", value=f"{image.width} × {image.height}", reason=N_("at most 60 million pixels")
                )
            taken_at = _taken_at(image)
            image.load()
            upright = ImageOps.exif_transpose(image)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError, Warning) as error:
        raise _refused() from error
    return upright, taken_at


def _time_in_head(head: bytes) -> datetime | None:
    """Return when a photo was taken, out of the beginning of its file; nothing is decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _taken_at(Image.open(io.BytesIO(head), formats=_FORMATS)) if head else None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError, Warning):
        return None


def _taken_at(image: Image.Image) -> datetime | None:
    text = image.getexif().get_ifd(_EXIF_PART).get(_TAKEN)
    try:
        return datetime.strptime(str(text)[:19], "%Y:%m:%d %H:%M:%S").replace(tzinfo=ZoneInfo(TIME_ZONE))
    except ValueError:
        return None


def _picture(content: bytes, mimetype: str, size: tuple[int, int], taken_at: datetime | None, source: bytes) -> Picture:
    return Picture(
        content=content, mimetype=mimetype, width=size[0], height=size[1], taken_at=taken_at,
        source_sha256=hashlib.sha256(source).hexdigest(),
    )  # fmt: skip


def _refused() -> InvalidValueError:
    return InvalidValueError(name="photo", value="…", reason=N_("a JPEG, HEIC, PNG or WebP picture is needed"))
