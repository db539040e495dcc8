"""What the application's role may have done for it: a layer's indexes set aside and brought back, and nothing else of DDL.

The functions run with the owner's rights. They touch indexes of layers alone, and build none but those they dropped.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

SET_ASIDE = """
CREATE FUNCTION set_index_aside(wanted text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found regclass;
BEGIN
    SELECT i.indexrelid INTO found FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE c.relname = wanted AND c.relnamespace = 'public'::regnamespace AND NOT i.indisunique
       AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = i.indrelid AND t.tgname = 'note_data_change');
    IF found IS NULL THEN
        RETURN false;
    END IF;
    INSERT INTO public.index_aside (name, definition) VALUES (wanted, pg_get_indexdef(found))
    ON CONFLICT (name) DO UPDATE SET definition = excluded.definition;
    EXECUTE format('DROP INDEX public.%I', wanted);
    RETURN true;
END $$
"""
BRING_BACK = """
CREATE FUNCTION bring_index_back(wanted text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    kept text;
BEGIN
    DELETE FROM public.index_aside WHERE name = wanted RETURNING definition INTO kept;
    IF kept IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE kept;
    RETURN true;
END $$
"""
SORT_IN = """
CREATE FUNCTION sort_into_indexes(layer_table regclass) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM gin_clean_pending_list(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
       JOIN pg_am a ON a.oid = c.relam
      WHERE i.indrelid = layer_table AND a.amname = 'gin' AND c.relnamespace = 'public'::regnamespace;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "index_aside",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_index_aside")),
    )
    for function in (SET_ASIDE, BRING_BACK, SORT_IN):
        op.execute(function)
    for function in ("set_index_aside(text)", "bring_index_back(text)", "sort_into_indexes(regclass)"):
        op.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
    # The worker may not VACUUM what it does not own; autovacuum comes soon enough.
    for table in ("inspection_score", "inspection_score_mark"):
        op.execute(
            f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)"
        )


def downgrade() -> None:
    for function in ("set_index_aside(text)", "bring_index_back(text)", "sort_into_indexes(regclass)"):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_table("index_aside")
    for table in ("inspection_score", "inspection_score_mark"):
        op.execute(f"ALTER TABLE {table} RESET (autovacuum_vacuum_scale_factor, autovacuum_analyze_scale_factor)")
