"""Stored objects that a row without a known code may be: near it, and called alike."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    Select,
    and_,
    case,
    exists,
    func,
    not_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from geodata.base.crs import current_province
from geodata.history.documents import AnyGeometry
from geodata.importing.proposals import Candidate, Proposal
from geodata.importing.storing.likeness import ALIKE, ALIKE_M, MAX_ROWS, SAME_NAME_M, propose
from geodata.importing.storing.staged import StagedRows
from geodata.schema.feature import Feature

#: A little more than the farthest proposal.
_NEAR_DEGREES = 0.012
#: How many codes are looked up to see whether they are known.
_ASKED_CODES = 5000


def find_alike(staging: StagedRows) -> tuple[Proposal, ...]:
    """Return what the rows that no code identifies may be: stored objects that no other row means."""
    if "name" not in staging.names or not 0 < _count_new(staging) <= MAX_ROWS:
        return ()
    return propose(
        (row, code, name, (lon, lat), Candidate(
            feature_id=id_, code=other, name=other_name, metres=round(away, 1), likeness=round(likeness, 3)
        ))
        for row, code, name, lon, lat, id_, other, other_name, away, likeness in staging.session.execute(_pairs(staging))
    )  # fmt: skip


def are_mostly_stored(session: Session, kind: type[Feature], codes: Collection[str]) -> bool:
    """Say whether most of some codes are those of stored objects; of very many the first tell."""
    asked = sorted(codes)[:_ASKED_CODES]
    query = select(func.count(func.distinct(kind.code))).where(kind.code.in_(asked))
    return bool(asked) and (session.scalar(query) or 0) * 2 >= len(asked)


def _pairs(staging: StagedRows) -> Select[Any]:
    """Return the query of unknown rows, each beside a stored object near it and called alike: with metres and likeness."""
    staged, stored, match = staging.staged, staging.current(), staging.match
    shapes = [type_coerce(item.c.geom, AnyGeometry()) for item in (stored, staged)]
    metric = current_province().metric_srid
    metres = func.ST_Distance(*[func.ST_Transform(shape, metric) for shape in shapes])
    alike = func.similarity(func.fold_text(stored.c.name), func.fold_text(staged.c.name))
    others = [name for name in staging.kind.layer.key if name != "code"] if staging.has_whole_key else []
    same_key = [staged.c[name].is_not_distinct_from(stored.c[name]) for name in others]
    middle = func.ST_PointOnSurface(shapes[1])
    is_taken = exists().where(match.alias("other").c.target_id == stored.c.id)
    found = (staged.c.row_no, staged.c.code, staged.c.name, func.ST_X(middle), func.ST_Y(middle))
    return (
        select(*found, stored.c.id, stored.c.code, stored.c.name, metres, alike)
        .join(match, match.c.row_no == staged.c.row_no)
        .join(stored, and_(func.ST_DWithin(*shapes, _NEAR_DEGREES), *same_key))
        .where(
            match.c.target_id.is_(None),
            staged.c.code.is_distinct_from(stored.c.code),
            alike >= ALIKE,
            metres <= case((alike >= 1, SAME_NAME_M), else_=ALIKE_M),
            not_(is_taken),
        )
        .order_by(staged.c.row_no)
        .limit(MAX_ROWS * 3)
    )


def _count_new(staging: StagedRows) -> int:
    query = select(func.count()).select_from(staging.match).where(staging.match.c.target_id.is_(None))
    return staging.session.scalar(query) or 0
