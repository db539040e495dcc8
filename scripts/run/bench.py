"""List or run the benchmarks under scripts/benchmarks; each prints a table and writes var/bench/NAME.json.

A benchmark is a module with a docstring and a function `main() -> int`.
"""

import argparse
import ast
import subprocess

from scripts.base.console import announce, run_command
from scripts.base.paths import PYTHON, ROOT, VAR, WORK
from scripts.cluster.account import clean_environment
from scripts.cluster.cluster import Cluster
from scripts.cluster.configuration import OWNER
from scripts.install.setup import prepare_checkout

FOLDER = ROOT / "scripts" / "benchmarks"


def list_benchmarks() -> dict[str, str]:
    """Return the benchmarks' names and the first line of their docstrings."""
    modules = sorted(path for path in FOLDER.glob("*.py") if not path.name.startswith("_"))
    docs = {path.stem: ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "" for path in modules}
    return {name: doc.partition("\n")[0] for name, doc in docs.items()}


def main() -> int:
    """Run the named benchmarks, or all."""
    known = list_benchmarks()
    parser = argparse.ArgumentParser(prog="./scripts/bench", description="Đo tốc độ (benchmarks)")
    parser.add_argument("--list", action="store_true", help="liệt kê (list)")
    parser.add_argument("--quick", action="store_true", help="ít vòng hơn (fewer and shorter rounds: peers)")
    parser.add_argument("name", nargs="*", help=", ".join(known))
    options = parser.parse_args()
    unknown = sorted(set(options.name) - set(known))
    if unknown:
        parser.error(f"không có phép đo (no such benchmark): {', '.join(unknown)}")
    if options.list or not known:
        for name, text in known.items():
            announce(f"{name}: {text}")
        return 0
    prepare_checkout(database=True, browser=True, development=True)
    (WORK / "bench").mkdir(parents=True, exist_ok=True)
    # A cluster of its own, as durable as the real one: figures of the tests' cluster would flatter.
    with Cluster(VAR / "bench-pg").in_use() as cluster:
        return run_benchmarks(
            options.name or list(known),
            {**clean_environment(), "DATABASE_URL": cluster.url(role=OWNER), "BENCH_QUICK": str(int(options.quick))},
        )


def run_benchmarks(names: list[str], environment: dict[str, str]) -> int:
    """Run benchmarks one after the other; return the exit code of the first that failed."""
    failed = 0
    for name in names:
        command = [str(PYTHON), "-P", "-m", f"scripts.benchmarks.{name}"]
        failed = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode or failed
    return failed


if __name__ == "__main__":
    run_command(main)
