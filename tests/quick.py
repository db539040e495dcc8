"""What `./scripts/test --quick` runs: every behaviour once, with another case each day.

Of each test function one of its cases; where tests start browsers, commands or faults, one of twenty-four. In as many days as a
function has cases each had its turn, and in twenty-four those others. The whole suite leaves nothing out.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import TypeVar

import pytest

#: Rooms of tests each of which takes seconds, and of how many of them one is taken.
DEAR = {"browser", "faults", "scripts"}
FEW = 24

#: The turn of a run that names none.
TODAY = datetime.now(UTC).date().toordinal()

T = TypeVar("T")


def chosen(groups: Iterable[tuple[Hashable, T]], turn: int) -> list[T]:
    """Return one of each group's members: the next one each turn, beginning elsewhere in each group."""
    ordered = sorted(enumerate(groups), key=lambda found: (str(found[1][0]), found[0]))
    found = []
    for number, (_, members) in enumerate(groupby(ordered, key=lambda found: found[1][0])):
        listed = [(place, member) for place, (_, member) in members]
        found.append(listed[(turn + number) % len(listed)])
    return [member for _, member in sorted(found, key=lambda each: each[0])]


def groups_of(nodes: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Return what each test stands for: its function, or in a dear room the FEW beside it."""
    met: Counter[str] = Counter()
    for node in nodes:
        path, _, name = node.partition("::")
        room = path.split("/")[1]
        yield (room, met[room] // FEW) if room in DEAR else (f"{path}::{name.partition('[')[0]}", 0)
        met[room] += 1


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say how a quick run is repeated."""
    turn = config.getoption("--quick")
    return None if turn is None else f"each behaviour once: --quick={turn}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, in the quick run, the tests whose turn it is not."""
    turn = config.getoption("--quick")
    if turn is None:
        return
    taken = chosen(zip(groups_of(item.nodeid for item in items), items, strict=True), turn)
    kept = set(taken)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = taken
