"""Imports in words: stages, steps, modes, encodings and where an answer comes from."""

from geodata.base.i18n import N_
from geodata.history.change_sets import ChangeKind
from geodata.importing.sessions.model import Stage

STAGE_LABELS: dict[Stage, tuple[str, str, str]] = {
    Stage.WAITING: (N_("Waiting for the background worker"), "hourglass", "secondary"),
    Stage.CHECKING: (N_("Being checked"), "arrow-repeat", "primary"),
    Stage.ASKING: (N_("Has a question"), "question-circle", "warning"),
    Stage.READY: (N_("Ready to confirm"), "eye", "info"),
    Stage.CONFIRMED: (N_("Confirmed, waiting"), "hourglass", "secondary"),
    Stage.STORING: (N_("Being stored"), "arrow-repeat", "primary"),
    Stage.STORED: (N_("Stored"), "check-circle", "success"),
    Stage.REFUSED: (N_("Refused"), "x-octagon", "danger"),
    Stage.FAILED: (N_("Stopped"), "exclamation-triangle", "danger"),
    Stage.CANCELLED: (N_("Cancelled"), "slash-circle", "secondary"),
}
#: The five steps: endpoint and label.
STEPS = (
    ("imports.new", N_("Upload")),
    ("imports.questions", N_("Questions")),
    ("imports.preview", N_("Preview")),
    ("imports.confirm", N_("Confirm")),
    ("imports.report", N_("Report")),
)
KIND_LABELS: dict[str, str] = {
    ChangeKind.IMPORT: N_("Import"),
    ChangeKind.EDIT: N_("Edit"),
    ChangeKind.UNDO: N_("Undo"),
}
MODE_TEXTS = {
    "upsert": (N_("Update and add"), N_("Known codes are updated, new ones are added, the rest stays as it is.")),
    "append": (N_("Only add"), N_("Everything must be new; a code that is stored already is an error.")),
    "replace": (
        N_("Replace the whole layer"),
        N_("As above, and what the file does not have is deleted. It can be undone."),
    ),
}
#: The same of what hangs on objects: a file speaks of the objects that it names.
DETAIL_MODE_TEXTS = {
    "upsert": (N_("Update and add"), N_("Known rows are updated, new ones are added, the rest stays as it is.")),
    "append": (N_("Only add"), N_("Everything must be new; a row that is stored already is an error.")),
    "replace": (
        N_("Replace the rows of the objects in the file"),
        N_("As above, and rows of these objects that the file does not have are deleted. It can be undone."),
    ),
}
ENCODING_LABELS = {
    "utf-8": "UTF-8 (Unicode)",
    "tcvn3": "TCVN3 (ABC)",
    "vni": "VNI Windows",
    "cp1258": "Windows-1258",
    "viqr": "VIQR",
    "cp1252": "Windows-1252",
}
SOURCE_TEXTS = {
    "prj": N_("said by the file's .prj"),
    "file": N_("said by the file"),
    "cpg": N_("said by the file's .cpg"),
    "given": N_("chosen by you"),
    "remembered": N_("taken over from last time"),
    "detected": N_("recognised from the texts"),
    "none": N_("not said by the file"),
}
