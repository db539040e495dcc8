"""The machine: Debian packages, PostgreSQL's binaries, free disk space. Changes nothing but what apt installs."""

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.base.console import Exit, Failure, say
from scripts.base.processes import Result, last_line, run_logged

POSTGRESQL = Path("/usr/lib/postgresql")
EXTENSIONS = Path("/usr/share/postgresql")
CREATECLUSTER = Path("/etc/postgresql-common/createcluster.d")
OLDEST_POSTGRESQL = 13
TIMES = Path("/usr/share/fonts/truetype/liberation2")
HEADLESS = "chromium-headless-shell"
"""Debian's Chromium without a window: drawing what stands around a page is a third of a test's work in the browser."""
APT_LOCK_SECONDS = 300
NEW_CHECKOUT_BYTES = 1_500_000_000
NEXT_START_BYTES = 200_000_000


@dataclass(frozen=True)
class Binaries:
    """One major version of PostgreSQL's programs."""

    major: int
    folder: Path

    def path(self, program: str) -> Path:
        """Return the program's path, e.g. of pg_dump."""
        return self.folder / program


def find_binaries(major: int | None = None, *, postgresql: Path = POSTGRESQL) -> Binaries | None:
    """Return the newest PostgreSQL server programs (or those of one major version); PATH is not asked."""
    found = [
        Binaries(int(folder.parent.name), folder)
        for folder in postgresql.glob("*/bin")
        if folder.parent.name.isdigit() and all((folder / name).exists() for name in ("postgres", "initdb", "psql"))
    ]
    found = [each for each in found if each.major >= OLDEST_POSTGRESQL and major in {None, each.major}]
    return max(found, key=lambda each: (has_postgis(each), each.major), default=None)


def has_postgis(binaries: Binaries, *, extensions: Path = EXTENSIONS) -> bool:
    """Return whether PostGIS is installed for this PostgreSQL."""
    return (extensions / str(binaries.major) / "extension" / "postgis.control").exists()


def check_disk(where: Path, need_bytes: int) -> None:
    """Raise Failure when the disk that holds `where` has less than `need_bytes` free."""
    free = shutil.disk_usage(where).free
    if free < need_bytes:
        raise Failure(
            Exit.DISK,
            f"Đĩa chứa {where} chỉ còn {free // 1_000_000} MB, cần {need_bytes // 1_000_000} MB: "
            "hãy giải phóng dung lượng rồi chạy lại",
            f"only {free // 1_000_000} MB free on the disk that holds {where}, "
            f"{need_bytes // 1_000_000} MB needed: free some space, then run this again",
        )


def find_chromium() -> Path | None:
    """Return the browser that the tests drive: CHROMIUM_PATH, or Debian's chromium, the one without a window first."""
    given = os.environ.get("CHROMIUM_PATH")
    for candidate in [given] if given else [shutil.which(HEADLESS), "/usr/bin/chromium", shutil.which("chromium")]:
        if candidate and os.access(candidate, os.X_OK):
            return Path(candidate)
    return None


def missing_packages(*, database: bool, browser: bool) -> list[str]:
    """Return the Debian packages whose programs are not there."""
    packages = []
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        packages.append("python3-venv")
    if database:
        binaries = find_binaries()
        if binaries is None:
            packages += ["postgresql", "postgresql-postgis"]
        elif not has_postgis(binaries):
            packages += [f"postgresql-{binaries.major}-postgis-3"]
    if browser and find_chromium() is None:
        packages.append("chromium")
    return packages


def wished_packages(*, tests: bool) -> list[str]:
    """Return the Debian packages that make papers better, their pictures comparable or tests faster, and are not there.

    fonts-liberation2 has the widths of Times New Roman, which Decree 30/2020/NĐ-CP wants; without it PDFs are set in a
    serif of PyPI. Tests open DOCX in LibreOffice and look at the pages.
    """
    packages = [] if TIMES.exists() else ["fonts-liberation2"]
    if tests and not (shutil.which("soffice") and shutil.which("pdftoppm")):
        packages += ["libreoffice-writer-nogui", "poppler-utils"]
    if tests and shutil.which(HEADLESS) is None and not os.environ.get("CHROMIUM_PATH"):
        packages.append(HEADLESS)
    return packages


def ensure_wished(*, tests: bool, tried: Path, log: Path) -> None:
    """Install as root what is wished for; where that fails, say so, go on, and do not try the same again (`tried`)."""
    packages = wished_packages(tests=tests)
    if not packages or shutil.which("apt-get") is None or os.geteuid() != 0:
        return
    if tried.exists() and tried.read_text("utf-8") == " ".join(packages):
        return
    tried.write_text(" ".join(packages), "utf-8")
    for package in packages:  # each alone: apt installs none where it does not know one
        try:
            install_packages([package], log=log)
        except Failure as problem:
            say("Chưa cài được một gói không bắt buộc, vẫn tiếp tục…", f"going on without {package}: {problem}")


