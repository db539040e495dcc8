"""The pages of the wizard: one function a page, each with all that its template shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flask import current_app, render_template, request
from flask.typing import ResponseReturnValue

from geodata.base.data_version import data_version
from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.history.change_sets import get_change_set
from geodata.importing.details import detail_of
from geodata.importing.results import Known, Mode
from geodata.importing.sessions import keeping, listed, model, sessions
from geodata.importing.sessions.documents import StoredCounts
from geodata.importing.sessions.model import ImportSession, Stage
from geodata.schema.feature import Feature
from webmap.app.extensions import db_session, layers
from webmap.app.i18n import translate
from webmap.app.requests import int_argument
from webmap.app.settings import Settings
from webmap.folium.sketch import Sketch, build_sketch
from webmap.imports.answers import cut_columns
from webmap.imports.filled import fields_of, filled_by
from webmap.imports.labels import DETAIL_MODE_TEXTS, ENCODING_LABELS, MODE_TEXTS, SOURCE_TEXTS
from webmap.imports.lines import ChangeLine, ProblemLine, change_line, match_line, problem_line
from webmap.imports.rights import offered_details, writable_kinds
from webmap.imports.steps import state_json, steps
from webmap.imports.values import say

PAGE = 50
#: The lists of a preview, in the order of their tabs; the last two are problems.
TABS = {
    "changed": N_("Changed"),
    "new": N_("New"),
    "unchanged": N_("Unchanged"),
    "match": N_("The same object?"),
    "absent": N_("Not in the file"),
    "error": N_("Rejected"),
    "warning": N_("Warnings"),
}
_LONGEST_SEARCH = 100
#: Degrees shown around a move: a few metres are seen too.
_MOVE_MARGIN = 0.0003


@dataclass(frozen=True, kw_only=True)
class ShownChoice:
    """A possible answer in words, with the picture of where it puts the objects."""

    value: str
    why: str
    share_inside: float | None
    samples: Sequence[str]
    sketch: Sketch | None


def upload_page(problem: str = "") -> str:
    """Return the first step: the layer and the files."""
    settings = settings_here()
    return render_template(
        "imports/new.html",
        kinds=writable_kinds(), details=offered_details, steps=steps(None, "imports.new"), problem=problem,
        chosen=request.values.get("layer", ""), max_mb=settings.max_upload_mb, keep_days=settings.upload_keep_days,
        has_worker=sessions.is_worker_running(db_session()),
        quota=(sessions.MOST_FILES_A_MINUTE, sessions.MOST_FILES_AN_HOUR, sessions.MOST_BYTES_AN_HOUR // 2**30),
    )  # fmt: skip


def progress_page(found: ImportSession, here: str) -> ResponseReturnValue:
    """Return how far the background is, in the place of a step."""
    has_worker = sessions.is_worker_running(db_session())
    return render_template(
        "imports/progress.html",
        found=found, kind=layers().get(found.layer), steps=steps(found, here),
        state=state_json(found, worker=has_worker), has_worker=has_worker,
    )  # fmt: skip


def questions_page(found: ImportSession, problem: str = "") -> str:
    """Return the second step: where the file is, how it is written, what is what."""
    kind = layers().get(found.layer)
    question = found.report.question
    places = {place.value: place.points for place in found.facts.places}
    home = settings_here().province.opening
    choices = [
        ShownChoice(
            value=choice.value, why=say(choice.why), share_inside=choice.share_inside, samples=choice.samples,
            sketch=build_sketch([(x, y, "place", "") for x, y in places[choice.value]], home)
            if choice.value in places
            else None,
        )
        for choice in (question.choices if question else ())
    ]  # fmt: skip
    fields = fields_of(kind, found)
    return render_template(
        "imports/questions.html",
        found=found, kind=kind, steps=steps(found, "imports.questions"), problem=problem, about=question.about if question else None,
        choices=choices, fields=fields, options=found.options, cut_columns=cut_columns(filled_by(kind, found), found), reason=say(found.reason),
        problems=_problems(found, kind, ("error", "warning"), limit=20), kinds=writable_kinds(),
        allowed={field.name: field.values.labels() for field in fields if field.values}, **common_facts(found),
    )  # fmt: skip


def _tabs(found: ImportSession) -> dict[str, str]:
    """Return the lists of a preview; what hangs on objects is known by its key and never merely alike."""
    return {name: label for name, label in TABS.items() if name != "match" or not found.options.detail}


def preview_page(found: ImportSession) -> str:
    """Return the third step: what would change, and what is wrong."""
    session, kind = db_session(), layers().get(found.layer)
    lengths = listed.count_items(session, found.id)
    counts = found.report.counts or StoredCounts()
    totals = {name: getattr(counts, name, 0) for name in TABS} | {
        "error": counts.rejected, "warning": lengths.get("warning", 0), "match": lengths.get("match", 0),
    }  # fmt: skip
    undecided = sessions.undecided(found) if found.stage is Stage.READY else 0
    first = next((name for name in ("changed", "new", "error") if totals[name]), "unchanged")
    first = "match" if undecided else first
    tab = request.args.get("tab", first)
    if tab not in TABS:
        raise InvalidValueError(name="tab", value=tab, reason=N_("choose one of the allowed values"))
    page, search = int_argument("page", 1, low=1, high=100_000), search_words(request.args)
    hits = listed.count_found(session, found.id, search) if search else lengths
    items = listed.items_of(session, found.id, tab, limit=PAGE, offset=PAGE * (page - 1), search=search)
    may_choose = found.stage is Stage.READY and tab in model.CHOSEN
    shown = [item.row_number for item in items if item.row_number] if may_choose else []
    excluded = listed.excluded_among(session, found, shown) if shown else frozenset()
    is_problem = tab in {"error", "warning"}
    proposals = [match_line(item) for item in items] if tab == "match" else []
    lines = [] if is_problem or proposals else [change_line(filled_by(kind, found), item, excluded) for item in items]
    dots = [(*line.point, tab, f"{line.code} {line.name}") for line in lines if line.point]
    dots += [(*line.point, "new", f"{line.code} {line.name}") for line in proposals]
    return render_template(
        "imports/preview.html",
        found=found, kind=kind, steps=steps(found, "imports.preview"), tabs=_tabs(found), tab=tab, totals=totals,
        listed=lengths, hits=hits, search=search, page=page, pages=-(-hits.get(tab, 0) // PAGE), lines=lines,
        problems=[problem_line(filled_by(kind, found), item) for item in items] if is_problem else [],
        sketch=build_sketch(dots, settings_here().province.opening) if dots else None,
        proposals=proposals, undecided=undecided, may_decide=found.stage is Stage.READY and found.has_file,
        moves={line.row: _move_sketch(line) for line in lines if line.old_point},
        may_choose=may_choose, left_out=listed.count_excluded(session, found) if may_choose else 0,
        is_long=bool(search) or any(count > PAGE for count in lengths.values()), reason=say(found.reason),
        has_rejected=keeping.rejected_file(found) is not None, **common_facts(found),
    )  # fmt: skip


def _move_sketch(line: ChangeLine) -> Sketch:
    """Return the picture of where an object was and where the file puts it."""
    assert line.old_point is not None  # noqa: S101 - only of objects that move
    assert line.point is not None  # noqa: S101
    places = [(*line.old_point, "was", translate("stored")), (*line.point, "changed", translate("in the file"))]
    return build_sketch(places, settings_here().province.opening, zoom_in=True, smallest=_MOVE_MARGIN)


def confirm_page(found: ImportSession, problem: str = "") -> str:
    """Return the fourth step: the mode, and what will be stored."""
    kind = layers().get(found.layer)
    excluded = listed.count_excluded_by_list(db_session(), found)
    counts = found.report.counts or StoredCounts()
    will = {name: getattr(counts, name) - excluded.get(name, 0) for name in model.CHOSEN}
    return render_template(
        "imports/confirm.html",
        found=found, kind=kind, steps=steps(found, "imports.confirm"), counts=counts, will=will,
        left_out=sum(excluded.values()), modes=DETAIL_MODE_TEXTS if found.options.detail else MODE_TEXTS, mode=found.options.mode,
        mark=sessions.preview_mark(found), problem=problem, undecided=sessions.undecided(found), **common_facts(found),
    )  # fmt: skip


def _is_empty_and_old(found: ImportSession) -> bool:
    """Say whether there is nothing to confirm, while the data may have changed since.

    What there is to confirm is compared again when it is.
    """
    counts = found.report.counts or StoredCounts()
    would_change = counts.new or counts.changed or (found.options.mode is Mode.REPLACE and counts.absent)
    if found.stage is not Stage.READY or not found.has_file or would_change or sessions.undecided(found):
        return False
    return data_version(db_session(), found.layer) != found.seen_version


def common_facts(found: ImportSession) -> dict[str, object]:
    """Return what every page says about a file: CRS, encoding, where the answers come from."""
    remembered = get_change_set(db_session(), found.remembered_from) if found.remembered_from else None
    detail = detail_of(layers().get(found.layer), found.options.detail or "")
    return {
        "facts": found.facts,
        "detail": detail,
        "crs": _known(found.report.crs, remembered.crs if remembered else None),
        "encoding": _known(found.report.encoding, remembered.encoding if remembered else None),
        "remembered": remembered,
        "is_old": _is_empty_and_old(found),
        "sources": SOURCE_TEXTS,
        "encodings": ENCODING_LABELS,
    }


def _known(known: Known, remembered: str | None) -> Known:
    """Return a fact about the file; what was given only by an earlier import says so."""
    is_taken_over = known.source == "given" and known.value == remembered
    return replace(known, source="remembered") if is_taken_over else known


def _problems(found: ImportSession, kind: type[Feature], names: tuple[str, ...], *, limit: int) -> list[ProblemLine]:
    return [
        problem_line(filled_by(kind, found), item)
        for name in names
        for item in listed.items_of(db_session(), found.id, name, limit=limit)
    ]


def search_words(sent: Mapping[str, str]) -> str:
    """Return what is looked for in the lists of a preview."""
    return " ".join(sent.get("search", "").split())[:_LONGEST_SEARCH]


def settings_here() -> Settings:
    """Return the application's settings."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings
