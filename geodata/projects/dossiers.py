"""Dossiers on their way, by what the layers say of theirs, and rows whose term ends."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from geodata.base.collation import by_name
from geodata.base.database import ReadConnection
from geodata.schema.details import Detail
from geodata.schema.feature import Feature
from geodata.schema.fields import LabelledEnum
from geodata.schema.pipeline import Pipeline, Term


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of a dossier: when it is due, when it was done, and who holds it."""

    step: LabelledEnum
    due_on: date | None = None
    done_on: date | None = None
    held_by: str | None = None
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """A feature on its way; without steps where its layer keeps none."""

    id: int
    code: str
    name: str
    state: str
    holder: str | None = None
    is_illustration: bool = False
    steps: tuple[Step, ...] = ()

    @property
    def current(self) -> Step | None:
        """The first step that is not done, in the order of the procedure."""
        left = (one for one in self.steps if one.done_on is None)
        return min(left, key=lambda one: list(one.step.__class__).index(one.step), default=None)

    def days_in_step(self, on: date) -> int | None:
        """Return how long the dossier has been in its step: since the last one was done."""
        return (on - self.since).days if self.since else None

    @property
    def since(self) -> date | None:
        """The day on which the current step began: that on which the last one was done."""
        return max((one.done_on for one in self.steps if one.done_on), default=None) if self.current else None

    @property
    def days_allowed(self) -> int | None:
        """How many days the current step may take: from its beginning to the day it is due."""
        step = self.current
        return (step.due_on - self.since).days if step and step.due_on and self.since else None

    @property
    def held_by(self) -> str | None:
        """Who has the dossier now: whoever holds the step, else who holds all of it."""
        return (self.current.held_by if self.current else None) or self.holder

    def days_late(self, on: date) -> int | None:
        """Return by how many days the current step is past its day; negative while there is time."""
        step = self.current
        return (on - step.due_on).days if step and step.due_on else None


@dataclass(frozen=True, kw_only=True)
class Ending:
    """A row whose term ends soon, or has ended, with none that follows."""

    feature_id: int
    feature: str
    group: str
    ends_on: date


def read_dossiers(connection: ReadConnection, kind: type[Feature], pipeline: Pipeline) -> list[Dossier]:
    """Return the features of a layer that are on their way, by name, with their steps."""
    state, holder = kind.column(pipeline.field), kind.column(pipeline.holder)
    query = (
        select(kind.id, kind.code, kind.name, state.label("state"), holder.label("holder"), kind.is_illustration)
        .where(state.in_(pipeline.states), kind.valid_to.is_(None))
        .where(*(kind.column(name).in_(values) for name, values in pipeline.only.items()))
        .order_by(by_name(kind.name))
    )
    found = {row.id: Dossier(**row._asdict()) for row in connection.execute(query)}
    if pipeline.steps is None:
        return list(found.values())
    table = next(detail for detail in kind.details if detail.detail.name == pipeline.steps)
    columns = [table.feature_id, *(table.column(name) for name in ("step", "due_on", "done_on", "held_by", "note"))]
    rows = select(*columns).where(table.feature_id.in_(found)).order_by(table.column("due_on"), table.id)
    for row in connection.execute(rows):
        values = row._asdict()
        dossier = found[values.pop("feature_id")]
        found[dossier.id] = replace(dossier, steps=(*dossier.steps, Step(**values)))
    return list(found.values())


def with_terms(kinds: Iterable[type[Feature]]) -> list[tuple[type[Feature], type[Detail], Term]]:
    """Return the tables whose rows hold for a time."""
    return [(kind, detail, term) for kind in kinds for detail in kind.details if (term := detail.detail.term)]


def ending(connection: ReadConnection, kind: type[Feature], detail: type[Detail], term: Term, on: date) -> list[Ending]:
    """Return the rows of a table whose term ends within the days that it says, or has ended, and that none follows."""
    later = aliased(detail)

    def counts(table: Any) -> list[Any]:
        return [getattr(table, name).in_(values) for name, values in term.only.items()]

    ends, per = detail.column(term.ends), detail.column(term.per)
    follows = (
        select(later.id)
        .where(
            later.feature_id == detail.feature_id,
            getattr(later, term.per) == per,
            getattr(later, term.begins) > detail.column(term.begins),
            *counts(later),
        )
        .exists()
    )
    query = (
        select(kind.id, kind.name, per, ends)
        .join(kind, kind.id == detail.feature_id)
        .where(ends <= on + timedelta(days=term.days), ~follows, *counts(detail))
        .order_by(ends, by_name(kind.name), per)
    )
    return [
        Ending(feature_id=number, feature=name, group=group, ends_on=day)
        for number, name, group, day in connection.execute(query)
    ]


@dataclass(frozen=True, kw_only=True)
class Coming:
    """A row that does not count yet, with the state that it is in."""

    feature_id: int
    feature: str
    group: str
    begins_on: date | None
    state: LabelledEnum


def coming(connection: ReadConnection, kind: type[Feature], detail: type[Detail], term: Term) -> list[Coming]:
    """Return the rows of a table that are on their way to counting, by feature."""
    found = []
    for name, values in term.before.items():
        state, per, begins = detail.column(name), detail.column(term.per), detail.column(term.begins)
        query = (
            select(kind.id, kind.name, per, begins, state)
            .join(kind, kind.id == detail.feature_id)
            .where(state.in_(values), kind.valid_to.is_(None))
            .order_by(by_name(kind.name), per)
        )
        found += [
            Coming(feature_id=number, feature=feature, group=group, begins_on=day, state=value)
            for number, feature, group, day, value in connection.execute(query)
        ]
    return found


def overdue(dossiers: Sequence[Dossier], on: date) -> list[Dossier]:
    """Return the dossiers whose step is past its day."""
    return [one for one in dossiers if (one.days_late(on) or 0) > 0]
