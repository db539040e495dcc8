"""The background's part of the inspections: routes are worked out, the worklist's scores kept up to date."""

import logging

import procrastinate
from procrastinate import RetryStrategy
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from geodata.base.database import new_engine
from geodata.inspections import routes, scores
from geodata.jobs import MAX_ATTEMPTS, QUEUE, register_backlog

log = logging.getLogger(__name__)
#: So many rows written anew are worth tidying up after: the list reads its indexes alone.
TIDY_FROM = 20_000


register_backlog(routes.PLAN_ROUTE, routes.waiting_routes())


@QUEUE.task(
    name=routes.PLAN_ROUTE,
    pass_context=True,
    retry=RetryStrategy(max_attempts=MAX_ATTEMPTS, wait=5, retry_exceptions={OperationalError}),
)
def _plan_route(context: procrastinate.JobContext, number: int) -> None:
    """Work out a route that waits, or whose worker was lost in the middle."""
    engine = new_engine(pool_size=1)
    try:
        with Session(engine) as session:
            routes.plan_route(session, number, is_retry=context.job.attempts > 0)
    finally:
        engine.dispose()


@QUEUE.periodic(cron="* * * * *")
@QUEUE.task(name="refresh_scores", queueing_lock="refresh_scores")
def _refresh_scores(timestamp: int) -> None:
    """Bring the worklist's scores up to date: marked sites, those whose day has come, new weights."""
    refresh_scores()


@QUEUE.periodic(cron="10 19 * * *")
@QUEUE.task(name="check_scores", queueing_lock="check_scores")
def _check_scores(timestamp: int) -> None:
    """Compare every stored score with one worked out anew, each night."""
    refresh_scores(check_all=True)


def refresh_scores(*, check_all: bool = False) -> None:
    """Bring the scores up to date in a transaction of its own, and tidy up after much writing."""
    engine = new_engine(pool_size=1)
    with Session(engine) as session:
        outdated = scores.count_outdated(session)
        written = scores.refresh(session, check_all=check_all) or 0
        session.commit()
    if check_all and written and not outdated:
        log.warning("%s scores differed from what they should have been; they are right now", written)
    if written >= TIDY_FROM:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM (ANALYZE) inspection_score, inspection_score_mark"))
    engine.dispose()
