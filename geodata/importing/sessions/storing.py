"""A turn that stores what was confirmed, or takes back what was stored: one transaction, its mark is part of it."""

from dataclasses import replace
from functools import partial

from sqlalchemy import update
from sqlalchemy.orm import Session

from geodata.base.data_version import data_version
from geodata.base.database import rows_changed
from geodata.base.errors import GeodataError
from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.history.change_sets import ChangeSet, lock_layer
from geodata.history.undoing import UndoReport, undo
from geodata.importing import commit_import, preview_import
from geodata.importing.preview import Preview
from geodata.importing.progress import Progress, Step
from geodata.importing.reading.kept import folder_beside, forget_table
from geodata.importing.sessions.checking import file_of, keep_preview, remembered_of, write_lists
from geodata.importing.sessions.documents import StoredCounts, StoredReport
from geodata.importing.sessions.listed import excluded_rows_of
from geodata.importing.sessions.model import ImportSession, Stage
from geodata.importing.sessions.sessions import CANCELLED, end, preview_mark, running
from geodata.importing.storing.kept_rows import find_rows
from geodata.importing.storing.matching import compare, stage
from geodata.schema.feature import Feature
from geodata.schema.registry import Registry

#: So often a preview is made before the lock, while others change the layer in between.
_TRIES = 3

DATA_CHANGED = N_("The data changed since this preview. It has been made anew: look at it again.")


def store(session: Session, found: ImportSession, registry: Registry, progress: Progress) -> None:
    """Store what was confirmed, when what it would do is still what was seen; otherwise show that anew."""
    number, turn, excluded = found.id, found.turn, excluded_rows_of(session, found)
    user_name, accept_partial, was_mark = found.user_name, found.accept_partial, preview_mark(found)
    confirmed_by = found.options.confirmed_by or user_name
    preview = _as_seen(session, found, registry, excluded, progress)
    if preview is None:
        return

    def mark_stored(change_set: ChangeSet) -> None:
        change_set.mapping = {**change_set.mapping, "import": number, "seen": was_mark}
        session.flush()
        stored = session.execute(
            update(ImportSession)
            .where(running(number, turn))
            .values(status=Stage.STORED, change_set_id=change_set.id, step=None, reason=None)
        )
        if rows_changed(stored) != 1:
            raise GeodataError(CANCELLED.template)

    report = commit_import(
        session,
        preview,
        user_name=confirmed_by,
        accept_partial=accept_partial or bool(excluded),
        progress=progress,
        on_stored=mark_stored,
    )
    session.rollback()
    if report.import_id is None:
        reason = report.reason_text or Message(template=N_("No row was left to store."))
        end(session, number, turn, Stage.FAILED, reason)
        return
    counts = StoredCounts(**vars(report.counts), left_out=len(excluded))
    session.execute(
        update(ImportSession)
        .where(ImportSession.id == number)
        .values(report=replace(found.report, counts=counts, import_id=report.import_id))
    )
    session.commit()
    forget_table(folder_beside(file_of(found)))


def _as_seen(
    session: Session, found: ImportSession, registry: Registry, excluded: frozenset[int], progress: Progress
) -> Preview | None:
    """Return what was confirmed, with the layer's lock; None where it has become another, which is kept instead.

    While the data are those of the preview, its rows are copied from where they are kept; otherwise it is made anew. Both
    happen before the lock is taken, which covers comparing and writing alone; where the layer changes all the time, the last
    preview is made under it.
    """
    path, kind, preview = file_of(found), registry.get(found.layer), None
    for left in reversed(range(_TRIES)):
        if not left:
            lock_layer(session, found.layer)
        version = data_version(session, found.layer)
        seen = _kept(session, found, kind, excluded, progress) if version == found.seen_version else None
        preview = seen or preview_import(
            session, kind, path, found.options.options(found.file_name),
            progress=progress, before=preview, kept=folder_beside(path), registry=registry,
        )  # fmt: skip
        was_mark = preview_mark(found)
        if version != found.seen_version and (mark := write_lists(session, found, preview, progress)) != was_mark:
            keep_preview(session, found, preview, remembered_of(session, found), version=version, mark=mark)
            note = Message(template=DATA_CHANGED)
            session.execute(update(ImportSession).where(ImportSession.id == found.id).values(reason=note))
            session.commit()
            return None
        lock_layer(session, found.layer)
        if not left or data_version(session, found.layer) == version:
            break
        session.rollback()
    return seen or (_without(preview, excluded) if preview is not None and excluded else preview)


def _kept(
    session: Session, found: ImportSession, kind: type[Feature], excluded: frozenset[int], progress: Progress
) -> Preview | None:
    """Return the preview that was seen, its rows copied into this connection; None where they are not kept."""
    kept = find_rows(kind, folder_beside(file_of(found)), preview_mark(found))
    if kept is None:
        return None
    head, rows = kept
    options, rows = found.options.options(found.file_name), rows.without(excluded)
    comparison = compare(stage(session, rows, options.mode, progress))
    return Preview(
        report=head.report, kind=kind, options=options, rows=rows, comparison=comparison, signature=head.signature
    )


def _without(preview: Preview, excluded: frozenset[int]) -> Preview:
    """Return the preview without rows that somebody left out."""
    if preview.hanging is not None:
        return replace(preview, hanging=preview.hanging.without(excluded), left_out=len(excluded))
    assert preview.rows is not None  # noqa: S101 - only what is ready is stored
    return replace(preview, rows=preview.rows.without(excluded))


def take_back(session: Session, found: ImportSession, registry: Registry, progress: Progress) -> None:
    """Undo what an earlier import has stored."""
    number, turn, user_name = found.id, found.turn, found.user_name

    def mark_undone(report: UndoReport) -> None:
        stored = session.execute(
            update(ImportSession)
            .where(running(number, turn))
            .values(
                status=Stage.STORED,
                change_set_id=report.change_set_id,
                report=StoredReport(kept=report.kept),
                step=None,
                reason=None,
            )
        )
        if rows_changed(stored) != 1:
            raise GeodataError(CANCELLED.template)

    undo(
        session,
        found.options.undo or 0,
        registry,
        user_name=user_name,
        on_undone=mark_undone,
        progress=partial(progress, Step.UNDO),
    )
