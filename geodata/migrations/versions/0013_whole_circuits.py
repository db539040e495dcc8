"""The circuit that a stretch of line belongs to: circuits run through substations, a row ends at each."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Written out: a migration must not change with the models.
SEARCH_TEXT = "fold_text(code || ' ' || name || ' ' || coalesce(address, '') || ' ' || coalesce(circuit_name, '') || ' ' || coalesce(owner, '') || ' ' || coalesce(plan_document_no, ''))"
OLD_SEARCH_TEXT = "fold_text(code || ' ' || name || ' ' || coalesce(address, '') || ' ' || coalesce(owner, '') || ' ' || coalesce(plan_document_no, ''))"


def _write_search_text(expression: str) -> None:
    op.drop_column("power_line", "search_text")
    op.add_column(
        "power_line", sa.Column("search_text", sa.Text(), sa.Computed(expression, persisted=True), nullable=False)
    )
    op.create_index(
        "ix_power_line_search_text",
        "power_line",
        ["search_text"],
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )


def upgrade() -> None:
    op.add_column("power_line", sa.Column("circuit_name", sa.Text(), nullable=True))
    op.create_index(op.f("ix_power_line_circuit_name"), "power_line", ["circuit_name"])
    _write_search_text(SEARCH_TEXT)


def downgrade() -> None:
    _write_search_text(OLD_SEARCH_TEXT)
    op.drop_index(op.f("ix_power_line_circuit_name"), table_name="power_line")
    op.drop_column("power_line", "circuit_name")
