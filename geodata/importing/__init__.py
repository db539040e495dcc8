"""Importing files: preview_import() says what would change, commit_import() does it. Formats, CRS, encodings inside.

The reader process imports this package too, so what needs the database is loaded on the first call.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from geodata.importing.limits import Limits
from geodata.importing.results import CODES, ImportOptions, ImportReport, Mode, Problem, Question, Status

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from geodata.history.change_sets import ChangeSet
    from geodata.importing.preview import Preview
    from geodata.importing.progress import Progress
    from geodata.schema.feature import Feature
    from geodata.schema.registry import Registry

__all__ = [
    "CODES",
    "ImportOptions",
    "ImportReport",
    "Limits",
    "Mode",
    "Problem",
    "Question",
    "Status",
    "commit_import",
    "preview_import",
]


def preview_import(
    session: "Session",
    kind: "type[Feature]",
    path: Path,
    options: ImportOptions | None = None,
    *,
    progress: "Progress | None" = None,
    before: "Preview | None" = None,
    kept: Path | None = None,
    registry: "Registry | None" = None,
) -> "Preview":
    """Return what importing a file into a layer would do; stores nothing.

    `before`: an earlier preview of the same file, whose steps are not gone again as far as the options leave them. `kept`: a
    folder in which the table that is read stays, and from which it is taken another time. `registry`: the layers of the
    application, when they are not the program's own.
    A file that cannot be read is a report with status "refused", a question one with status "ask".
    Raises InvalidValueError for options that fit neither the layer nor the file.
    """
    from geodata.importing.preview import build_preview
    from geodata.importing.progress import silent
    from geodata.layers import LAYERS

    return build_preview(
        session, kind, path, options or ImportOptions(),
        progress=progress or silent, before=before, kept=kept, registry=registry or LAYERS,
    )  # fmt: skip


def commit_import(
    session: "Session",
    preview: "Preview",
    *,
    user_name: str,
    accept_partial: bool = False,
    progress: "Progress | None" = None,
    on_stored: "Callable[[ChangeSet], None] | None" = None,
) -> ImportReport:
    """Store what a preview showed, all of it or nothing, and commit. Its import_id is None when nothing was stored.

    The rows are compared anew under the layer's lock, so the counts are those of this moment. `on_stored` is called
    in the same transaction just before it commits; what it raises leaves everything as before.
    """
    from geodata.importing.commit import store
    from geodata.importing.progress import silent

    return store(
        session,
        preview,
        user_name=user_name,
        accept_partial=accept_partial,
        progress=progress or silent,
        on_stored=on_stored,
    )
