"""The help page: short answers, keys, and the words of the trade in both languages."""

import csv
from functools import cache
from itertools import groupby
from pathlib import Path

from flask import Blueprint, render_template

from geodata.base.i18n import N_
from webmap.app.auth import allow_public

blueprint = Blueprint("help", __name__)

GLOSSARY = Path(__file__).with_name("glossary.csv")

#: Headings of the glossary, marked for translation.
GROUPS = (
    N_("Map and data"),
    N_("Industrial land"),
    N_("Markets"),
    N_("Power grid"),
    N_("Petroleum and gas"),
    N_("Inspection"),
    N_("Progress and figures"),
)


@blueprint.get("/help")
@allow_public
def index() -> str:
    """Show the help."""
    return render_template("help/page.html", glossary=glossary())


@cache
def glossary() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return heading and (Vietnamese, English) pairs."""
    with GLOSSARY.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return tuple(
        (heading, tuple((row["vi"], row["en"]) for row in group))
        for heading, group in groupby(rows, key=lambda row: row["group"])
    )
