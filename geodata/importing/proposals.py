"""Rows that no code identifies, and the stored objects that they may be. Plain data only."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A stored object that a row resembles: how far away in metres, and how alike the names are, up to 1."""

    feature_id: int
    code: str
    name: str
    metres: float
    likeness: float


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A row that no code identifies, and what it may be. `decision` is a candidate's code, "" for a new object, or None."""

    row: int
    code: str | None
    name: str
    point: tuple[float, float]
    candidates: tuple[Candidate, ...]
    is_unique: bool = False
    decision: str | None = None

    @property
    def taken(self) -> Candidate | None:
        """The stored object that the row is said to be."""
        return next((item for item in self.candidates if item.code == self.decision), None) if self.decision else None
