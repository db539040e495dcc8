"""How the background stands, in numbers: for metrics and for the operator's check."""

from sqlalchemy import Connection, text

#: name -> (what it says, labels, rows of labels and number)
Numbers = dict[str, tuple[str, list[str], list[tuple[list[str], float]]]]

_JOBS = text("SELECT task_name, status::text, count(*) FROM procrastinate_jobs GROUP BY 1, 2 ORDER BY 1, 2")
_IMPORTS = text("SELECT status, count(*) FROM import_session GROUP BY 1 ORDER BY 1")
_OLDEST = text(
    "SELECT coalesce(extract(epoch FROM now() - min(e.at)), 0) FROM procrastinate_jobs j JOIN procrastinate_events e"
    " ON e.job_id = j.id AND e.type = 'deferred' WHERE j.status = 'todo'"
    " AND (j.scheduled_at IS NULL OR j.scheduled_at <= now())"
)
_WORKER = text("SELECT coalesce(extract(epoch FROM now() - max(last_heartbeat)), -1) FROM procrastinate_workers")


def queue_state(connection: Connection) -> Numbers:
    """Return the queue by task and status, imports by stage, seconds of the oldest waiting job and of the worker's silence."""
    jobs = [([task, status], float(count)) for task, status, count in connection.execute(_JOBS)]
    imports = [([status], float(count)) for status, count in connection.execute(_IMPORTS)]
    oldest, worker = (float(connection.scalar(query) or 0) for query in (_OLDEST, _WORKER))
    return {
        "webmap_jobs": ("Jobs of the queue", ["task", "status"], jobs),
        "webmap_imports": ("Imports by stage", ["stage"], imports),
        "webmap_oldest_job_seconds": ("Age of the oldest job that waits", [], [([], oldest)]),
        "webmap_worker_silence_seconds": ("Since the worker's last sign of life; -1: none runs", [], [([], worker)]),
    }
