"""Rivers and canals, for where no base map is."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from geoalchemy2 import Geometry

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_geospatial_table(
        "waterway",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "river",
                "canal",
                name="waterway_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
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
                geometry_type="MULTILINESTRING",
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
                geometry_type="MULTILINESTRING",
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
                "fold_text(code || ' ' || name || ' ' || coalesce(address, ''))",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("code <> '' AND length(code) <= 64", name=op.f("ck_waterway_code_range")),
        sa.CheckConstraint("name <> '' AND length(name) <= 300", name=op.f("ck_waterway_name_range")),
        sa.CheckConstraint("geom @ province_extent()", name=op.f("ck_waterway_inside_extent")),
        sa.CheckConstraint("st_isvalid(geom) AND NOT st_isempty(geom)", name=op.f("ck_waterway_valid_geometry")),
        sa.CheckConstraint(
            "valid_from IS NULL OR valid_to IS NULL OR valid_from <= valid_to", name=op.f("ck_waterway_valid_span")
        ),
        sa.ForeignKeyConstraint(
            ["change_set_id"], ["change_set.id"], name=op.f("fk_waterway_change_set_id_change_set")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waterway")),
        sa.UniqueConstraint("code", name="uq_waterway_key", postgresql_nulls_not_distinct=True),
    )
    op.create_index(op.f("ix_waterway_admin_unit_code"), "waterway", ["admin_unit_code"], unique=False)
    op.create_index(op.f("ix_waterway_change_set_id"), "waterway", ["change_set_id"], unique=False)
    op.create_geospatial_index(
        "ix_waterway_geom", "waterway", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_geospatial_index(
        "ix_waterway_geom_3857",
        "waterway",
        ["geom_3857"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        "ix_waterway_name",
        "waterway",
        ["name", "id"],
        unique=False,
        postgresql_ops={"name": "COLLATE vi_icu text_ops"},
    )
    op.create_index(
        "ix_waterway_search_text",
        "waterway",
        ["search_text"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
    op.get_bind().execute(sa.text("SELECT watch_layer('waterway', 'waterways')"))


def downgrade() -> None:
    op.drop_table("waterway")
