"""Imports every module that owns tables, so that migrations and create-all see the whole schema."""

from geodata import (
    access,
    data_version,
    documents,
    history,
    import_sessions,
    indicators,
    inspection_records,
    saved_views,
)
from geodata.database import Base
from geodata.inspections import scores
from geodata.layers import LAYERS

METADATA = Base.metadata

__all__ = [
    "LAYERS",
    "METADATA",
    "access",
    "data_version",
    "documents",
    "history",
    "import_sessions",
    "indicators",
    "inspection_records",
    "saved_views",
    "scores",
]
