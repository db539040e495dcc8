"""How far an import is: its steps in words, and what a caller may be told meanwhile."""

from collections.abc import Callable
from enum import StrEnum

from geodata.base.i18n import N_


class Step(StrEnum):
    """What an import is doing."""

    READ = N_("Reading the file")
    PLACE = N_("Looking where it is")
    CHECK = N_("Checking geometry")
    CONVERT = N_("Checking values")
    COMPARE = N_("Comparing with what is stored")
    LIST = N_("Listing the changes")
    STORE = N_("Storing")
    INDEX = N_("Building the indexes")
    UNDO = N_("Taking the change back")


#: Told (step, rows done, rows in all), for indexes their number; 0 in all means that nobody knows.
Progress = Callable[[Step, int, int], None]


def silent(step: Step, done: int, total: int) -> None:
    """Tell nobody."""
