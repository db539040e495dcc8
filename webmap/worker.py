"""What the background does with the words and addresses of the web: the daily mail, each hour from the set one on.

A module of tasks for the worker: `python -m geodata.jobs webmap.map.export_runs webmap.worker`.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from geodata.base.database import TIME_ZONE, new_engine, today
from geodata.jobs import QUEUE
from webmap import create_app
from webmap.app.settings import mail_from_env, settings_for_words
from webmap.following.digest import send_digests


@QUEUE.periodic(cron="5 * * * *")
@QUEUE.task(name="send_digests", queueing_lock="send_digests")
def _send_digests(timestamp: int) -> None:
    """Send the digests of the day; nobody signs in to the application made for it."""
    settings = mail_from_env()
    if settings is None or datetime.now(ZoneInfo(TIME_ZONE)).hour < settings.hour:
        return
    engine = new_engine(pool_size=2)
    try:
        send_digests(create_app(settings_for_words(settings), bind=engine), engine, settings, today())
    finally:
        engine.dispose()
