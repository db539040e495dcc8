"""What a stored import remembers of its answers: kept with its change set, and asked when a file like it comes."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The answers of one stored import. `signature` tells files with the same columns, `columns` is field → column."""

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    mode: str = "upsert"
    swap_axes: bool = False
    source_layer: str | None = None
    header_row: str | None = None
    coordinates: Mapping[str, str] = field(default_factory=dict)
    dates: str | None = None
    match: bool = False
    matches: Mapping[int, str] = field(default_factory=dict)
    operation: str | None = None
    signature: str | None = None
    detail: str | None = None
