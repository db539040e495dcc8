"""Run the fast checks: style, format, types, import rules."""

import subprocess

from scripts.console import announce, run_command
from scripts.paths import PYTHON, ROOT, VENV
from scripts.setup import prepare_checkout

CHECKS = (
    ("ruff check", ["-m", "ruff", "check", "."]),
    ("ruff format --check", ["-m", "ruff", "format", "--check", "."]),
    ("mypy", ["-m", "mypy"]),
    ("lint-imports", [str(VENV / "bin" / "lint-imports")]),
)


def run_checks() -> int:
    """Run every check, also after one failed; return the exit code of the first that failed."""
    failed = 0
    for name, command in CHECKS:
        announce(f"== {name}")
        code = subprocess.run([PYTHON, "-P", *command], cwd=ROOT, check=False).returncode
        if code:
            announce(f"== {name}: failed ({code})")
        failed = failed or code
    return failed


def main() -> int:
    """Prepare and check."""
    prepare_checkout(database=False, development=True, pages=False)
    return run_checks()


if __name__ == "__main__":
    run_command(main)
