"""One search over all layers: accents optional, small typing errors tolerated."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Float,
    Integer,
    Row,
    ScalarSelect,
    Select,
    Text,
    bindparam,
    case,
    cast,
    column,
    func,
    literal,
    null,
    select,
    table,
    text,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import REGCLASS
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from geodata.base.database import ReadConnection
from geodata.schema.feature import Feature

MAX_HITS = 50
#: A step scores at most so many features a layer: a text that fits more finds some of them.
MAX_CANDIDATES = 300
#: A text is looked for in this part of a layer before its index is asked.
FIRST_PART = 40

#: The score from which on a hit's very name or code was asked for.
CALLED_SO = 2.5

_CLASSES = table("pg_class", column("oid", REGCLASS), column("reltuples", Float))


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A feature that fits; place in EPSG:4326 (lon, lat). `official_name`: its name in full, where it has one.

    `is_alike`: not every word of the text is there; it is only alike.
    """

    layer: str
    id: int
    code: str
    name: str
    official_name: str | None
    ended_on: date | None
    address: str | None
    lon: float
    lat: float
    bbox: tuple[float, float, float, float]
    score: float
    is_alike: bool = False


def search(connection: ReadConnection, kinds: Sequence[type[Feature]], asked: str, limit: int = 20) -> list[Hit]:
    """Return the best hits over the given layers, best first.

    Asks in steps, from the cheapest index condition on: the text as it is, each of its words, all of them
    but one, and only when nothing was found, anything alike. A step scores a bounded number of candidates.
    """
    wanted = " ".join(asked.replace("\x00", "").split())[:100]
    folded = connection.execute(select(func.fold_text(wanted))).scalar_one() if wanted and kinds else ""
    if not folded:
        return []
    limit = min(limit, MAX_HITS)
    words = folded.split()
    values = {"wanted": wanted, "folded": folded, "alike": folded, "text": _pattern(folded)}
    values |= {f"word_{index}": _pattern(word) for index, word in enumerate(words)}
    found: dict[tuple[str, int], Hit] = {}
    for step in _steps(len(words)):
        if len(found) >= limit or (found and step in {_contains_most_words, _is_alike}):
            break
        statement, names = _statement(step, tuple(kinds), _shape(step, len(words)))
        rows = connection.execute(statement, {name: value for name, value in values.items() if name in names})
        is_alike = step in {_contains_most_words, _is_alike}
        hits = (replace(hit, is_alike=is_alike) for hit in map(_as_hit, rows))
        found = {(hit.layer, hit.id): hit for hit in hits} | found
    return sorted(found.values(), key=lambda hit: (-hit.score, hit.layer, hit.id))[:limit]


def best_of(connection: ReadConnection, kind: type[Feature], candidates: Select[Any], folded: str) -> list[Hit]:
    """Return chosen features of one layer as hits, those that fit the folded text best first, then by name."""
    rows = connection.execute(_best(kind, 0, candidates), {"folded": folded})
    return sorted(map(_as_hit, rows), key=lambda hit: (-hit.score, hit.name, hit.id))


Step = Callable[[type[Feature], int], Select[Any]]


def _steps(words: int) -> list[Step]:
    """Return the ladder: of two words one alone says little, so that likeness goes first; of more it costs more."""
    exact: list[Step] = [_has_code, _contains_text]
    if words == 1:
        return [*exact, _is_alike]
    wrong: list[Step] = [_is_alike, _contains_most_words] if words == 2 else [_contains_most_words, _is_alike]
    return [*exact, _contains_words, *wrong]


def _shape(step: Step, words: int) -> int:
    """Return as few numbers of words as a step tells apart: a new statement takes longer to build than to run."""
    if step in {_has_code, _is_alike}:
        return 1
    return min(words, 2) if step is _contains_text else words


@lru_cache(maxsize=100)
def _statement(step: Step, kinds: tuple[type[Feature], ...], words: int) -> tuple[CompoundSelect[Any], frozenset[str]]:
    """Return one step over all layers and the names of its parameters; building it costs more than it finds."""
    statement = union_all(*(_best(kind, order, step(kind, words)) for order, kind in enumerate(kinds)))
    return statement, frozenset(statement.compile().params)


def _has_code(kind: type[Feature], words: int) -> Select[Any]:
    del words
    return select(kind.id).where(kind.code == bindparam("wanted", type_=Text))


def _contains_text(kind: type[Feature], words: int) -> Select[Any]:
    """Look for several words in the first rows before the index, which reads long lists for each of them."""
    searched = kind.column("search_text")
    whole = select(kind.id.label("id")).where(searched.like(_literal("text"))).limit(MAX_CANDIDATES)
    if words == 1:
        return whole
    first = select(kind.id.label("id"), searched.label("searched")).limit(_a_share_of(kind)).subquery()
    early = select(first.c.id).where(first.c.searched.like(_literal("text"))).limit(MAX_CANDIDATES)
    found = early.cte(f"early_{kind.__tablename__}").prefix_with("MATERIALIZED")
    is_rare = select(func.count()).select_from(found).scalar_subquery() < MAX_CANDIDATES
    both = union(select(found.c.id), select(whole.where(is_rare).subquery().c.id)).subquery()
    return select(both.c.id).limit(MAX_CANDIDATES)


def _a_share_of(kind: type[Feature]) -> ScalarSelect[int]:
    """Return how many rows are the fortieth part of a layer, by what PostgreSQL last counted."""
    counted = _CLASSES.c.reltuples / FIRST_PART
    wanted = _CLASSES.c.oid == cast(literal(kind.__tablename__), REGCLASS)
    return select(cast(func.greatest(counted, 0), Integer)).where(wanted).scalar_subquery()


