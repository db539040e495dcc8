"""The areas that an account is limited to: only planners have such, and only there they see features."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "account", sa.Column("areas", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)
    )
    op.create_check_constraint(op.f("ck_account_areas_of_planners"), "account", "areas = '{}' OR role = 'planner'")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_account_areas_of_planners"), "account", type_="check")
    op.drop_column("account", "areas")
