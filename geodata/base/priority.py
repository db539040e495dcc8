"""Background work gives way to people who wait: its process, and its sessions in a database of the same machine."""

import os
from contextlib import suppress
from pathlib import Path

import psycopg

#: As `nice` counts: 0 is usual, 19 the lowest. Five gets a quarter of a processor that others want as well, and all of an idle
#: one: who waits for his import does not wait for ever beside a busy map.
BACKGROUND = 5


def give_way() -> None:
    """Lower the priority of this process, of those that it starts, and of the sessions that it opens from now on."""
    os.nice(BACKGROUND)


def lower_session(connection: psycopg.Connection) -> None:
    """Let a session's process in PostgreSQL work with the priority of the process that asks.

    Most of an import's work is done there. Without effect where the database runs on another machine or as a user whose
    processes this one may not touch.
    """
    priority = os.getpriority(os.PRIO_PROCESS, 0)
    if priority <= 0 or not connection.info.host.startswith("/"):
        return
    process = connection.info.backend_pid
    with suppress(OSError):
        # A socket may lead out of a container, where the same number is another process.
        if Path(f"/proc/{process}/comm").read_text("utf-8").startswith("postgres"):
            os.setpriority(os.PRIO_PROCESS, process, priority)
