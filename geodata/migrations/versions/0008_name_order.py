"""An index per layer for lists in Vietnamese order of names."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# The layers as of this migration.
TABLES = (
    "fuel_site", "market", "substation", "power_line", "industrial_cluster", "planning_zone", "admin_unit",
)  # fmt: skip


def upgrade() -> None:
    for table in TABLES:
        op.create_index(f"ix_{table}_name", table, [sa.text("name COLLATE vi_icu"), "id"])


def downgrade() -> None:
    for table in TABLES:
        op.drop_index(f"ix_{table}_name", table_name=table)
