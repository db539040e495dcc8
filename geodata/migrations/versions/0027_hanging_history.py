"""What hangs on objects is in the history too: a row knows which change set added it, changes are written down."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# What hangs on objects, as of this migration: table -> layer and table of the objects.
HANGING = {
    "certificate": ("fuel_sites", "fuel_site"),
    "inspection_visit": ("fuel_sites", "fuel_site"),
    "inspection_finding": ("fuel_sites", "fuel_site"),
    "market_price_plan": ("markets", "market"),
    "transformer": ("substations", "substation"),
    "load_measurement": ("substations", "substation"),
    "cluster_dossier_step": ("industrial_clusters", "industrial_cluster"),
    "cluster_report": ("industrial_clusters", "industrial_cluster"),
}
WATCH = """
CREATE OR REPLACE FUNCTION watch_layer(table_name regclass, layer text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    parent regclass;
BEGIN
    EXECUTE format('CREATE TRIGGER note_data_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s '
                   'FOR EACH STATEMENT EXECUTE FUNCTION note_data_change(%L)', table_name, layer);
    IF NOT EXISTS (SELECT FROM pg_attribute
                   WHERE attrelid = table_name AND attname = 'change_set_id' AND NOT attisdropped) THEN
        RETURN;
    END IF;
    SELECT confrelid INTO parent
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    WHERE c.conrelid = table_name AND c.contype = 'f' AND a.attname = 'feature_id';
    IF parent IS NULL THEN
        PERFORM keep_added_of(table_name, layer);
    ELSE
        PERFORM keep_hanging_of(table_name, layer, parent::text);
    END IF;
END $$
"""
WATCH_BEFORE = """
CREATE OR REPLACE FUNCTION watch_layer(table_name regclass, layer text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER note_data_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s '
                   'FOR EACH STATEMENT EXECUTE FUNCTION note_data_change(%L)', table_name, layer);
    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = table_name AND attname = 'change_set_id' AND NOT attisdropped)
    THEN
        PERFORM keep_added_of(table_name, layer);
    END IF;
END $$
"""
# Statement triggers: what a change set added, before it is changed for the first time; and what the present change
# set changes or removes. What goes with its object is told with the object.
KEEP_HANGING = """
CREATE FUNCTION keep_hanging() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own bigint := current_change_set();
    of_layer text := nullif(TG_ARGV[0], '');
    is_left text := 'true';
BEGIN
    INSERT INTO hanging_change (change_set_id, layer, table_name, row_id, feature_id, after)
    SELECT o.change_set_id, coalesce(of_layer, to_jsonb(o) ->> 'layer'), TG_TABLE_NAME, o.id, o.feature_id,
           to_jsonb(o) - 'change_set_id'
    FROM old_rows o
    WHERE o.change_set_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM hanging_change c
        WHERE c.change_set_id = o.change_set_id AND c.table_name = TG_TABLE_NAME AND c.row_id = o.id)
    ON CONFLICT DO NOTHING;
    IF own IS NULL THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO hanging_change AS c (change_set_id, layer, table_name, row_id, feature_id, before, after)
        SELECT own, coalesce(of_layer, to_jsonb(o) ->> 'layer'), TG_TABLE_NAME, o.id, o.feature_id,
               to_jsonb(o) - 'change_set_id', to_jsonb(n) - 'change_set_id'
        FROM old_rows o JOIN new_rows n ON n.id = o.id
        WHERE to_jsonb(o) - 'change_set_id' IS DISTINCT FROM to_jsonb(n) - 'change_set_id'
        ON CONFLICT (change_set_id, table_name, row_id) DO UPDATE SET after = excluded.after;
        RETURN NULL;
    END IF;
    IF TG_ARGV[1] <> '' THEN
        is_left := format('EXISTS (SELECT FROM %s p WHERE p.id = o.feature_id)', TG_ARGV[1]);
    END IF;
    EXECUTE format(
        'INSERT INTO hanging_change AS c (change_set_id, layer, table_name, row_id, feature_id, before) '
        'SELECT $1, coalesce($2, to_jsonb(o) ->> ''layer''), $3, o.id, o.feature_id, to_jsonb(o) - ''change_set_id'' '
        'FROM old_rows o WHERE %s ON CONFLICT (change_set_id, table_name, row_id) DO UPDATE SET after = NULL', is_left)
    USING own, of_layer, TG_TABLE_NAME::text;
    DELETE FROM hanging_change
    WHERE change_set_id = own AND table_name = TG_TABLE_NAME AND before IS NULL AND after IS NULL;
    RETURN NULL;
