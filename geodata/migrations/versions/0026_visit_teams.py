"""Several people write on one visit's paper."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inspection_paper_member",
        sa.Column("paper_id", sa.BigInteger(), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["inspection_paper.id"], ondelete="CASCADE",
            name=op.f("fk_inspection_paper_member_paper_id_inspection_paper"),
        ),
        sa.PrimaryKeyConstraint("paper_id", "account_name", name=op.f("pk_inspection_paper_member")),
    )  # fmt: skip
    op.create_index(op.f("ix_inspection_paper_member_account_name"), "inspection_paper_member", ["account_name"])


def downgrade() -> None:
    op.drop_table("inspection_paper_member")
