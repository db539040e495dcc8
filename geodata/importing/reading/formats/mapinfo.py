"""MapInfo TAB and MIF: own data only, and letters as bytes, since “Neutral” and other charsets say little about them."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

from geodata.base.i18n import N_
from geodata.importing.limits import Limits
from geodata.importing.reading import drivers
from geodata.importing.reading.archive import Source
from geodata.importing.reading.formats.driven import driver_table
from geodata.importing.reading.formats.picking import malformed, pick
from geodata.importing.reading.formats.sheet import Hints
from geodata.importing.results import RefusedError
from geodata.importing.table import Table

_CHARSET = re.compile(rb'((?:^|\n)\s*!?charset\s+)"?([\w-]+)"?|(charset\s+)"([\w-]+)"', re.IGNORECASE)
#: MapInfo's names of charsets -> ours; “Neutral” says nothing.
_ENCODINGS = {
    "windowslatin1": "cp1252", "windowsvietnamese": "cp1258", "utf-8": "utf-8", "utf8": "utf-8", "isolatin1": "iso8859-1",
    "windowslatin2": "cp1250", "windowscyrillic": "cp1251", "windowssimpchinese": "gbk", "windowstradchinese": "big5",
    "windowsjapanese": "shift_jis", "codepage437": "cp437", "codepage850": "cp850",
}  # fmt: skip


def read_mapinfo(source: Source, inner: str | None, _limits: Limits, _hints: Hints) -> Table:
    """Read a MapInfo table; its texts are still bytes."""
    data = source.path.read_bytes()
    missing = (
        _missing_of_tab(source, data[:65536]) if source.extension == ".tab" else _missing_of_mif(source, data[:65536])
    )
    if missing:
        raise RefusedError(
            "missing_component",
            N_("The parts {names} of the MapInfo table are missing."),
            names=", ".join(sorted(missing)),
        )
    charset = _CHARSET.search(data[:4096])
    declared = (charset[2] or charset[4]).decode("ascii").lower() if charset else ""
    plain = replace(source, path=_neutral(source, data))
    names = drivers.list_layers(plain.path, "MapInfo File")
    table = driver_table(plain, "MapInfo File", pick(names, inner), source.extension[1:], encoding="latin1")
    names_as_bytes = tuple(_as_bytes(name) for name in table.names)
    return replace(
        table, layer=source.name, names=names_as_bytes, texts="bytes", declared_encoding=_ENCODINGS.get(declared)
    )


def _as_bytes(name: str) -> str:
    """Return a column's name with one letter a byte."""
    try:
        name.encode("latin1")
    except UnicodeEncodeError:
        return name.encode().decode("latin1")
    return name


def _missing_of_tab(source: Source, head: bytes) -> set[str]:
    if not head.lstrip().lower().startswith(b"!table"):
        raise malformed(N_("The file is no MapInfo table."))
    if not re.search(rb"type\s+native", head, re.IGNORECASE) or re.search(rb'file\s+"', head, re.IGNORECASE):
        raise RefusedError("external_reference", N_("The MapInfo table points to other data; send the table itself."))
    return {".dat", ".map", ".id"} - source.components


def _missing_of_mif(source: Source, head: bytes) -> set[str]:
    if not head.lstrip().lower().startswith(b"version"):
        raise malformed(N_("The file is no MapInfo MIF file."))
    return {".mid"} - source.components if re.search(rb"columns\s+[1-9]", head, re.IGNORECASE) else set()


def _neutral(source: Source, data: bytes) -> Path:
    """Return a copy whose charset is “Neutral”, so that the driver leaves the letters as they are."""
    folder = source.path.parent / "neutral"
    folder.mkdir()
    for part in source.components:
        shutil.copyfile(source.path.with_suffix(part), folder / f"source{part}")
    copy = folder / f"source{source.extension}"
    head, rest = data[:4096], data[4096:]
    copy.write_bytes(_CHARSET.sub(lambda match: (match[1] or match[3]) + b'"Neutral"', head, count=1) + rest)
    return copy
