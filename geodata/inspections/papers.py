"""The papers of a campaign: list of targets and summary, from what the campaign's facts were when they were read."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, cast

from geodata.base.i18n import N_
from geodata.base.values import JsonObject
from geodata.export.blocks import Grid
from geodata.export.papers import Paper
from geodata.export.wording import ILLUSTRATION, Wording
from geodata.inspections.campaigns import Progress, TargetRow
from geodata.inspections.papers_content import read_day

_TITLES = re.compile(r"\b(giám đốc|thành phố|tỉnh|tp\.?)(?=\s|$)")


@dataclass(frozen=True, kw_only=True)
class TargetFact:
    """A target as a paper tells it; days as ISO 8601."""

    name: str
    address: str
    trader: str
    visited_on: str | None
    findings: int
    open_findings: int
    waive_reason: str | None
    is_selected: bool


@dataclass(frozen=True, kw_only=True)
class CampaignFacts:
    """What the papers of a campaign say, kept as JSON with each numbered one. Fines in VND, days as ISO 8601."""

    #: The department, by its Vietnamese name.
    office: str
    number: str
    title: str
    authority: str | None
    decided_on: str | None
    legal_basis: str | None
    planned: int
    done: int
    percent: int
    waived: int
    overdue: int
    violations: int
    fines_vnd: int
    open_remedies: int
    overdue_remedies: int
    targets: Sequence[TargetFact]
    #: Papers numbered before this was kept say nothing of it.
    is_illustration: bool = False

    def as_json(self) -> JsonObject:
        """Return the facts to be kept."""
        return asdict(self)


def read_facts(progress: Progress, targets: Sequence[TargetRow], *, office: str) -> CampaignFacts:
    """Return what the papers of a campaign say now."""
    campaign = progress.campaign
    return CampaignFacts(
        office=office, number=campaign.number, title=campaign.title, authority=campaign.authority,
        decided_on=campaign.decided_on.isoformat() if campaign.decided_on else None, legal_basis=campaign.legal_basis,
        planned=progress.planned, done=progress.done, percent=progress.percent, waived=progress.waived,
        is_illustration=campaign.is_illustration, overdue=progress.overdue, violations=progress.violations, fines_vnd=progress.fines_vnd,
        open_remedies=progress.open_remedies, overdue_remedies=progress.overdue_remedies,
        targets=[
            TargetFact(
                name=row.site.name, address=row.site.address or "", trader=row.site.trader or "",
                visited_on=row.visited_on.isoformat() if row.visited_on else None, findings=row.findings,
                open_findings=row.open_findings, waive_reason=row.target.waive_reason,
                is_selected=row.target.state == "selected",
            )
            for row in targets
        ],
    )  # fmt: skip


def facts_of(kept: JsonObject) -> CampaignFacts:
    """Return facts that were kept as JSON."""
    fields = cast(dict[str, Any], kept)  # as as_json() wrote them
    return CampaignFacts(**{**fields, "targets": [TargetFact(**row) for row in fields["targets"]]})


def target_list(facts: CampaignFacts, wording: Wording, *, office: str, number: str, on: date) -> Paper:
    """Return a campaign's list of targets."""
    say = wording.say
    rows = [
        [str(place), row.name, row.address, row.trader, _outcome(row, wording)]
        for place, row in enumerate(facts.targets, start=1)
    ]
    header = [say(text) for text in (N_("No."), N_("Site"), N_("Address"), N_("Trader"), N_("State of things"))]
    return Paper(
        wording=wording, office=office, number=number, day=on, title=say(N_("LIST OF SITES TO INSPECT")),
        subject=facts.title, attached_to=_attached_to(facts, wording),
        blocks=[*warning_of(facts, wording), Grid(header=header, rows=rows, widths=(1, 4, 4.5, 3.5, 3.5))],
        signatures=((say(N_("MADE BY")), ""), (say(N_("HEAD OF THE DIVISION")), "")),
    )  # fmt: skip


def warning_of(facts: CampaignFacts, wording: Wording) -> list[str]:
    """Return the heading that warns of illustration, where the campaign is one."""
    return [f"# {wording.say(ILLUSTRATION)}"] if facts.is_illustration else []


def basis_of(facts: CampaignFacts, wording: Wording) -> str:
    """Return what a campaign carries out, and on which legal basis."""
    text = wording.say(N_("Carrying out {document}"), document=_document(facts, wording))
    if facts.legal_basis:
        text += wording.say(N_("; on the basis of {basis}"), basis=facts.legal_basis)
    return f"{text}."


def _attached_to(facts: CampaignFacts, wording: Wording) -> str:
    return wording.say(N_("(Attached to {document})"), document=_document(facts, wording))


def _document(facts: CampaignFacts, wording: Wording) -> str:
    text = wording.say(N_("document no. {number}"), number=facts.number)
    if decided_on := read_day(facts.decided_on or ""):
        text += " " + wording.say(N_("of {day}"), day=wording.day(decided_on))
    if facts.authority:
        text += " " + wording.say(N_("by {authority}"), authority=facts.authority)
    return text


def addressee_of(facts: CampaignFacts) -> str:
    """Return who ordered the campaign; nobody writes to himself, so then it is left to fill in."""
    is_own = facts.authority is not None and _of_office(facts.authority) == _of_office(facts.office)
    return "……………………" if facts.authority is None or is_own else facts.authority


def _of_office(name: str) -> str:
    """Return the office that a name means: “Giám đốc Sở …”, with “thành phố” before the place or without are one."""
    return " ".join(_TITLES.sub(" ", name.casefold()).split())


def _outcome(row: TargetFact, wording: Wording) -> str:
    if visited_on := read_day(row.visited_on or ""):
        text = wording.say(N_("Inspected {day}"), day=wording.day(visited_on))
        return text + (wording.say(N_(", findings: {count}"), count=row.findings) if row.findings else "")
    if row.waive_reason:
        return wording.say(N_("Waived: {reason}"), reason=row.waive_reason)
    return wording.say(N_("Not yet inspected"))
