"""Files that are made in the background."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "export_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("areas", ARRAY(sa.Text()), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("arguments", JSONB(), nullable=False),
        sa.Column("rows_total", sa.BigInteger(), nullable=False),
        sa.Column("rows_done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("problem", sa.Text()),
        sa.Column("file_path", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text()),
        sa.Column("file_bytes", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_export_run"),
    )
    op.create_index("ix_export_run_account_name", "export_run", ["account_name"])
    op.create_index("ix_export_run_created_at", "export_run", ["created_at"])


def downgrade() -> None:
    op.drop_table("export_run")
