"""An optional table of travel times between sites, used instead of straight lines times a factor.

A CSV file in UTF-8 with the columns from, to, minutes and, if known, km; `from` and `to` are codes of sites. A way that
is only there in the other direction counts for both; what is missing stays an estimate.
"""

import csv
import math
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from geodata.base.errors import ConfigurationError

SETTING = "ROUTING_TABLE"


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One way between two sites."""

    seconds: float
    metres: float | None


@dataclass(frozen=True, kw_only=True)
class RoutingTable:
    """The ways that a file knows between some sites, by their codes."""

    name: str
    legs: Mapping[tuple[str, str], Leg]

    def leg(self, start: str, end: str) -> Leg | None:
        """Return the way between two sites, or None."""
        return self.legs.get((start, end)) or self.legs.get((end, start))


def read_routing_table(codes: Collection[str]) -> RoutingTable | None:
    """Return the ways between these sites out of the file of the setting; None without one. Raises ConfigurationError."""
    name = os.environ.get(SETTING, "").strip()
    if not name:
        return None
    wanted, legs = set(codes), {}
    try:
        with Path(name).open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            missing = {"from", "to", "minutes"} - set(rows.fieldnames or ())
            if missing:
                raise ConfigurationError(name=SETTING, reason=f"no column {', '.join(sorted(missing))}")
            for row in rows:
                if row["from"] in wanted and row["to"] in wanted:
                    legs[row["from"], row["to"]] = _leg(row, rows.line_num)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(name=SETTING, reason=str(error)) from error
    return RoutingTable(name=Path(name).stem, legs=legs)


def _leg(row: Mapping[str, str | None], line: int) -> Leg:
    try:
        minutes = float(row["minutes"] or "")
        km = float(row["km"] or "") if row.get("km") else None
    except ValueError:
        minutes, km = math.nan, None
    if not 0 <= minutes < 24 * 60 or not 0 <= (km or 0) < 10_000:
        raise ConfigurationError(name=SETTING, reason=f"line {line}: minutes or km are no such number")
    return Leg(seconds=minutes * 60, metres=None if km is None else km * 1000)
