"""Editing objects: preview_edit() says what would change, commit_edit() does it as one change set of the history."""

from geodata.editing.batch import batch_edit, ids_of, mark_of
from geodata.editing.commit import commit_edit, preview_edit
from geodata.editing.edits import (
    Edit,
    Editor,
    EditRefusedError,
    EditReport,
    ObjectChange,
    ObjectEdit,
    Outcome,
    RowEdit,
    StaleError,
)
from geodata.editing.present import Present, load_present, version_of
from geodata.editing.proposals import accept, give_back, propose, withdraw

__all__ = [
    "Edit",
    "EditRefusedError",
    "EditReport",
    "Editor",
    "ObjectChange",
    "ObjectEdit",
    "Outcome",
    "Present",
    "RowEdit",
    "StaleError",
    "accept",
    "batch_edit",
    "commit_edit",
    "give_back",
    "ids_of",
    "load_present",
    "mark_of",
    "preview_edit",
    "propose",
    "version_of",
    "withdraw",
]