END $$
"""
KEEP_HANGING_OF = """
CREATE FUNCTION keep_hanging_of(table_name regclass, layer text, parent text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER keep_hanging_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows '
                   'NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_hanging(%L, %L)',
                   table_name, layer, parent);
    EXECUTE format('CREATE TRIGGER keep_hanging_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows '
                   'FOR EACH STATEMENT EXECUTE FUNCTION keep_hanging(%L, %L)', table_name, layer, parent);
END $$
"""
_KEEP_CERTIFICATE = """
CREATE OR REPLACE FUNCTION keep_certificate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {silent}
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
# An undo brings back what hung on the object itself, row by row.
KEEP_CERTIFICATE = _KEEP_CERTIFICATE.replace(
    "{silent}", "IF current_setting('webmap.undoing', true) = 'on' THEN RETURN NULL; END IF;"
)
KEEP_CERTIFICATE_BEFORE = _KEEP_CERTIFICATE.replace("{silent}", "")


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION current_change_set() RETURNS bigint LANGUAGE sql STABLE AS
        $$ SELECT nullif(current_setting('webmap.change_set', true), '')::bigint $$
        """
    )
    op.create_table(
        "hanging_change",
        sa.Column("change_set_id", sa.BigInteger(), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("feature_id", sa.BigInteger(), nullable=False),
        sa.Column("before", JSONB(none_as_null=True)),
        sa.Column("after", JSONB(none_as_null=True)),
        sa.ForeignKeyConstraint(
            ["change_set_id"],
            ["change_set.id"],
            ondelete="CASCADE",
            name="fk_hanging_change_change_set_id_change_set",
        ),
        sa.PrimaryKeyConstraint("change_set_id", "table_name", "row_id", name="pk_hanging_change"),
    )
    op.create_index("ix_hanging_change_feature", "hanging_change", ["layer", "feature_id"])
    op.add_column("change_set", sa.Column("reason", sa.Text()))
    op.add_column("change_set", sa.Column("proposed_by", sa.Text()))
    op.execute(KEEP_HANGING)
    op.execute(KEEP_HANGING_OF)
    op.execute(WATCH)
    keep = sa.text("SELECT keep_hanging_of(CAST(:table AS regclass), :layer, :parent)")
    for table, (layer, parent) in {**HANGING, "feature_document": ("", "")}.items():
        column = sa.Column("change_set_id", sa.BigInteger(), server_default=sa.text("current_change_set()"))
        op.add_column(table, column)
        op.get_bind().execute(keep, {"table": table, "layer": layer, "parent": parent})
    op.execute(KEEP_CERTIFICATE)


def downgrade() -> None:
    op.execute(KEEP_CERTIFICATE_BEFORE)
    for table in (*HANGING, "feature_document"):
        for event in ("update", "delete"):
            op.execute(f"DROP TRIGGER keep_hanging_{event} ON {table}")
        op.drop_column(table, "change_set_id")
    op.execute(WATCH_BEFORE)
    op.execute("DROP FUNCTION keep_hanging_of(regclass, text, text)")
    op.execute("DROP FUNCTION keep_hanging()")
    op.drop_column("change_set", "proposed_by")
    op.drop_column("change_set", "reason")
    op.drop_table("hanging_change")
    op.execute("DROP FUNCTION current_change_set()")
