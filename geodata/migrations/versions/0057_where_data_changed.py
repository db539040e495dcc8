"""Each change of a layer says where it was, so that what was made of another place stays good."""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

SIDES = ("west", "south", "east", "north")

# An area that grows has another mark: who is inside the transaction reads it too. Everywhere: an area that is not known takes in all others of the same transaction.
NOTE = """
CREATE OR REPLACE FUNCTION note_data_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO data_change AS change (layer, transaction_id, mark)
    VALUES (TG_ARGV[0], pg_current_xact_id()::text::bigint, random_mark())
    ON CONFLICT (layer, transaction_id) DO UPDATE SET
        mark = random_mark(), west = NULL, south = NULL, east = NULL, north = NULL
    WHERE change.xmin <> pg_current_xact_id()::xid OR change.west IS NOT NULL;
    RETURN NULL;
END $$
"""
# As 0021 had it.
NOTE_BEFORE = """
CREATE OR REPLACE FUNCTION note_data_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO data_change AS change (layer, transaction_id, mark)
    VALUES (TG_ARGV[0], pg_current_xact_id()::text::bigint, random_mark())
    ON CONFLICT (layer, transaction_id) DO UPDATE SET mark = random_mark() WHERE change.xmin <> pg_current_xact_id()::xid;
    RETURN NULL;
END $$
"""
# Arguments: the layer, and for what hangs on its objects their table. So many rows are read at most; more are everywhere.
# The objects are found by an array: a join with rows whose number nobody knows would read all of them.
NOTE_AREA = """
CREATE FUNCTION note_changed_area() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    most CONSTANT int := 5000;
    present CONSTANT xid := pg_current_xact_id()::xid;
    sides CONSTANT text := 'min(ST_XMin(geom)) AS west, min(ST_YMin(geom)) AS south, max(ST_XMax(geom)) AS east, max(ST_YMax(geom)) AS north';
    hangs CONSTANT boolean := TG_NARGS > 1;
    changed text;
    area record;
BEGIN
    changed := format(
        'SELECT %1$s FROM (' || CASE TG_OP WHEN 'INSERT' THEN 'SELECT %1$s FROM new_rows'
            WHEN 'DELETE' THEN 'SELECT %1$s FROM old_rows'
            ELSE 'SELECT %1$s FROM old_rows UNION ALL SELECT %1$s FROM new_rows' END || ') AS both_sides LIMIT %2$s',
        CASE WHEN hangs THEN 'feature_id' ELSE 'geom' END, most + 1);
    IF hangs THEN
        EXECUTE format(
            'WITH changed AS MATERIALIZED (%s) SELECT (SELECT count(*) FROM changed) AS number, %s FROM %s '
            'WHERE id = ANY (ARRAY(SELECT feature_id FROM changed))', changed, sides, TG_ARGV[1]) INTO area;
    ELSE
        EXECUTE format('SELECT count(*) AS number, %s FROM (%s) AS changed', sides, changed) INTO area;
    END IF;
    IF area.number = 0 THEN
        RETURN NULL;
    END IF;
    IF area.number > most THEN
        area.west := NULL; area.south := NULL; area.east := NULL; area.north := NULL;
    ELSIF hangs AND area.west IS NULL THEN
        RETURN NULL;  -- their object goes with them, and says so itself
    END IF;
    INSERT INTO data_change AS change (layer, transaction_id, mark, west, south, east, north)
    VALUES (TG_ARGV[0], pg_current_xact_id()::text::bigint, random_mark(), area.west, area.south, area.east, area.north)
    ON CONFLICT (layer, transaction_id) DO UPDATE SET
        mark = random_mark(),
        west = CASE WHEN excluded.west < change.west THEN excluded.west WHEN excluded.west >= change.west THEN change.west END,
        south = CASE WHEN excluded.south < change.south THEN excluded.south WHEN excluded.south >= change.south THEN change.south END,
        east = CASE WHEN excluded.east > change.east THEN excluded.east WHEN excluded.east <= change.east THEN change.east END,
        north = CASE WHEN excluded.north > change.north THEN excluded.north WHEN excluded.north <= change.north THEN change.north END
    WHERE change.xmin <> present OR (change.west IS NOT NULL AND (
        excluded.west IS NULL OR excluded.west < change.west OR excluded.south < change.south
        OR excluded.east > change.east OR excluded.north > change.north));
    RETURN NULL;
END $$
"""
# What has a place, or hangs on what has one, says where it changed; all else changes everywhere.
NOTE_OF = """
CREATE FUNCTION note_changes_of(table_name regclass, layer text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    parent regclass;
    arguments text := quote_literal(layer);
    event text;
BEGIN
    SELECT confrelid INTO parent
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    WHERE c.conrelid = table_name AND c.contype = 'f' AND a.attname = 'feature_id';
    IF parent IS NOT NULL THEN
        arguments := arguments || ', ' || quote_literal(parent::text);
    END IF;
    IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = coalesce(parent, table_name) AND attname = 'geom' AND NOT attisdropped)
    THEN
        EXECUTE format('CREATE TRIGGER note_data_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s '
                       'FOR EACH STATEMENT EXECUTE FUNCTION note_data_change(%L)', table_name, layer);
        RETURN;
    END IF;
    EXECUTE format('CREATE TRIGGER note_data_change AFTER TRUNCATE ON %s '
                   'FOR EACH STATEMENT EXECUTE FUNCTION note_data_change(%L)', table_name, layer);
    FOREACH event IN ARRAY '{insert,update,delete}'::text[] LOOP
        EXECUTE format(
            'CREATE TRIGGER note_data_change_%s AFTER %s ON %s REFERENCING %s FOR EACH STATEMENT EXECUTE FUNCTION note_changed_area(%s)',
            event, event, table_name,
            CASE event WHEN 'insert' THEN 'NEW TABLE AS new_rows' WHEN 'delete' THEN 'OLD TABLE AS old_rows'
                       ELSE 'OLD TABLE AS old_rows NEW TABLE AS new_rows' END, arguments);
    END LOOP;
END $$
"""
_WATCH = """
CREATE OR REPLACE FUNCTION watch_layer(table_name regclass, layer text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    parent regclass;
BEGIN
    {note}
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
WATCH = _WATCH.replace("{note}", "PERFORM note_changes_of(table_name, layer);")
WATCH_BEFORE = _WATCH.replace(
    "{note}",
    "EXECUTE format('CREATE TRIGGER note_data_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s '\n"
    "    'FOR EACH STATEMENT EXECUTE FUNCTION note_data_change(%L)', table_name, layer);",
)
_WATCHED = sa.text(
    r"SELECT tgrelid::regclass::text, rtrim(encode(tgargs, 'escape'), '\000') FROM pg_trigger"
    " WHERE tgname = 'note_data_change' ORDER BY 1"
)


def upgrade() -> None:
    for side in SIDES:
        op.add_column("data_change", sa.Column(side, sa.Double(), nullable=True))
    op.add_column(
        "data_change", sa.Column("noted_on", sa.Date(), nullable=False, server_default=sa.text("CURRENT_DATE"))
    )
    for function in (NOTE, NOTE_AREA, NOTE_OF, WATCH):
        op.execute(function)
    for table, layer in op.get_bind().execute(_WATCHED).all():
        op.execute(f"DROP TRIGGER note_data_change ON {table}")
        op.get_bind().execute(
            sa.text("SELECT note_changes_of(CAST(:table AS regclass), :layer)"), {"table": table, "layer": layer}
        )


def downgrade() -> None:
    watched = op.get_bind().execute(_WATCHED).all()
    for table, layer in watched:
        for name in ("", "_insert", "_update", "_delete"):
            op.execute(f"DROP TRIGGER IF EXISTS note_data_change{name} ON {table}")
        op.execute(
            f"CREATE TRIGGER note_data_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION note_data_change('{layer}')"
        )
    op.execute(WATCH_BEFORE)
    op.execute(NOTE_BEFORE)
    op.execute("DROP FUNCTION note_changes_of(regclass, text)")
    op.execute("DROP FUNCTION note_changed_area()")
    for name in (*SIDES, "noted_on"):
        op.drop_column("data_change", name)
