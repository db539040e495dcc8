"""Triggers: data versions for caches, the certificate history, and an audit log nobody can edit."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Which layer a table belongs to, as of this migration.
TABLES = {
    "fuel_site": "fuel_sites",
    "certificate": "fuel_sites",
    "inspection_visit": "fuel_sites",
    "inspection_finding": "fuel_sites",
    "inspection_target": "fuel_sites",
    "market": "markets",
    "market_price_plan": "markets",
    "substation": "substations",
    "transformer": "substations",
    "load_measurement": "substations",
    "power_line": "power_lines",
    "industrial_cluster": "industrial_clusters",
    "cluster_dossier_step": "industrial_clusters",
    "planning_zone": "planning_zones",
    "admin_unit": "admin_units",
}


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION note_data_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO data_change (layer, transaction_id)
            VALUES (TG_ARGV[0], pg_current_xact_id()::text::bigint) ON CONFLICT DO NOTHING;
            RETURN NULL;
        END $$
        """
    )
    # One call in the migration of a new table: SELECT watch_layer('warehouse', 'warehouses')
    op.execute(
        """
        CREATE FUNCTION watch_layer(table_name regclass, layer text) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            EXECUTE format('CREATE TRIGGER note_data_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s '
                           'FOR EACH STATEMENT EXECUTE FUNCTION note_data_change(%L)', table_name, layer);
        END $$
        """
    )
    watch = sa.text("SELECT watch_layer(CAST(:table AS regclass), :layer)")
    for table, layer in TABLES.items():
        op.get_bind().execute(watch, {"table": table, "layer": layer})
    # The site repeats its latest certificate so that files and filters stay flat; whatever door writes
    # it, the certificate itself goes into the history.
    op.execute(
        """
        CREATE FUNCTION keep_certificate() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO certificate AS c (feature_id, certificate_no, issued_on, expires_on, authority,
                                          revoked_on, suspended_from, suspended_to)
            SELECT id, certificate_no, certificate_issued_on, certificate_expires_on, certificate_authority,
                   certificate_revoked_on, certificate_suspended_from, certificate_suspended_to
            FROM written WHERE certificate_no IS NOT NULL
            ON CONFLICT (feature_id, certificate_no) DO UPDATE SET
                issued_on = excluded.issued_on, expires_on = excluded.expires_on,
                authority = excluded.authority, revoked_on = excluded.revoked_on,
                suspended_from = excluded.suspended_from, suspended_to = excluded.suspended_to
            WHERE (c.issued_on, c.expires_on, c.authority, c.revoked_on, c.suspended_from, c.suspended_to)
                IS DISTINCT FROM (excluded.issued_on, excluded.expires_on, excluded.authority,
                                  excluded.revoked_on, excluded.suspended_from, excluded.suspended_to);
            RETURN NULL;
        END $$
        """
    )
    for event in ("INSERT", "UPDATE"):
        op.execute(
            f"CREATE TRIGGER keep_certificate_{event.lower()} AFTER {event} ON fuel_site "
            "REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION keep_certificate()"
        )
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the audit log can only be added to';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER append_only ON audit_entry")
    op.execute("DROP FUNCTION refuse_change()")
    for event in ("insert", "update"):
        op.execute(f"DROP TRIGGER keep_certificate_{event} ON fuel_site")
    op.execute("DROP FUNCTION keep_certificate()")
    for table in TABLES:
        op.execute(f"DROP TRIGGER note_data_change ON {table}")
    op.execute("DROP FUNCTION watch_layer(regclass, text)")
    op.execute("DROP FUNCTION note_data_change()")
