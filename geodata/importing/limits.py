"""How much an uploaded file may hold and its reader may use. Every limit is named in the message it causes."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from geodata.base.errors import ConfigurationError
from geodata.base.i18n import N_

MEGABYTE = 1024 * 1024
#: A limit called rows is set by IMPORT_ROWS.
PREFIX = "IMPORT_"


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


def limits_from_env(environ: Mapping[str, str] | None = None) -> Limits:
    """Return the limits with those that the environment sets. Raises ConfigurationError."""
    env = os.environ if environ is None else environ
    given: dict[str, int] = {}
    for name in (field.name for field in fields(Limits)):
        text = env.get(PREFIX + name.upper(), "").strip()
        if text and not (text.isascii() and text.isdigit() and int(text) > 0):
            raise ConfigurationError(name=PREFIX + name.upper(), reason=N_("it must be a whole number above 0"))
        if text:
            given[name] = int(text)
    return Limits(**given)
