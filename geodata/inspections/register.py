"""What a finished paper writes into the register: the visit, its findings, the remedies of earlier ones.

A correction changes in the register what it changes on the paper, and nothing else: what the follow-up, a leader or a
re-check wrote since stands. Where both changed the same value somebody has to choose (`settle.…` fields).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.accounts.accounts import record_audit
from geodata.base.i18n import N_
from geodata.inspections.papers_content import Content, WrittenFinding, findings_in, read_day
from geodata.inspections.records import VisitPaper
from geodata.inspections.told import WORDS, told_change, told_value
from geodata.layers.fuel_sites.visits import Finding, InspectionVisit, Severity

#: What follows from a finding and is written on the board, never on the visit's paper.
_FOLLOW_UP = (
    "sanction_decision_no", "fine_vnd", "extra_penalty", "fine_paid_on", "remedied_on", "remedy_evidence", "rechecked_on",
)  # fmt: skip
Value = str | int | date | None


@dataclass(frozen=True, kw_only=True)
class Clash:
    """A value that the register and a correction have differently.

    `name` is the field that settles it; its value begins with `register:` or `paper:` and ends with `seen`, so that a
    choice made before the register changed again does not count.
    """

    name: str
    what: str
    key: str
    finding: str
    register: Value
    paper: Value
    seen: str


@dataclass(frozen=True, kw_only=True)
class _Change:
    row: Finding
    attribute: str
    value: Any
    clash: Clash | None = None


def find_clashes(session: Session, paper: VisitPaper, content: Content, before: Content) -> list[Clash]:
    """Return what somebody still has to choose before `content` may follow `before` (the edition in force; or empty)."""
    return [clash for clash in list_clashes(session, paper, content, before) if not _choice(content, clash)]


def list_clashes(session: Session, paper: VisitPaper, content: Content, before: Content) -> list[Clash]:
    """Return what register and paper have differently, chosen or not."""
    changes = [*_finding_changes(session, paper, content, before), *_remedy_changes(session, paper, content, before)]
    return [change.clash for change in changes if change.clash]


def list_rows(session: Session, paper: VisitPaper) -> dict[str, Finding]:
    """Return what the register has of a finished paper's findings now, by their keys on the paper."""
    query = select(Finding).where(Finding.visit_id == paper.visit_id, Finding.paper_key.is_not(None))
    return {row.paper_key or "": row for row in session.scalars(query)} if paper.visit_id else {}


def list_followed(session: Session, paper: VisitPaper) -> list[date]:
    """Return the days of what followed from a visit's findings: remedies seen, fines paid."""
    rows = _rows(session, paper)
    return [day for row in rows for day in (row.remedied_on, row.fine_paid_on, row.rechecked_on) if day is not None]


def record_visit(session: Session, paper: VisitPaper, content: Content, before: Content, *, by: str) -> None:
    """Write a finished paper into the register; every change of what was there goes into the audit log."""
    finding_changes = list(_finding_changes(session, paper, content, before))
    remedy_changes = list(_remedy_changes(session, paper, content, before))
    visit = _visit(session, paper, content)
    known = {row.paper_key for row in _rows(session, paper)}
    for written in findings_in(content):
        if written.key not in known:
            _add_finding(session, paper, visit, written)
    for change in [*finding_changes, *remedy_changes]:
        if change.clash and _choice(content, change.clash) == "register":
            continue
        _write(session, change, by)
    session.flush()


def _visit(session: Session, paper: VisitPaper, content: Content) -> InspectionVisit:
    visit = session.get(InspectionVisit, paper.visit_id) if paper.visit_id else None
    if visit is None:
        visit = InspectionVisit(feature_id=paper.feature_id)
        session.add(visit)
    visit.campaign_id = paper.campaign_id
    visit.visited_on = date.fromisoformat(content["visited_on"])
    visit.kind = paper.kind
    visit.decision_no = content.get("decision_no")
    visit.leader = content.get("leader") or paper.inspector
    visit.note = content.get("note")
    session.flush()
    paper.visit_id = visit.id
    return visit


def _rows(session: Session, paper: VisitPaper) -> list[Finding]:
    if paper.visit_id is None:
        return []
    query = select(Finding).where(Finding.visit_id == paper.visit_id, Finding.paper_key.is_not(None))
    return list(session.scalars(query.order_by(Finding.id).with_for_update()))


def _add_finding(session: Session, paper: VisitPaper, visit: InspectionVisit, written: WrittenFinding) -> None:
    row = Finding(feature_id=paper.feature_id, visit_id=visit.id, paper_key=written.key, found_on=visit.visited_on)
    for attribute, value in _values(written).items():
        setattr(row, attribute, value)
    session.add(row)


def _values(written: WrittenFinding) -> dict[str, object]:
    return {
        "severity": next((value for value in Severity if value == written.severity), Severity.MINOR),
        "description": written.description,
        "article": written.reference or None,
        "remedy_due_on": read_day(written.due),
    }


