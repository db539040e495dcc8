"""One search over all layers: accents optional, small typing errors tolerated."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Float,
    Integer,
    Row,
    ScalarSelect,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    null,
    select,
    table,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import REGCLASS
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from geodata.base.collation import by_name
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

    Looks for candidates in steps, from the cheapest index condition on: the code or the text as it is, each of its words,
    all of them but one, and only when nothing was found, anything alike; a bounded number a step. Then scores them all.
    """
    wanted = " ".join(asked.replace("\x00", "").split())[:100]
    folded = connection.execute(select(func.fold_text(wanted))).scalar_one() if wanted and kinds else ""
    if not folded:
        return []
    limit = min(limit, MAX_HITS)
    words = folded.split()
    values = {"wanted": wanted, "alike": folded, "text": _pattern(folded)}
    values |= {f"word_{index}": _pattern(word) for index, word in enumerate(words)}
    found: set[tuple[int, int]] = set()
    is_alike = False
    for step in _steps(len(words)):
        if len(found) >= limit or (found and step in _ONLY_ALIKE):
            break
        statement, names = _candidates(step, tuple(kinds), _shape(step, len(words)))
        rows = connection.execute(statement, {name: value for name, value in values.items() if name in names})
        found |= {(row.place, row.id) for row in rows}
        is_alike = step in _ONLY_ALIKE
    ids = {_ids(place): [number for of, number in found if of == place] for place in range(len(kinds))}
    ranked = connection.execute(_best(tuple(kinds)), ids | {"folded": folded, "most": limit}) if found else ()
    return [_as_hit(kinds, row, is_alike=is_alike) for row in ranked]


def best_of(connection: ReadConnection, kind: type[Feature], candidates: Select[Any], folded: str) -> list[Hit]:
    """Return chosen features of one layer as hits, those that fit the folded text best first, then by name."""
    ranked = _ranked([_candidate(kind, 0).where(kind.id.in_(candidates))])
    rows = connection.execute(ranked, {"folded": folded, "most": MAX_HITS})
    return [_as_hit((kind,), row) for row in rows]


Step = Callable[[type[Feature], int], Select[Any]]


def _steps(words: int) -> list[Step]:
    """Return the ladder: of two words one alone says little, so that likeness goes first; of more it costs more."""
    if words == 1:
        return [_is_called, _is_alike]
    wrong: list[Step] = [_is_alike, _contains_most_words] if words == 2 else [_contains_most_words, _is_alike]
    return [_is_called, _contains_words, *wrong]


def _shape(step: Step, words: int) -> int:
    """Return as few numbers of words as a step tells apart: a new statement takes longer to build than to run."""
    if step is _is_alike:
        return 1
    return min(words, 2) if step is _is_called else words


@lru_cache(maxsize=100)
def _candidates(step: Step, kinds: tuple[type[Feature], ...], words: int) -> tuple[CompoundSelect[Any], frozenset[str]]:
    """Return one step over all layers, as place of the layer and id, and the names of its parameters.

    Nothing more: the planner sees the text that is asked for, so that all of the statement is planned each time.
    """
    found = (step(kind, words).subquery() for kind in kinds)
    statement = union_all(*(select(_place(place), part.c.id) for place, part in enumerate(found)))
    return statement, frozenset(statement.compile().params)


def _is_called(kind: type[Feature], words: int) -> Select[Any]:
    """Look for a code, which is one among many candidates where it is a common text too, and for the text as it is."""
    of_code = select(kind.id).where(kind.code == bindparam("wanted", type_=Text))
    return select(union(of_code, _contains_text(kind, words)).subquery().c.id)


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
    # Planned as if every row were wanted: with the LIMIT in sight the planner would read the whole table. The text is kept
    # from it: it would compare it with a hundred others of each layer, which takes longer than to look for it.
    asked = select(bindparam("alike", type_=Text)).scalar_subquery()
    alike = select(kind.id).where(kind.column("search_text").op("%>")(asked))
    return select(alike.cte(f"alike_{kind.__tablename__}").prefix_with("MATERIALIZED").c.id).limit(MAX_CANDIDATES)


#: Steps that find what only resembles the text.
_ONLY_ALIKE = frozenset({_contains_most_words, _is_alike})


def _literal(name: str) -> BindParameter[str]:
    """Return a parameter whose value the planner sees: a plan for any text would be wrong for most."""
    return bindparam(name, type_=Text, literal_execute=True)


