"""What the background does with the words and addresses of the web: the daily mail, each hour from the set one on.

A module of tasks for the worker: `python -m geodata.jobs webmap.map.export_runs webmap.worker`.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import procrastinate
from sqlalchemy import Connection, Engine

from geodata.base.database import TIME_ZONE, new_engine
from geodata.jobs import QUEUE, layers_of
from geodata.schema.registry import Registry
from webmap import create_app
from webmap.app.settings import mail_from_env, settings_for_words
from webmap.following.digest import send_digests


@QUEUE.periodic(cron="5 * * * *")
@QUEUE.task(name="send_digests", queueing_lock="send_digests", pass_context=True)
def _send_digests(context: procrastinate.JobContext, timestamp: int) -> None:
    """Send the digests of the day; nobody signs in to the application made for it."""
    engine = new_engine(pool_size=2)
    try:
        send_due(engine, datetime.now(ZoneInfo(TIME_ZONE)), layers_of(context))
    finally:
        engine.dispose()


def send_due(bind: Engine | Connection, now: datetime, layers: Registry) -> int:
    """Send what waits, if mail is set and the hour has come, and return how many mails went out.

    `now`: the province's time; `layers`: those of the application.
    """
    settings = mail_from_env()
    if settings is None or now.hour < settings.hour:
        return 0
    return send_digests(create_app(settings_for_words(settings), layers=layers, bind=bind), bind, settings, now.date())
