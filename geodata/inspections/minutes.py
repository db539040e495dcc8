"""The minutes (biên bản) of a visit, from one edition of its paper and nothing else.

Every edition prints alike for ever; a corrected one says so, and only a signature for its own words stands on it.
A translation bears no signature: what was signed are the Vietnamese words.
"""

from collections.abc import Iterator, Mapping
from datetime import date

from geodata.base.i18n import N_
from geodata.export.blocks import Block, Grid, Picture
from geodata.export.papers import Paper
from geodata.export.wording import Wording
from geodata.inspections.complaints import FOUND, Topic
from geodata.inspections.papers_content import findings_in, read_clock, read_day
from geodata.inspections.series import MINUTES
from geodata.inspections.versions import Record

ANSWERS = {"ok": N_("As required"), "not_ok": N_("Not as required"), "na": N_("Not applicable")}
REMEDIES = {"yes": N_("Remedied"), "no": N_("Not remedied")}
SEVERITIES = {
    "violation": N_("Administrative violation"), "major": N_("Major shortcoming"), "minor": N_("Shortcoming"),
}  # fmt: skip
VISIT_KINDS = {
    "planned": N_("a planned inspection"),
    "unplanned": N_("an unplanned inspection"),
    "recheck": N_("a re-check"),
}
TOPICS = Topic.labels()
_ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII")


def visit_minutes(record: Record, wording: Wording, *, office: str) -> Paper:
    """Return the minutes of an edition."""
    content, site, say = record.content, record.facts["site"], wording.say
    leader = content.get("leader") or record.facts["inspector"]
    visited_on = read_day(content.get("visited_on", "")) or record.paper.planned_on
    sections: list[tuple[str, list[Block]]] = [
        (N_("Composition"), list(_people(record, wording, leader))),
        (N_("Facts of the site"), list(_site(record, wording))),
        (N_("What was inspected"), list(_answers(record, wording))),
        (N_("Remedy of earlier findings"), list(_remedies(record, wording, visited_on))),
        (N_("Complaints looked into"), list(_complaints(record, wording))),
        (N_("Findings, violations and deadlines"), list(_findings(record, wording))),
        (N_("Opinions and proposals"), [content.get("note") or say(N_("None."))]),
        (N_("Photos taken on the spot"), list(_photos(record, wording))),
    ]
    blocks: list[Block] = [*_opening(record, wording, visited_on)]
    for number, (title, parts) in enumerate((section for section in sections if section[1]), start=1):
        blocks += [f"# {_ROMAN[number]}. {say(title)}", *parts]
    blocks += _closing(record, wording)
    title = say(N_("INSPECTION MINUTES"))
    if record.correction:
        title += " " + say(N_("(CORRECTION {number})"), number=record.correction)
    return Paper(
        wording=wording, office=office, number=_number(record), day=visited_on, title=title,
        subject=say(N_("Compliance with the law at {site}"), site=site["name"]), blocks=blocks,
        signature_picture=record.signature.content if record.signature and wording.is_in_force else None,
        signatures=((say(N_("FOR THE SITE")), ""), (say(N_("HEAD OF THE INSPECTION TEAM")), leader)),
    )  # fmt: skip


def _number(record: Record) -> str:
    if record.edition is None:
        return f"……/{MINUTES}"
    return record.facts.get("number") or record.paper.number or f"……/{MINUTES}"


def _opening(record: Record, wording: Wording, visited_on: date) -> Iterator[str]:
    content, site, say = record.content, record.facts["site"], wording.say
    if record.edition is None:
        yield say(N_("(Draft, not finished, no evidence.)"))
    if record.correction:
        yield say(
            N_("Correction {number}, in place of the edition finished on {replaced}. Reason: {reason}. Corrected by {by}, {time} on {day}."),
            number=record.correction, replaced=wording.day(record.replaced_on.date() if record.replaced_on else None),
            reason=record.reason, by=record.facts.get("by") or record.saved_by,
            time=f"{record.saved_at:%H:%M}" if record.saved_at else "…",
            day=wording.day(record.saved_at.date()) if record.saved_at else "…",
        )  # fmt: skip
    words = {
        "clock": wording.clock(read_clock(content.get("started_at", ""))), "day": wording.long_day(visited_on),
        "site": site["name"], "address": site["address"] or "…", "kind": say(VISIT_KINDS[record.facts["kind"]]),
    }  # fmt: skip
    if content.get("decision_no"):
        text = N_(
            "Today, at {clock}, {day}, at {site}, {address}, the team carries out {kind}, by document no. {decision}."
        )
        yield say(text, decision=content["decision_no"], **words)
    else:
        yield say(N_("Today, at {clock}, {day}, at {site}, {address}, the team carries out {kind}."), **words)


