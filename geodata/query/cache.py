"""Answers kept in this process for as long as the data they were read from stay the same."""

import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from cachetools import LRUCache

from geodata.base.data_version import data_version
from geodata.base.database import ReadConnection

MAX_KEPT = 500

Answer = TypeVar("Answer")

_KEPT: LRUCache[Hashable, Any] = LRUCache(MAX_KEPT)
_LOCK = threading.Lock()


def keep(connection: ReadConnection, layers: Sequence[str], question: Hashable, read: Callable[[], Answer]) -> Answer:
    """Return read(), or what it said when the layers' data were the same.

    A transaction always reads and leaves nothing: it may see rows nobody else does.
    """
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        return read()
    key = (str(connection.engine.url), question, data_version(connection, *layers))
    with _LOCK:
        if key in _KEPT:
            answer: Answer = _KEPT[key]
            return answer
    answer = read()
    with _LOCK:
        _KEPT[key] = answer
    return answer
