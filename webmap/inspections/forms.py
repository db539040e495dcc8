"""The summary of a campaign by template: figures, what is left and why, what is overdue."""

from datetime import date

from geodata.base.i18n import N_
from geodata.export.papers import Paper
from geodata.export.wording import Wording
from geodata.inspections.papers import CampaignFacts, addressee_of, basis_of
from geodata.inspections.papers_content import read_day
from webmap.app.papers import ILLUSTRATION_BLOCK, ILLUSTRATION_FIELDS, Filled, said_illustration
from webmap.templating.fields import Listing, Text
from webmap.templating.forms import Form, Rows

_NONE = N_("There are none.")

SUMMARY_FORM = Form(
    name="campaign_summary",
    title=N_("Summary of an inspection campaign"),
    heading=N_("REPORT"),
    fields={
        "addressee": Text(label=N_("Who ordered the campaign")),
        **ILLUSTRATION_FIELDS,
        "basis": Text(label=N_("Document and legal basis, as a sentence")),
        "campaign_number": Text(label=N_("Number of the plan or decision")),
        "title": Text(label=N_("Title of the campaign")),
        "planned": Text(label=N_("Sites by the plan")),
        "done": Text(label=N_("Sites inspected")),
        "percent": Text(label=N_("Sites inspected, in per cent")),
        "waived": Text(label=N_("Sites waived")),
        "overdue": Text(label=N_("Sites overdue")),
        "violations": Text(label=N_("Violations")),
        "fines": Text(label=N_("Fines, VND")),
        "open": Text(label=N_("Findings not remedied")),
        "overdue_remedies": Text(label=N_("Remedies overdue")),
        "found": Listing(
            label=N_("Sites with findings and violations"),
            fields={
                "no": Text(label=N_("No.")),
                "site": Text(label=N_("Site")),
                "day": Text(label=N_("Day of the inspection")),
                "findings": Text(label=N_("Number of findings")),
                "open": Text(label=N_("Not yet remedied")),
            },
        ),
        "left": Listing(label=N_("Sites not yet inspected"), fields={"site": Text(label=N_("Site"))}),
        "left_text": Text(label=N_("Sites not yet inspected, in one paragraph")),
    },
    blocks=(
        ILLUSTRATION_BLOCK,
        "{basis}",
        "# " + N_("1. Results"),
        N_("Sites by the plan: {planned}; inspected: {done} ({percent} %); waived: {waived}; overdue: {overdue}."),
        N_(
            "Violations: {violations}; fines: {fines} VND; findings not remedied: {open}, of them overdue: {overdue_remedies}."
        ),
        "# " + N_("2. Sites with findings and violations"),
        Rows(
            of="found",
            header=(
                N_("No."),
                N_("Site"),
                N_("Day of the inspection"),
                N_("Number of findings"),
                N_("Not yet remedied"),
            ),
            cells=("{row.no}", "{row.site}", "{row.day}", "{row.findings}", "{row.open}"),
            widths=(1, 7.5, 3, 2.5, 2.5),
            right=frozenset({0, 3, 4}),
            otherwise=_NONE,
        ),
        "# " + N_("3. Sites not yet inspected"),
        "{left_text}",
    ),
    signatures=(N_("DIRECTOR"),),
    recipients=(N_("As above"), N_("The divisions concerned"), N_("Archive")),
    addressee="{addressee}",
)


def filled_summary(facts: CampaignFacts, wording: Wording, *, office: str, number: str, on: date) -> Filled:
    """Return the summary of a campaign in words of a language."""
    left = [row.name for row in facts.targets if row.visited_on is None and row.is_selected]
    found = [row for row in facts.targets if row.findings]
    values = {
        **said_illustration(is_some=facts.is_illustration, says=wording),
        "subject": wording.say(N_("Results of {number}: {title}"), number=facts.number, title=facts.title),
        "addressee": addressee_of(facts), "basis": basis_of(facts, wording), "campaign_number": facts.number,
        "title": facts.title, "planned": str(facts.planned), "done": str(facts.done), "percent": str(facts.percent),
        "waived": str(facts.waived), "overdue": str(facts.overdue), "violations": str(facts.violations),
        "fines": wording.amount(facts.fines_vnd), "open": str(facts.open_remedies),
        "overdue_remedies": str(facts.overdue_remedies),
        "found": [
            {"no": str(place), "site": row.name, "day": wording.day(read_day(row.visited_on or "")),
             "findings": str(row.findings), "open": str(row.open_findings)}
            for place, row in enumerate(found, start=1)
        ],
        "left": [{"site": name} for name in left],
        "left_text": "; ".join(left) + "." if left else wording.say(_NONE),
    }  # fmt: skip
    return Filled(form=SUMMARY_FORM, values=values, office=office, number=number, day=on)


def campaign_summary(facts: CampaignFacts, wording: Wording, *, office: str, number: str, on: date) -> Paper:
    """Return the summary of a campaign as it is written without a template."""
    return filled_summary(facts, wording, office=office, number=number, on=on).paper(wording)
