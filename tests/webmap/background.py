"""What tests ask of the background: which work has a job, and which waits without one."""

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from geodata.importing.sessions.model import WAITING, ImportSession
from geodata.inspections.records import DayRoute

_LIVE = text(
    "SELECT args->>'number' FROM procrastinate_jobs WHERE task_name = :task AND status::text IN ('todo', 'doing')"
)


_TAKE = text("DELETE FROM procrastinate_jobs WHERE task_name = :task RETURNING (args->>'number')::bigint")


def live_jobs(engine: Engine, task: str) -> list[int]:
    """Return the numbers for which a task is queued or runs."""
    with engine.connect() as connection:
        return [int(number) for number in connection.scalars(_LIVE, {"task": task})]


def take_jobs(session: Session, task: str) -> list[int]:
    """Take what is queued for a task out of the queue, as a worker does; return the numbers."""
    return list(session.scalars(_TAKE, {"task": task}))


def waiting_work(engine: Engine) -> list[tuple[str, int]]:
    """Return what waits for the background: task and number."""
    waiting = {
        "run_import": select(ImportSession.id).where(ImportSession.status.in_(WAITING)),
        "plan_route": select(DayRoute.id).where(
            DayRoute.result.is_(None), DayRoute.problem.is_(None), DayRoute.started_at.is_(None)
        ),
    }
    with Session(engine) as session:
        return [(task, number) for task, numbers in waiting.items() for number in session.scalars(numbers)]


def forgotten_work(engine: Engine) -> list[tuple[str, int]]:
    """Return what waits although nothing will ever take it up: task and number."""
    return [(task, number) for task, number in waiting_work(engine) if number not in live_jobs(engine, task)]
