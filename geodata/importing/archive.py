"""What an upload contains: zips unpacked under our own names, within limits; one Source per readable file.

Runs in the reader process. Nothing of an archive is trusted: not its directory, sizes, names or modes.
"""

import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from geodata.i18n import N_
from geodata.importing.limits import Limits
from geodata.importing.results import RefusedError

#: Extension of the main file -> the extensions that belong to it.
COMPONENTS: dict[str, tuple[str, ...]] = {
    ".shp": (".shx", ".dbf", ".prj", ".cpg"),
    ".tab": (".dat", ".map", ".id", ".ind"),
    ".mif": (".mid",),
    ".geojson": (),
    ".json": (),
    ".gpkg": (),
    ".kml": (),
    ".kmz": (),
    ".gpx": (),
    ".dxf": (),
    ".csv": (),
    ".tsv": (),
    ".txt": (),
    ".xlsx": (),
}
TABLES = frozenset({".csv", ".tsv", ".txt", ".xlsx"})
#: Files our own exports lay beside a shapefile; they describe it and are no layer.
DESCRIPTIONS = (".fields.csv",)

_CHUNK = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Source:
    """One file to read, by our own names: `path` with its components beside it."""

    name: str
    extension: str
    path: Path
    components: frozenset[str] = field(default_factory=frozenset)


def find_sources(path: Path, file_name: str, work: Path, limits: Limits) -> list[Source]:
    """Return what can be read in an upload. Raises RefusedError."""
    if path.stat().st_size > limits.file_bytes:
        raise RefusedError(
            "limit_exceeded",
            N_("The file has {size} bytes; the limit file_bytes is {limit}."),
            size=path.stat().st_size,
            limit=limits.file_bytes,
        )
    extension = PurePosixPath(file_name).suffix.lower()
    if path.stat().st_size == 0:
        raise RefusedError("not_zip" if extension == ".zip" else "malformed_file", N_("The file is empty."))
    if extension == ".zip":
        return _sources_of_zip(path, work, limits)
    if extension == ".kmz":
        return _sources_of_zip(path, work, limits, only=".kml")
    if extension not in COMPONENTS:
        raise RefusedError(
            "unsupported_format",
            N_(
                "“{extension}” files cannot be imported. Send a zipped shapefile, GeoPackage, GeoJSON, KML, KMZ, "
                "MapInfo TAB or MIF, DXF, GPX, CSV or XLSX."
            ),
            extension=extension or file_name[-20:],
        )
    siblings = {item.name.lower(): item for item in path.parent.iterdir()} if COMPONENTS[extension] else {}
    target = work / f"source{extension}"
    target.symlink_to(path.resolve())
    present = set()
    for component in COMPONENTS[extension]:
        sibling = siblings.get((path.stem + component).lower())
        if sibling is not None and sibling.is_file():
            (work / f"source{component}").symlink_to(sibling.resolve())
            present.add(component)
    return [Source(name=PurePosixPath(file_name).stem, extension=extension, path=target, components=frozenset(present))]


def _sources_of_zip(path: Path, work: Path, limits: Limits, only: str | None = None) -> list[Source]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = _checked_entries(archive, limits)
            return list(_unpack(archive, entries, work, limits, only))
    except zipfile.BadZipFile as error:
        if _starts_like_zip(path):
            raise RefusedError(
                "corrupt_archive", N_("The zip file is damaged: {reason}."), reason=str(error)
            ) from error
        raise RefusedError("not_zip", N_("The file is called .zip but is no zip file.")) from error
    except NotImplementedError as error:
        raise RefusedError(
            "unsupported_compression",
            N_("The zip file uses a compression that cannot be read; use plain zip (deflate)."),
        ) from error
    except (zlib.error, EOFError, OSError, ValueError) as error:
        raise RefusedError(
            "corrupt_archive", N_("The zip file is damaged: {reason}."), reason=str(error)[:200]
        ) from error


def _starts_like_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def _name_of(entry: zipfile.ZipInfo) -> str:
    """Return the entry's name; zips without the UTF-8 flag often hold UTF-8 or Windows-1258 all the same."""
    name = entry.filename
    if not entry.flag_bits & 0x800 and not name.isascii():
        data = name.encode("cp437", "replace")
        for encoding in ("utf-8", "cp1258"):
            try:
                name = data.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return unicodedata.normalize("NFC", name)