def _pattern(folded: str) -> str:
    return "%" + re.sub(r"([%_\\])", r"\\\1", folded) + "%"


@lru_cache(maxsize=100)
def _best(kinds: tuple[type[Feature], ...]) -> Select[Any]:
    """Return the best of some features of each layer as rows of Hit."""
    chosen = (bindparam(_ids(place), type_=ARRAY(BigInteger)) for place in range(len(kinds)))
    return _ranked(
        [
            _candidate(kind, place).where(kind.id == any_(ids))
            for place, (kind, ids) in enumerate(zip(kinds, chosen, strict=True))
        ]
    )


def _ids(place: int) -> str:
    """Return the name of the parameter with the ids of the layer in that place."""
    return f"ids_{place}"


def _place(place: int) -> ColumnElement[int]:
    return literal_column(str(place), Integer).label("place")


def _candidate(kind: type[Feature], place: int) -> Select[Any]:
    """Return what a layer's features are scored by and what of them is shown."""
    return select(
        _place(place),
        kind.id.label("id"),
        kind.code.label("code"),
        kind.name.label("name"),
        _official_name(kind).label("official_name"),
        kind.valid_to.label("valid_to"),
        kind.address.label("address"),
        kind.column("geom").label("geom"),
        func.fold_text(kind.name).label("folded_name"),
        kind.column("search_text").label("searched"),
        _other_names(kind).label("others"),
    )


def _ranked(candidates: Sequence[Select[Any]]) -> Select[Any]:
    """Return the best candidates as rows of Hit, best first; the geometry is looked at of these alone."""
    together = union_all(*candidates).subquery("together")
    # OFFSET 0 keeps the folded name from being worked out anew wherever it is named.
    one = select(*together.c).offset(0).subquery("candidate").c
    ended_on = case((one.valid_to < func.current_date(), one.valid_to)).label("ended_on")
    score = cast(_score(one, ended_on), Float).label("score")
    shown = (one.place, one.id, one.code, one.name, one.official_name, one.address)
    best = (
        select(*shown, one.geom, ended_on, score)
        .order_by(score.desc(), one.place, by_name(one.name), one.id)
        .limit(bindparam("most", type_=Integer))
        .subquery("best")
    )
    point = func.ST_PointOnSurface(best.c.geom)
    return select(
        *(best.c[column.key] for column in (*shown, ended_on, score)),
        func.ST_X(point).label("lon"),
        func.ST_Y(point).label("lat"),
        func.ST_XMin(best.c.geom).label("west"),
        func.ST_YMin(best.c.geom).label("south"),
        func.ST_XMax(best.c.geom).label("east"),
        func.ST_YMax(best.c.geom).label("north"),
    ).order_by(best.c.score.desc(), best.c.place, by_name(best.c.name), best.c.id)


def _score(one: ReadOnlyColumnCollection[str, Any], ended_on: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return how well a candidate fits: likeness, its very name or code, another name of it, the place in the legend."""
    folded = bindparam("folded", type_=Text)
    # Likeness costs more than all the rest, and is 1 where the very words are.
    has_words = func.strpos(literal(" ").concat(one.searched).concat(" "), literal(" ").concat(folded).concat(" ")) > 0
    # The code is what the searched text begins with; folding all of them would take a quarter of the time.
    begins_so = func.strpos(one.searched, folded.concat(" ")) == 1
    score: ColumnElement[Any] = (
        case((has_words, 1.0), else_=func.word_similarity(folded, one.searched))
        + case(
            (one.folded_name == folded, 2.0),
            (and_(begins_so, func.fold_text(one.code) == folded), 2.0),
            (func.strpos(one.others, literal(", ").concat(folded).concat(",")) > 0, 2.0),
            (func.strpos(one.folded_name, literal("(").concat(folded).concat(")")) > 0, 2.0),
            (func.strpos(one.others, literal(" ").concat(folded).concat(",")) > 0, 1.2),
            else_=0.0,
        )
        + case((func.strpos(one.folded_name, folded) > 0, 0.6), (func.strpos(one.searched, folded) > 0, 0.3), else_=0.0)
        - func.length(one.name) * 0.0005
        - one.place * 0.01
        - case((ended_on.is_not(None), 0.005), else_=0.0)
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


def _as_hit(kinds: Sequence[type[Feature]], row: Row[Any], *, is_alike: bool = False) -> Hit:
    return Hit(
        layer=kinds[row.place].layer.name,
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
        is_alike=is_alike,
    )
