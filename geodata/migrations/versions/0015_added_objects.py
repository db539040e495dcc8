"""What was added is written down when it first changes: until then the stored row itself is what the history says."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# The tables of objects, as of this migration.
TABLES = {
    "fuel_site": "fuel_sites",
    "market": "markets",
    "substation": "substations",
    "power_line": "power_lines",
    "industrial_cluster": "industrial_clusters",
    "planning_zone": "planning_zones",
    "admin_unit": "admin_units",
}
WATCH = """
CREATE OR REPLACE FUNCTION watch_layer(table_name regclass, layer text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER note_data_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s '
                   'FOR EACH STATEMENT EXECUTE FUNCTION note_data_change(%L)', table_name, layer);
END $$
"""
WATCH_AND_KEEP = """
CREATE OR REPLACE FUNCTION watch_layer(table_name regclass, layer text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER note_data_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s '
                   'FOR EACH STATEMENT EXECUTE FUNCTION note_data_change(%L)', table_name, layer);
    -- What hangs on an object has no change set of its own.
    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = table_name AND attname = 'change_set_id' AND NOT attisdropped)
    THEN
        PERFORM keep_added_of(table_name, layer);
    END IF;
END $$
"""


def upgrade() -> None:
    # An object that a change set added has no row in the history as long as it is as it was added. Whatever door
    # changes or deletes it, this writes down first what was added.
    op.execute(
        """
        CREATE FUNCTION keep_added() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            not_data text[];
        BEGIN
            SELECT '{id,updated_at,change_set_id}'::text[] || coalesce(array_agg(attname::text), '{}')
            INTO not_data FROM pg_attribute WHERE attrelid = TG_RELID AND attgenerated <> '';
            INSERT INTO feature_change (change_set_id, layer, feature_id, code, after)
            SELECT o.change_set_id, TG_ARGV[0], o.id, o.code,
                   (to_jsonb(o) - not_data) || jsonb_build_object('geom', o.geom::text)
            FROM old_rows o
            WHERE o.change_set_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM feature_change c WHERE c.change_set_id = o.change_set_id AND c.feature_id = o.id)
            ON CONFLICT DO NOTHING;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION keep_added_of(table_name regclass, layer text) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            event text;
        BEGIN
            FOREACH event IN ARRAY '{update,delete}'::text[] LOOP
                EXECUTE format('CREATE TRIGGER keep_added_%s AFTER %s ON %s REFERENCING OLD TABLE AS old_rows '
                               'FOR EACH STATEMENT EXECUTE FUNCTION keep_added(%L)', event, event, table_name, layer);
            END LOOP;
        END $$
        """
    )
    op.execute(WATCH_AND_KEEP)
    keep = sa.text("SELECT keep_added_of(CAST(:table AS regclass), :layer)")
    for table, layer in TABLES.items():
        op.get_bind().execute(keep, {"table": table, "layer": layer})


def downgrade() -> None:
    # The older version reads every added object from the history.
    for table in TABLES:
        op.execute(f"UPDATE {table} SET change_set_id = change_set_id WHERE change_set_id IS NOT NULL")
        for event in ("update", "delete"):
            op.execute(f"DROP TRIGGER keep_added_{event} ON {table}")
    op.execute(WATCH)
    op.execute("DROP FUNCTION keep_added_of(regclass, text)")
    op.execute("DROP FUNCTION keep_added()")
