"""Errors that a program wrote where a value should be, left as text by a copy: “#REF!” is no name."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from geodata.base.i18n import N_
from geodata.importing.reading.formats.shown import ERRORS
from geodata.importing.results import Problem, Severity, problem
from geodata.importing.table import Table, Value
from geodata.importing.told import by_row

#: … and ##### where a column was too narrow.
_NARROW = ("#" * width for width in range(3, 256))
#: What databases and programs of statistics write where there is no value.
_NOTHING = ("NULL", "null", "(null)", "<NULL>", "\\N", "NaN", "nan", "NaT", "<NA>", "None")
_WRITTEN: frozenset[Value] = frozenset({*ERRORS, *_NARROW, *_NOTHING})

_SHOWN = N_("The cell shows “{value}” instead of a value; what is stored stays.")


def without_written_errors(table: Table) -> Table:
    """Return the table with such cells emptied and told; what is stored in their place stays."""
    lost = {name: set(rows) for name, rows in table.lost.items()}
    columns, told = list(table.columns), []
    for index, (name, column) in enumerate(zip(table.names, table.columns, strict=True)):
        if _WRITTEN.isdisjoint(column):
            continue
        found = [at for at, cell in enumerate(column) if cell in _WRITTEN]
        lost.setdefault(name, set()).update(found)
        gone = set(found)
        columns[index] = [None if at in gone else cell for at, cell in enumerate(column)]
        rows = table.rows.tolist()
        told += by_row(found, partial(_written_error, name=name, column=column, rows=rows), rows)
    if not told:
        return table
    lists = {name: tuple(sorted(places)) for name, places in lost.items()}
    return replace(table, columns=tuple(columns), lost=lists, problems=(*table.problems, *told))


def _written_error(at: int, *, name: str, column: Sequence[Value], rows: Sequence[int]) -> Problem:
    return problem("bad_value", _SHOWN, row=rows[at], field=name, severity=Severity.WARNING, value=str(column[at]))
