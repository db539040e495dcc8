"""The rest of the fields of the domain brief; search looks into document numbers and owners too."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Written out: a migration must not change with the models.
CHECKS = {
    "fuel_site": {"tank_count_range": "tank_count >= 0", "cylinder_stock_kg_range": "cylinder_stock_kg >= 0"},
    "market": {"capital_source": "capital_source IN ('budget', 'private', 'mixed')"},
    "power_line": {"bundle_count_range": "bundle_count BETWEEN 1 AND 8"},
}
SEARCH_TEXT = {
    "fuel_site": "fold_text(code || ' ' || name || ' ' || coalesce(address, '') || ' ' || coalesce(certificate_no, '') || ' ' || coalesce(trader, '') || ' ' || coalesce(brand, ''))",
    "market": "fold_text(code || ' ' || name || ' ' || coalesce(address, '') || ' ' || coalesce(manager, '') || ' ' || coalesce(document_no, ''))",
    "substation": "fold_text(code || ' ' || name || ' ' || coalesce(address, '') || ' ' || coalesce(dispatch_code, '') || ' ' || coalesce(owner, '') || ' ' || coalesce(plan_document_no, ''))",
    "power_line": "fold_text(code || ' ' || name || ' ' || coalesce(address, '') || ' ' || coalesce(owner, '') || ' ' || coalesce(plan_document_no, ''))",
    "industrial_cluster": "fold_text(code || ' ' || name || ' ' || coalesce(address, '') || ' ' || coalesce(investor, '') || ' ' || coalesce(listing_decision_no, '') || ' ' || coalesce(establishment_decision_no, ''))",
    "planning_zone": "fold_text(code || ' ' || name || ' ' || coalesce(address, '') || ' ' || coalesce(document_no, ''))",
    "admin_unit": "fold_text(code || ' ' || name || ' ' || coalesce(address, '') || ' ' || coalesce(full_name, '') || ' ' || coalesce(former_district, ''))",
}
OLD_SEARCH_TEXT = "fold_text(code || ' ' || name || ' ' || coalesce(address, ''))"


def _write_search_text(expressions: dict[str, str]) -> None:
    for table, expression in expressions.items():
        op.drop_column(table, "search_text")
        op.add_column(
            table, sa.Column("search_text", sa.Text(), sa.Computed(expression, persisted=True), nullable=False)
        )
        op.create_index(
            f"ix_{table}_search_text",
            table,
            ["search_text"],
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        )


def upgrade() -> None:
    op.create_table(
        "cluster_report",
        sa.Column("feature_id", sa.BigInteger(), nullable=False),
        sa.Column("period_ends_on", sa.Date(), nullable=False),
        sa.Column("project_count", sa.Integer(), nullable=True),
        sa.Column("registered_capital_vnd", sa.BigInteger(), nullable=True),
        sa.Column("worker_count", sa.Integer(), nullable=True),
        sa.Column("revenue_vnd", sa.BigInteger(), nullable=True),
        sa.Column("budget_paid_vnd", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint("budget_paid_vnd >= 0", name=op.f("ck_cluster_report_budget_paid_vnd_range")),
        sa.CheckConstraint("project_count >= 0", name=op.f("ck_cluster_report_project_count_range")),
        sa.CheckConstraint("registered_capital_vnd >= 0", name=op.f("ck_cluster_report_registered_capital_vnd_range")),
        sa.CheckConstraint("revenue_vnd >= 0", name=op.f("ck_cluster_report_revenue_vnd_range")),
        sa.CheckConstraint("worker_count >= 0", name=op.f("ck_cluster_report_worker_count_range")),
        sa.ForeignKeyConstraint(
            ["feature_id"],
            ["industrial_cluster.id"],
            name=op.f("fk_cluster_report_feature_id_industrial_cluster"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cluster_report")),
    )
    op.create_index(op.f("ix_cluster_report_feature_id"), "cluster_report", ["feature_id"], unique=False)
    op.add_column("fuel_site", sa.Column("tank_count", sa.Integer(), nullable=True))
    op.add_column("fuel_site", sa.Column("cylinder_stock_kg", sa.Numeric(precision=12, scale=1), nullable=True))
    op.add_column("fuel_site", sa.Column("brand", sa.Text(), nullable=True))
    op.add_column("fuel_site", sa.Column("supplier_contract_to", sa.Date(), nullable=True))
    op.add_column("fuel_site", sa.Column("pressure_check_to", sa.Date(), nullable=True))
    op.add_column("fuel_site", sa.Column("environment_paper_no", sa.Text(), nullable=True))
    op.add_column("industrial_cluster", sa.Column("investment_approval_no", sa.Text(), nullable=True))
    op.add_column("market", sa.Column("capital_source", sa.String(40), nullable=True))
    op.add_column("market", sa.Column("waste_collected", sa.Boolean(), nullable=True))
    op.add_column("market", sa.Column("food_safety_ok", sa.Boolean(), nullable=True))
    op.add_column("power_line", sa.Column("bundle_count", sa.Integer(), nullable=True))
    for table, checks in CHECKS.items():
        for name, condition in checks.items():
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    op.get_bind().execute(sa.text("SELECT watch_layer('cluster_report', 'industrial_clusters')"))
    _write_search_text(SEARCH_TEXT)


def downgrade() -> None:
    _write_search_text(dict.fromkeys(SEARCH_TEXT, OLD_SEARCH_TEXT))
    op.drop_column("power_line", "bundle_count")
    op.drop_column("market", "food_safety_ok")
    op.drop_column("market", "waste_collected")
    op.drop_column("market", "capital_source")
    op.drop_column("industrial_cluster", "investment_approval_no")
    op.drop_column("fuel_site", "environment_paper_no")
    op.drop_column("fuel_site", "pressure_check_to")
    op.drop_column("fuel_site", "supplier_contract_to")
    op.drop_column("fuel_site", "brand")
    op.drop_column("fuel_site", "cylinder_stock_kg")
    op.drop_column("fuel_site", "tank_count")
    op.drop_index(op.f("ix_cluster_report_feature_id"), table_name="cluster_report")
    op.drop_table("cluster_report")
