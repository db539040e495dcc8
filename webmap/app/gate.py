"""The gate before dear answers (files, reports): few are made at a time, fewer for one person; the rest is told when to come back.

Each process has a gate of its own, so that most of its threads stay free for the map.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import Flask, current_app

from geodata.base.errors import BusyError, QuotaError
from webmap.app.auth import client_address, current_user

AT_ONCE = 3
OF_ONE_PERSON = 2
WAIT_S = 5.0
#: When to come back, as a dear answer takes a few seconds.
COME_BACK_S = 10

P = ParamSpec("P")
R = TypeVar("R")


class Gate:
    """Counts who is inside."""

    def __init__(self, *, at_once: int = AT_ONCE, of_one: int = OF_ONE_PERSON, wait_s: float = WAIT_S) -> None:
        self._places = threading.BoundedSemaphore(at_once)
        self._of_one, self._wait_s = of_one, wait_s
        self._inside: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def passed(self, who: str) -> Iterator[None]:
        """Have a place at the gate. Raises QuotaError for who has his share, BusyError when none is free in time."""
        with self._lock:
            if self._inside[who] >= self._of_one:
                raise QuotaError(seconds=COME_BACK_S)
            self._inside[who] += 1
        try:
            if not self._places.acquire(timeout=self._wait_s):
                raise BusyError(seconds=COME_BACK_S)
            try:
                yield
            finally:
                self._places.release()
        finally:
            with self._lock:
                self._inside[who] -= 1
                if not self._inside[who]:
                    del self._inside[who]


def init_gate(app: Flask, gate: Gate | None = None) -> None:
    """Give the application its gate."""
    app.extensions["gate"] = gate or Gate()


def dear(view: Callable[P, R]) -> Callable[P, R]:
    """Let a view be entered through the gate only; write it below @allow."""

    @wraps(view)
    def passed(*arguments: P.args, **named: P.kwargs) -> R:
        user = current_user()
        gate = cast(Gate, current_app.extensions["gate"])
        with gate.passed(user.name or client_address()):
            return view(*arguments, **named)

    return passed
