"""How much an uploaded file may hold and its reader may use. Every limit is named in the message it causes."""

from dataclasses import asdict, dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of one import; the reader process gets them as JSON."""

    file_bytes: int = 500 * MEGABYTE
    archive_entries: int = 100
    archive_bytes: int = 2048 * MEGABYTE
    archive_ratio: int = 200
    rows: int = 2_000_000
    columns: int = 300
    text_length: int = 10_000
    vertices_per_feature: int = 500_000
    parts_per_feature: int = 20_000
    extra_bytes: int = 8_192
    memory_bytes: int = 2048 * MEGABYTE
    cpu_seconds: int = 120
    wall_seconds: int = 180

    def as_dict(self) -> dict[str, int]:
        """Return the limits as plain data."""
        return asdict(self)
