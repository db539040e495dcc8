"""What enterprises state for half-yearly and yearly reports; leased land in the reports on clusters."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "paper_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("feature_code", sa.Text(), nullable=False),
        sa.Column("feature_name", sa.Text(), nullable=False),
        sa.Column("period_ends_on", sa.Date(), nullable=False),
        sa.Column("code_sha256", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("open_until", sa.Date(), nullable=False),
        sa.Column("stated_by", sa.Text(), nullable=True),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("values", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("earlier", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_statement")),
        sa.UniqueConstraint("code_sha256", name=op.f("uq_paper_statement_code_sha256")),
        sa.UniqueConstraint(
            "layer", "feature_code", "period_ends_on", name=op.f("uq_paper_statement_layer_feature_code_period_ends_on")
        ),
    )
    op.add_column("cluster_report", sa.Column("leased_area_ha", sa.Numeric(10, 2), nullable=True))
    op.create_check_constraint(op.f("ck_cluster_report_leased_area_ha_range"), "cluster_report", "leased_area_ha >= 0")


def downgrade() -> None:
    op.drop_column("cluster_report", "leased_area_ha")
    op.drop_table("paper_statement")
