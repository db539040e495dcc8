"""Run the checks and the whole test suite against a real PostGIS and a real Chromium."""

import contextlib
import os
import secrets
import sys

from scripts.base.console import run_command
from scripts.base.paths import PYTHON, ROOT, WORK
from scripts.base.processes import bound_to_us, started
from scripts.cluster.abandoned import remove_abandoned
from scripts.cluster.cluster import Cluster
from scripts.cluster.configuration import SUPERUSER
from scripts.install.setup import prepare_checkout
from scripts.install.system import find_chromium
from scripts.run.check import run_checks

CLUSTERS = WORK / "test-pg"
#: Each process begins with half of the tests and takes over what the other has not done by the end: a module's databases
#: and servers are then made once, not in both.
PARALLEL = ("-n", "2", "--dist", "worksteal")
#: With these the checks and tests of all rooms are run all the same: with larger numbers, or each behaviour once.
NUMBERS = {"--heavy", "--full", "--quick"}


def main() -> int:
    """Return pytest's exit code, or that of the first failed check when pytest passed."""
    arguments = sys.argv[1:]
    prepare_checkout(database=True, browser=True, development=True)
    is_whole = NUMBERS.issuperset(argument.partition("=")[0] for argument in arguments)
    checked = run_checks() if is_whole else 0
    CLUSTERS.mkdir(parents=True, exist_ok=True)
    remove_abandoned(CLUSTERS)
    cluster = Cluster(CLUSTERS / f"{os.getpid()}-{secrets.token_hex(2)}", durable=False)
    try:
        with cluster.in_use():
            tested = run_pytest(cluster, [*arguments, *PARALLEL] if is_whole else arguments)
    finally:
        with contextlib.suppress(OSError):
            cluster.remove()
    return tested or checked


def run_pytest(cluster: Cluster, arguments: list[str]) -> int:
    """Run pytest with what tests need in its environment."""
    given = {name: value for name, value in os.environ.items() if name != "DATABASE_URL" and not name.startswith("PG")}
    environment = {
        **given,
        "TEST_DATABASE_URL": cluster.url(database="postgres", role=SUPERUSER),
        "CHROMIUM_PATH": str(find_chromium()),
    }
    command = bound_to_us([PYTHON, "-P", "-m", "pytest", *arguments])
    # A group of its own can be ended whole, but could not read the terminal (--pdb).
    with started(command, cwd=ROOT, env=environment, own_group=not sys.stdin.isatty(), grace_seconds=20) as child:
        return child.wait()


if __name__ == "__main__":
    run_command(main)
