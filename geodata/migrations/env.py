"""Alembic's environment: one connection, one advisory lock, one transaction per migration."""

from alembic import context
from sqlalchemy import Connection, text

from geoalchemy2 import alembic_helpers

from geodata.base.database import new_engine, owner_database_url
from geodata.tables import METADATA

#: Any number of starts may race; one migrates, the others wait and find nothing to do.
MIGRATION_LOCK = 20200302

#: Tables that no model reads: the queue's own, and where functions of the owner lay indexes aside (0022).
_NOT_OURS = ("procrastinate_", "index_aside")


def _include_object(item: object, name: str | None, kind: str, reflected: bool, compare_to: object) -> bool:
    if kind == "table" and name and name.startswith(_NOT_OURS):
        return False
    included: bool = alembic_helpers.include_object(item, name, kind, reflected, compare_to)
    return included


def run() -> None:
    """Migrate the database as its owner, or the connection handed in by the caller."""
    given = context.config.attributes.get("connection")
    if given is not None:
        _migrate(given)
        return
    engine = new_engine(owner_database_url())
    with engine.connect() as connection:
        connection.execute(text("SET LOCAL lock_timeout = 0"))  # another start may be busy with a long migration
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
        _migrate(connection)
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
    engine.dispose()


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        include_object=_include_object,
        process_revision_directives=alembic_helpers.writer,
        render_item=alembic_helpers.render_item,
        compare_server_default=False,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
