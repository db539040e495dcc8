"""The bell on every page: what each room has to remind this person of. Rooms register what they count."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Flask
from sqlalchemy.exc import SQLAlchemyError


@dataclass(frozen=True, kw_only=True)
class Reminders:
    """How much there is of one kind, and where it is listed."""

    label: str
    count: int
    address: str


#: Returns what there is for who asks; None for who is not concerned.
Counter = Callable[[], Reminders | None]


def init_bell(app: Flask) -> None:
    """Give templates `bell_items()`."""
    app.extensions["bell"] = []
    app.context_processor(lambda: {"bell_items": lambda: _items(app)})


def rings_for(blueprint: Blueprint, counter: Counter) -> None:
    """Let the bell count one more kind of reminder, that of a room's blueprint."""
    blueprint.record_once(lambda state: state.app.extensions["bell"].append(counter))


def _items(app: Flask) -> list[Reminders]:
    """Return what concerns this person; nothing while the database is away, for an error page is shown without a bell."""
    try:
        return [item for counter in app.extensions["bell"] if (item := counter()) is not None]
    except SQLAlchemyError:
        return []
