"""A site's inspections in the hands of two people, and the oracle that holds what can be read against what they entered."""

import base64
import io
from dataclasses import dataclass, field
from datetime import timedelta

from PIL import Image
from sqlalchemy import func, select

from geodata.accounts.accounts import AuditEntry
from geodata.export.blocks import Grid, Picture
from geodata.inspections.campaigns import list_targets, progress
from geodata.inspections.complaints import (
    Complaint,
    Outcome,
    asked_complaints,
    dismiss_complaint,
    enter_complaint,
)
from geodata.inspections.completeness import UnfinishedError
from geodata.inspections.facts import read_facts, today
from geodata.inspections.finishing import finish_visit
from geodata.inspections.followup import Due, list_follow_ups, record_follow_up
from geodata.inspections.minutes import visit_minutes
from geodata.inspections.papers_content import content_hash
from geodata.inspections.pictures import add_photo, add_signature, list_photos, remove_photo
from geodata.inspections.records import InspectionCampaign, InspectionTarget, PaperPicture, PaperState, VisitPaper
from geodata.inspections.register import find_clashes
from geodata.inspections.rights import Person
from geodata.inspections.versions import earlier_findings, edition_content, list_versions, read_record
from geodata.inspections.visits import correct_visit, plan_visit, save_draft
from geodata.layers.fuel_sites import FuelSite
from geodata.layers.fuel_sites.certificates import derive_state
from geodata.layers.fuel_sites.visits import Finding, InspectionVisit, VisitKind
from geodata.photos.reading import read_photo, read_signature
from geodata.schema.roles import Role
from tests.factories import make_feature
from tests.visit_forms import clean_visit, violation
from webmap.app.papers import wording

LEADER = Person(name="admin-test", role=Role.ADMIN)
COLLEAGUE = Person(name="second-test", role=Role.ADMIN)
PEOPLE = (LEADER, COLLEAGUE)


