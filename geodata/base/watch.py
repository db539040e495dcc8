"""Asks a database again and again whether anything has changed, from an event loop.

PostgreSQL answers that in a tenth of a millisecond. Waking a thread for it, and SQLAlchemy's and psycopg's ways to ask,
take more than twice as much of the processor, so libpq is asked without them (PostgreSQL, 34.4, “Asynchronous Command
Processing”).
"""

import asyncio
import weakref
from datetime import date
from decimal import Decimal
from typing import Any, cast

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult
from sqlalchemy import Engine

from geodata.base.data_version import TOTAL, Versions, latest_versions

#: Who is not told by then reads the versions himself.
LOOK_S = 1.0
_QUESTION, _NAME = TOTAL.encode(), b"watch"


class Watch:
    """A connection of its own to one database; one question at a time, each for all who asked before it was sent."""

    def __init__(self, engine: Engine) -> None:
        """Watch an engine's database, once there is a connection."""
        self.engine, self._database = engine, str(engine.url)
        self._link: psycopg.Connection[Any] | None = None
        self._asking: list[asyncio.Future[Versions | None]] = []
        self._waiting: list[asyncio.Future[Versions | None]] = []
        self._result: PGresult | None = None
        self._reading: int | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connect(self) -> None:
        """Open the connection where there is none; for a thread, as it waits. Raises psycopg.Error and SQLAlchemyError."""
        if self._link is not None:
            return
        pooled = self.engine.raw_connection()
        link = cast(psycopg.Connection[Any], pooled.driver_connection)
        pooled.detach()
        weakref.finalize(self, link.close)
        link.autocommit = True
        if link.prepare_threshold is not None:  # behind a pooler nothing is left prepared
            prepared = link.pgconn.prepare(_NAME, _QUESTION)
            if prepared.status != ExecStatus.COMMAND_OK:
                raise psycopg.OperationalError(prepared.get_error_message())
        self._link = link

    async def unchanged(self) -> Versions | None:
        """Return what data_versions() read last if all of it still holds: the database is asked after this call.

        None where something has changed, nothing was read before, or nobody can tell.
        """
        if self._link is None:
            return None
        told: asyncio.Future[Versions | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(told)
        if not self._asking:
            self._ask(self._link)
        return await told

    def _ask(self, link: psycopg.Connection[Any]) -> None:
        """Ask for all who wait."""
        self._asking, self._waiting = self._waiting, []
        loop = asyncio.get_running_loop()
        try:
            if link.prepare_threshold is None:
                link.pgconn.send_query_params(_QUESTION, None)
            else:
                link.pgconn.send_query_prepared(_NAME, None)
            self._reading = link.pgconn.socket
            loop.add_reader(self._reading, self._read, link)
        except psycopg.Error:
            self._give_up()
        else:
            self._deadline = loop.call_later(LOOK_S, self._give_up)

    def _read(self, link: psycopg.Connection[Any]) -> None:
        """Take what has arrived, and tell once all of it has."""
        try:
            link.pgconn.consume_input()
            while not link.pgconn.is_busy():
                result = link.pgconn.get_result()
                if result is None:
                    break
                self._result = result
            else:
                return
        except psycopg.Error:
            self._give_up()
            return
        if self._result is None or self._result.status != ExecStatus.TUPLES_OK:
            self._give_up()
        else:
            self._tell(self._compared(self._result))

    def _compared(self, result: PGresult) -> Versions | None:
        number, total, day = ((result.get_value(0, column) or b"").decode() for column in range(3))
        latest = latest_versions(self._database)
        now = int(number), Decimal(total), date.fromisoformat(day)
        return latest if latest and latest.total == now else None

    def _give_up(self) -> None:
        """Leave the connection: its answer did not come, or never will."""
        self._stop_reading()  # before its socket is closed
        if self._link is not None:
            self._link.close()
        self._link = None
        self._asking += self._waiting
        self._waiting = []
        self._tell(None)

    def _stop_reading(self) -> None:
        if self._reading is not None:
            # The number of the socket as it was: libpq has none any more where the connection is lost.
            asyncio.get_running_loop().remove_reader(self._reading)
        self._reading = None

    def _tell(self, versions: Versions | None) -> None:
        """Tell all who asked, and ask for those who came meanwhile."""
        self._stop_reading()
        if self._deadline is not None:
            self._deadline.cancel()
        asked, self._asking, self._result, self._deadline = self._asking, [], None, None
        for told in asked:
            if not told.done():  # whoever asked may have gone
                told.set_result(versions)
        if self._waiting and self._link is not None:
            self._ask(self._link)
