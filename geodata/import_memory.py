"""What was answered about an earlier file with the same columns: found again by both doors, shown, and open to change."""

from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.errors import GeodataError
from geodata.history import ChangeSet
from geodata.importing import ImportOptions, Status, preview_import
from geodata.importing.preview import Preview, signature_of
from geodata.importing.progress import Progress, silent
from geodata.importing.results import Question

#: A remembered CRS must put about as many objects inside as the best answer does.
_LEAST_AS_GOOD = 0.01


def remembered_answers(session: Session, layer: str, signature: str) -> ChangeSet | None:
    """Return the latest import of a file with the same columns into the layer."""
    query = (
        select(ChangeSet)
        .where(ChangeSet.layer == layer, ChangeSet.mapping["signature"].astext == signature)
        .order_by(ChangeSet.id.desc())
        .limit(1)
    )
    return session.scalars(query).first()


def last_like(session: Session, preview: Preview) -> ChangeSet | None:
    """Return the latest import of a file like that of a preview."""
    if preview.table is None:
        return None
    return remembered_answers(session, preview.report.layer, signature_of(preview.table))


def with_remembered(
    session: Session, preview: Preview, path: Path, last: ChangeSet, progress: Progress = silent
) -> Preview | None:
    """Return the preview with the answers of the last import of such a file; None where they add nothing or misfit.

    Only what was asked or could not be matched is filled in; a CRS only where it is one of the likeliest answers.
    """
    options, question = preview.options, preview.report.question
    answers = last.mapping
    asked = question.about if question else None
    if asked == "crs" and not _is_likely(question, last.crs):
        return None
    columns = {name: column for name, column in (answers.get("columns") or {}).items() if name not in options.mapping}
    merged = ImportOptions(
        source_layer=options.source_layer or answers.get("source_layer"),
        crs=options.crs or (last.crs if asked in {"crs", "axes"} else None),
        swap_axes=options.swap_axes or (bool(answers.get("swap_axes")) and asked in {"crs", "axes"}),
        encoding=options.encoding or (last.encoding if asked == "encoding" else None),
        mapping={**columns, **options.mapping},
        constants={**(answers.get("constants") or {}), **options.constants},
        values={**(answers.get("values") or {}), **options.values},
        mode=options.mode,
        file_name=options.file_name,
        match=options.match or bool(answers.get("match")),
        matches=options.matches,
        take_matches=options.take_matches,
    )
    plain = preview.report
    adds = merged.values or merged.constants or (merged.match and not options.match)
    if asked is None and not adds and dict(plain.mapping) == dict(merged.mapping):
        return None
    try:
        again = preview_import(session, preview.kind, path, merged, progress=progress)
    except GeodataError:
        return None
    misfit = again.report.counts.rejected > max(plain.counts.rejected, again.report.counts.read // 2)
    return None if again.report.status is Status.REFUSED or misfit else again


def _is_likely(question: Question | None, crs: str | None) -> bool:
    """Say whether a CRS is among the answers that put most objects where they should be."""
    shares = {choice.value: choice.share_inside or 0.0 for choice in question.choices} if question else {}
    return crs in shares and shares[crs] >= max(shares.values()) - _LEAST_AS_GOOD


def taken_over(before: Preview, after: Preview, last: ChangeSet) -> dict[str, Any]:
    """Return which answers of an earlier import a preview uses, and which import that was."""
    old, new = before.options, after.options
    answers = {
        name: getattr(new, name)
        for name in ("source_layer", "crs", "encoding", "swap_axes", "match")
        if getattr(new, name) != getattr(old, name)
    }
    columns = {name: column for name, column in new.mapping.items() if before.report.mapping.get(name) != column}
    answers |= {"mapping": columns} if columns else {}
    answers |= {"constants": dict(new.constants)} if new.constants != old.constants else {}
    answers |= {"values": {name: dict(table) for name, table in new.values.items()}} if new.values != old.values else {}
    return {
        "import_id": str(last.id),
        "file_name": last.file_name,
        "user": last.user_name,
        "at": last.made_at.isoformat(),
        "answers": answers,
    }
