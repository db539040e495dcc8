"""Where an import stands: the five steps, the page on which it goes on, and how far the background is."""

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import url_for

from geodata.importing.progress import Step
from geodata.importing.sessions.model import ImportSession, Stage, Task
from geodata.importing.sessions.sessions import seconds_left
from webmap.app.i18n import format_number, translate
from webmap.imports.labels import STAGE_LABELS, STEPS


@dataclass(frozen=True, kw_only=True)
class StepLink:
    """One of the five steps: where it is, and whether it is here, done or ahead."""

    label: str
    address: str | None
    state: str


def current_endpoint(found: ImportSession) -> str:
    """Return the page on which an import goes on."""
    return {
        Stage.ASKING: "imports.questions",
        Stage.REFUSED: "imports.questions",
        Stage.READY: "imports.preview",
        Stage.STORED: "imports.report",
        Stage.FAILED: "imports.report",
        Stage.CANCELLED: "imports.report",
        Stage.CONFIRMED: "imports.report",
        Stage.STORING: "imports.report",
    }.get(found.stage, "imports.questions")


def current_address(found: ImportSession) -> str:
    """Return the address on which an import goes on."""
    if found.task == Task.UNDO and found.stage is Stage.STORED and found.change_set_id is not None:
        return url_for("history.change_set", number=found.change_set_id)
    return url_for(current_endpoint(found), number=found.id)


def steps(found: ImportSession | None, here: str) -> list[StepLink]:
    """Return the five steps with links to those that can be opened."""
    reached = 0 if found is None else _reached(found)
    order = [endpoint for endpoint, _ in STEPS]
    links = []
    for index, (endpoint, label) in enumerate(STEPS):
        state = "here" if endpoint == here else "done" if index < order.index(here) else "ahead"
        may_open = found is not None and 0 < index <= reached and not found.is_working
        address = url_for(endpoint, number=found.id) if found is not None and may_open else None
        links.append(StepLink(label=translate(label), address=address, state=state))
    return links


def _reached(found: ImportSession) -> int:
    return {Stage.READY: 3, Stage.CONFIRMED: 4, Stage.STORING: 4, Stage.STORED: 4, Stage.FAILED: 4}.get(found.stage, 1)


def state_json(found: ImportSession, *, worker: bool) -> dict[str, object]:
    """Return what the progress bar asks for each second."""
    left = seconds_left(found, datetime.now(UTC))
    done, total = found.rows_done, found.rows_total
    amount = translate("{done} of {total}") if found.step == Step.INDEX else translate("{done} of {total} rows")
    rows = amount.format(done=format_number(done), total=format_number(total))
    return {
        "stage": found.status,
        "working": found.is_working,
        "waiting": found.stage in {Stage.WAITING, Stage.CONFIRMED},
        "worker": worker,
        "step": translate(found.step or STAGE_LABELS[found.stage][0]),
        "share": round(done / total, 3) if total else None,
        "rows": rows if total else "",
        "left": time_left(left) if left is not None and total else "",
        "next": current_address(found),
    }


def time_left(seconds: int) -> str:
    """Return a remaining time as a sentence."""
    if seconds < 60:
        return translate("about {count} seconds left").format(count=max(1, seconds))
    return translate("about {count} minutes left").format(count=format_number(round(seconds / 60)))
