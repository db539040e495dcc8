"""Imports every module that owns tables, so that migrations and create-all see the whole schema."""

from geodata.accounts import access, identities, outside, saved_views, second_factor, sketches, tokens
from geodata.attachments import stored as attachments
from geodata.base import data_version
from geodata.base.database import Base
from geodata.editing import proposals, reviewed
from geodata.export import runs as export_runs
from geodata.following import digests, follows
from geodata.grid import events as grid_events, tables as grid_tables
from geodata.history import change_sets
from geodata.importing.sessions import sessions
from geodata.inspections import catalogue, issued, records, reviews, scores, series
from geodata.layers import LAYERS
from geodata.papers import sent, statements, templates
from geodata.projects import photos as project_photos
from geodata.query import documents, merged
from geodata.statistics import figure_changes, indicators

METADATA = Base.metadata

__all__ = [
    "LAYERS",
    "METADATA",
    "access",
    "attachments",
    "catalogue",
    "change_sets",
    "data_version",
    "digests",
    "documents",
    "export_runs",
    "figure_changes",
    "follows",
    "grid_events",
    "grid_tables",
    "identities",
    "indicators",
    "issued",
    "merged",
    "outside",
    "project_photos",
    "proposals",
    "records",
    "reviewed",
    "reviews",
    "saved_views",
    "scores",
    "second_factor",
    "sent",
    "series",
    "sessions",
    "sketches",
    "statements",
    "templates",
    "tokens",
]
