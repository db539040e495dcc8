"""Units tell which former ones they were formed from, and are found by these names."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

BEFORE = "fold_text(code || ' ' || name || ' ' || coalesce(address, '') || ' ' || coalesce(full_name, '') || ' ' || coalesce(former_district, ''))"
AFTER = BEFORE[:-1] + " || ' ' || coalesce(formed_from, ''))"


def _write_search_text(expression: str) -> None:
    op.drop_column("admin_unit", "search_text")
    op.add_column(
        "admin_unit", sa.Column("search_text", sa.Text(), sa.Computed(expression, persisted=True), nullable=False)
    )
    op.create_index(
        "ix_admin_unit_search_text",
        "admin_unit",
        ["search_text"],
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )


def upgrade() -> None:
    op.add_column("admin_unit", sa.Column("formed_from", sa.Text(), nullable=True))
    _write_search_text(AFTER)


def downgrade() -> None:
    _write_search_text(BEFORE)
    op.drop_column("admin_unit", "formed_from")
