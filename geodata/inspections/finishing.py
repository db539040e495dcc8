"""Finishing a visit's paper: checked, kept as an edition for ever, written into the register."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy.orm import Session

from geodata.accounts.accounts import record_audit
from geodata.base.errors import ConflictError
from geodata.base.i18n import N_
from geodata.inspections.campaign_of_visit import settle
from geodata.inspections.catalogue import not_in_force
from geodata.inspections.checklists import checklist
from geodata.inspections.complaints import asked_complaints, settle_complaints
from geodata.inspections.completeness import Facts, Problem, UnfinishedError, check_content, problem
from geodata.inspections.facts import today
from geodata.inspections.papers_content import (
    Conflict,
    Content,
    clean_content,
    content_hash,
    findings_in,
    merge,
    read_day,
    takes_away,
)
from geodata.inspections.pictures import FINISHED, find_signature, list_photos, was_signed
from geodata.inspections.records import IN_WORK, PaperState, VisitPaper
from geodata.inspections.register import find_clashes, list_followed, record_visit
from geodata.inspections.requirements import read_requirements
from geodata.inspections.rights import Person, get_paper
from geodata.inspections.versions import (
    CONFLICT,
    FIRST,
    REPLACED,
    earlier_findings,
    edition_content,
    keep_edition,
    keep_version,
)
from geodata.inspections.visits import clean_reason, write_paper
from geodata.layers.fuel_sites import FuelSite

_MEANWHILE = N_("Somebody changed this visit in the meantime. Your text is kept; compare both versions.")
_CHOOSE = N_("The follow-up and this correction say different things. Choose what holds.")


def finish_visit(
    session: Session, person: Person, paper_id: int, *, version: int, raw: Mapping[str, object],
    base: Mapping[str, object] | None = None, reason: str = "",
) -> VisitPaper:  # fmt: skip
    """Keep the paper as an edition and write the visit and its findings into the register.

    A correction needs a reason and brings to the register what it changes on the paper; follow-up entries stay.
    Raises UnfinishedError, ConflictError.
    """
    paper = get_paper(session, person, paper_id, lock=True)
    if paper.state not in IN_WORK:
        raise ConflictError(FINISHED)
    content, conflicts = _merge(paper, version, clean_content(raw), base)
    if conflicts:
        keep_version(session, paper, clean_content(raw), person, reason=CONFLICT)
        raise ConflictError(_MEANWHILE)
    site = session.get_one(FuelSite, paper.feature_id)
    before = edition_content(session, paper)
    reason = clean_reason(reason) or paper.correction_reason or ""
    problems = check_paper(session, paper, content, site, before)
    if paper.edition and not reason:
        problems.append(problem("reason", N_("Say why the record is corrected.")))
    visited_on = read_day(content.get("visited_on", ""))
    if visited_on is not None and not settle(session, paper, content, visited_on):
        problems.append(problem("campaign", N_("Several campaigns want this site: say which one it was.")))
    if problems:
        raise UnfinishedError(problems)
    if takes_away(dict(paper.content), content):
        keep_version(session, paper, dict(paper.content), None, reason=REPLACED)
    write_paper(paper, content, person)
    is_correction = paper.edition > 0
    keep_edition(session, paper, person, reason=reason if is_correction else FIRST)
    record_visit(session, paper, content, before, by=person.name)
    settle_complaints(session, paper, content, visited_on or paper.planned_on, by=person.name)
    paper.state, paper.correction_reason = PaperState.DONE, None
    action = N_("Corrected a visit") if is_correction else N_("Finished a visit")
    told = f"{site.code} {reason if is_correction else ''}".strip()
    record_audit(session, by=person.name, action=action, subject=f"visit {paper.id}", details=told)
    session.flush()
    return paper


def check_paper(
    session: Session, paper: VisitPaper, content: Content, site: FuelSite, before: Content
) -> list[Problem]:
    """Return what keeps a content from being the next edition of a paper that follows `before`."""
    edition, photo_ids = paper.edition + 1, [photo.id for photo in list_photos(session, paper.id)]
    signature = find_signature(session, paper.id, edition=edition, sha256=content_hash(content), photo_ids=photo_ids)
    facts = Facts(
        kind=paper.kind, requirements=read_requirements(session, site.kind), questions=checklist(site.kind),
        before={row.id: row.found_on for row in earlier_findings(session, paper, content)},
        complaints={row.id: row.received_on for row in asked_complaints(session, paper, content)},
        is_signed=signature is not None, was_signed=was_signed(session, paper.id, edition), on=today(session),
    )  # fmt: skip
    problems = check_content(content, facts)
    problems += [problem(clash.name, _CHOOSE) for clash in find_clashes(session, paper, content, before)]
    visited_on = read_day(content.get("visited_on", ""))
    problems += _check_codes(session, content, before, visited_on)
    followed = list_followed(session, paper)
    if visited_on and followed and visited_on > min(followed):
        message = N_("What followed from this visit is dated {day}, before the day of the visit.")
        problems.append(problem("visited_on", message, day=min(followed)))
    return problems


def _check_codes(session: Session, content: Content, before: Content, visited_on: date | None) -> list[Problem]:
    """Return the findings quoted from rows of the catalogue that were not in force on the visit's day.

    What an edition said already stays possible: the catalogue may have been corrected since.
    """
    if visited_on is None:
        return []
    quoted = {row.key: row.code for row in findings_in(content) if row.code}
    if visited_on == read_day(before.get("visited_on", "")):
        quoted = {key: code for key, code in quoted.items() if before.get(f"finding.{key}.code") != code}
    wrong = not_in_force(session, set(quoted.values()), visited_on)
    message = N_("The chosen entry of the catalogue was not in force on {day}: choose another one, or your own words.")
    return [
        problem(f"finding.{key}.description", message, day=visited_on) for key, code in quoted.items() if code in wrong
    ]


def _merge(
    paper: VisitPaper, version: int, mine: Content, base: Mapping[str, object] | None
) -> tuple[Content, list[Conflict]]:
    """Return what is to be finished: somebody's words, with what another saved since in the fields he did not touch."""
    theirs: Content = dict(paper.content)
    if version == paper.version or mine == theirs:
        return mine, []
    return merge(clean_content(base) if base is not None else None, mine, theirs)
