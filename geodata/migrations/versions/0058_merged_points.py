"""Points of large layers, merged for low zooms and stored."""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("data_change", sa.Column("is_merged", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.create_table(
        "merged_level",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merged_level")),
        sa.UniqueConstraint("layer", "fields", name=op.f("uq_merged_level_layer_fields")),
    )
    op.create_table(
        "merged_point",
        sa.Column("level_id", sa.Integer(), nullable=False),
        sa.Column("zoom", sa.SmallInteger(), nullable=False),
        sa.Column("block_x", sa.Integer(), nullable=False),
        sa.Column("block_y", sa.Integer(), nullable=False),
        sa.Column("cell_x", sa.Integer(), nullable=False),
        sa.Column("cell_y", sa.Integer(), nullable=False),
        sa.Column("c", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("x", sa.Double(), nullable=False),
        sa.Column("y", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint(
            "level_id", "zoom", "block_x", "block_y", "cell_x", "cell_y", "c", name=op.f("pk_merged_point")
        ),
        # No foreign key: it would be asked once a row, and one at a time writes both tables.
    )


def downgrade() -> None:
    op.drop_table("merged_point")
    op.drop_table("merged_level")
    op.drop_column("data_change", "is_merged")
