"""A turn that checks: the preview is made, and its lists and what the pages show of it are written down."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

from sqlalchemy import Text as SqlText, cast, delete, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from geodata.base.copying import copy_into
from geodata.base.data_version import data_version
from geodata.base.database import rows_changed
from geodata.base.errors import GeodataError
from geodata.base.i18n import N_
from geodata.base.typed_json import to_json
from geodata.history.change_sets import ChangeSet
from geodata.importing import Status, preview_import
from geodata.importing.preview import Preview
from geodata.importing.progress import Progress, Step
from geodata.importing.reading.kept import folder_beside
from geodata.importing.results import Action, Mode
from geodata.importing.sessions.documents import answers_of, stored_report
from geodata.importing.sessions.memory import last_like, with_remembered
from geodata.importing.sessions.model import ImportItem, ImportSession, Stage
from geodata.importing.sessions.returned import keep_rejected
from geodata.importing.sessions.sessions import running
from geodata.importing.sessions.shown import Item, facts_of, other_items
from geodata.importing.storing.kept_rows import keep_rows
from geodata.importing.storing.lists import lists_of
from geodata.importing.storing.matching import stage
from geodata.schema.registry import Registry

#: The columns of a list, in the order in which they are written.
_LISTED = ("kind", "position", "row_number", "code", "name", "data")

FILE_GONE = N_("The uploaded file is no longer kept. Upload it again.")


def check(session: Session, found: ImportSession, registry: Registry, progress: Progress) -> None:
    """Make the preview of an import, with the answers remembered of a file like it where there are any."""
    path = file_of(found)
    options = found.options.options(found.file_name)
    version = data_version(session, found.layer)
    preview = preview_import(
        session,
        registry.get(found.layer),
        path,
        options,
        progress=progress,
        kept=folder_beside(path),
        registry=registry,
    )
    remembered = remembered_of(session, found)
    if preview.table is not None and remembered is None and not found.options.forget:
        remembered = last_like(session, preview)
        if remembered is not None:
            again = with_remembered(session, preview, path, remembered, progress, registry=registry)
            remembered = remembered if again is not None else None
            preview = again or preview
    mark = write_lists(session, found, preview, progress)
    keep_preview(session, found, preview, remembered, version=version, mark=mark)
    if preview.rows is not None and preview.comparison is not None:
        lines, folder = preview.comparison.staged.lines, folder_beside(path)
        keep_rows(preview.rows, lines, folder, mark=mark, signature=preview.signature, report=preview.report)
    session.commit()


def remembered_of(session: Session, found: ImportSession) -> ChangeSet | None:
    """Return the import whose answers have been taken over already."""
    if found.remembered_from is None or found.options.forget:
        return None
    return session.get(ChangeSet, found.remembered_from)


def write_lists(session: Session, found: ImportSession, preview: Preview, progress: Progress) -> str:
    """Write down the lists of a preview in place of those before; return what tells them from any others."""
    progress(Step.LIST, 0, 0)
    session.execute(delete(ImportItem).where(ImportItem.import_session_id == found.id))
    if preview.rows is not None and preview.comparison is not None:
        staged = preview.comparison.staged
        if not staged.is_held_by(session):
            staged = stage(session, preview.rows, preview.options.mode, progress)
        for changes in lists_of(staged):
            query = changes.add_columns(literal(found.id))
            session.execute(insert(ImportItem).from_select([*_LISTED, "import_session_id"], query))
    _copy_items(session, found.id, other_items(preview))
    said, digests = preview.report.as_json(), _digests(session, found.id)
    if preview.options.mode is not Mode.REPLACE:
        # What the layer has beside the file stays as it is: whoever adds to it meanwhile changes nothing of what was seen.
        said["counts"] = {name: count for name, count in asdict(preview.report.counts).items() if name != Action.ABSENT}
        digests = [digest for digest in digests if digest[0] != Action.ABSENT]
    whole = [said, digests]
    return hashlib.sha256(json.dumps(whole, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _copy_items(session: Session, number: int, items: Iterable[Item]) -> None:
    """Write items that are objects here: by COPY, they may be many."""
    positions: Counter[str] = Counter()
    with copy_into(session.connection(), "import_item", ("import_session_id", *_LISTED)) as copy:
        for kind, row, code, name, data in items:
            positions[kind] += 1
            plain = json.dumps(to_json(data), ensure_ascii=False, default=str)
            copy.write_row((number, kind, positions[kind], row, code, name, plain))


def _digests(session: Session, number: int) -> list[list[object]]:
    """Return for each list its length and a digest of all it says, in its order."""
    item = func.jsonb_build_array(ImportItem.row_number, ImportItem.code, ImportItem.name, ImportItem.data)
    line = func.md5(cast(item, SqlText))
    digest = func.md5(func.string_agg(line, aggregate_order_by(literal(""), ImportItem.position)))
    query = select(ImportItem.kind, func.count(), digest).where(ImportItem.import_session_id == number)
    return [list(row) for row in session.execute(query.group_by(ImportItem.kind).order_by(ImportItem.kind))]


def keep_preview(
    session: Session,
    found: ImportSession,
    preview: Preview,
    remembered: ChangeSet | None,
    *,
    version: str,
    mark: str,
) -> None:
    """Write down what the pages show of a preview beside its lists."""
    report = preview.report
    stage = {Status.ASK: Stage.ASKING, Status.REFUSED: Stage.REFUSED}.get(report.status, Stage.READY)
    ended = session.execute(
        update(ImportSession)
        .where(running(found.id, found.turn))
        .values(
            status=stage,
            file_sha256=report.file_sha256,
            options=answers_of(preview.options, forget=found.options.forget),
            remembered_from=remembered.id if remembered else None,
            report=stored_report(report),
            facts=replace(facts_of(preview), mark=mark, rejected_file=_keep_rejected(found, preview)),
            seen_version=version,
            step=None,
            reason=report.reason_text,
        )
    )
    if rows_changed(ended) != 1:
        session.rollback()


def _keep_rejected(found: ImportSession, preview: Preview) -> str | None:
    if not preview.report.counts.rejected or found.file_path is None:
        return None
    path = Path(f"{found.file_path}-rejected")
    return str(path) if keep_rejected(preview, path) else None


def file_of(found: ImportSession) -> Path:
    """Return where the uploaded file is. Raises GeodataError where it is no longer kept."""
    if not found.has_file:
        raise GeodataError(FILE_GONE)
    return Path(str(found.file_path))