def png(number: int) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (8, 8), (number % 256, number // 256 % 256, 7)).save(target, "PNG")
    return target.getvalue()


@dataclass
class Entered:
    """What was entered on one paper, and what must be readable for ever."""

    paper: VisitPaper
    editions: list[tuple[dict[str, str], list[int], bool]] = field(default_factory=list)
    saved: list[dict[str, str]] = field(default_factory=list)
    printed: dict[int, list[str]] = field(default_factory=dict)
    pictures: list[str] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether it can be written on without a correction."""
        return self.paper.state is not PaperState.DONE


def told(record) -> list[str]:
    """Return everything that stands on an edition's minutes."""
    paper = visit_minutes(record, wording(), office="SỞ")
    words = [paper.title, paper.number, *(block for block in paper.blocks if isinstance(block, str))]
    words += [cell for block in paper.blocks if isinstance(block, Grid) for line in block.rows for cell in line]
    pictures = [block for block in paper.blocks if isinstance(block, Picture)]
    return [*words, f"{len(pictures)} photos", f"signed: {paper.signature_picture is not None}"]


def reads(kept: dict[str, str], words: dict[str, str]) -> bool:
    """Say whether a kept version holds all that somebody entered; going on writing keeps what was there."""
    return all(kept.get(name, "").startswith(text) for name, text in words.items())


class Life:
    """A site's visit and re-check in the hands of two people, over days, with board and campaign beside them."""

    def __init__(self, session) -> None:
        self.session, self.day, self.turn = session, today(session), 0
        self.site = make_feature(session, FuelSite, kind="petrol", certificate_no="GCN", certificate_issued_on=self.day)
        paper = plan_visit(session, LEADER, self.site.id, planned_on=self.day)
        self.papers = [Entered(paper=paper)]
        self.board_entries: dict[int, list[dict[str, object]]] = {}
        self.campaign: InspectionCampaign | None = None
        self.complaints: dict[int, tuple[dict[str, str], str]] = {}
        self.outcomes: dict[int, tuple[tuple[object, ...], int]] = {}

    def entered(self, number: int) -> Entered:
        """Return the paper that a number means."""
        return self.papers[number % len(self.papers)]

    def begin_recheck(self, who: Person) -> None:
        """Open the re-check, once something was found."""
        if len(self.papers) == 1 and self.papers[0].paper.visit_id is not None:
            paper = plan_visit(self.session, who, self.site.id, planned_on=self.day, kind=VisitKind.RECHECK)
            self.papers.append(Entered(paper=paper))

    def begin_campaign(self) -> None:
        """Let a campaign want the site from now on."""
        if self.campaign is None:
            self.campaign = InspectionCampaign(number=f"KH-{self.site.code}", title="Thử", field="petrol")
            self.session.add(self.campaign)
            self.session.flush()
            self.session.add(InspectionTarget(campaign_id=self.campaign.id, feature_id=self.site.id))

    def complain(self, who: Person, days: int) -> None:
        """Enter a complaint of some days ago, each with words of its own."""
        said = {
            "received_on": (self.day - timedelta(days=days)).isoformat(), "channel": "phone", "topic": "price",
            "about": f"Bán thiếu {self.turn}", "complainant": f"Ông {self.turn}",
        }  # fmt: skip
        self.complaints[enter_complaint(self.session, who, self.site.id, said).id] = (said, who.name)

    def dismiss(self, who: Person, number: int) -> None:
        """Close an open complaint without a visit."""
        still = [row for row in self._complaints() if row.closed_on is None]
        if still:
            dismiss_complaint(self.session, who, still[number % len(still)].id, reason=f"Trùng {self.turn}")

    def _complaints(self) -> list[Complaint]:
        query = select(Complaint).where(Complaint.feature_id == self.site.id).order_by(Complaint.id)
        return list(self.session.scalars(query))

    def words(
        self, entered: Entered, days: int, *, has_finding: bool, is_remedied: bool, note: str, outcome: str = ""
    ) -> dict[str, str]:
        """Return a whole record of a day, with answers about what was found or complained of earlier where the paper asks for them."""
        visited = self.day - timedelta(days=days)
        words = violation(visited) if has_finding else clean_visit(visited)
        if entered.paper.kind is VisitKind.RECHECK:
            for row in earlier_findings(self.session, entered.paper, words):
                words[f"remedy.{row.id}"] = "yes" if is_remedied else "no"
                words[f"remedy_note.{row.id}"] = f"Thấy tại chỗ {self.turn}"
        for complaint in asked_complaints(self.session, entered.paper, words) if outcome else ():
            words |= {f"complaint.{complaint.id}": outcome, f"complaint_note.{complaint.id}": f"Đo lại {self.turn}"}
        return words | ({"note": note.strip()} if note.strip() else {})

    def write(self, who: Person, entered: Entered, words: dict[str, str]) -> None:
        """Save a draft on top of the version there."""
        paper = entered.paper
        if not entered.is_open:
            correct_visit(self.session, who, paper.id, reason=f"Lý do {self.turn}")
        base = dict(paper.content)
        save_draft(self.session, who, paper.id, version=paper.version, raw=words, base=base)
        entered.saved.append(words)

    def write_at_once(self, entered: Entered, notes: tuple[str, str]) -> None:
        """Let two people write on the same version: one wins nothing silently, both are kept."""
        if not entered.is_open or not entered.paper.content:
            return
        version, base = entered.paper.version, dict(entered.paper.content)
        for who, note in zip(PEOPLE, notes, strict=True):
            words = base | {"note": note}
            save_draft(self.session, who, entered.paper.id, version=version, raw=words, base=base)
            entered.saved.append(words)

    def finish(self, who: Person, entered: Entered, *, signed: bool) -> None:
        """Finish what stands there, choosing what the register says where a correction and the board differ."""
        paper = entered.paper
        if not entered.is_open or not paper.content:
            return
        words = {name: text for name, text in paper.content.items() if name != "unsigned_reason"}
        if signed:
            image = "data:image/png;base64," + base64.b64encode(png(self.turn)).decode()
            add_signature(self.session, who, paper.id, read_signature(image), content=words, edition=paper.edition + 1)
        else:
            words["unsigned_reason"] = f"Vắng {self.turn}"
        photos = [photo.id for photo in list_photos(self.session, paper.id)]
        for choice in ("register", "paper"):
            problems = self._try_to_finish(who, paper, words)
            if not problems:
                entered.editions.append((words, photos, signed))
                return
            settled = self._settle(paper, words, choice)
            # Only an open choice, days that contradict each other or a complaint without an answer may stand in the way.
            assert settled or all(name.startswith(("visited_on", "remedy.", "complaint.")) for name in problems), (
                problems
            )
            if not settled:
                return
            words, signed = words | settled | {"unsigned_reason": "Chọn lại"}, False

    def _try_to_finish(self, who: Person, paper: VisitPaper, words: dict[str, str]) -> set[str]:
        try:
            finish_visit(self.session, who, paper.id, version=paper.version, raw=words)
        except UnfinishedError as error:
            return {problem.name for problem in error.problems}
        return set()

    def _settle(self, paper: VisitPaper, words: dict[str, str], choice: str) -> dict[str, str]:
        clashes = find_clashes(self.session, paper, words, edition_content(self.session, paper))
        return {clash.name: f"{'paper' if clash.what == 'removed' else choice}:{clash.seen}" for clash in clashes}

    def board(self, who: Person, days: int, *, remedied: bool) -> None:
        """Extend a deadline or write down a remedy on the board."""
        finding = self.session.scalar(select(Finding).where(Finding.feature_id == self.site.id).order_by(Finding.id))
        if finding is None:
            return
        new = {
            "remedy_due_on": finding.found_on + timedelta(days=days),
            "remedied_on": self.day if remedied else finding.remedied_on,
            "remedy_evidence": f"Thấy {days}" if remedied else finding.remedy_evidence, "fine_vnd": days * 1000,
        }  # fmt: skip
        old = {name: getattr(finding, name) for name in new}
        record_follow_up(
            self.session, who, finding.id, sanction_decision_no=finding.sanction_decision_no,
            extra_penalty=finding.extra_penalty, fine_paid_on=None, on=self.day, **new,
        )  # fmt: skip
        if old != new:
            self.board_entries.setdefault(finding.id, []).append(new)

    def photograph(self, who: Person, entered: Entered, number: int) -> None:
        """Take a photo, the same one never twice."""
        if entered.is_open:
            added = add_photo(self.session, who, entered.paper.id, read_photo(png(number)))
            if added.source_sha256 not in entered.pictures:
                entered.pictures.append(added.source_sha256)

    def remove(self, who: Person, entered: Entered, number: int) -> None:
        """Take a photo off."""
        photos = list_photos(self.session, entered.paper.id)
        if entered.is_open and photos:
            remove_photo(self.session, who, entered.paper.id, photos[number % len(photos)].id)

    def check(self) -> None:
        """Hold everything that can be read against what was entered."""
        self.session.flush()
        for entered in self.papers:
            self._check_paper(entered)
        self._check_register()
        self._check_campaign()
        self._check_complaints()
        self._check_audit()

    def _check_paper(self, entered: Entered) -> None:
        paper = entered.paper
        for number, (words, photos, signed) in enumerate(entered.editions, start=1):
            record = read_record(self.session, paper, number)
            assert record.content == words
            assert [photo.id for photo in record.photos] == photos
            assert (record.signature is not None) == signed
            if record.signature:
                assert record.signature.signed_sha256 == content_hash(words) == record.sha256
            assert entered.printed.setdefault(number, told(record)) == told(record)
        kept = [row.content for row in list_versions(self.session, paper.id)] + [paper.content]
        for words in entered.saved:
            assert any(reads(later, words) for later in kept)
        stored = select(PaperPicture.source_sha256).where(PaperPicture.paper_id == paper.id)
        assert set(entered.pictures) <= set(self.session.scalars(stored))

    def _check_register(self) -> None:
        findings = list(self.session.scalars(select(Finding).where(Finding.feature_id == self.site.id)))
        for entered in self.papers:
            visit = self.session.get(InspectionVisit, entered.paper.visit_id) if entered.paper.visit_id else None
            assert (visit is not None) == bool(entered.editions)
            if visit:
                in_force = entered.editions[-1][0]
                assert visit.visited_on.isoformat() == in_force["visited_on"]
                assert {row.paper_key for row in findings if row.visit_id == visit.id} == {
                    name.split(".")[1] for name in in_force if name.startswith("finding.")
                }
        for row in findings:
            if row.id in self.board_entries:  # nothing but the board writes a fine
                assert row.fine_vnd == self.board_entries[row.id][-1]["fine_vnd"]
        board = [
            follow.finding.id for due in Due for follow in list_follow_ups(self.session, LEADER, due, self.day)
            if follow.site.id == self.site.id
        ]  # fmt: skip
        assert sorted(board) == sorted(row.id for row in findings)
        state = derive_state(read_facts(self.session, self.site), self.day).inspection
        on_map = self.session.scalar(
            select(FuelSite.column("inspection_status", self.day)).where(FuelSite.id == self.site.id)
        )
        assert state == on_map

    def _check_campaign(self) -> None:
        if self.campaign is None:
            return
        own = [entered for entered in self.papers if entered.paper.campaign_id == self.campaign.id and entered.editions]
        days = [entered.editions[-1][0]["visited_on"] for entered in own]
        (row,) = list_targets(self.session, self.campaign, self.day)
        assert (row.visited_on.isoformat() if row.visited_on else None) == max(days, default=None)
        assert progress(self.session, self.campaign, self.day).done == bool(days)

    def _check_complaints(self) -> None:
        in_force = [entered.editions[-1][0] for entered in self.papers if entered.editions]
        rows = self._complaints()
        assert {row.id for row in rows} == set(self.complaints)
        for row in rows:
            said, who = self.complaints[row.id]
            assert {"received_on": row.received_on.isoformat(), "channel": row.channel, "topic": row.topic,
                    "about": row.about, "complainant": row.complainant} == said  # fmt: skip
            assert row.entered_by == who
            answers = {words[f"complaint.{row.id}"] for words in in_force if f"complaint.{row.id}" in words}
            if row.outcome is not Outcome.DISMISSED:
                assert (row.outcome is not None) == bool(answers) == (row.closed_on is not None)
                assert row.outcome is None or row.outcome in answers
            self._check_told(row)

    def _check_told(self, row: Complaint) -> None:
        """Hold that each change of what came of a complaint has added to the audit log."""
        entries = select(func.count()).where(AuditEntry.subject == f"complaint {row.id}")
        now, told_times = (row.outcome, row.answer, row.closed_on, row.paper_id), self.session.scalar(entries)
        before, told_before = self.outcomes.get(row.id, ((None, None, None, None), 0))
        assert told_times > told_before if now != before or not told_before else told_times >= told_before
        self.outcomes[row.id] = (now, told_times)

    def _check_audit(self) -> None:
        for entered in self.papers:
            done = select(func.count()).where(
                AuditEntry.subject == f"visit {entered.paper.id}",
                AuditEntry.action.in_(["Finished a visit", "Corrected a visit"]),
            )
            assert self.session.scalar(done) == len(entered.editions)
        for number, entries in self.board_entries.items():
            query = select(AuditEntry.details).where(
                AuditEntry.subject == f"finding {number}", AuditEntry.action == "Followed up a finding"
            )
            told_ones = list(self.session.scalars(query.order_by(AuditEntry.id)))
            assert len(told_ones) == len(entries)
            assert not any("_" in text or "None" in text for text in told_ones)