def _finding_changes(session: Session, paper: VisitPaper, content: Content, before: Content) -> Iterator[_Change]:
    """Yield what the paper's findings change in the register's rows of this visit."""
    new = {finding.key: finding for finding in findings_in(content)}
    old = {finding.key: finding for finding in findings_in(before)}
    days = (read_day(before.get("visited_on", "")), read_day(content.get("visited_on", "")))
    for row in _rows(session, paper):
        key = row.paper_key or ""
        if key not in new:
            yield _removal(row, key)
            continue
        yield from _compare(row, f"settle.{key}", "found_on", days)
        values, earlier = _values(new[key]), _values(old[key]) if key in old else {}
        for attribute, value in values.items():
            yield from _compare(row, f"settle.{key}", attribute, (earlier.get(attribute), value))


def _compare(row: Finding, name: str, attribute: str, paper: tuple[Any, Any]) -> Iterator[_Change]:
    """Yield the change that a paper's value makes: none where the paper says what it said or the register has it."""
    old, new = paper
    current = getattr(row, attribute)
    if new in (old, current):
        return
    clash = None if current == old else _clash(row, f"{name}.{attribute}", attribute, new)
    yield _Change(row=row, attribute=attribute, value=new, clash=clash)


def _removal(row: Finding, key: str) -> _Change:
    """Return that a finding is taken off; with what followed from it only when somebody says so."""
    followed = {name: getattr(row, name) for name in _FOLLOW_UP if getattr(row, name) is not None}
    clash = _clash(row, f"settle.{key}.removed", "removed", None) if followed else None
    return _Change(row=row, attribute="removed", value=None, clash=clash)


def _clash(row: Finding, name: str, attribute: str, value: Any) -> Clash:
    parts = [getattr(row, part) for part in (_FOLLOW_UP if attribute == "removed" else (attribute,))]
    told: Value = parts[0] if len(parts) == 1 else "; ".join(told_value(part) for part in parts if part is not None)
    seen = hashlib.sha256(str(parts).encode()).hexdigest()[:12]
    return Clash(
        name=name,
        what=attribute,
        key=row.paper_key or "",
        finding=row.description,
        register=told,
        paper=value,
        seen=seen,
    )


def _remedy_changes(session: Session, paper: VisitPaper, content: Content, before: Content) -> Iterator[_Change]:
    """Yield what the paper's answers about earlier findings change in the register."""
    query = select(Finding).where(Finding.feature_id == paper.feature_id).order_by(Finding.id).with_for_update()
    days = (read_day(before.get("visited_on", "")), read_day(content.get("visited_on", "")))
    for row in session.scalars(query):
        answers = (before.get(f"remedy.{row.id}"), content.get(f"remedy.{row.id}"))
        if not any(answers):
            continue
        yield from _remedied_on(row, answers, days)
        first_or_last = row.rechecked_on is None or bool(days[1] and row.rechecked_on < days[1])
        if first_or_last or (answers[0] is not None and row.rechecked_on == days[0] != days[1]):
            yield _Change(row=row, attribute="rechecked_on", value=days[1])
        notes = (before.get(f"remedy_note.{row.id}", ""), content.get(f"remedy_note.{row.id}", ""))
        if notes[0] != notes[1] and (evidence := _evidence(row.remedy_evidence or "", *notes)) != row.remedy_evidence:
            yield _Change(row=row, attribute="remedy_evidence", value=evidence)


def _remedied_on(
    row: Finding, answers: tuple[str | None, str | None], days: tuple[date | None, date | None]
) -> Iterator[_Change]:
    name = f"settle.r{row.id}"
    old = days[0] if answers[0] == "yes" else None
    new = days[1] if answers[1] == "yes" else None
    if answers[0] is not None:
        yield from _compare(row, name, "remedied_on", (old, new))
    elif new is not None and row.remedied_on is None:
        yield _Change(row=row, attribute="remedied_on", value=new)
    elif new is None and row.remedied_on is not None and days[1] and row.remedied_on <= days[1]:
        # The board took it as remedied before somebody stood there and saw that it is not.
        clash = _clash(row, f"{name}.remedied_on", "remedied_on", None)
        yield _Change(row=row, attribute="remedied_on", value=None, clash=clash)


def _evidence(register: str, old: str, new: str) -> str | None:
    """Return what shows the remedy: the paper's words take the place of its earlier ones, others' words stay."""
    if old and old in register:
        return register.replace(old, new).strip("; ") or None
    return "; ".join(filter(None, [register, new])) if new not in register else register or None


def _choice(content: Content, clash: Clash) -> str:
    """Return what somebody chose of a clash as it is now: `register`, `paper` or nothing yet.

    A finding with follow-up that is off the paper can only be confirmed as withdrawn, or be put back on the paper.
    """
    chosen, _, seen = content.get(clash.name, "").partition(":")
    possible = {"paper"} if clash.what == "removed" else {"register", "paper"}
    return chosen if seen == clash.seen and chosen in possible else ""


def _write(session: Session, change: _Change, by: str) -> None:
    row = change.row
    if change.attribute == "removed":
        kept = {name: getattr(row, name) for name in WORDS}
        told = "; ".join(f"{WORDS[name]}: {told_value(value)}" for name, value in kept.items() if value is not None)
        action = N_("Removed a finding by correction")
        session.delete(row)
    else:
        told = told_change(change.attribute, getattr(row, change.attribute), change.value)
        action = N_("Changed a finding by a visit")
        setattr(row, change.attribute, change.value)
    record_audit(session, by=by, action=action, subject=f"finding {row.id}", details=told)
