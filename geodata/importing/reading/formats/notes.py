"""Notes that hang on cells of a sheet: they are not read, and told with what they say, lest a correction in one is lost."""

from collections.abc import Mapping, Sequence, Set
from pathlib import PurePosixPath
from typing import Any

from lxml import etree
from openpyxl.packaging.relationship import get_dependents
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string

from geodata.base.i18n import N_
from geodata.importing.results import Problem, Severity, problem
from geodata.importing.told import MOST

#: Place of a cell (row, column), from 0, and what its note says.
Notes = Mapping[tuple[int, int], str]
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_THREADED = "{http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments}"


def notes_of_part(archive: Any, path: str) -> Notes:
    """Return the notes of a sheet of an XLSX workbook; `path` is the part that holds the sheet.

    A thread of comments is stored twice, its copy for older programs with a sentence about it: the thread is taken.
    """
    part = PurePosixPath(path.lstrip("/"))
    rels = f"{part.parent}/_rels/{part.name}.rels"
    if rels not in archive.namelist():
        return {}
    targets = [item for item in get_dependents(archive, rels) if item.Type.endswith(("/comments", "/threadedComment"))]
    notes: dict[tuple[int, int], str] = {}
    for target in sorted(targets, key=lambda item: item.Type.endswith("/threadedComment")):
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        root = etree.fromstring(archive.read(target.Target.lstrip("/")), parser)
        threads: dict[tuple[int, int], list[str]] = {}
        for item in root.iter(f"{_MAIN}comment", f"{_THREADED}threadedComment"):
            said = "".join(text.text or "" for text in item.iter(f"{_MAIN}t", f"{_THREADED}text"))
            column, row = coordinate_from_string(item.get("ref"))
            threads.setdefault((row - 1, column_index_from_string(column) - 1), []).append(said)
        notes |= {at: " / ".join(said) for at, said in threads.items()}
    return notes


def told_of_notes(notes: Notes, kept: Set[int], numbers: Sequence[int], names: Sequence[str]) -> list[Problem]:
    """Return a warning for each note: with row and column where it hangs on data, else with its cell's name."""
    told = []
    for row, column in sorted(notes)[:MOST]:
        said = " ".join(notes[row, column].split())[:120]
        if not said:
            continue
        is_data = row in kept and column < len(names)
        template = N_("The cell {cell} has a note, which is not read: “{note}”.")
        told.append(
            problem(
                "bad_value", template, row=numbers[row] if row in kept else None, severity=Severity.WARNING,
                field=names[column] if is_data else None, cell=f"{get_column_letter(column + 1)}{row + 1}", note=said,
            )
        )  # fmt: skip
    if len(notes) > MOST:
        template = N_("{count} more cells have notes, which are not read.")
        told.append(problem("bad_value", template, severity=Severity.WARNING, count=len(notes) - MOST))
    return told