def ensure_packages(*, database: bool, browser: bool, log: Path) -> None:
    """Install what is missing with apt, as root or with sudo. Raises Failure when that is not possible."""
    missing = missing_packages(database=database, browser=browser)
    if not missing:
        return
    if browser and os.environ.get("CHROMIUM_PATH") and "chromium" in missing:
        raise Failure(
            Exit.PACKAGES,
            f"CHROMIUM_PATH={os.environ['CHROMIUM_PATH']} không chạy được: hãy sửa hoặc bỏ biến này",
            "CHROMIUM_PATH does not name a program: correct or unset it",
        )
    install_packages(missing, log=log)
    still_missing = missing_packages(database=database, browser=browser)
    if still_missing:
        raise cannot_install(still_missing, "apt đã chạy xong nhưng vẫn thiếu", "apt ended but did not bring them")


def install_packages(packages: list[str], *, log: Path) -> None:
    """Install packages with apt. Raises Failure without apt, without the right to use it, or when it fails."""
    if shutil.which("apt-get") is None:
        raise cannot_install(packages, "máy này không có apt", "this machine has no apt")
    prefix = privilege_prefix()
    if prefix is None:
        raise cannot_install(packages, "không có quyền root hay sudo", "neither root nor sudo here")
    say("Đang cài gói hệ thống, lần đầu mất vài phút…", f"installing system packages: {' '.join(packages)}")
    as_root = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"]
    # A start killed inside dpkg leaves packages unpacked but not configured; without any this does nothing.
    run_logged([*as_root, "dpkg", "--configure", "-a"], log=log, cwd=Path("/"), patient=True)
    result = apt([*as_root, "apt-get"], "update", log=log)
    if result.returncode == 0:
        names = [each for name in packages for each in debian_names(name)]
        with no_second_server([*as_root, "apt-get"], needed=any(n.startswith("postgresql") for n in names), log=log):
            result = apt([*as_root, "apt-get"], "install", "--no-install-recommends", *names, log=log)
    if result.returncode:
        raise cannot_install(packages, last_line(result.output), f"apt failed, log: {log}")


def apt(apt_get: list[str], *arguments: str, log: Path) -> Result:
    """Run apt-get, waiting while another one works (the machine's own upgrades, or that of a killed start)."""
    options = ["-y", "-q", "-o", f"DPkg::Lock::Timeout={APT_LOCK_SECONDS}", "-o", "Dpkg::Options::=--force-confold"]
    deadline = time.monotonic() + APT_LOCK_SECONDS
    while True:
        result = run_logged([*apt_get, *options, *arguments], log=log, cwd=Path("/"), patient=True)
        if result.returncode == 0 or "Could not get lock" not in result.output or time.monotonic() > deadline:
            return result
        time.sleep(2)


@contextlib.contextmanager
def no_second_server(apt_get: list[str], *, needed: bool, log: Path) -> Iterator[None]:
    """Keep Debian from making and starting a PostgreSQL server of its own on port 5432 while we install."""
    if not needed:
        yield
        return
    apt(apt_get, "install", "--no-install-recommends", "postgresql-common", log=log)
    setting = CREATECLUSTER / "webmap-install.conf"
    as_root = apt_get[:-1]
    write = [
        "sh",
        "-c",
        'mkdir -p "$1" && echo "create_main_cluster = false" > "$2"',
        "sh",
        str(CREATECLUSTER),
        str(setting),
    ]
    run_logged([*as_root, *write], log=log, cwd=Path("/"), patient=True)
    try:
        yield
    finally:
        run_logged([*as_root, "rm", "-f", str(setting)], log=log, cwd=Path("/"), patient=True)


def debian_names(package: str) -> list[str]:
    """Return Debian's name: the distribution's own PostgreSQL version for the two version-less names."""
    if package not in {"postgresql", "postgresql-postgis"}:
        return [package]
    listed = subprocess.run(
        ["apt-cache", "search", "--names-only", r"^postgresql-[0-9]+-postgis-3$"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    ).stdout
    versions = [int(line.split("-")[1]) for line in listed.splitlines() if line.startswith("postgresql-")]
    if not versions:
        return [package]
    return [f"postgresql-{max(versions)}" + ("-postgis-3" if package.endswith("postgis") else "")]


def privilege_prefix() -> list[str] | None:
    """Return what to put before a command to run it as root, None when that is not allowed."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    if subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0:
        return ["sudo", "-n"]
    return ["sudo"] if sys.stdin.isatty() and subprocess.run(["sudo", "-v"], check=False).returncode == 0 else None


def cannot_install(packages: list[str], vi: str, en: str) -> Failure:
    """Return the failure that tells which command an administrator has to run."""
    command = "sudo apt-get install " + " ".join(each for name in packages for each in printed_names(name))
    return Failure(
        Exit.PACKAGES,
        f"Thiếu gói hệ thống và không tự cài được: {vi}. Hãy nhờ quản trị máy chạy “{command}” rồi chạy lại",
        f"system packages are missing and cannot be installed from here: {en}; "
        f"have an administrator run “{command}”, then run this again",
    )


def printed_names(package: str) -> list[str]:
    """Return a package's name for the message, also where apt-cache cannot be asked."""
    names = debian_names(package) if shutil.which("apt-cache") else [package]
    return ["postgresql-15-postgis-3"] if names == ["postgresql-postgis"] else names