def _people(record: Record, wording: Wording, leader: str) -> Iterator[str]:
    team = record.facts.get("team") or []
    names = "; ".join([leader, *(name for name in team if name != leader)])
    yield wording.say(N_("1. The inspection team: {names}."), names=names)
    people = [line.strip().rstrip(".;") for line in record.content.get("people", "").splitlines() if line.strip()]
    yield wording.say(N_("2. For the site, and others present: {names}."), names="; ".join(people) or "…")


def _site(record: Record, wording: Wording) -> Iterator[str]:
    site, content, say = record.facts["site"], record.content, wording.say
    expires_on = read_day(site["certificate_expires_on"] or "")
    certificate = site["certificate_no"] or say(N_("no number yet"))
    if expires_on:
        certificate = say(N_("{certificate}, until {day}"), certificate=certificate, day=wording.day(expires_on))
    yield say(
        N_("Code: {code}. Trader: {trader}. Tax code: {tax_code}. Certificate: {certificate}."),
        code=site["code"], trader=site["trader"] or "…", tax_code=site["tax_code"] or "…", certificate=certificate,
    )  # fmt: skip
    if content.get("lat"):
        yield say(
            N_("Position taken on the spot: {lat}, {lon} (WGS 84), accuracy ± {accuracy} m."),
            lat=content["lat"], lon=content.get("lon"), accuracy=content.get("accuracy_m", "?"),
        )  # fmt: skip
    elif content.get("no_position_reason"):
        yield say(N_("No position was taken: {reason}."), reason=content["no_position_reason"].rstrip("."))


def _answers(record: Record, wording: Wording) -> Iterator[Block]:
    content, say = record.content, wording.say
    texts = _questions(record)
    keys = list(texts)
    keys += sorted(
        name[7:] for name in content if name.startswith("answer.") and name[7:] not in keys
    )  # a question that was asked then and no longer is
    rows = [
        [say(texts.get(key, key)), say(ANSWERS[content[f"answer.{key}"]]), content.get(f"remark.{key}", "")]
        for key in keys
        if content.get(f"answer.{key}") in ANSWERS
    ]
    if not rows:
        return
    header, widths = [N_("No."), N_("What is required"), N_("Result"), N_("Remark")], [1, 8.5, 2.7, 4.3]
    if not any(remark for *_, remark in rows):  # no empty column
        rows, header, widths = [row[:-1] for row in rows], header[:-1], [1, 12.3, 3.2]
    numbered = [[str(number), *row] for number, row in enumerate(rows, start=1)]
    yield Grid(header=[say(text) for text in header], rows=numbered, widths=widths)


def _remedies(record: Record, wording: Wording, visited_on: date) -> Iterator[Block]:
    """Yield each earlier finding with what was found now, what shows it, and the day."""
    rows: list[list[str]] = []
    for earlier in record.facts["before"]:
        answer = record.content.get(f"remedy.{earlier['id']}")
        if answer not in REMEDIES and record.facts["kind"] != "recheck":
            continue
        rule = f", {earlier['article']}" if earlier["article"] else ""
        told = wording.say(
            N_("{finding} (found {day}{rule})"),
            finding=earlier["description"], day=wording.day(read_day(earlier["found_on"] or "")), rule=rule,
        )  # fmt: skip
        result = wording.say(REMEDIES.get(answer or "", N_("Not looked at")))
        found = wording.say(N_("{result}, on {day}"), result=result, day=wording.day(visited_on))
        note = record.content.get(f"remedy_note.{earlier['id']}", "")
        rows.append([str(len(rows) + 1), told, wording.day(read_day(earlier["due"] or "")), found, note])
    if rows:
        header = (N_("No."), N_("Earlier finding"), N_("Deadline"), N_("Result this time"), N_("Evidence"))
        yield Grid(header=[wording.say(text) for text in header], rows=rows, widths=(1, 6, 2.6, 3.3, 3.6))


