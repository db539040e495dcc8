"""Lighthouse on the map page with the demo data, desktop preset: performance, accessibility, best practices.

Targets (issue 3): 90, 95 and 95. Lighthouse comes by npm into var/lighthouse when this runs; the application has no use for it.
"""

import json
import os
import shutil
import statistics
import subprocess
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from geodata import demo
from geodata.base.database import new_engine
from scripts.base.console import Exit, Failure
from scripts.base.paths import WORK
from scripts.benchmarks._browser import CHROMIUM
from scripts.benchmarks._database import own_database
from scripts.benchmarks._server import print_table, running_server

VERSION = "13.5.0"
RUNS = 3
TARGETS = {"performance": 90, "accessibility": 95, "best-practices": 95}
FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-background-networking"
TIMINGS = ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift")


def main() -> int:
    """Fill, measure, print and write var/bench/lighthouse.json; 1 when a target is missed."""
    program = _install(WORK / "lighthouse")
    with own_database("lighthouse") as url:
        engine = new_engine(url)
        with Session(engine) as session:
            demo.load_demo(session)
            session.commit()
        engine.dispose()
        os.environ["DATABASE_URL"] = url.render_as_string(hide_password=False)
        with running_server() as host:
            reports = [
                _measure(program, f"http://{host}/", WORK / "lighthouse" / f"run{run}.json") for run in range(RUNS)
            ]
    rows: list[dict[str, object]] = []
    for name, target in TARGETS.items():
        scores = [round(100 * report["categories"][name]["score"]) for report in reports]
        rows.append(_row(name, scores, str(target)))
    for name in TIMINGS:
        values = [round(report["audits"][name]["numericValue"], 3) for report in reports]
        rows.append(_row(name, values, ""))
    print_table(rows)
    (WORK / "bench" / "lighthouse.json").write_text(json.dumps(rows, indent=1), "utf-8")
    return 0 if all(float(str(row["median"])) >= TARGETS[str(row["name"])] for row in rows[: len(TARGETS)]) else 1


def _row(name: str, values: list[float], target: str) -> dict[str, object]:
    return {"name": name, "median": statistics.median(values), "all": " ".join(map(str, values)), "target": target}


def _install(folder: Path) -> Path:
    """Return the program, installed in that version. Raises Failure without npm or its registry."""
    program = folder / "node_modules" / ".bin" / "lighthouse"
    package = folder / "node_modules" / "lighthouse" / "package.json"
    if package.exists() and json.loads(package.read_text("utf-8"))["version"] == VERSION:
        return program
    npm = shutil.which("npm")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}', "utf-8")  # else npm takes that of the application
    arguments = ["install", "--no-audit", "--no-fund", "--ignore-scripts", f"lighthouse@{VERSION}"]
    if npm is None or subprocess.run([npm, *arguments], cwd=folder, check=False).returncode:
        raise Failure(Exit.ASSETS, "Không cài được Lighthouse bằng npm", "Lighthouse could not be installed with npm")
    return program


def _measure(program: Path, address: str, report: Path) -> dict[str, Any]:
    arguments = [
        str(program), address, "--preset=desktop", "--quiet", "--output=json", f"--output-path={report}",
        f"--only-categories={','.join(TARGETS)}", f"--chrome-flags={FLAGS}",
    ]  # fmt: skip
    environment = {**os.environ, "CHROME_PATH": os.environ.get("CHROMIUM_PATH", CHROMIUM)}
    subprocess.run(arguments, env=environment, check=True, timeout=300)
    found: dict[str, Any] = json.loads(report.read_text("utf-8"))
    return found


if __name__ == "__main__":
    raise SystemExit(main())
