"""Events that must not lose power."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "grid_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("power_mw", sa.Numeric(8, 2), nullable=True),
        sa.Column("station_code", sa.Text(), nullable=True),
        sa.Column("is_illustration", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("begins_on <= ends_on", name=op.f("ck_grid_event_days_in_order")),
        sa.CheckConstraint(
            "lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name=op.f("ck_grid_event_place_range")
        ),
        sa.CheckConstraint("power_mw > 0 AND power_mw <= 5000", name=op.f("ck_grid_event_power_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid_event")),
    )


def downgrade() -> None:
    op.drop_table("grid_event")
