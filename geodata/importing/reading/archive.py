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

from geodata.base.i18n import N_
from geodata.importing.limits import Limits
from geodata.importing.reading.not_taken import SAVE_AS
from geodata.importing.results import RefusedError

#: Extension of the main file -> the extensions that belong to it.
COMPONENTS: dict[str, tuple[str, ...]] = {
    ".shp": (".shx", ".dbf", ".prj", ".cpg"),
    ".tab": (".dat", ".map", ".id", ".ind"),
    ".mif": (".mid",),
    ".geojson": (),
    ".json": (),
    ".gpkg": ("-wal",),
    ".fgb": (),
    ".gml": (),
    ".geojsonl": (),
    ".geojsons": (),
    ".ndjson": (),
    ".kml": (),
    ".kmz": (),
    ".gpx": (),
    ".dxf": (),
    ".csv": (),
    ".tsv": (),
    ".txt": (),
    ".xlsx": (),
    ".xlsm": (),
    ".xls": (),
    ".ods": (),
}
TABLES = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods"})
#: A folder that is one file to its programs.
GEODATABASE = ".gdb"
#: Read by no driver that GDAL brings along here (docs/decisions).
GEOPARQUET = frozenset({".parquet", ".geoparquet"})
SAVE_GEOPARQUET = N_(
    "GeoParquet files cannot be imported. Open the file in QGIS and save it as GeoPackage or FlatGeobuf, which keep "
    "everything."
)
#: Files our own exports lay beside a shapefile; they describe it and are no layer.
DESCRIPTIONS = (".fields.csv",)
#: What an .xml file says in its beginning -> the ending under which it is read.
_XML = {b"urn:schemas-microsoft-com:office:spreadsheet": ".xls", b"opengis.net/gml": ".gml"}

_CHUNK = 1024 * 1024
#: So many times the limit of entries may lie in an archive without being read.
_UNREAD = 100


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
            N_("The file has {size} MB; at most {most} MB are taken."),
            size=path.stat().st_size // 1_048_576,
            most=limits.file_bytes // 1_048_576,
            name="file_bytes",
        )
    extension = _ending(path, file_name)
    if path.stat().st_size == 0:
        raise RefusedError("not_zip" if extension == ".zip" else "malformed_file", N_("The file is empty."))
    if extension == ".zip":
        return _sources_of_zip(path, work, limits)
    if extension == ".kmz":
        return _sources_of_zip(path, work, limits, only=".kml")
    if extension in GEOPARQUET:
        raise RefusedError("unsupported_format", SAVE_GEOPARQUET)
    if extension in SAVE_AS:
        raise RefusedError("unsupported_format", SAVE_AS[extension])
    if extension not in COMPONENTS:
        raise RefusedError(
            "unsupported_format",
            N_(
                "“{extension}” files cannot be imported. Send a zipped shapefile or File Geodatabase, GeoPackage, FlatGeobuf, "
                "GeoJSON, GML, KML, KMZ, MapInfo TAB or MIF, DXF, GPX, CSV, XLSX, XLS or ODS."
            ),
            extension=extension or file_name[-20:],
        )
    siblings = {item.name.lower(): item for item in path.parent.iterdir()} if COMPONENTS[extension] else {}
    target = work / f"source{extension}"
    target.symlink_to(path.resolve())
    present = set()
    for component in COMPONENTS[extension]:
        name = path.name + component if component.startswith("-") else path.stem + component
        sibling = siblings.get(name.lower())
        if sibling is not None and sibling.is_file():
            (work / _part(f"source{extension}", component)).symlink_to(sibling.resolve())
            present.add(component)
    return [Source(name=PurePosixPath(file_name).stem, extension=extension, path=target, components=frozenset(present))]


def _ending(path: Path, file_name: str) -> str:
    """Return the ending of a file's name; of .xml the usual one of what it holds: Excel's files and GML are called so too."""
    extension = PurePosixPath(file_name).suffix.lower()
    if extension != ".xml":
        return extension
    with path.open("rb") as file:
        start = file.read(4096).replace(b"\x00", b"").lower()
    return next((ending for mark, ending in _XML.items() if mark in start), ".xml")


