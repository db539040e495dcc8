"""What falls due for a role: milestones, obstacles, certificates, petitions, dossiers, reports, terms; a page and the bell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, render_template, url_for

from geodata.base.database import ReadConnection, today
from geodata.base.i18n import N_
from geodata.following.dues import Falling, count_dues, read_dues
from geodata.projects.dossiers import ending, with_terms
from geodata.query.cache import keep
from geodata.schema.roles import STEERING
from webmap.app.auth import allow, current_reader, current_role
from webmap.app.bell import Reminders, rings_for
from webmap.app.extensions import database, layers
from webmap.app.i18n import current_language, translate
from webmap.app.links import map_address
from webmap.app.requests import readable_layers
from webmap.following.words import DueLine, due_line, left_words
from webmap.papers.due import due_reports

blueprint = Blueprint("due", __name__, url_prefix="/due")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Things of one kind that fall due, by day; `page` lists more of them."""

    title: str
    lines: Sequence[DueLine]
    page: str = ""

    @property
    def late(self) -> int:
        """How many of them are past their day."""
        return sum(line.days < 0 for line in self.lines)


@blueprint.get("")
@allow(*STEERING)
def index() -> str:
    """Show what falls due for the role of who asks, kind by kind."""
    on, language = today(), current_language()
    with database().reading(current_reader()) as connection:
        kinds = [*_of_layers(connection, on, language), *_of_terms(connection, on, language)]
        kinds += _of_reports(connection, on, language)
    return render_template("following/due.html", kinds=[kind for kind in kinds if kind.lines], on=on)


def _of_layers(connection: ReadConnection, on: date, language: str) -> list[Kind]:
    found: dict[str, list[Falling]] = {}
    for one in read_dues(connection, current_role(), readable_layers(), on):
        found.setdefault(one.due.title, []).append(one)
    return [
        Kind(title=translate(title, language), lines=[due_line(one, on, language) for one in rows])
        for title, rows in found.items()
    ]


def _of_terms(connection: ReadConnection, on: date, language: str) -> list[Kind]:
    """Return rows whose term ends and that none follows, for who moves them on."""
    if current_role() not in STEERING:
        return []
    kinds = []
    for kind, detail, term in with_terms(readable_layers()):
        lines = [
            DueLine(
                name=one.feature, what=str(one.group or ""), title=translate(term.title, language),
                layer=translate(kind.layer.singular, language), on=one.ends_on, days=(one.ends_on - on).days,
                left=left_words((one.ends_on - on).days, language),
                address=map_address(kind.layer.name, selected=one.feature_id), is_illustration=False,
            )
            for one in ending(connection, kind, detail, term, on)
        ]  # fmt: skip
        kinds.append(Kind(title=translate(term.title, language), lines=lines, page=url_for("dossiers.pipeline")))
    return kinds


def _of_reports(connection: ReadConnection, on: date, language: str) -> list[Kind]:
    if current_role() not in STEERING or current_reader().areas:
        return []
    lines = [
        DueLine(
            name=translate(one.title, language), what=one.period.in_words(lambda text: translate(text, language)),
            title=translate(N_("Reports"), language), layer="", on=one.on, days=(one.on - on).days,
            left=left_words((one.on - on).days, language),
            address=url_for("monthly.index", period=one.period.text), is_illustration=False,
        )
        for one in due_reports(connection, layers(), on)
    ]  # fmt: skip
    return [Kind(title=translate(N_("Reports"), language), lines=lines, page=url_for("monthly.index"))]


def count_due() -> Reminders | None:
    """Return how much falls due that no other page rings for."""
    role, on = current_role(), today()
    if role not in STEERING:
        return None
    kinds, is_limited = readable_layers(), bool(current_reader().areas)
    with database().reading(current_reader()) as connection:
        found = keep(
            connection,
            [kind.layer.name for kind in kinds],
            ("due", role, on),  # kept for nobody who is limited to areas: he reads in a transaction
            lambda: count_dues(connection, role, kinds, on),
        )
        found += 0 if is_limited else len(due_reports(connection, layers(), on))
    return Reminders(label=translate("Falling due"), count=found, address=url_for("due.index"))


rings_for(blueprint, count_due)
