"""What the network's pages start with: the year and scenario in the address, the result kept for them, their templates."""

from dataclasses import dataclass
from typing import Any, TypedDict

from flask import current_app, render_template, request

from geodata.base.database import today
from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.grid import results
from geodata.grid.records import Scenario
from geodata.query.features import have_illustration
from geodata.query.years import parse_year
from webmap.app.auth import current_reader
from webmap.app.extensions import database, db_session, layers
from webmap.grid import sheets, words

#: Years offered from this one on.
YEARS = 10
USUAL = Scenario.EVENING_PEAK


class Query(TypedDict):
    """What an address says of a study: year and scenario."""

    year: int
    scenario: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The year and scenario in the address."""

    year: int
    scenario: Scenario

    @property
    def query(self) -> Query:
        """What an address must say to ask for the same."""
        return {"year": self.year, "scenario": str(self.scenario)}


def asked_study() -> Asked:
    """Read year and scenario. Raises InvalidFilterError, InvalidValueError."""
    year = parse_year("year", request.args["year"]) if request.args.get("year") else today().year
    return Asked(year=year, scenario=scenario_of(request.args.get("scenario") or str(USUAL)))


def scenario_of(text: str) -> Scenario:
    """Return the scenario of that name. Raises InvalidValueError."""
    try:
        return Scenario(text)
    except ValueError:
        raise InvalidValueError(name="scenario", value=text[:40], reason=N_("there is no such scenario")) from None


def has_illustration() -> bool:
    """Say whether anything of the network, or of what it feeds, is illustration only."""
    with database().reading(current_reader()) as connection:
        return have_illustration(connection, [kind for kind in layers() if kind.layer.grid])


def kept_study(asked: Asked) -> results.Kept:
    """Return the result kept of a year and scenario."""
    kept = results.kept_result(db_session(), layers(), asked.year, asked.scenario)
    db_session().commit()
    return kept


def offered_years(chosen: int) -> list[int]:
    """Return the years a page offers, the chosen one among them."""
    return words.choices_of_years(today().year, YEARS, chosen)


def render_page(template: str, **values: Any) -> str:
    """Return a page of the network with what all of them say."""
    return render_template(
        f"grid/{template}.html",
        scenarios=words.SCENARIOS,
        labels=words.PARAMETERS,
        subjects=words.SUBJECTS,
        number=words.number,
        collapse_text=words.collapse_text,
        indicative=sheets.INDICATIVE,
        **values,
    )


def office_name() -> str:
    """Return the office that papers are of."""
    name: str = current_app.config["SETTINGS"].department_name
    return name.upper()
