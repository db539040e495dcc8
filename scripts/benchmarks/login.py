"""Whether the time of a refused sign-in tells if there is such an account: a known, an unknown and a disabled name in turn."""

import json
import statistics
import time

from sqlalchemy.orm import Session

from geodata.accounts.accounts import create_user, disable_user
from geodata.accounts.logins import LoginRefusedError, check_login
from geodata.base.database import new_engine
from scripts.base.paths import WORK
from scripts.benchmarks._database import own_database
from scripts.benchmarks._seed import PASSWORD
from scripts.benchmarks._server import print_table

ROUNDS = 60
#: Medians that differ by less than this share tell nothing over a network.
SAME = 0.05


def main() -> int:
    """Print and write var/bench/login.json; 1 when the medians differ."""
    with own_database("login") as url:
        engine = new_engine(url)
        with Session(engine) as session:
            for name in ("known", "disabled"):
                create_user(session, name=name, role="planner", password=PASSWORD)
            disable_user(session, "disabled")
            session.commit()
            times = _measure(session)
        engine.dispose()
    rows: list[dict[str, object]] = [
        {"name": name, "p50_ms": round(statistics.median(found), 1), "p90_ms": round(sorted(found)[int(len(found) * 0.9)], 1)}
        for name, found in times.items()
    ]  # fmt: skip
    print_table(rows)
    (WORK / "bench" / "login.json").write_text(json.dumps(rows, indent=2) + "\n", "utf-8")
    medians = [statistics.median(found) for found in times.values()]
    return 1 if max(medians) > min(medians) * (1 + SAME) else 0


def _measure(session: Session) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {"known": [], "unknown": [], "disabled": []}
    for turn in range(ROUNDS):
        for place, name in enumerate(times):
            began = time.process_time()  # the machine's other work is not counted
            try:
                # From elsewhere each time, so that nobody is held back.
                check_login(session, name=name, password=PASSWORD[::-1], address=f"10.{place}.0.{turn}")
            except LoginRefusedError:
                session.commit()
            times[name].append((time.process_time() - began) * 1000)
    return times


if __name__ == "__main__":
    raise SystemExit(main())
