"""Maps of other servers that an administrator allows."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "map_source",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("layers", sa.Text(), nullable=False),
        sa.Column("attribution", sa.Text(), nullable=False),
        sa.Column("opacity", sa.SmallInteger(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("name <> '' AND length(name) <= 80", name=op.f("ck_map_source_name_length")),
        sa.CheckConstraint("kind IN ('xyz', 'wmts', 'wms')", name=op.f("ck_map_source_kind")),
        sa.CheckConstraint("audience IN ('everyone', 'staff', 'editors')", name=op.f("ck_map_source_audience")),
        sa.CheckConstraint("address ~ '^https?://' AND length(address) <= 1000", name=op.f("ck_map_source_address")),
        sa.CheckConstraint("opacity BETWEEN 10 AND 100", name=op.f("ck_map_source_opacity_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_map_source")),
        sa.UniqueConstraint("name", name=op.f("uq_map_source_name")),
    )


def downgrade() -> None:
    op.drop_table("map_source")
