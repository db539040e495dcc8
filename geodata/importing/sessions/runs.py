"""The background's part of imports: each runs in a process of its own, watched by a task of the queue.

`python -m geodata.importing.sessions.runs NUMBER TURN LAYERS` is that process. It can be ended at any moment: what it stores is one
transaction, and the mark “stored” is part of it. An import is taken up several times, to be checked and to be
stored; each time is a turn, and what runs late in one turn says nothing of the next.
"""

import ctypes
import logging
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import procrastinate
from procrastinate import RetryStrategy
from sqlalchemy import Engine, func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from geodata.base.database import new_engine
from geodata.base.errors import GeodataError
from geodata.base.i18n import N_
from geodata.base.logs import log_as_json
from geodata.base.message import Message
from geodata.importing.progress import Step
from geodata.importing.sessions.checking import check
from geodata.importing.sessions.keeping import forget_old_files
from geodata.importing.sessions.model import RUN_IMPORT, WAITING, ImportSession, Stage, Task
from geodata.importing.sessions.sessions import CANCELLED, end, get_import, running, settle_lost
from geodata.importing.sessions.storing import store, take_back
from geodata.importing.storing.indexes import bring_back_lost, without_indexes
from geodata.jobs import QUEUE, layers_at, layers_of, register_backlog
from geodata.schema.registry import Registry, registry_at

log = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parents[3]
_LOOK_S, _HEARTBEAT_S = 0.25, 3.0
_PR_SET_PDEATHSIG = 1

STOPPED = N_("The work was ended from outside ({reason}). Nothing was stored; the data are as before.")
BROKEN = N_("Something went wrong while working on the file. Nothing was stored; the data are as before.")
DATABASE_AWAY = N_("The database went away in the middle. Nothing was stored; the data are as before.")


register_backlog(RUN_IMPORT, select(ImportSession.id).where(ImportSession.status.in_(WAITING)))


@QUEUE.task(
    name=RUN_IMPORT,
    pass_context=True,
    retry=RetryStrategy(max_attempts=5, wait=5, retry_exceptions={OperationalError}),
)
def _run_import(context: procrastinate.JobContext, number: int) -> None:
    """Do what an import waits for."""
    supervise(number, layers_at(context))


@QUEUE.periodic(cron="* * * * *")
@QUEUE.task(name="settle_lost_imports", queueing_lock="settle_lost_imports", pass_context=True)
def _settle_lost_imports(context: procrastinate.JobContext, timestamp: int) -> None:
    """End with a reason what a killed worker left running, and bring back what it set aside."""
    engine = new_engine(pool_size=1)
    with Session(engine) as session:
        settle_lost(session)
        for kind in layers_of(context):
            bring_back_lost(session, kind)
    engine.dispose()


@QUEUE.periodic(cron="23 3 * * *")
@QUEUE.task(name="forget_old_import_files", queueing_lock="forget_old_import_files")
def _forget_old_import_files(timestamp: int) -> None:
    """Delete the original files whose time is over, each night."""
    engine = new_engine(pool_size=1)
    with Session(engine) as session:
        forget_old_files(session, datetime.now(UTC).date())
    engine.dispose()


def supervise(number: int, layers: str) -> None:
    """Run an import in a process of its own, until it ends or somebody cancels it. `layers`: where they stand (registry_at)."""
    engine = new_engine(pool_size=1)
    try:
        turn = claim(engine, number)
        if turn is None:
            return
        process = subprocess.Popen(
            [sys.executable, "-m", "geodata.importing.sessions.runs", str(number), str(turn), layers],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - one system call, no lock is touched
        )
        try:
            _watch(engine, number, turn, process)
        finally:
            process.kill()
            process.wait()
        _close(engine, number, turn, process.returncode)
    finally:
        engine.dispose()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def claim(engine: Engine, number: int) -> int | None:
    """Take an import that waits and return its turn; None when it was no longer there to take."""
    turn = None
    with engine.begin() as connection:
        for waits, runs in ((Stage.WAITING, Stage.CHECKING), (Stage.CONFIRMED, Stage.STORING)):
            claim = update(ImportSession).where(ImportSession.id == number, ImportSession.status == waits)
            claimed = connection.execute(
                claim.values(
                    status=runs,
                    turn=ImportSession.turn + 1,
                    heartbeat_at=func.now(),
                    step=None,
                    rows_done=0,
                    rows_total=0,
                    step_started_at=None,
                ).returning(ImportSession.turn)
            )
            turn = claimed.scalar_one_or_none() or turn
    return turn


