"""The catalogue of violations: wording and fines of the decrees, each with its days."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inspection_violation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=True),
        sa.Column("point", sa.Text(), nullable=True),
        sa.Column("wording", sa.Text(), nullable=False),
        *(
            sa.Column(f"{who}_{end}_vnd", sa.BigInteger(), nullable=True)
            for who in ("person", "organisation")
            for end in ("from", "to")
        ),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("is_verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("valid_from <= valid_to", name=op.f("ck_inspection_violation_valid_order")),
        sa.CheckConstraint("person_from_vnd <= person_to_vnd", name=op.f("ck_inspection_violation_person_order")),
        sa.CheckConstraint(
            "organisation_from_vnd <= organisation_to_vnd", name=op.f("ck_inspection_violation_organisation_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_violation")),
        sa.UniqueConstraint("code", name=op.f("uq_inspection_violation_code")),
    )


def downgrade() -> None:
    op.drop_table("inspection_violation")
