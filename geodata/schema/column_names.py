"""The ten-letter column names of exported shapefiles; the import knows them again."""

from functools import cache

from geodata.schema.described import Described
from geodata.schema.fields import fold_column_name

LONGEST = 10


@cache
def short_names(kind: type[Described]) -> dict[str, str]:
    """Return a name of at most ten letters for every field of a layer or of what hangs on it: one that files use, where there is one."""
    taken: set[str] = set()
    names: dict[str, str] = {}
    for field in kind.fields():
        known = [name for name in (field.name, *field.source_names) if len(name) <= LONGEST]
        cut = [name[:LONGEST] for name in (*field.source_names, field.name)]
        numbered = [f"{field.name[: LONGEST - 2]}{number:02d}" for number in range(100)]
        name = next(name for name in (*known, *cut, *numbered) if fold_column_name(name) not in taken)
        taken.add(fold_column_name(name))
        names[field.name] = name
    return names