def _watch(engine: Engine, number: int, turn: int, process: "subprocess.Popen[bytes]") -> None:
    beat = time.monotonic()
    while process.poll() is None:
        time.sleep(_LOOK_S)
        try:
            with engine.begin() as connection:
                wanted = select(ImportSession.is_cancel_requested).where(running(number, turn))
                if connection.scalar(wanted):
                    process.kill()
                    process.wait()
                if time.monotonic() - beat > _HEARTBEAT_S:
                    alive = update(ImportSession).where(running(number, turn))
                    connection.execute(alive.values(heartbeat_at=func.now()))
                    beat = time.monotonic()
        except OperationalError:
            log.warning("import %s: the database does not answer", number)


def _close(engine: Engine, number: int, turn: int, code: int) -> None:
    """Give an import that did not end itself its reason; a database that is away is waited for."""
    for _ in range(20):
        try:
            with Session(engine) as session:
                found = get_import(session, number)
                if found.is_cancel_requested:
                    end(session, number, turn, Stage.CANCELLED, CANCELLED)
                elif code < 0:
                    end(
                        session,
                        number,
                        turn,
                        Stage.FAILED,
                        Message(template=STOPPED, values={"reason": signal.Signals(-code).name}),
                    )
                else:
                    end(session, number, turn, Stage.FAILED, Message(template=BROKEN))
            return
        except OperationalError:
            time.sleep(1)


def run(engine: Engine, number: int, turn: int, registry: Registry) -> None:
    """Do what a claimed import waits for, and end it. `registry`: the layers of the application."""
    try:
        with Session(engine) as session:
            found = get_import(session, number)
            if found.turn != turn:
                return
            if found.task == Task.UNDO:
                take_back(session, found, registry, _Teller(engine, number, turn))
            elif found.stage is Stage.CHECKING:
                check(session, found, registry, _Teller(engine, number, turn))
            elif found.stage is Stage.STORING:
                counts = found.report.counts
                many = 0 if found.options.detail or counts is None else counts.new
                with without_indexes(session, registry.get(found.layer), many):
                    store(session, found, registry, _Teller(engine, number, turn))
    except GeodataError as error:
        with Session(engine) as session:
            end(session, number, turn, Stage.FAILED, error.said)
    except OperationalError:
        log.exception("import %s", number)
        with Session(engine) as session:
            end(session, number, turn, Stage.FAILED, Message(template=DATABASE_AWAY))


class _Teller:
    """Writes the progress where the page reads it, twice a second at most."""

    def __init__(self, engine: Engine, number: int, turn: int) -> None:
        self.engine, self.number, self.turn = engine, number, turn
        self.step: Step | None = None
        self.told = 0.0

    def __call__(self, step: Step, done: int, total: int) -> None:
        now = time.monotonic()
        if step is self.step and now - self.told < 0.5:
            return
        values: dict[str, Any] = {"rows_done": done, "rows_total": total, "heartbeat_at": func.now()}
        if step is not self.step:
            values |= {"step": step.value, "step_started_at": func.now()}
        self.step, self.told = step, now
        with self.engine.begin() as connection:
            connection.execute(update(ImportSession).where(running(self.number, self.turn)).values(**values))


def main() -> None:
    """Run one turn of an import, for an application with these layers, all three named on the command line."""
    log_as_json("import")
    engine = new_engine(pool_size=2)
    run(engine, int(sys.argv[1]), int(sys.argv[2]), registry_at(sys.argv[3]))
    engine.dispose()


if __name__ == "__main__":
    main()
