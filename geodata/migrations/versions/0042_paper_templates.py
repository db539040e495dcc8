"""Templates of papers; a sent paper keeps the template it was made of."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "paper_template",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_in_force", sa.Boolean(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("trial", sa.LargeBinary(), nullable=False),
        sa.Column("unused", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_template")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_paper_template_name_version")),
    )
    op.create_index(
        "uq_paper_template_in_force", "paper_template", ["name"], unique=True, postgresql_where=sa.text("is_in_force")
    )
    op.add_column("sent_paper", sa.Column("template", sa.LargeBinary(), nullable=True))
    op.add_column("sent_paper", sa.Column("template_sha256", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("sent_paper", "template_sha256")
    op.drop_column("sent_paper", "template")
    op.drop_index("uq_paper_template_in_force", table_name="paper_template")
    op.drop_table("paper_template")
