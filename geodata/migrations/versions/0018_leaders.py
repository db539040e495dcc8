"""Leaders of inspections, and their answers to minutes: has issues, accepted."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_account_role_known"), "account", type_="check")
    op.create_check_constraint(
        op.f("ck_account_role_known"), "account", "role IN ('planner', 'inspector', 'leader', 'gis', 'admin')"
    )
    op.create_table(
        "inspection_review",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("paper_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "received",
                "issues",
                "accepted",
                name="review_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"],
            ["inspection_paper.id"],
            name=op.f("fk_inspection_review_paper_id_inspection_paper"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_review")),
    )
    op.create_index(op.f("ix_inspection_review_paper_id"), "inspection_review", ["paper_id"], unique=False)


def downgrade() -> None:
    op.drop_table("inspection_review")
    op.execute("UPDATE account SET role = 'inspector' WHERE role = 'leader'")
    op.drop_constraint(op.f("ck_account_role_known"), "account", type_="check")
    op.create_check_constraint(
        op.f("ck_account_role_known"), "account", "role IN ('planner', 'inspector', 'gis', 'admin')"
    )