def _complaints(record: Record, wording: Wording) -> Iterator[str]:
    """Yield what was seen of each complaint, without a word of who complained or what he wrote."""
    for row in record.facts.get("complaints", []):
        outcome = FOUND.get(record.content.get(f"complaint.{row['id']}", ""))
        if outcome:
            yield wording.say(
                N_("Complaint of {day} ({topic}): {outcome}. {note}"),
                day=wording.day(read_day(row["received_on"])), topic=wording.say(TOPICS[row["topic"]]).lower(),
                outcome=wording.say(outcome).lower(), note=record.content.get(f"complaint_note.{row['id']}", ""),
            )  # fmt: skip


def _findings(record: Record, wording: Wording) -> Iterator[Block]:
    found, say = findings_in(record.content), wording.say
    if not found:
        is_recheck = any(name.startswith("remedy.") for name in record.content)
        yield say(N_("Nothing new was found.")) if is_recheck else say(N_("Nothing was found."))
        return
    texts = _questions(record)
    numbers: dict[str | None, list[str]] = {photo.finding_key: [] for photo in record.photos}
    for number, photo in enumerate(record.photos, start=1):
        numbers[photo.finding_key].append(str(number))
    rows = []
    for number, finding in enumerate(found, start=1):
        shown = numbers.get(finding.key, [])
        text = finding.description or say(texts.get(finding.item, ""))
        text += " " + say(N_("(photo {numbers})"), numbers=", ".join(shown)) if shown else ""
        severity, due = say(SEVERITIES.get(finding.severity, "")), wording.day(read_day(finding.due))
        rows.append([str(number), severity, text, finding.reference, due])
    header = (N_("No."), N_("Severity"), N_("What was found"), N_("Article of law"), N_("Deadline"))
    yield Grid(header=[say(text) for text in header], rows=rows, widths=(1, 3.1, 5.8, 4, 2.6))


def _photos(record: Record, wording: Wording) -> Iterator[Picture]:
    signed = record.signature.signed_picture_ids or [] if record.signature else None
    for number, photo in enumerate(record.photos, start=1):
        caption = wording.say(N_("Photo {number}"), number=number)
        if photo.taken_at:
            day = wording.day(photo.taken_at.date())
            caption += wording.say(N_(", taken {time} on {day}"), time=f"{photo.taken_at:%H:%M}", day=day)
        if signed is not None and photo.id not in signed:
            caption += wording.say(N_(", added after the signature"))
        yield Picture(content=photo.content, caption=caption)


def _closing(record: Record, wording: Wording) -> Iterator[str]:
    say, content = wording.say, record.content
    clock = wording.clock(read_clock(content.get("ended_at", "")))
    if record.signature is not None:
        yield say(
            N_(
                "The minutes end at {clock} on the same day. They were read to those present, who found them right and signed; "
                "made in two copies of equal value, one for each side."
            ),
            clock=clock,
        )
        added = record.signature.added_at
        yield say(
            N_("Signature drawn by hand on the device at {time} on {day}, for exactly this content."),
            time=f"{added:%H:%M}", day=wording.day(added.date()),
        )  # fmt: skip
    else:
        text = N_("The minutes end at {clock} on the same day; made in two copies of equal value, one for each side.")
        yield say(text, clock=clock)
        reason = content.get("unsigned_reason", "").rstrip(".")
        parts = [say(N_("The site has not yet signed this correction."))] if record.correction else []
        if reason:
            parts.append(say(N_("The site did not sign on the device: {reason}."), reason=reason))
        if parts:
            yield " ".join(parts)
    if record.edition is not None:
        text = N_("Mark of the content (SHA-256): {mark}…, edition {number}.")
        yield say(text, mark=record.sha256[:16], number=record.edition)


def _questions(record: Record) -> Mapping[str, str]:
    """Return the texts of the questions that the edition was asked, by item."""
    return dict(record.facts["questions"])
