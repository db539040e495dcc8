"""A bounded cache whose entries are made once, however many ask at the same moment."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from contextlib import suppress
from typing import Generic, TypeVar

from cachetools import Cache

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class MadeOnce(Generic[Key, Value]):
    """Keeps what was made in a cache with bounds of its own; threads may share it."""

    def __init__(self, kept: Cache[Key, Value]) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._in_flight: dict[Key, Future[Value]] = {}

    def get_or_make(self, key: Key, make: Callable[[], Value]) -> Value:
        """Return the value, or make and keep it; whoever asks for it meanwhile waits, so that it is made once.

        An error of `make` is raised to all of them and nothing is kept. `make` may ask for other keys, never for its own.
        """
        with self._lock:
            with suppress(KeyError):
                return self._kept[key]
            made = self._in_flight.get(key)
            if made is None:
                mine = self._in_flight[key] = Future()
        if made is not None:
            return made.result()
        try:
            value = make()
            # One that is larger than all the room is not kept.
            with self._lock, suppress(ValueError):
                self._kept[key] = value
            mine.set_result(value)
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._in_flight[key]
        return value
