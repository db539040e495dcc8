"""The browser's own scripts and styles: bundled by esbuild under names that tell their content, ready compressed.

Runs inside .venv as a process of its own (`python -m scripts.install.bundle`) whenever a source is newer than what is built. esbuild is one
binary of its npm package; neither Node.js nor any script of a package runs here. What is served is said by
webmap/static/built/manifest.json, which webmap/app/static_files.py reads.
"""

import gzip
import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from scripts.base.console import Exit, Failure, run_command, say
from scripts.base.paths import BUILT, ESBUILD, ROOT, VENDOR

STATIC = BUILT.parent
MANIFEST = "manifest.json"

ENTRIES = (
    "src/**/*.entry.js",  # one for each page or part of a page; all other modules are imported
    "css/*.css",
    "vendor/*/dist/**/*.css",
)
"""What esbuild starts from, as patterns below static/."""

AS_THEY_ARE = ("icon.svg", "vendor/leaflet/dist/leaflet.js", "vendor/bootstrap/dist/js/*.js")
"""Served as they come, under hashed names."""

OPTIONS = (
    "--bundle",
    "--splitting",
    "--format=esm",
    "--target=es2022",
    "--minify",
    "--legal-comments=none",
    "--alias:pbf=./vendor/pbf/index.js",
    "--alias:@geoman-io/leaflet-geoman-free=./vendor/@geoman-io/leaflet-geoman-free/dist/leaflet-geoman.js",
    "--loader:.woff2=file",
    "--loader:.png=file",
    "--loader:.woff=file",
    "--outbase=.",
    "--entry-names=[dir]/[name]-[hash]",
    "--chunk-names=chunks/[name]-[hash]",
    "--asset-names=assets/[name]-[hash]",
    "--log-level=warning",
    "--color=false",
)

COMPRESSED = {".js", ".css", ".svg"}
SMALLEST = 1000
"""Bytes; what is smaller is one packet anyway."""


def sources() -> Iterator[Path]:
    """Yield every file that what is built depends on."""
    for folder in ("src", "css"):
        yield from sorted(path for path in (STATIC / folder).rglob("*") if path.is_file())
    yield from (path for path in (STATIC / "icon.svg", VENDOR / ".stamp", Path(__file__)) if path.exists())


def stamp_text() -> str:
    """Return what the built files depend on, as a checksum."""
    digest = hashlib.sha256()
    for path in sources():
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def read_manifest() -> dict[str, Any]:
    """Return what was built last; nothing when that cannot be read."""
    try:
        manifest: dict[str, Any] = json.loads((BUILT / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest


def is_built() -> bool:
    """Return whether the built files are those of the sources as they are now."""
    return read_manifest().get("stamp") == stamp_text()


def build() -> None:
    """Build all files beside those of the last time, then let the new ones hold. Raises Failure."""
    stamp, before = stamp_text(), read_manifest()
    BUILT.mkdir(exist_ok=True)
    outputs = run_esbuild()
    manifest = {"stamp": stamp, **described(outputs), "texts": texts_by_entry(outputs)}
    for path in (file for pattern in AS_THEY_ARE for file in sorted(STATIC.glob(pattern))):
        manifest["files"][path.relative_to(STATIC).as_posix()] = copy_hashed(path)
    names = sorted({*manifest["files"].values(), *manifest.pop("others")})
    for name in names:
        compress(STATIC / name)
    manifest["all"] = names
    part = BUILT / f"{MANIFEST}.part"
    part.write_text(json.dumps(manifest, indent=1), "utf-8")
    part.replace(BUILT / MANIFEST)
    remove_others({*names, *before.get("all", ())})


def run_esbuild() -> dict[str, Any]:
    """Run esbuild over the entries and return its account of what went where."""
    entries = [path.relative_to(STATIC).as_posix() for pattern in ENTRIES for path in sorted(STATIC.glob(pattern))]
    account = BUILT / "account.json"
    command = [str(ESBUILD), *OPTIONS, f"--outdir={BUILT.name}", f"--metafile={account}", *entries]
    result = subprocess.run(command, cwd=STATIC, capture_output=True, text=True, check=False)
    if result.returncode:
        raise Failure(
            Exit.ASSETS,
            f"Không dựng được các tệp kịch bản của trình duyệt:\n{result.stderr.strip()}",
            "the browser's scripts could not be built: mend what esbuild names",
        )
    outputs: dict[str, Any] = json.loads(account.read_text("utf-8"))["outputs"]
    account.unlink()
    return outputs


def described(outputs: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest of esbuild's outputs: source name -> file, and what a script imports, all as names in static/."""
    entries = {output["entryPoint"]: name for name, output in outputs.items() if "entryPoint" in output}
    fonts = {next(iter(output["inputs"])): name for name, output in outputs.items() if name.endswith(".woff2")}
    return {
        "files": dict(sorted((entries | fonts).items())),
        "imports": {
            source: imported(name, outputs) for source, name in sorted(entries.items()) if name.endswith(".js")
        },
        "others": list(outputs),
    }


def imported(name: str, outputs: dict[str, Any]) -> list[str]:
    """Return all files that a built script needs before it runs, nearest first."""
    found = [name]
    for one in found:  # grows while it is walked
        needed = [other["path"] for other in outputs[one]["imports"] if other["kind"] == "import-statement"]
        found += [other for other in dict.fromkeys(needed) if other not in found]
    return found[1:]


def texts_by_entry(outputs: dict[str, Any]) -> dict[str, list[str]]:
    """Return which texts each script says, itself or by what it imports: script -> msgids for the catalogue."""
    found: dict[str, list[str]] = {}
    for name, output in outputs.items():
        if "entryPoint" not in output or not name.endswith(".js"):
            continue
        sources = {source for part in (name, *imported(name, outputs)) for source in outputs[part]["inputs"]}
        found[output["entryPoint"]] = sorted({text for source in sources for text in texts_of(STATIC / source)})
    return found


@cache
def texts_of(path: Path) -> tuple[str, ...]:
    """Return what a source gives to t() and N_(), as Babel reads it."""
    from babel.messages.extract import extract  # is there in the virtual environment, where this runs

    keywords = {"t": None, "N_": None}
    with path.open("rb") as file:
        messages = extract("javascript", file, keywords=keywords, options={"parse_template_string": True})
        return tuple(str(text) for _, text, _, _ in messages)


def copy_hashed(path: Path) -> str:
    """Copy a file under a name that tells its content; return that name in static/."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8].upper()
    target = BUILT / path.relative_to(STATIC).with_name(f"{path.stem}-{digest}{path.suffix}")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
    return target.relative_to(STATIC).as_posix()


def compress(path: Path) -> None:
    """Lay the gzip variant beside a text. Brotli is left out: browsers ask for it by https only."""
    if path.suffix in COMPRESSED and path.stat().st_size >= SMALLEST:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), compresslevel=9, mtime=0))


def remove_others(kept: set[str]) -> None:
    """Remove what neither this nor the last build made: pages that are open and a running server still ask for the last one."""
    for path in BUILT.rglob("*"):
        name = path.relative_to(STATIC).as_posix().removesuffix(".gz")
        if path.is_file() and path.name != MANIFEST and name not in kept:
            path.unlink()


def main() -> int:
    """Build."""
    say("Đang dựng kịch bản của trình duyệt…", "building the browser's scripts")
    build()
    return 0


if __name__ == "__main__":
    run_command(main)
