"""Named growth scenarios of indicators; what each save of figures changed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

OLD_KEY = "uq_indicator_value_indicator_id_period_version"
NEW_KEY = "uq_indicator_value_indicator_id_period_version_scenario"


def upgrade() -> None:
    op.add_column("indicator_value", sa.Column("scenario", sa.Text(), server_default="", nullable=False))
    op.drop_constraint(op.f(OLD_KEY), "indicator_value")
    op.create_unique_constraint(op.f(NEW_KEY), "indicator_value", ["indicator_id", "period", "version", "scenario"])
    op.create_check_constraint(
        op.f("ck_indicator_value_only_scenarios_have_names"),
        "indicator_value",
        "scenario = '' OR version = 'scenario'",
    )
    version = sa.Enum(
        "actual", "estimate", "target", "scenario",
        name="figure_version", native_enum=False, create_constraint=True, length=40,
    )  # fmt: skip
    op.create_table(
        "indicator_change",
        sa.Column("change_set_id", sa.BigInteger(), nullable=False),
        sa.Column("indicator_id", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("version", version, nullable=False),
        sa.Column("scenario", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(
            ["change_set_id"], ["change_set.id"],
            name=op.f("fk_indicator_change_change_set_id_change_set"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["indicator_id"], ["indicator.id"],
            name=op.f("fk_indicator_change_indicator_id_indicator"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "change_set_id", "indicator_id", "period", "version", "scenario", name=op.f("pk_indicator_change")
        ),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("indicator_change")
    op.execute("DELETE FROM change_set WHERE layer = 'indicators'")
    op.drop_constraint(op.f("ck_indicator_value_only_scenarios_have_names"), "indicator_value")
    op.drop_constraint(op.f(NEW_KEY), "indicator_value")
    op.execute("DELETE FROM indicator_value WHERE scenario <> ''")
    op.create_unique_constraint(op.f(OLD_KEY), "indicator_value", ["indicator_id", "period", "version"])
    op.drop_column("indicator_value", "scenario")
