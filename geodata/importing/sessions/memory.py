"""What was answered about an earlier file with the same columns: found again by both doors, shown, and open to change."""

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.base.errors import GeodataError
from geodata.base.typed_json import from_json
from geodata.history.change_sets import ChangeSet
from geodata.importing import ImportOptions, Status, preview_import
from geodata.importing.answered import Answered
from geodata.importing.preview import Preview
from geodata.importing.progress import Progress, silent
from geodata.importing.results import Question, TakenOver
from geodata.schema.registry import Registry

#: A remembered CRS must put about as many objects inside as the best answer does.
_LEAST_AS_GOOD = 0.01
#: From this share of Vietnamese words on, a remembered encoding is taken for a file whose bytes leave a doubt.
_READS_WELL = 0.5


def remembered_answers(session: Session, layer: str, signature: str, detail: str | None = None) -> ChangeSet | None:
    """Return the latest import of a file with the same columns into the layer."""
    query = (
        select(ChangeSet)
        .where(
            ChangeSet.layer == layer,
            ChangeSet.mapping["signature"].astext == signature,
            ChangeSet.mapping["detail"].astext.is_not_distinct_from(detail),
        )
        .order_by(ChangeSet.id.desc())
        .limit(1)
    )
    return session.scalars(query).first()


def last_like(session: Session, preview: Preview) -> ChangeSet | None:
    """Return the latest import of a file like that of a preview."""
    if preview.signature is None:
        return None
    return remembered_answers(session, preview.report.layer, preview.signature, preview.options.detail)


def with_remembered(
    session: Session,
    preview: Preview,
    path: Path,
    last: ChangeSet,
    progress: Progress = silent,
    *,
    registry: Registry,
) -> Preview | None:
    """Return the preview with the answers of the last import of such a file; None where they add nothing or misfit.

    Only what was asked or could not be matched is filled in; a CRS only where it is one of the likeliest answers.
    """
    options, question = preview.options, preview.report.question
    answers = from_json(Answered, last.mapping)
    asked = question.about if question else None
    if asked == "crs" and not _is_likely(question, last.crs):
        return None
    if asked == "encoding" and not _reads_well(question, last.encoding):
        return None
    merged = _filled_in(options, answers, last, asked)
    plain = preview.report
    adds = merged.values or merged.constants or (merged.match and not options.match)
    if asked is None and not adds and dict(plain.mapping) == dict(merged.mapping):
        return None
    try:
        again = preview_import(
            session, preview.kind, path, merged, progress=progress, before=preview, registry=registry
        )
    except GeodataError:
        return None
    misfit = again.report.counts.rejected > max(plain.counts.rejected, again.report.counts.read // 2)
    return None if again.report.status is Status.REFUSED or misfit else again


def _filled_in(options: ImportOptions, answers: Answered, last: ChangeSet, asked: str | None) -> ImportOptions:
    """Return the options with the last import's answers where they leave something open."""
    columns = {name: column for name, column in answers.columns.items() if name not in options.mapping}
    return ImportOptions(
        detail=options.detail,
        source_layer=options.source_layer or answers.source_layer,
        header_row=options.header_row or (answers.header_row if asked == "header" else None),
        coordinates=options.coordinates or answers.coordinates,
        dates=options.dates or (answers.dates if asked == "dates" else None),
        crs=options.crs or (last.crs if asked in {"crs", "axes"} else None),
        swap_axes=options.swap_axes or (answers.swap_axes and asked in {"crs", "axes"}),
        encoding=options.encoding or (last.encoding if asked == "encoding" else None),
        mapping={**columns, **options.mapping},
        constants={**answers.constants, **options.constants},
        values={**answers.values, **options.values},
        mode=options.mode,
        file_name=options.file_name,
        match=options.match or answers.match,
        matches=options.matches,
        take_matches=options.take_matches,
    )


def _is_likely(question: Question | None, crs: str | None) -> bool:
    """Say whether a CRS is among the answers that put most objects where they should be."""
    shares = {choice.value: choice.share_inside or 0.0 for choice in question.choices} if question else {}
    return crs in shares and shares[crs] >= max(shares.values()) - _LEAST_AS_GOOD


def _reads_well(question: Question | None, encoding: str | None) -> bool:
    """Say whether the bytes of this file agree with an encoding: it reads about as well as the best one."""
    scores = {choice.value: choice.score or 0.0 for choice in question.choices} if question else {}
    best = max(scores.values(), default=0.0)
    return encoding in scores and scores[encoding] >= max(_READS_WELL, best - _LEAST_AS_GOOD)


def taken_over(before: Preview, after: Preview, last: ChangeSet, *, used: bool) -> TakenOver:
    """Return which answers of an earlier import a preview uses, and which import that was."""
    old, new = before.options, after.options
    answers: dict[str, object] = {
        name: getattr(new, name)
        for name in ("source_layer", "header_row", "coordinates", "dates", "crs", "encoding", "swap_axes", "match")
        if getattr(new, name) != getattr(old, name)
    }
    columns = {name: column for name, column in new.mapping.items() if before.report.mapping.get(name) != column}
    answers |= {"mapping": columns} if columns else {}
    answers |= {"constants": dict(new.constants)} if new.constants != old.constants else {}
    answers |= {"values": {name: dict(table) for name, table in new.values.items()}} if new.values != old.values else {}
    return TakenOver(
        import_id=str(last.id),
        file_name=last.file_name,
        user=last.user_name,
        at=last.made_at.isoformat(),
        answers=answers,
        used=used,
    )
