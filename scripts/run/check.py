"""Run the fast checks: style, format, types, import rules, and those of the browser's scripts; or look after the packages."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from scripts.base.console import announce, run_command
from scripts.base.paths import PYTHON, ROOT, VENV, WORK
from scripts.base.processes import last_line
from scripts.install.assets import node_program
from scripts.install.lock import lock_of, write_lock
from scripts.install.setup import prepare_checkout

CHECKS = (
    ("ruff check", ["-m", "ruff", "check", "."]),
    ("ruff format --check", ["-m", "ruff", "format", "--check", "."]),
    ("mypy", ["-m", "mypy"]),
    ("lint-imports", [str(VENV / "bin" / "lint-imports")]),
)

SCRIPT_CHECKS = (
    ("eslint", ["node_modules/eslint/bin/eslint.js", "."]),
    ("prettier --check", ["node_modules/prettier/bin/prettier.cjs", "--check", "--log-level=warn", "."]),
    ("tsc --checkJs --strict", ["node_modules/typescript/bin/tsc", "--project", "."]),
    ("node --test", ["--test", *sorted(str(path) for path in (ROOT / "tests" / "javascript").glob("*.test.js"))]),
)
"""What Node.js runs, from package.json's devDependencies."""


def run_checks() -> int:
    """Run every check, also after one failed; return the exit code of the first that failed."""
    node = node_program(WORK)
    commands = [(name, [str(PYTHON), "-P", *command]) for name, command in CHECKS]
    commands += [(name, [str(node), *command]) for name, command in SCRIPT_CHECKS]
    failed = 0
    for name, command in commands:
        announce(f"== {name}")
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        if code:
            announce(f"== {name}: failed ({code})")
        failed = failed or code
    return failed


REQUIREMENTS = [ROOT / "requirements.txt"]
DEVELOPMENT = [*REQUIREMENTS, ROOT / "requirements-dev.txt"]
UV = VENV / "bin" / "uv"
#: Tools that are only fetched when somebody asks, each into a place of its own.
AUDIT, LICENCES = "pip-audit==2.10.1", "pip-licenses==5.5.5"


def write_locks() -> int:
    """Resolve the requirements anew."""
    for requirements in (REQUIREMENTS, DEVELOPMENT):
        announce(f"== {write_lock(requirements, UV).name}")
    return 0


def look_after_packages() -> int:
    """Tell which packages are old, which are known to be vulnerable, and under which licences they come.

    The exit code is that of the audit: 1 also when a package could not be looked up (no way to PyPI's own index: mirrors
    know no weaknesses), because then nothing is known of it.
    """
    announce("== old")
    _run([UV, "pip", "list", "--python", PYTHON, "--outdated"])
    announce("== licences")
    _run([UV, "tool", "run", "--from", LICENCES, "pip-licenses", f"--python={PYTHON}", "--summary", "--order=count"])
    announce("== vulnerable")
    return _audit()


def _audit() -> int:
    """Tell the known weaknesses of each locked package, and of which nothing could be learnt; 1 where there are any of either."""
    command: list[str | Path] = [
        UV, "tool", "run", "--from", AUDIT, "pip-audit", "--disable-pip", "--require-hashes", "--format=json",
        "--progress-spinner=off", "-r", lock_of(REQUIREMENTS),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        announce(f"nothing was audited: {last_line(done.stderr)}")
        return 1
    weak = [(package, weakness) for package in packages for weakness in package.get("vulns", ())]
    for package, weakness in weak:
        mended = ", ".join(weakness["fix_versions"]) or "no version yet"
        announce(f"{package['name']} {package['version']}: {weakness['id']}, mended in {mended}")
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if unknown:
        announce(f"not audited, the index was not to be asked about them: {', '.join(unknown)}")
    announce(
        f"{len(packages) - len(unknown)} packages audited, {len(weak)} weaknesses known, {len(unknown)} not audited"
    )
    return int(bool(weak or unknown))


def _run(command: list[str | Path]) -> int:
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def main() -> int:
    """Prepare and check."""
    parser = argparse.ArgumentParser(prog="./scripts/check")
    parser.add_argument("--lock", action="store_true", help="lập lại các tệp .lock (resolve the requirements anew)")
    parser.add_argument(
        "--outdated", action="store_true", help="gói cũ, gói có lỗ hổng, giấy phép (old, vulnerable, licences)"
    )
    options = parser.parse_args(sys.argv[1:])
    prepare_checkout(database=False, development=True, pages=False)
    if options.lock:
        return write_locks()
    return look_after_packages() if options.outdated else run_checks()


if __name__ == "__main__":
    run_command(main)