def _checked_entries(archive: zipfile.ZipFile, limits: Limits) -> dict[str, zipfile.ZipInfo]:
    """Return the files of the archive by name, after looking at the directory alone. Raises RefusedError."""
    infos = archive.infolist()
    if len(infos) > limits.archive_entries:
        raise RefusedError(
            "limit_exceeded",
            N_("The archive has {count} entries; the limit archive_entries is {limit}."),
            count=len(infos),
            limit=limits.archive_entries,
        )
    entries: dict[str, zipfile.ZipInfo] = {}
    seen: set[str] = set()
    for info in infos:
        name = _name_of(info)
        _check_entry(info, name)
        key = name.rstrip("/").casefold()
        if key in seen:
            raise RefusedError("duplicate_entries", N_("The archive holds “{name}” twice."), name=name)
        seen.add(key)
        if not info.is_dir():
            entries[name] = info
    total, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
    if total > limits.archive_bytes or (total > max(packed, 1) * limits.archive_ratio and total > _CHUNK):
        raise RefusedError(
            "limit_exceeded",
            N_(
                "Unpacked, the archive would have {size} bytes, {ratio} times its size; "
                "the limits are archive_bytes {limit} and archive_ratio {most}."
            ),
            size=total,
            ratio=total // max(packed, 1),
            limit=limits.archive_bytes,
            most=limits.archive_ratio,
        )
    ends = 0
    for info in sorted(infos, key=lambda item: item.header_offset):
        if info.header_offset < ends:
            raise RefusedError("corrupt_archive", N_("Entries of the archive overlap."))
        ends = info.header_offset + 30 + info.compress_size
    return entries


def _check_entry(info: zipfile.ZipInfo, name: str) -> None:
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        raise RefusedError("symlink", N_("The archive holds a symbolic link, “{name}”."), name=name)
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise RefusedError("unsafe_path", N_("“{name}” in the archive is not a plain file."), name=name)
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if name.startswith(("/", "\\")) or ".." in parts or "\x00" in name or (parts and ":" in parts[0]):
        raise RefusedError("unsafe_path", N_("The archive holds an unsafe path, “{name}”."), name=name)
    if info.flag_bits & 0x1:
        raise RefusedError(
            "encrypted", N_("“{name}” in the archive is encrypted. Send it without a password."), name=name
        )
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise RefusedError(
            "unsupported_compression",
            N_("The zip file uses a compression that cannot be read; use plain zip (deflate)."),
        )


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def _unpack(
    archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo], work: Path, limits: Limits, only: str | None
) -> Iterator[Source]:
    visible = {name: info for name, info in entries.items() if not _is_hidden(name)}
    mains = [name for name in visible if _extension(name) in COMPONENTS and not name.lower().endswith(DESCRIPTIONS)]
    if only:
        mains = [name for name in mains if _extension(name) == only][:1]
    spatial = [name for name in mains if _extension(name) not in TABLES]
    mains = spatial or [name for name in mains if _extension(name) != ".txt"]
    if not mains:
        _complain_about_missing(visible)
    by_key = {name.casefold(): info for name, info in visible.items()}
    budget = limits.archive_bytes
    for number, name in enumerate(mains):
        folder = work / f"layer{number}"
        folder.mkdir()
        extension = _extension(name)
        budget = _extract(archive, visible[name], folder / f"source{extension}", budget)
        present = set()
        for component in COMPONENTS[extension]:
            info = by_key.get(str(PurePosixPath(name).with_suffix(component)).casefold())
            info = info or by_key.get((name + component).casefold())
            if info is not None:
                budget = _extract(archive, info, folder / f"source{component}", budget)
                present.add(component)
        yield Source(
            name=_label(name, mains),
            extension=extension,
            path=folder / f"source{extension}",
            components=frozenset(present),
        )


def _complain_about_missing(visible: dict[str, zipfile.ZipInfo]) -> None:
    loose = {_extension(name) for name in visible}
    if loose & {".dbf", ".shx"}:
        raise RefusedError("missing_component", N_("The archive has parts of a shapefile but no .shp file."))
    if loose & {".dat", ".map", ".mid"}:
        raise RefusedError(
            "missing_component", N_("The archive has parts of a MapInfo table but no .tab or .mif file.")
        )
    raise RefusedError("no_layer", N_("The archive holds no layer that can be imported."))


def _extension(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _label(name: str, mains: list[str]) -> str:
    """Return the layer's name: the file's stem, with its folders when two files share it."""
    stem = PurePosixPath(name).stem
    twins = [other for other in mains if PurePosixPath(other).stem.casefold() == stem.casefold()]
    return stem if len(twins) == 1 else name


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, budget: int) -> int:
    """Stream one member, counting real bytes; the directory's sizes are claims."""
    with archive.open(info) as member, target.open("xb") as file:
        while chunk := member.read(_CHUNK):
            budget -= len(chunk)
            if budget < 0:
                raise RefusedError(
                    "limit_exceeded", N_("Unpacked, the archive is larger than the limit archive_bytes.")
                )
            file.write(chunk)
    return budget
