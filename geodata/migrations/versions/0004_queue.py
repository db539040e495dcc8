"""Tables and functions of the background queue, as procrastinate 3.10 ships them."""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The schema holds “%” and several statements: hand it to the driver as it is.
    op.get_bind().connection.cursor().execute(SchemaManager.get_schema())


def downgrade() -> None:
    bind = op.get_bind()
    tables = sa.text(
        "SELECT tablename FROM pg_tables WHERE tablename LIKE 'procrastinate\\_%' AND schemaname = 'public'"
    )
    for name in bind.execute(tables).scalars().all():
        bind.execute(sa.text(f'DROP TABLE IF EXISTS "{name}" CASCADE'))
    functions = sa.text("SELECT oid::regprocedure::text FROM pg_proc WHERE proname LIKE 'procrastinate\\_%'")
    for name in bind.execute(functions).scalars().all():
        bind.execute(sa.text(f"DROP FUNCTION IF EXISTS {name} CASCADE"))
    types = sa.text(
        "SELECT typname FROM pg_type WHERE typname LIKE 'procrastinate\\_%' AND typtype IN ('e', 'c') AND typelem = 0"
    )
    for name in bind.execute(types).scalars().all():
        bind.execute(sa.text(f'DROP TYPE IF EXISTS "{name}" CASCADE'))
