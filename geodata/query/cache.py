"""Answers kept in this process for as long as the data they were read from stay the same."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from cachetools import LRUCache

from geodata.base.data_version import data_version
from geodata.base.database import ReadConnection
from geodata.base.made_once import MadeOnce

MAX_KEPT = 500

Answer = TypeVar("Answer")

_KEPT: MadeOnce[Hashable, Any] = MadeOnce(LRUCache(MAX_KEPT))


def keep(connection: ReadConnection, layers: Sequence[str], question: Hashable, read: Callable[[], Answer]) -> Answer:
    """Return read(), or what it said when the layers' data were the same. Of many who ask at once one reads: after a change all do.

    A transaction always reads and leaves nothing: it may see rows nobody else does.
    """
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        return read()
    key = (str(connection.engine.url), question, data_version(connection, *layers))
    answer: Answer = _KEPT.get_or_make(key, read)
    return answer