def _part(main: str, component: str) -> str:
    """Return the name of a part of a file: beside the ending (“-wal”), or in its place."""
    return main + component if component.startswith("-") else str(PurePosixPath(main).with_suffix(component))


def _sources_of_zip(
    path: Path, work: Path, limits: Limits, only: str | None = None, *, is_inner: bool = False
) -> list[Source]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = _checked_entries(archive, limits, only)
            return list(_unpack(archive, entries, work, limits, only, is_inner=is_inner))
    except zipfile.BadZipFile as error:
        if _starts_like(path, b"PK"):
            raise RefusedError("corrupt_archive", N_("The zip file is damaged.")) from error
        if _starts_like(path, b"Rar!", b"7z\xbc\xaf"):
            raise RefusedError("not_zip", SAVE_AS[".rar"]) from error
        raise RefusedError("not_zip", N_("The file is called .zip but is no zip file.")) from error
    except NotImplementedError as error:
        raise RefusedError(
            "unsupported_compression",
            N_("The zip file uses a compression that cannot be read; use plain zip (deflate)."),
        ) from error
    except (zlib.error, EOFError, OSError, ValueError) as error:
        raise RefusedError("corrupt_archive", N_("The zip file is damaged.")) from error


def _starts_like(path: Path, *starts: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(4).startswith(starts)


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


def _checked_entries(archive: zipfile.ZipFile, limits: Limits, only: str | None) -> dict[str, zipfile.ZipInfo]:
    """Return the files of the archive by name, after looking at the directory alone. Raises RefusedError.

    What is never read (photos beside a KML, the many parts of a File Geodatabase but one) does not count as an entry.
    """
    infos = archive.infolist()
    counted = [info for info in infos if _counts(info, only)]
    if len(counted) > limits.archive_entries or len(infos) > limits.archive_entries * _UNREAD:
        raise RefusedError(
            "limit_exceeded",
            N_("The archive has {count} entries; at most {limit} are taken."),
            count=len(counted),
            limit=limits.archive_entries,
            name="archive_entries",
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
    read = [info for info in infos if only is None or _extension(info.filename) == only]
    total, packed = sum(info.file_size for info in read), sum(info.compress_size for info in read)
    if total > limits.archive_bytes or (total > max(packed, 1) * limits.archive_ratio and total > _CHUNK):
        raise RefusedError(
            "limit_exceeded",
            N_(
                "Unpacked, the archive would have {size} MB, {ratio} times its size; "
                "at most {limit} MB and {most} times are taken."
            ),
            size=total // 1_048_576,
            ratio=total // max(packed, 1),
            limit=limits.archive_bytes // 1_048_576,
            most=limits.archive_ratio,
            name="archive_bytes",
        )
    ends = 0
    for info in sorted(infos, key=lambda item: item.header_offset):
        if info.header_offset < ends:
            raise RefusedError("corrupt_archive", N_("Entries of the archive overlap."))
        ends = info.header_offset + 30 + info.compress_size
    return entries


def _counts(info: zipfile.ZipInfo, only: str | None) -> bool:
    """Say whether an entry counts: not beside a KML, and a File Geodatabase's folder counts once."""
    name = info.filename
    if only is not None:
        return _extension(name) == only
    return _geodatabase_of(name) is None


def _geodatabase_of(name: str) -> str | None:
    """Return the folder of a File Geodatabase that an entry lies in, or None."""
    parts = PurePosixPath(name).parts
    at = next((index for index, part in enumerate(parts[:-1]) if part.lower().endswith(GEODATABASE)), None)
    return None if at is None else "/".join(parts[: at + 1])


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
    return any(part.startswith((".", "__MACOSX", "~$")) for part in PurePosixPath(name).parts)


def _unpack(
    archive: zipfile.ZipFile,
    entries: dict[str, zipfile.ZipInfo],
    work: Path,
    limits: Limits,
    only: str | None,
    *,
    is_inner: bool,
) -> Iterator[Source]:
    visible = {name: info for name, info in entries.items() if not _is_hidden(name)}
    geodatabases = {} if only else _geodatabases(visible)
    visible = {name: info for name, info in visible.items() if _geodatabase_of(name) not in geodatabases}
    mains = _mains(visible, only)
    if not mains and not geodatabases:
        inner = [name for name in visible if _extension(name) in {".zip", ".kmz"}]
        if is_inner or not inner:
            _complain_about_missing(visible)
        yield from _inner_zips(archive, {name: visible[name] for name in inner}, work, limits)
        return
    budget = limits.archive_bytes
    for number, (name, parts) in enumerate(geodatabases.items()):
        folder = work / f"database{number}" / f"source{GEODATABASE}"
        folder.mkdir(parents=True)
        for part, info in parts.items():
            budget = _extract(archive, info, folder / part, budget)
        yield Source(name=PurePosixPath(name).stem, extension=GEODATABASE, path=folder)
    by_key = {name.casefold(): info for name, info in visible.items()}
    for number, name in enumerate(mains):
        folder = work / f"layer{number}"
        folder.mkdir(parents=True)
        extension = _extension(name)
        budget = _extract(archive, visible[name], folder / f"source{extension}", budget)
        present = set()
        for component in COMPONENTS[extension]:
            entry = by_key.get(_part(name, component).casefold()) or by_key.get((name + component).casefold())
            if entry is not None:
                budget = _extract(archive, entry, folder / _part(f"source{extension}", component), budget)
                present.add(component)
        yield Source(
            name=_label(name, mains),
            extension=extension,
            path=folder / f"source{extension}",
            components=frozenset(present),
        )


def _mains(visible: dict[str, zipfile.ZipInfo], only: str | None) -> list[str]:
    """Return the entries that are a file to read each: those with geometry before tables."""
    mains = [name for name in visible if _extension(name) in COMPONENTS and not name.lower().endswith(DESCRIPTIONS)]
    if only:
        return sorted((name for name in mains if _extension(name) == only), key=lambda name: name.lower() != "doc.kml")
    spatial = [name for name in mains if _extension(name) not in TABLES]
    return spatial or [name for name in mains if _extension(name) != ".txt"]


def _geodatabases(visible: dict[str, zipfile.ZipInfo]) -> dict[str, dict[str, zipfile.ZipInfo]]:
    """Return folder -> file -> entry of the File Geodatabases of an archive; their files lie flat."""
    found: dict[str, dict[str, zipfile.ZipInfo]] = {}
    for name, info in visible.items():
        folder = _geodatabase_of(name)
        if folder is not None and name.count("/") == folder.count("/") + 1:
            found.setdefault(folder, {})[_plain_name(PurePosixPath(name).name)] = info
    return {folder: parts for folder, parts in found.items() if any(part.endswith(".gdbtable") for part in parts)}


def _plain_name(name: str) -> str:
    return "".join(char if char.isalnum() or char in "._-" else "_" for char in name)[-100:]


def _inner_zips(
    archive: zipfile.ZipFile, inner: dict[str, zipfile.ZipInfo], work: Path, limits: Limits
) -> Iterator[Source]:
    """Return what archives inside the archive hold, one level deep."""
    for number, (name, info) in enumerate(inner.items()):
        folder = work / f"inner{number}"
        folder.mkdir()
        _extract(archive, info, folder / "inner.zip", limits.archive_bytes)
        only = ".kml" if _extension(name) == ".kmz" else None
        yield from _sources_of_zip(folder / "inner.zip", folder, limits, only, is_inner=True)


def _complain_about_missing(visible: dict[str, zipfile.ZipInfo]) -> None:
    loose = {_extension(name) for name in visible}
    if loose & {".dbf", ".shx"}:
        raise RefusedError("missing_component", N_("The archive has parts of a shapefile but no .shp file."))
    if loose & {".dat", ".map", ".mid"}:
        raise RefusedError(
            "missing_component", N_("The archive has parts of a MapInfo table but no .tab or .mif file.")
        )
    if loose & GEOPARQUET:
        raise RefusedError("unsupported_format", SAVE_GEOPARQUET)
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
                    "limit_exceeded", N_("Unpacked, the archive is larger than the limit."), name="archive_bytes"
                )
            file.write(chunk)
    return budget
