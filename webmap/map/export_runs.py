"""The background's part of exports: the file of an address, made for who asked for it and under his rights then.

A module of tasks for the worker: `python -m geodata.jobs webmap.map.export_runs webmap.worker`.
"""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import procrastinate
from procrastinate import RetryStrategy
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from geodata.accounts.access import readable_by, visible_fields
from geodata.accounts.reader import Reader, reading_as
from geodata.base.database import new_engine
from geodata.export.formats import export_features
from geodata.export.runs import MAKE_EXPORT, ExportRun, make_export
from geodata.jobs import MAX_ATTEMPTS, QUEUE, layers_of
from geodata.query.spatial import measures_of
from geodata.schema.registry import Registry
from geodata.schema.roles import Role
from webmap.app.query import FilterParser


@QUEUE.task(
    name=MAKE_EXPORT,
    pass_context=True,
    retry=RetryStrategy(max_attempts=MAX_ATTEMPTS, wait=5, retry_exceptions={OperationalError}),
)
def _make_export(context: procrastinate.JobContext, number: int) -> None:
    """Make a file that waits, or whose worker was lost in the middle."""
    engine = new_engine(pool_size=2)
    try:
        make(engine, number, layers_of(context), is_retry=context.job.attempts > 0)
    finally:
        engine.dispose()


def make(engine: Engine, number: int, registry: Registry, *, is_retry: bool = False) -> None:
    """Make one file. `registry`: the layers of the application."""
    write = partial(_write, engine, registry)
    with Session(engine) as session:
        path = session.get_one(ExportRun, number).file_path
        session.commit()
        folder = Path(path).parent
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as made:
            make_export(session, number, lambda run, tell: write(run, Path(made), tell), is_retry=is_retry)


def _write(engine: Engine, registry: Registry, run: ExportRun, folder: Path, tell: Callable[[int], None]) -> Path:
    """Write the file in one transaction of its own, so that it shows one moment."""
    kind, reader = registry.get(run.layer), Reader(role=Role(run.role), areas=tuple(run.areas))
    fields, readable = visible_fields(reader.role, kind), readable_by(reader.role, registry)
    arguments = MultiDict([(name, value) for name, value in run.arguments])
    with engine.connect() as whole, reading_as(whole, registry, reader) as connection:
        parser = FilterParser(kind=kind, visible=fields, readable=readable, connection=connection)
        conditions = parser.parse(arguments)
        return export_features(
            connection, kind, fields, conditions, format=run.format, crs=arguments.get("crs"), target=folder / run.layer,
            measures=measures_of(kind, conditions), progress=tell,
        )  # fmt: skip
