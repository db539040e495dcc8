"""Column names that a .dbf cut to ten letters: which fields they may mean. Where several are possible, nobody chooses.

Copies that GDAL (QGIS, ogr2ogr) makes of this project's own exports are known again: their columns are numbered in the
order of the export, so that the whole family of names says which is which.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache

from geodata.accounts.access import visible_fields
from geodata.schema.column_names import LONGEST, short_names
from geodata.schema.feature import Feature
from geodata.schema.fields import fold_column_name
from geodata.schema.roles import Role

#: What GDAL writes where a cut name is taken: “certific_1” to “certific_9”, then “certific10”.
_NUMBERED = re.compile(r"(.{8})(?:_\d|\d\d)$", re.DOTALL)


def fold_cut(name: str) -> str:
    """Return a name as a .dbf would cut it: accents dropped, underscores kept, ten letters."""
    plain = "".join(fold_column_name(char) or "_" for char in name.strip())
    return plain[:LONGEST]


def laundered(names: Iterable[str]) -> dict[str, str]:
    """Return what GDAL's shapefile driver calls columns of these names, in their order -> the name."""
    found: dict[str, str] = {}
    for name in names:
        short = name[:LONGEST]
        for number in range(1, 100):
            if short.casefold() not in found:
                break
            short = f"{name[:8]}_{number}" if number < 10 else f"{name[:8]}{number:02d}"
        found[short.casefold()] = name
    return found


@cache
def copies_of(kind: type[Feature]) -> tuple[dict[str, str], ...]:
    """Return the columns that a copy of each role's export has -> the fields."""
    exports = {tuple(field.name for field in visible_fields(role, kind)) for role in Role}
    return tuple(laundered(names) for names in sorted(exports) if names)


def fields_of_a_copy(copies: Sequence[Mapping[str, str]], columns: Sequence[str]) -> dict[str, str]:
    """Return column -> field of the families of cut names that are complete as one of an export's copies has them."""
    found: dict[str, str] = {}
    families = {name.casefold()[:8] for name in columns if len(name) == LONGEST}
    for family in families:
        here = {name.casefold() for name in columns if len(name) == LONGEST and name.casefold()[:8] == family}
        readings = []
        for copy in copies:
            there = {short: name for short, name in copy.items() if short[:8] == family and len(name) > LONGEST}
            if set(there) == here:
                readings.append(there)
        if readings and all(reading == readings[0] for reading in readings):
            found |= readings[0]
    return {name: found[name.casefold()] for name in columns if name.casefold() in found}


def fields_it_may_mean(column: str, wanted: Mapping[str, Sequence[str]], taken: Collection[str]) -> tuple[str, ...]:
    """Return the fields, of those that are not taken, that a column cut to ten letters may be."""
    return tuple(name for name, spellings in wanted.items() if name not in taken and may_mean(column, spellings))


def may_mean(column: str, names: Sequence[str]) -> bool:
    """Say whether a column may be one of these names, cut: to ten letters, or to eight and a number."""
    if len(column) != LONGEST:
        return False
    longer = [fold_cut(name) for name in names if len(name) > LONGEST]
    if fold_cut(column) in longer:
        return True
    numbered = _NUMBERED.match(fold_cut(column))
    return numbered is not None and any(name[:8] == numbered[1] for name in longer)


def is_numbered(column: str) -> bool:
    """Say whether a column's name ends as GDAL numbers those that were cut alike."""
    return len(column) == LONGEST and _NUMBERED.match(fold_cut(column)) is not None


def is_own_export(kind: type[Feature], columns: Sequence[str]) -> bool:
    """Say whether a file has all the short names that this project's own shapefile of the layer has."""
    shorter, here = short_names(kind), {name.casefold() for name in columns}
    exports = ([shorter[field.name].casefold() for field in visible_fields(role, kind)] for role in Role)
    return any(names and here.issuperset(names) for names in exports)
