"""What investors ask of a cluster: price of land, whom to ask, documents; and the transport hubs distances lead to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from geoalchemy2 import Geometry

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

_TEXTS = ("industries_en", "contact", "contact_phone", "contact_email")
_CHECKS = {
    "land_price_vnd_m2": "land_price_vnd_m2 >= 0",
    "contact_email": "contact_email ~ '^[^@[:space:]]+@[^@[:space:]]+$'",
}


def upgrade() -> None:
    for name in _TEXTS:
        op.add_column("industrial_cluster", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("industrial_cluster", sa.Column("land_price_vnd_m2", sa.BigInteger(), nullable=True))
    op.add_column("industrial_cluster", sa.Column("price_stated_on", sa.Date(), nullable=True))
    for name, condition in _CHECKS.items():
        op.create_check_constraint(op.f(f"ck_industrial_cluster_{name}_range"), "industrial_cluster", condition)
    op.create_table(
        "cluster_document",
        sa.Column("feature_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=True),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("change_set_id", sa.BigInteger(), server_default=sa.text("current_change_set()"), nullable=True),
        sa.CheckConstraint(
            "link ~ '^https://[^[:space:]]+$' AND length(link) <= 500", name=op.f("ck_cluster_document_link_range")
        ),
        sa.ForeignKeyConstraint(
            ["feature_id"],
            ["industrial_cluster.id"],
            name=op.f("fk_cluster_document_feature_id_industrial_cluster"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cluster_document")),
    )
    op.create_index(op.f("ix_cluster_document_feature_id"), "cluster_document", ["feature_id"], unique=False)
    op.execute("SELECT watch_layer('cluster_document', 'industrial_clusters')")
    _create_hubs()


def _create_hubs() -> None:
    op.create_geospatial_table(
        "transport_hub",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "seaport",
                "river_port",
                "airport",
                "motorway",
                "railway",
                name="hub_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("operator", sa.Text(), nullable=True),
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
                "fold_text(code || ' ' || name || ' ' || coalesce(address, '') || ' ' || coalesce(name_en, ''))",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("code <> '' AND length(code) <= 64", name=op.f("ck_transport_hub_code_range")),
        sa.CheckConstraint("name <> '' AND length(name) <= 300", name=op.f("ck_transport_hub_name_range")),
        sa.CheckConstraint("geom @ province_extent()", name=op.f("ck_transport_hub_inside_extent")),
        sa.CheckConstraint("st_isvalid(geom) AND NOT st_isempty(geom)", name=op.f("ck_transport_hub_valid_geometry")),
        sa.CheckConstraint(
            "valid_from IS NULL OR valid_to IS NULL OR valid_from <= valid_to", name=op.f("ck_transport_hub_valid_span")
        ),
        sa.ForeignKeyConstraint(
            ["change_set_id"], ["change_set.id"], name=op.f("fk_transport_hub_change_set_id_change_set")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transport_hub")),
        sa.UniqueConstraint("code", name="uq_transport_hub_key", postgresql_nulls_not_distinct=True),
    )
    op.create_index(op.f("ix_transport_hub_admin_unit_code"), "transport_hub", ["admin_unit_code"], unique=False)
    op.create_index(op.f("ix_transport_hub_change_set_id"), "transport_hub", ["change_set_id"], unique=False)
    op.create_geospatial_index(
        "ix_transport_hub_geom", "transport_hub", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_geospatial_index(
        "ix_transport_hub_geom_3857",
        "transport_hub",
        ["geom_3857"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        "ix_transport_hub_name",
        "transport_hub",
        ["name", "id"],
        unique=False,
        postgresql_ops={"name": "COLLATE vi_icu text_ops"},
    )
    op.create_index(
        "ix_transport_hub_search_text",
        "transport_hub",
        ["search_text"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
    op.get_bind().execute(sa.text("SELECT watch_layer('transport_hub', 'transport_hubs')"))


def downgrade() -> None:
    op.drop_table("transport_hub")
    op.drop_table("cluster_document")
    for name in _CHECKS:
        op.drop_constraint(op.f(f"ck_industrial_cluster_{name}_range"), "industrial_cluster")
    for name in (*_TEXTS, "land_price_vnd_m2", "price_stated_on"):
        op.drop_column("industrial_cluster", name)
