"""What is new of each follow, and what falls due in it: read anew whenever it is asked, for whoever asks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from geodata.base.database import TIME_ZONE, ReadConnection
from geodata.base.errors import GeodataError
from geodata.following.dues import Falling, read_dues
from geodata.following.follows import Covered, Follow, check_covered
from geodata.following.news import Change, read_changes
from geodata.query.cache import keep
from geodata.schema.feature import Feature
from geodata.schema.registry import Registry
from webmap.following.covering import Covering, Follower

#: Of one follow so many objects are told one by one.
MOST_TOLD = 50


@dataclass(frozen=True, kw_only=True)
class Told:
    """An object that something is told of; `changes` the latest first, `has_come` where it is covered since."""

    kind: type[Feature]
    id: int
    code: str
    name: str
    changes: tuple[Change, ...] = ()
    has_come: bool = False


@dataclass(frozen=True, kw_only=True)
class News:
    """What is new of one follow. `left`: what it covered and covers no longer, `gone`: how many of those are to be seen no longer.

    `dues`: all that falls due in it; `fresh` those that came near or became late since its owner looked.
    """

    follow: Follow
    covered: Covered
    told: Sequence[Told] = ()
    more: int = 0
    left: Sequence[Told] = ()
    gone: int = 0
    dues: Sequence[Falling] = ()
    fresh: int = 0
    problem: GeodataError | None = None

    @property
    def count(self) -> int:
        """How much there is to look at."""
        return len(self.told) + self.more + len(self.left) + self.gone + self.fresh


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What is read of one follow, object by object."""

    changes: dict[tuple[str, int], list[Change]] = field(default_factory=dict)
    come: set[tuple[str, int]] = field(default_factory=set)
    left: set[tuple[str, int]] = field(default_factory=set)


def read_news(connection: ReadConnection, registry: Registry, follower: Follower, follow: Follow, on: date) -> News:
    """Return what is new of a follow for its owner: of what he may see at this moment, and not what he did himself."""
    covering = Covering(connection=connection, registry=registry, follower=follower)
    try:
        covered = covering.of(follow)
        check_covered(covered)
    except GeodataError as problem:
        return News(follow=follow, covered={}, problem=problem)
    facts = _facts(covering, follow, covered)
    wanted = sorted({*facts.changes, *facts.come}, key=lambda key: (-_latest(facts, key), key))
    told = [_told(covering, facts, key) for key in wanted[:MOST_TOLD]]
    left = [one for key in sorted(facts.left)[:MOST_TOLD] if (one := _named(covering, key))]
    dues = read_dues(connection, covering.role, covering.kinds, on, ids=covered)
    seen_on = _day_of(follow.seen_at)
    return News(
        follow=follow,
        covered=covered,
        told=[one for one in told if one],
        more=len(wanted[MOST_TOLD:]),
        left=left,
        gone=len(facts.left) - len(left),
        dues=dues,
        fresh=sum(one.told_since(on, seen_on) for one in dues),
    )


def _day_of(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(TIME_ZONE)).date()


def _latest(facts: _Facts, key: tuple[str, int]) -> int:
    return max((change.number for change in facts.changes.get(key, ())), default=0)


def _facts(covering: Covering, follow: Follow, covered: Covered) -> _Facts:
    facts = _Facts()
    for kind in covering.kinds:
        layer = kind.layer.name
        now, before = set(covered.get(layer, ())), set(follow.known.get(layer, ()))
        changes = read_changes(
            covering.connection, kind, sorted(now), follow.mark, role=covering.role, but_by=covering.follower.name
        )
        for change in changes:
            facts.changes.setdefault((layer, change.feature_id), []).append(change)
        facts.come.update((layer, number) for number in now - before)
        facts.left.update((layer, number) for number in before - now)
    return facts


def _told(covering: Covering, facts: _Facts, key: tuple[str, int]) -> Told | None:
    return _named(covering, key, tuple(facts.changes.get(key, ())), has_come=key in facts.come)


def _named(
    covering: Covering, key: tuple[str, int], changes: tuple[Change, ...] = (), *, has_come: bool = False
) -> Told | None:
    """Return an object by its layer and id; None when it is not there for the reader."""
    kind = covering.registry.get(key[0])
    row = covering.connection.execute(select(kind.code, kind.name).where(kind.id == key[1])).first()
    if row is None:
        return None
    return Told(kind=kind, id=key[1], code=row.code, name=row.name, changes=changes, has_come=has_come)


def count_news(
    connection: ReadConnection, registry: Registry, follower: Follower, follows: Sequence[Follow], *, on: date
) -> int:
    """Return how much is new of all follows: counted once for as long as neither data nor follows change.

    Who is limited to areas reads in a transaction, for whom nothing is kept.
    """
    question = ("news", follower, on, tuple((one.id, one.seen_at, one.seen_up_to) for one in follows))
    names = [kind.layer.name for kind in registry]
    return keep(
        connection,
        names,
        question,
        lambda: sum(read_news(connection, registry, follower, one, on).count for one in follows),
    )
