"""Bring the checkout into the state the other commands need; says nothing and takes no time when it is."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from scripts.base.console import Exit, Failure, failure_of, run_command, say
from scripts.base.locks import exclusive
from scripts.base.paths import PYTHON, ROOT, VENDOR, VENV, WORK
from scripts.base.processes import end_abandoned_steps
from scripts.install import assets, bundle, system, venv

LOG = WORK / "log" / "setup.log"
ENV_FILE = ROOT / ".env"


def read_env_file(path: Path) -> dict[str, str]:
    """Return the settings of a .env file: KEY=VALUE lines, # comments, optional quotes."""
    settings = {}
    for line in path.read_text("utf-8").splitlines() if path.exists() else []:
        name, found, value = line.strip().partition("=")
        if found and not name.startswith("#"):
            settings[name.strip()] = value.strip().strip("\"'")
    return settings


def load_env_file(path: Path = ENV_FILE) -> None:
    """Put the .env file's settings into the environment, where they do not replace what is set."""
    for name, value in read_env_file(path).items():
        os.environ.setdefault(name, value)


def own_database(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether the private cluster is used, which is when DATABASE_URL is not set."""
    return not environment.get("DATABASE_URL", "").strip()


def prepare_checkout(*, database: bool, browser: bool = False, development: bool = False, pages: bool = True) -> None:
    """Install what is missing: system packages, Python packages, browser assets. Raises Failure."""
    requirements = [ROOT / "requirements.txt", *([ROOT / "requirements-dev.txt"] if development else [])]
    for path in requirements:
        if not path.exists():
            raise Failure(
                Exit.DEPENDENCIES,
                f"Thiếu tệp {path}: hãy lấy lại mã nguồn đầy đủ",
                f"{path} is missing: get the complete source again",
            )
    try:
        with exclusive(WORK / "setup.lock", on_wait=wait_for_setup):
            end_abandoned_steps(LOG)
            system.check_disk(ROOT, system.NEXT_START_BYTES if VENV.exists() else system.NEW_CHECKOUT_BYTES)
            system.ensure_packages(database=database, browser=browser, log=LOG)
            system.ensure_wished(tests=browser, tried=WORK / "wished", log=LOG)
            venv.ensure_venv(VENV, requirements, log=LOG)
            if pages:
                assets.ensure_assets(ROOT, VENDOR, WORK, python=PYTHON, log=LOG)
                ensure_built()
            if development:
                assets.ensure_tools(ROOT, WORK, python=PYTHON, log=LOG)
    except OSError as error:
        raise failure_of(error) from error


def ensure_built() -> None:
    """Build the browser's scripts anew when a source has changed, in the virtual environment; it says itself what went wrong."""
    if not bundle.is_built():
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        code = subprocess.run(
            [PYTHON, "-P", "-m", "scripts.install.bundle"], cwd=ROOT, env=environment, check=False
        ).returncode
        if code:
            raise SystemExit(code if code > 0 else Exit.ASSETS)


def wait_for_setup() -> None:
    """Tell why nothing happens for a while."""
    say("Đang chờ một lệnh khác cài đặt xong…", "waiting for another command to finish installing")


def main() -> int:
    """Prepare for a management command."""
    load_env_file()
    prepare_checkout(database=own_database(), pages=False)
    return 0


if __name__ == "__main__":
    run_command(main)
