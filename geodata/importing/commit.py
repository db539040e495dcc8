"""The last step of an import: what a preview showed is compared anew under the layer's lock and stored."""

import logging
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.base.typed_json import to_json
from geodata.history.change_sets import ChangeSet, lock_layer, recorded_in
from geodata.importing.answered import Answered
from geodata.importing.details import store_details
from geodata.importing.preview import Preview
from geodata.importing.progress import Progress, Step, silent
from geodata.importing.results import ImportReport, Status
from geodata.importing.storing.matching import Comparison, compare, compare_anew, stage
from geodata.importing.storing.staged import unstage
from geodata.importing.storing.write import hold, new_change_set, write

log = logging.getLogger(__name__)


def store(
    session: Session,
    preview: Preview,
    *,
    user_name: str,
    accept_partial: bool,
    progress: Progress = silent,
    on_stored: Callable[[ChangeSet], None] | None = None,
) -> ImportReport:
    """Store what a preview showed, compared anew under the layer's lock, in one transaction. Commits."""
    report = preview.report
    if preview.hanging is not None and preview.hanging.rows and (report.status is Status.OK or accept_partial):
        return store_details(
            session, report, preview.hanging, user_name=user_name, answered=_answered(preview),
            left_out=preview.left_out, progress=progress, on_stored=on_stored,
        )  # fmt: skip
    if preview.rows is None or (report.status is Status.PARTIAL and not accept_partial) or not len(preview.rows.rows):
        return report
    return _store_rows(session, preview, user_name=user_name, progress=progress, on_stored=on_stored)


def _store_rows(
    session: Session,
    preview: Preview,
    *,
    user_name: str,
    progress: Progress,
    on_stored: Callable[[ChangeSet], None] | None,
) -> ImportReport:
    """Store the objects of a preview as one change set. Commits, unless a row has become impossible since."""
    report = preview.report
    try:
        lock_layer(session, preview.kind.layer.name)
        comparison = _compared(session, preview, progress)
        staging, found = comparison.staged, comparison.found
        if found.rejected:
            session.rollback()
            return replace(report, status=Status.PARTIAL).with_problems([*report.problems, *found.problems])
        counts = replace(
            report.counts, new=found.new, changed=found.changed, unchanged=found.unchanged, absent=found.absent
        )
        hold(staging)
        change_set = new_change_set(
            session,
            layer=preview.kind.layer.name,
            user_name=user_name,
            file_name=report.file_name,
            file_sha256=report.file_sha256,
            crs=report.crs.value,
            encoding=report.encoding.value if report.encoding else None,
            counts=to_json(counts),
            mapping=to_json(_answered(preview)),
        )
        with recorded_in(session, change_set.id):
            write(staging, change_set, found, progress)
        unstage(session)
        import_id = str(change_set.id)
        if on_stored is not None:
            on_stored(change_set)
        session.commit()
    except (IntegrityError, DataError) as error:
        session.rollback()
        log.warning("import of %s: %s", report.file_name, str(error.orig).strip().splitlines()[0][:200])
        text = Message(template=N_("The database refused the rows; the reason is in the server's log."))
        return replace(report, status=Status.REFUSED, reason="bad_value", reason_text=text)
    return replace(report, counts=counts, import_id=import_id)


def _compared(session: Session, preview: Preview, progress: Progress) -> Comparison:
    """Return the rows beside what is stored now; those of the preview where this connection still holds them."""
    assert preview.rows is not None  # noqa: S101 - only what is ready is stored
    before = preview.comparison
    if before is not None and before.staged.checked is preview.rows and before.staged.is_held_by(session):
        progress(Step.STORE, 0, len(preview.rows.rows))
        return compare_anew(before)
    return compare(stage(session, preview.rows, preview.options.mode, progress, Step.STORE))


def _answered(preview: Preview) -> Answered:
    """Return what is remembered of the answers of a preview."""
    options, report = preview.options, preview.report
    return Answered(
        columns=report.mapping,
        constants=options.constants,
        values=options.values,
        mode=options.mode.value,
        swap_axes=options.swap_axes,
        source_layer=options.source_layer,
        header_row=options.header_row,
        coordinates=options.coordinates,
        dates=options.dates,
        match=options.match or options.take_matches,
        matches=preview.rows.taken if preview.rows else {},
        operation=report.operation,
        signature=preview.signature,
        detail=preview.detail.detail.name if preview.detail else None,
    )
