"""Points of large layers by themselves, stored as tiles of middle zooms draw them."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "placed_point",
        sa.Column("level_id", sa.Integer(), nullable=False),
        sa.Column("block_x", sa.Integer(), nullable=False),
        sa.Column("block_y", sa.Integer(), nullable=False),
        sa.Column("cell_x", sa.Integer(), nullable=False),
        sa.Column("cell_y", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("c", sa.Integer(), nullable=False),
        sa.Column("x", sa.Double(), nullable=False),
        sa.Column("y", sa.Double(), nullable=False),
        sa.Column("t", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "level_id", "block_x", "block_y", "cell_x", "cell_y", "id", name=op.f("pk_placed_point")
        ),
        # No foreign key: it would be asked once a row, and one at a time writes both tables.
    )
    _forget_levels()


def downgrade() -> None:
    op.drop_table("placed_point")
    _forget_levels()


def _forget_levels() -> None:
    """Have the background make them anew within a minute: the others hold points of one kind only, or of other fields."""
    op.execute("DELETE FROM merged_point")
    op.execute("DELETE FROM merged_level")
