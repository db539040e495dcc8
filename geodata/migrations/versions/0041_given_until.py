"""A given password that is not replaced opens for some days only. Those given before have no end."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("given_until", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("account", "given_until")
