"""The lists of a preview, page by page and searched, and which of their rows are left out."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    ScalarSelect,
    Text,
    and_,
    cast,
    column,
    func,
    literal,
    or_,
    select,
    true,
    values,
)
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE, Range
from sqlalchemy.dialects.postgresql.ranges import MultiRange
from sqlalchemy.orm import InstrumentedAttribute, Session

from geodata.importing.sessions.model import CHOSEN, LISTS, ImportItem, ImportSession, Stage, move

#: From so many digits on a number is no row of a file.
_DIGITS = 10


def items_of(
    session: Session, number: int, kind: str, *, limit: int, offset: int = 0, search: str = ""
) -> list[ImportItem]:
    """Return one list of a preview, or a page of it; with `search` of what that finds."""
    query = select(ImportItem).where(ImportItem.import_session_id == number, ImportItem.kind == kind)
    # Positions have no gaps: the millionth row is reached without counting those before it.
    page = query.where(_is_found(search)).offset(offset) if search else query.where(ImportItem.position > offset)
    return list(session.scalars(page.order_by(ImportItem.position).limit(limit)))


def count_items(session: Session, number: int) -> dict[str, int]:
    """Return how long each list is."""
    kinds = values(column("kind", Text), name="list").data([(kind,) for kind in LISTS])
    last = select(func.max(ImportItem.position)).where(
        ImportItem.import_session_id == number, ImportItem.kind == kinds.c.kind
    )
    rows = session.execute(select(kinds.c.kind, last.scalar_subquery()))
    return {kind: count for kind, count in rows if count}


def count_found(session: Session, number: int, search: str) -> dict[str, int]:
    """Return how many rows of each list a search finds."""
    query = select(ImportItem.kind, func.count()).where(ImportItem.import_session_id == number, _is_found(search))
    return {row.kind: row[1] for row in session.execute(query.group_by(ImportItem.kind))}


def _is_found(search: str) -> ColumnElement[bool]:
    """Return the condition that every word is in the code or the name, or that the number is the row's."""
    words = and_(true(), *(func.strpos(ImportItem.search_text, func.fold_text(word)) > 0 for word in search.split()))
    is_number = search.isdecimal() and len(search) < _DIGITS
    return or_(words, ImportItem.row_number == int(search)) if is_number else words


def count_excluded(session: Session, found: ImportSession) -> int:
    """Return how many rows are left out."""
    rows = func.unnest(_excluded(found)).column_valued("excluded")
    return int(session.scalar(select(_count_in(rows))) or 0)


def count_excluded_by_list(session: Session, found: ImportSession) -> dict[str, int]:
    """Return list -> how many of its rows are left out."""
    if not count_excluded(session, found):
        return {}
    rows = func.unnest(_as_ranges(ImportItem.row_number).op("*")(_excluded(found)))
    lists = (
        select(ImportItem.kind, rows.label("rows"))
        .where(ImportItem.import_session_id == found.id, ImportItem.kind.in_(CHOSEN))
        .group_by(ImportItem.kind)
        .subquery()
    )
    query = select(lists.c.kind, _count_in(lists.c.rows)).group_by(lists.c.kind)
    return {kind: int(count) for kind, count in session.execute(query)}


def excluded_among(session: Session, found: ImportSession, rows: Sequence[int]) -> frozenset[int]:
    """Return which of some rows are left out."""
    row = func.unnest(cast(list(rows), ARRAY(BigInteger))).column_valued("row_number")
    query = select(row).where(ImportSession.id == found.id, ImportSession.excluded_rows.contains(row))
    return frozenset(session.scalars(query))


def excluded_rows_of(session: Session, found: ImportSession) -> frozenset[int]:
    """Return all rows that are left out."""
    rows = func.unnest(_excluded(found)).column_valued("excluded")
    ranges = session.execute(select(func.lower(rows), func.upper(rows)))
    return frozenset(chain.from_iterable(range(first, end) for first, end in ranges))


def choose_rows(session: Session, found: ImportSession, shown: Sequence[int], taken: Sequence[int]) -> None:
    """Remember which of the rows shown are taken; the others keep what was chosen for them."""
    left_out = set(shown) - set(taken)
    kept = ImportSession.excluded_rows - _ranges(set(shown) - left_out)
    move(session, found, {Stage.READY}, Stage.READY, excluded_rows=kept + _ranges(left_out))


def choose_all(session: Session, found: ImportSession, kind: str, search: str, *, take: bool) -> None:
    """Take or leave out every row of a list, or all that a search finds in it."""
    listed = select(_as_ranges(ImportItem.row_number)).where(
        ImportItem.import_session_id == found.id, ImportItem.kind == kind, _is_found(search)
    )
    rows, excluded = listed.scalar_subquery(), ImportSession.excluded_rows
    move(session, found, {Stage.READY}, Stage.READY, excluded_rows=excluded - rows if take else excluded + rows)


def _excluded(found: ImportSession) -> ScalarSelect[Any]:
    return select(ImportSession.excluded_rows).where(ImportSession.id == found.id).scalar_subquery()


def _count_in(ranges: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(func.upper(ranges) - func.lower(ranges)), 0)


def _as_ranges(row: ColumnElement[Any] | InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """Return the rows of a query as one set."""
    return func.coalesce(func.range_agg(func.int8range(row, row, "[]")), _ranges([]), type_=INT8MULTIRANGE)


def _ranges(rows: Iterable[int]) -> ColumnElement[Any]:
    return literal(MultiRange([Range(row, row, bounds="[]") for row in rows]), INT8MULTIRANGE)
