"""Who holds each step of a dossier, and the steps by which a market changes its management."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cluster_dossier_step", sa.Column("held_by", sa.Text(), nullable=True))
    op.create_table(
        "market_conversion_step",
        sa.Column("feature_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "step",
            sa.Enum(
                "review",
                "plan",
                "appraisal",
                "approved",
                "selection",
                "handover",
                name="conversion_task",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("held_by", sa.Text(), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("change_set_id", sa.BigInteger(), server_default=sa.text("current_change_set()"), nullable=True),
        sa.ForeignKeyConstraint(
            ["feature_id"],
            ["market.id"],
            name=op.f("fk_market_conversion_step_feature_id_market"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_market_conversion_step")),
    )
    op.create_index(
        op.f("ix_market_conversion_step_feature_id"), "market_conversion_step", ["feature_id"], unique=False
    )
    op.execute("SELECT watch_layer('market_conversion_step', 'markets')")


def downgrade() -> None:
    op.drop_table("market_conversion_step")
    op.drop_column("cluster_dossier_step", "held_by")