def _contains_words(kind: type[Feature], words: int) -> Select[Any]:
    wanted = (kind.column("search_text").like(_literal(f"word_{index}")) for index in range(words))
    return select(kind.id).where(*wanted).limit(MAX_CANDIDATES)


def _contains_most_words(kind: type[Feature], words: int) -> Select[Any]:
    """One word may be wrong; each has its share of the candidates, else a common pair would take them all."""
    conditions = [kind.column("search_text").like(_literal(f"word_{index}")) for index in range(words)]
    share = -(-MAX_CANDIDATES // words)
    parts = [
        select(kind.id).where(*conditions[:left], *conditions[left + 1 :]).limit(share).subquery()
        for left in range(words)
    ]
    return select(union_all(*(select(part.c.id) for part in parts)).subquery().c.id)


def _is_alike(kind: type[Feature], words: int) -> Select[Any]:
    del words
    # Planned as if every row were wanted: with the LIMIT in sight the planner would read the whole table.
    alike = select(kind.id).where(kind.column("search_text").op("%>")(_literal("alike")))
    return select(alike.cte(f"alike_{kind.__tablename__}").prefix_with("MATERIALIZED").c.id).limit(MAX_CANDIDATES)


def _literal(name: str) -> BindParameter[str]:
    """Return a parameter whose value the planner sees: a plan for any text would be wrong for most."""
    return bindparam(name, type_=Text, literal_execute=True)


def _pattern(folded: str) -> str:
    return "%" + re.sub(r"([%_\\])", r"\\\1", folded) + "%"


def _best(kind: type[Feature], order: int, candidates: Select[Any]) -> Select[Any]:
    """Return the best of the candidates of one layer as rows of Hit."""
    # OFFSET 0 keeps the folded name from being worked out anew wherever it is named.
    text_of = (
        select(
            kind.id.label("id"),
            kind.code.label("code"),
            func.fold_text(kind.name).label("name"),
            func.length(kind.name).label("length"),
            kind.column("search_text").label("searched"),
            _other_names(kind).label("others"),
            (kind.valid_to < func.current_date()).label("ended"),
        )
        .where(kind.id.in_(candidates))
        .offset(0)
        .subquery()
    )
    one = text_of.c
    scored = (
        select(one.id, cast(_score(one, order), Float).label("score"))
        .order_by(text("score DESC"))
        .limit(MAX_HITS)
        .subquery()
    )
    geom = kind.column("geom")
    point = func.ST_PointOnSurface(geom)
    return select(
        literal(kind.layer.name).label("layer"),
        kind.id.label("id"),
        kind.code.label("code"),
        kind.name.label("name"),
        _official_name(kind).label("official_name"),
        case((kind.valid_to < func.current_date(), kind.valid_to)).label("ended_on"),
        kind.address.label("address"),
        func.ST_X(point).label("lon"),
        func.ST_Y(point).label("lat"),
        func.ST_XMin(geom).label("west"),
        func.ST_YMin(geom).label("south"),
        func.ST_XMax(geom).label("east"),
        func.ST_YMax(geom).label("north"),
        scored.c.score,
    ).join(scored, scored.c.id == kind.id)


def _score(one: ReadOnlyColumnCollection[str, Any], order: int) -> ColumnElement[Any]:
    """Return how well a candidate fits: likeness, its very name or code, another name of it, the place in the legend."""
    folded = bindparam("folded", type_=Text)
    # Likeness costs more than all the rest, and is 1 where the very words are.
    has_words = func.strpos(literal(" ").concat(one.searched).concat(" "), literal(" ").concat(folded).concat(" ")) > 0
    score: ColumnElement[Any] = (
        case((has_words, 1.0), else_=func.word_similarity(folded, one.searched))
        + case(
            (one.name == folded, 2.0),
            (func.fold_text(one.code) == folded, 2.0),
            (func.strpos(one.others, literal(", ").concat(folded).concat(",")) > 0, 2.0),
            (func.strpos(one.name, literal("(").concat(folded).concat(")")) > 0, 2.0),
            (func.strpos(one.others, literal(" ").concat(folded).concat(",")) > 0, 1.2),
            else_=0.0,
        )
        + case((func.strpos(one.name, folded) > 0, 0.6), (func.strpos(one.searched, folded) > 0, 0.3), else_=0.0)
        - one.length * 0.0005
        - literal(order) * 0.01
        - case((one.ended, 0.005), else_=0.0)
    )
    return score


def _official_name(kind: type[Feature]) -> ColumnElement[str | None]:
    """Return the first of an object's other names: the one it has in papers."""
    return kind.column(kind.layer.other_names[0]) if kind.layer.other_names else cast(null(), Text)


def _other_names(kind: type[Feature]) -> ColumnElement[str]:
    """Return an object's other names, folded, each between “, ” and “,”, without what is said in brackets."""
    if not kind.layer.other_names:
        return literal("")
    names = func.concat_ws(", ", *(kind.column(name) for name in kind.layer.other_names))
    return literal(", ").concat(func.regexp_replace(func.fold_text(names), r" \([^)]*\)", "", "g")).concat(",")


def _as_hit(row: Row[Any]) -> Hit:
    return Hit(
        layer=row.layer,
        id=row.id,
        code=row.code,
        name=row.name,
        official_name=row.official_name,
        ended_on=row.ended_on,
        address=row.address,
        lon=row.lon,
        lat=row.lat,
        bbox=(row.west, row.south, row.east, row.north),
        score=row.score,
    )
