"""Projects and what hangs on them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from geoalchemy2 import Geometry

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

TABLES = (
    "project",
    "project_capital",
    "project_meeting",
    "project_milestone",
    "project_object",
    "project_obstacle",
    "project_progress",
)


def upgrade() -> None:
    op.create_geospatial_table(
        "project",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "power_line",
                "substation",
                "cluster",
                "market",
                "resort",
                "other",
                name="project_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "proposed",
                "preparing",
                "building",
                "suspended",
                "done",
                "cancelled",
                name="project_status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("total_capital_vnd", sa.BigInteger(), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("document_on", sa.Date(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("admin_unit_code", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column(
            "location_accuracy",
            sa.Enum(
                "surveyed",
                "gps",
                "digitised",
                "approximate",
                name="location_accuracy",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("original_coordinates", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("is_illustration", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("extra", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("change_set_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "geom_3857",
            Geometry(
                geometry_type="POINT",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            sa.Computed("st_transform(geom, 3857)", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "search_text",
            sa.Text(),
            sa.Computed(
                "fold_text(code || ' ' || name || ' ' || coalesce(address, '') || ' ' || coalesce(owner, '') || ' ' || coalesce(document_no, ''))",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("code <> '' AND length(code) <= 64", name=op.f("ck_project_code_range")),
        sa.CheckConstraint("name <> '' AND length(name) <= 300", name=op.f("ck_project_name_range")),
        sa.CheckConstraint("geom @ province_extent()", name=op.f("ck_project_inside_extent")),
        sa.CheckConstraint("st_isvalid(geom) AND NOT st_isempty(geom)", name=op.f("ck_project_valid_geometry")),
        sa.CheckConstraint("total_capital_vnd >= 0", name=op.f("ck_project_total_capital_vnd_range")),
        sa.CheckConstraint(
            "valid_from IS NULL OR valid_to IS NULL OR valid_from <= valid_to", name=op.f("ck_project_valid_span")
        ),
        sa.ForeignKeyConstraint(["change_set_id"], ["change_set.id"], name=op.f("fk_project_change_set_id_change_set")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("code", name="uq_project_key", postgresql_nulls_not_distinct=True),
    )
    op.create_index(op.f("ix_project_admin_unit_code"), "project", ["admin_unit_code"], unique=False)
    op.create_index(op.f("ix_project_change_set_id"), "project", ["change_set_id"], unique=False)
    op.create_geospatial_index(
        "ix_project_geom", "project", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_geospatial_index(
        "ix_project_geom_3857", "project", ["geom_3857"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(
        "ix_project_name", "project", ["name", "id"], unique=False, postgresql_ops={"name": "COLLATE vi_icu text_ops"}
    )
    op.create_index(
        "ix_project_search_text",
        "project",
        ["search_text"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
    op.create_table(
        "project_capital",
        sa.Column("feature_id", sa.BigInteger(), nullable=False),
        sa.Column("budget_year", sa.Integer(), nullable=False),
        sa.Column("planned_vnd", sa.BigInteger(), nullable=True),
        sa.Column("disbursed_vnd", sa.BigInteger(), nullable=True),
        sa.Column("reported_on", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("change_set_id", sa.BigInteger(), server_default=sa.text("current_change_set()"), nullable=True),
        sa.CheckConstraint("disbursed_vnd >= 0", name=op.f("ck_project_capital_disbursed_vnd_range")),
        sa.CheckConstraint("planned_vnd >= 0", name=op.f("ck_project_capital_planned_vnd_range")),
        sa.CheckConstraint("budget_year BETWEEN 1990 AND 2100", name=op.f("ck_project_capital_budget_year_range")),
        sa.ForeignKeyConstraint(
            ["feature_id"], ["project.id"], name=op.f("fk_project_capital_feature_id_project"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_capital")),
    )
    op.create_index(op.f("ix_project_capital_feature_id"), "project_capital", ["feature_id"], unique=False)
    op.create_table(
        "project_meeting",
        sa.Column("feature_id", sa.BigInteger(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("change_set_id", sa.BigInteger(), server_default=sa.text("current_change_set()"), nullable=True),
        sa.ForeignKeyConstraint(
            ["feature_id"], ["project.id"], name=op.f("fk_project_meeting_feature_id_project"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_meeting")),
    )
    op.create_index(op.f("ix_project_meeting_feature_id"), "project_meeting", ["feature_id"], unique=False)
    op.create_table(
        "project_milestone",
        sa.Column("feature_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=True),
        sa.Column("forecast_on", sa.Date(), nullable=True),
        sa.Column("forecast_made_on", sa.Date(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("share_percent", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.Column("responsible", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("change_set_id", sa.BigInteger(), server_default=sa.text("current_change_set()"), nullable=True),
        sa.CheckConstraint("share_percent BETWEEN 0 AND 100", name=op.f("ck_project_milestone_share_percent_range")),
        sa.ForeignKeyConstraint(
            ["feature_id"], ["project.id"], name=op.f("fk_project_milestone_feature_id_project"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_milestone")),
    )
    op.create_index(op.f("ix_project_milestone_feature_id"), "project_milestone", ["feature_id"], unique=False)
    op.create_table(
        "project_object",
        sa.Column("feature_id", sa.BigInteger(), nullable=False),
        sa.Column("object_code", sa.Text(), nullable=False),
        sa.Column(
            "change",
            sa.Enum(
                "builds", "changes", "removes", name="change", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("change_set_id", sa.BigInteger(), server_default=sa.text("current_change_set()"), nullable=True),
        sa.ForeignKeyConstraint(
            ["feature_id"], ["project.id"], name=op.f("fk_project_object_feature_id_project"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_object")),
    )
    op.create_index(op.f("ix_project_object_feature_id"), "project_object", ["feature_id"], unique=False)
    op.create_table(
        "project_obstacle",
        sa.Column("feature_id", sa.BigInteger(), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("responsible", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "open", "acting", "settled", name="obstacle_state", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("change_set_id", sa.BigInteger(), server_default=sa.text("current_change_set()"), nullable=True),
        sa.ForeignKeyConstraint(
            ["feature_id"], ["project.id"], name=op.f("fk_project_obstacle_feature_id_project"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_obstacle")),
    )
    op.create_index(op.f("ix_project_obstacle_feature_id"), "project_obstacle", ["feature_id"], unique=False)
    op.create_table(
        "project_progress",
        sa.Column("feature_id", sa.BigInteger(), nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("percent", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("reported_by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("change_set_id", sa.BigInteger(), server_default=sa.text("current_change_set()"), nullable=True),
        sa.CheckConstraint("percent BETWEEN 0 AND 100", name=op.f("ck_project_progress_percent_range")),
        sa.ForeignKeyConstraint(
            ["feature_id"], ["project.id"], name=op.f("fk_project_progress_feature_id_project"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_progress")),
    )
    op.create_index(op.f("ix_project_progress_feature_id"), "project_progress", ["feature_id"], unique=False)
    watch = sa.text("SELECT watch_layer(CAST(:table AS regclass), 'projects')")
    for table in TABLES:
        op.get_bind().execute(watch, {"table": table})


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
