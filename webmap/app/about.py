"""What a file with a table says of itself: who made it and when, what was filtered, whether it is illustration."""

from collections.abc import Sequence
from datetime import UTC, datetime

from flask import current_app

from geodata.base.database import ReadConnection
from geodata.base.i18n import N_
from geodata.base.workbook import About
from geodata.query import features
from geodata.schema.feature import Feature
from webmap.app.i18n import DEFAULT_LANGUAGE, current_language, format_value, translate
from webmap.app.settings import Settings


def about_lines(
    connection: ReadConnection, kinds: Sequence[type[Feature]] = (), language: str | None = None
) -> list[tuple[str, str]]:
    """Return source, time and, where any of the layers holds illustration, that it does; in the page's language without one."""
    settings: Settings = current_app.config["SETTINGS"]
    language = language or current_language()
    department = settings.department_name if language == DEFAULT_LANGUAGE else settings.department_name_en
    said = [
        (translate(N_("Source"), language), department),
        (translate(N_("Made on"), language), format_value(datetime.now(UTC), language)),
    ]
    if features.have_illustration(connection, kinds):
        said.append(
            (translate(N_("Note"), language), translate(N_("Illustration data: not for official work."), language))
        )
    return said


def about_sheet(lines: Sequence[tuple[str, str]], language: str | None = None) -> About | None:
    """Return the sheet of what a file says of itself; none where it says nothing."""
    return About(name=translate(N_("About this file"), language), lines=lines) if lines else None
