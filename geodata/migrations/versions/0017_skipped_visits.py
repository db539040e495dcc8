"""Why a planned visit was left out on its day."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inspection_paper", sa.Column("skip_reason", sa.Text()))


def downgrade() -> None:
    op.drop_column("inspection_paper", "skip_reason")
