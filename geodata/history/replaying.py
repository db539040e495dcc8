"""What a row is by its history: the changes of all change sets that count, played one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    select,
)
from sqlalchemy.orm import Session

from geodata.base.i18n import N_
from geodata.history.change_sets import (
    ChangeSet,
)
from geodata.history.documents import Document

EDITED_AFTER_ADDED = N_("edited after it was added")
EDITED_SINCE = N_("edited since")
DELETED_SINCE = N_("deleted since")
CREATED_ANEW = N_("created anew since")


@dataclass(frozen=True, kw_only=True)
class KeptEdit:
    """A later edit that an undo left alone: the object and the fields that somebody changed since."""

    feature_id: int
    code: str
    fields: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What one change set made of a row; None where the row is not there."""

    change_set_id: int
    before: Document | None
    after: Document | None
    counts: bool


def differing(before: Document | None, after: Document | None) -> tuple[str, ...]:
    """Return the fields that differ between two states of a row."""
    before, after = before or {}, after or {}
    names = [*after, *(name for name in before if name not in after)]
    return tuple(name for name in names if name != "details" and before.get(name) != after.get(name))


def replay(turns: Sequence[Turn]) -> Document | None:
    """Return what the turns that count make of a row, with what was changed past the history between two of them.

    Who edits an object keeps it, even if its making is undone.
    """
    state = last = turns[0].before
    for turn in turns:
        state, last = _with_past(state, last, turn.before), turn.after
        if not turn.counts:
            continue
        if turn.after is None:
            state = None
        elif state is None or turn.before is None:
            state = dict(turn.after)
        else:
            state = {**state, **{name: turn.after.get(name) for name in differing(turn.before, turn.after)}}
    return None if state is None else {name: value for name, value in state.items() if name != "details"}


def _with_past(state: Document | None, last: Document | None, before: Document | None) -> Document | None:
    """Return a state with what differs between the end of one turn and the beginning of the next."""
    if before is None or last is None or state is None:
        return state
    return {**state, **{name: before.get(name) for name in differing(last, before)}}


def settled(turns: Sequence[Turn], now: Document | None) -> Document | None:
    """Return what a row is to be: its history played anew, with what was changed past the history."""
    last, wanted = turns[-1].after, replay(turns)
    past = differing(last, now) if last is not None and now is not None else ()
    if (now is None) != (last is None) or (wanted is None and past):
        return now
    if wanted is None or now is None:
        return wanted
    return {name: now[name] if name in past else wanted.get(name) for name in now}


class Counting:
    """Which change sets of a layer count."""

    def __init__(self, session: Session, layer: str) -> None:
        undoing = select(ChangeSet.undoes_id, ChangeSet.id).where(
            ChangeSet.layer == layer, ChangeSet.undoes_id.is_not(None)
        )
        self._undone_by = {row.undoes_id: row.id for row in session.execute(undoing)}
        self._undoings = frozenset(self._undone_by.values())

    def __call__(self, change_set_id: int) -> bool:
        """Return whether a change set counts: neither undone nor an undoing."""
        return change_set_id not in self._undoings and not self._is_undone(change_set_id)

    def _is_undone(self, change_set_id: int) -> bool:
        by = self._undone_by.get(change_set_id)
        return by is not None and not self._is_undone(by)
