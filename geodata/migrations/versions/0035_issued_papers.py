"""Numbered papers of campaigns."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inspection_issued_paper",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["inspection_campaign.id"],
            name=op.f("fk_inspection_issued_paper_campaign_id_inspection_campaign"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_issued_paper")),
    )
    op.create_index(op.f("ix_inspection_issued_paper_campaign_id"), "inspection_issued_paper", ["campaign_id"])
    op.execute(
        "CREATE TRIGGER keep_for_ever BEFORE UPDATE OR DELETE ON inspection_issued_paper "
        "FOR EACH ROW EXECUTE FUNCTION keep_for_ever()"
    )


def downgrade() -> None:
    op.drop_table("inspection_issued_paper")
