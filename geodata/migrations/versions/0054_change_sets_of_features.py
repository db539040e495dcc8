"""That an object names a change set which is there is checked once a statement, no longer once a row.

A foreign key asks for each row by itself: 3.6 of the 42 s that a million new objects take.
"""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

_KNOWN = """
CREATE FUNCTION known_change_set() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    unknown bigint;
BEGIN
    SELECT n.id INTO unknown FROM (SELECT DISTINCT change_set_id AS id FROM new_rows) n
    WHERE n.id IS NOT NULL AND NOT EXISTS (SELECT FROM change_set c WHERE c.id = n.id) LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING MESSAGE = format('change set %s of %s is not there', unknown, TG_TABLE_NAME),
            TABLE = TG_TABLE_NAME, COLUMN = 'change_set_id', CONSTRAINT = format('fk_%s_change_set', TG_TABLE_NAME);
    END IF;
    RETURN NULL;
END $$
"""
# Which tables: those that are watched so. Each has an index of change_set_id.
_STAY = """
CREATE FUNCTION keep_change_set() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_features regclass;
    is_named boolean;
BEGIN
    FOR of_features IN SELECT tgrelid FROM pg_trigger WHERE tgname = 'known_change_set_insert' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE change_set_id = $1)', of_features) INTO is_named USING OLD.id;
        IF is_named THEN
            RAISE foreign_key_violation USING MESSAGE = format('objects of %s are of change set %s', of_features, OLD.id),
                TABLE = of_features::text, COLUMN = 'change_set_id';
        END IF;
    END LOOP;
    RETURN OLD;
END $$
"""
_KEEP_OF = """
CREATE OR REPLACE FUNCTION keep_added_of(table_name regclass, layer text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    event text;
BEGIN
    FOREACH event IN ARRAY '{{update,delete}}'::text[] LOOP
        EXECUTE format('CREATE TRIGGER keep_added_%s AFTER %s ON %s REFERENCING OLD TABLE AS old_rows '
                       'FOR EACH STATEMENT EXECUTE FUNCTION keep_added(%L)', event, event, table_name, layer);
    END LOOP;{more}
END $$
"""
_KNOWN_OF = """
CREATE FUNCTION known_change_set_of(table_name regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    event text;
BEGIN
    FOREACH event IN ARRAY '{insert,update}'::text[] LOOP
        EXECUTE format('CREATE TRIGGER known_change_set_%s AFTER %s ON %s REFERENCING NEW TABLE AS new_rows '
                       'FOR EACH STATEMENT EXECUTE FUNCTION known_change_set()', event, event, table_name);
    END LOOP;
END $$
"""


def _tables() -> list[str]:
    """Return the tables of features: those whose additions are kept."""
    asked = sa.text("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'keep_added_update' ORDER BY 1")
    return list(op.get_bind().execute(asked).scalars())


def upgrade() -> None:
    op.execute(_KNOWN)
    op.execute(_KNOWN_OF)
    for table in _tables():
        op.drop_constraint(f"fk_{table}_change_set_id_change_set", table, type_="foreignkey")
        op.execute(f"SELECT known_change_set_of('{table}')")
    op.execute(_KEEP_OF.format(more="\n    PERFORM known_change_set_of(table_name);"))
    op.execute(_STAY)
    op.execute(
        "CREATE TRIGGER keep_change_set BEFORE DELETE ON change_set FOR EACH ROW EXECUTE FUNCTION keep_change_set()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER keep_change_set ON change_set")
    op.execute("DROP FUNCTION keep_change_set()")
    op.execute(_KEEP_OF.format(more=""))
    for table in _tables():
        for event in ("insert", "update"):
            op.execute(f"DROP TRIGGER known_change_set_{event} ON {table}")
        op.create_foreign_key(f"fk_{table}_change_set_id_change_set", table, "change_set", ["change_set_id"], ["id"])
    op.execute("DROP FUNCTION known_change_set_of(regclass)")
    op.execute("DROP FUNCTION known_change_set()")
