"""City indicators and their monthly figures."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "indicator",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), server_default="", nullable=False),
        sa.Column("is_index", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator")),
        sa.UniqueConstraint("code", name=op.f("uq_indicator_code")),
    )
    op.create_table(
        "indicator_value",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("indicator_id", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column(
            "version",
            sa.Enum(
                "actual",
                "estimate",
                "target",
                "scenario",
                name="figure_version",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="actual",
            nullable=False,
        ),
        sa.Column("value", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("month_change_percent", sa.Numeric(precision=10, scale=4), nullable=True),
        sa.Column("year_change_percent", sa.Numeric(precision=10, scale=4), nullable=True),
        sa.Column("cumulative", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("cumulative_change_percent", sa.Numeric(precision=10, scale=4), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("entered_by", sa.Text(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("extract(day from period) = 1", name=op.f("ck_indicator_value_period_is_a_month")),
        sa.CheckConstraint(
            "num_nonnulls(value, month_change_percent, year_change_percent, cumulative, cumulative_change_percent) > 0",
            name=op.f("ck_indicator_value_says_something"),
        ),
        sa.ForeignKeyConstraint(
            ["indicator_id"],
            ["indicator.id"],
            name=op.f("fk_indicator_value_indicator_id_indicator"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_value")),
        sa.UniqueConstraint(
            "indicator_id", "period", "version", name=op.f("uq_indicator_value_indicator_id_period_version")
        ),
    )
    op.create_index(op.f("ix_indicator_value_indicator_id"), "indicator_value", ["indicator_id"], unique=False)


def downgrade() -> None:
    op.drop_table("indicator_value")
    op.drop_table("indicator")
