"""Imports on their way through the wizard: the stored file, the answers, the preview's lists, the progress."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

EMPTY = sa.text("'{}'::jsonb")


def upgrade() -> None:
    op.create_table(
        "import_session",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text()),
        sa.Column("file_path", sa.Text()),
        sa.Column("file_bytes", sa.BigInteger()),
        sa.Column("file_sha256", sa.Text()),
        sa.Column("keep_until", sa.Date()),
        sa.Column("options", JSONB(), server_default=EMPTY, nullable=False),
        sa.Column("remembered_from", sa.BigInteger()),
        sa.Column("report", JSONB(), server_default=EMPTY, nullable=False),
        sa.Column("facts", JSONB(), server_default=EMPTY, nullable=False),
        sa.Column("excluded_rows", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("accept_partial", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("seen_version", sa.Text()),
        sa.Column("step", sa.Text()),
        sa.Column("rows_done", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rows_total", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("step_started_at", sa.DateTime(timezone=True)),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True)),
        sa.Column("is_cancel_requested", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("change_set_id", sa.BigInteger()),
        sa.Column("reason", JSONB()),
        sa.PrimaryKeyConstraint("id", name="pk_import_session"),
        sa.ForeignKeyConstraint(
            ["change_set_id"],
            ["change_set.id"],
            name="fk_import_session_change_set_id_change_set",
            ondelete="SET NULL",
        ),
    )
    op.create_index("ix_import_session_change_set_id", "import_session", ["change_set_id"])
    op.create_table(
        "import_item",
        sa.Column("import_session_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("row_number", sa.BigInteger()),
        sa.Column("data", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("import_session_id", "kind", "position", name="pk_import_item"),
        sa.ForeignKeyConstraint(
            ["import_session_id"],
            ["import_session.id"],
            name="fk_import_item_import_session_id_import_session",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    op.drop_table("import_item")
    op.drop_table("import_session")
