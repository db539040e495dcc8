"""What programs are told of an undo."""

from typing import TypedDict


class KeptAnswer(TypedDict):
    """A later edit that an undo left alone, as programs read it; see KeptEdit."""

    feature_id: int
    code: str
    fields: list[str]
    reason: str


class UndoAnswer(TypedDict):
    """What an undo did, as programs read it; see UndoReport."""

    undo_id: str
    import_id: str
    layer: str
    counts: dict[str, int]
    kept: list[KeptAnswer]
