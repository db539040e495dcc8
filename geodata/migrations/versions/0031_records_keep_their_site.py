"""Records keep their site, and minutes have a number of their own series per year."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_HOLDERS = ("inspection_target", "inspection_visit", "inspection_finding", "inspection_paper")


def upgrade() -> None:
    _tie("RESTRICT")
    op.create_table(
        "paper_series",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "year", name="pk_paper_series"),
    )
    op.add_column("inspection_paper", sa.Column("number", sa.Text(), nullable=True))
    # What was printed before keeps its number; the series go on after it.
    op.execute("UPDATE inspection_paper SET number = id || '/BB-KT' WHERE edition > 0")
    op.execute(
        "INSERT INTO paper_series SELECT 'BB-SCT', extract(year FROM planned_on), max(id) FROM inspection_paper "
        "WHERE edition > 0 GROUP BY 2"
    )


def downgrade() -> None:
    op.drop_column("inspection_paper", "number")
    op.drop_table("paper_series")
    _tie("CASCADE")


def _tie(on_delete: str) -> None:
    for table in _HOLDERS:
        name = f"fk_{table}_feature_id_fuel_site"
        op.drop_constraint(name, table)
        op.create_foreign_key(name, table, "fuel_site", ["feature_id"], ["id"], ondelete=on_delete)
