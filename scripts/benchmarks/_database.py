"""A database of its own for a benchmark that does not use the one filled for the others."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from sqlalchemy import URL

from geodata.base.database import new_engine, parse_database_url
from scripts.base.paths import ROOT, VAR
from scripts.cluster.cluster import Cluster
from scripts.cluster.configuration import OWNER, ROLE
from scripts.cluster.database import connect
from scripts.cluster.rights import grant_rights


@contextmanager
def own_database(name: str) -> Iterator[URL]:
    """Give a migrated, empty database in the benchmarks' cluster as the application reaches it, dropped at the end."""
    with Cluster(VAR / "bench-pg").in_use() as cluster:
        cluster.drop_database(name)
        cluster.make_database(name)
        try:
            owner = new_engine(cluster.url(database=name, role=OWNER))
            with owner.connect() as migrating:
                config = Config(toml_file=str(ROOT / "pyproject.toml"))
                config.attributes["connection"] = migrating
                command.upgrade(config, "head")
                migrating.commit()
            owner.dispose()
            with connect(cluster.url(database=name, role=OWNER)) as connection:
                grant_rights(connection, ROLE)
            yield parse_database_url(cluster.url(database=name))
        finally:
            cluster.drop_database(name)
