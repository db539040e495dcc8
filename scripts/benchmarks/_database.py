"""A database of its own for a benchmark that does not use the one filled for the others."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from sqlalchemy import URL

from geodata.database import new_engine
from scripts.cluster import Cluster
from scripts.paths import ROOT, VAR


@contextmanager
def own_database(name: str) -> Iterator[URL]:
    """Give a migrated, empty database in the benchmarks' cluster, dropped at the end."""
    with Cluster(VAR / "bench-pg").in_use() as cluster:
        cluster.drop_database(name)
        cluster.make_database(name)
        try:
            engine = new_engine(cluster.url(database=name))
            with engine.connect() as migrating:
                config = Config(toml_file=str(ROOT / "pyproject.toml"))
                config.attributes["connection"] = migrating
                command.upgrade(config, "head")
                migrating.commit()
            engine.dispose()
            yield engine.url
        finally:
            cluster.drop_database(name)
