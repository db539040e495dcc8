"""What `./scripts/test --quick` runs: every test function once, with another case each day, and few of the slow ones.

Of each test function one of its cases; where tests start browsers, commands or faults, one of twenty-four. In as many days as a
function has cases each had its turn, and in twenty-four those others. The whole suite leaves nothing out.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from datetime import UTC, datetime
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
    listed: dict[Hashable, list[tuple[int, T]]] = {}
    for place, (name, member) in enumerate(groups):
        listed.setdefault(name, []).append((place, member))
    taken = dict(members[(turn + number) % len(members)] for number, members in enumerate(listed.values()))
    return [taken[place] for place in sorted(taken)]


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
    return None if turn is None else f"one of each: --quick={turn}"


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
