"""What the background tidies up, so that nothing grows without a bound, and what it keeps ready."""

import os
import time
from pathlib import Path

import procrastinate
from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.accounts.access import Action, may, visible_names
from geodata.accounts.logins import forget_old_logins
from geodata.base.data_version import fold_data_changes
from geodata.base.database import new_engine
from geodata.export.runs import forget_old_exports
from geodata.importing.sessions.keeping import forget_orphans
from geodata.jobs import QUEUE, layers_of
from geodata.query.merged import layers_merged
from geodata.query.merging import refresh_merged
from geodata.schema.registry import Registry
from geodata.schema.roles import Role

#: Hours for which jobs that ended well are kept to be counted, and those that failed to be looked into.
KEEP_DONE_H, KEEP_FAILED_H = 24, 30 * 24
_OLD_JOBS = text(
    "DELETE FROM procrastinate_jobs AS job WHERE job.status::text = ANY(:statuses) AND NOT EXISTS (SELECT FROM"
    " procrastinate_events e WHERE e.job_id = job.id AND e.at >= now() - make_interval(hours => :hours))"
)


def tidy_up(session: Session) -> None:
    """Delete ended sessions, old failures, ended jobs and files whose day is over, fold the changes of layers. Commits."""
    forget_old_logins(session)
    session.commit()
    session.execute(_OLD_JOBS, {"statuses": ["succeeded", "cancelled", "aborted"], "hours": KEEP_DONE_H})
    session.execute(_OLD_JOBS, {"statuses": ["failed"], "hours": KEEP_FAILED_H})
    session.commit()
    fold_data_changes(session, layers_merged(session))
    session.commit()
    forget_old_exports(session)
    session.commit()


@QUEUE.periodic(cron="17 * * * *")
@QUEUE.task(queueing_lock="tidy_up", name="tidy_up")
def _tidy_up(timestamp: int) -> None:
    """Tidy up each hour."""
    engine = new_engine(pool_size=1)
    with Session(engine) as session:
        tidy_up(session)
        if folder := os.environ.get("UPLOAD_DIR"):
            forget_orphans(session, Path(folder), now=time.time())
    engine.dispose()


@QUEUE.periodic(cron="* * * * *")
@QUEUE.task(name="merge_points", queueing_lock="merge_points", lock="merge_points", pass_context=True)
def _merge_points(context: procrastinate.JobContext, timestamp: int) -> None:
    """Bring the merged points of large layers up to the data."""
    engine = new_engine(pool_size=1)
    try:
        with Session(engine) as session:
            merge_points(session, layers_of(context))
    finally:
        engine.dispose()


def merge_points(session: Session, layers: Registry) -> None:
    """Bring the merged points of large layers up to the data, for whatever each role sees of them. Commits."""
    for kind in layers:
        refresh_merged(session, kind, {visible_names(role, kind) for role in Role if may(role, Action.VIEW, kind)})
        session.commit()
