"""Data versions that never repeat, not even after a restore to an earlier moment, and that can be folded."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# A restored database counts transactions from an earlier number on: a number met again must not pass for no change, and
# the same number after another past must not give the same version.
NOTE = """
CREATE OR REPLACE FUNCTION note_data_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO data_change AS change (layer, transaction_id, mark)
    VALUES (TG_ARGV[0], pg_current_xact_id()::text::bigint, random_mark())
    ON CONFLICT (layer, transaction_id) DO UPDATE SET mark = random_mark() WHERE change.xmin <> pg_current_xact_id()::xid;
    RETURN NULL;
END $$
"""
NOTE_BEFORE = """
CREATE OR REPLACE FUNCTION note_data_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO data_change (layer, transaction_id)
    VALUES (TG_ARGV[0], pg_current_xact_id()::text::bigint) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION random_mark() RETURNS bigint LANGUAGE sql VOLATILE AS $$
            SELECT ('x' || left(replace(gen_random_uuid()::text, '-', ''), 12))::bit(48)::bigint
        $$
        """
    )
    op.add_column("data_change", sa.Column("mark", sa.BigInteger(), nullable=True))
    op.execute("UPDATE data_change SET mark = transaction_id")
    op.alter_column("data_change", "mark", nullable=False, server_default=sa.text("random_mark()"))
    op.create_table(
        "data_change_sum",
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.Numeric(), nullable=False),
        sa.PrimaryKeyConstraint("layer", name=op.f("pk_data_change_sum")),
    )
    op.execute(NOTE)


def downgrade() -> None:
    op.execute(NOTE_BEFORE)
    op.drop_table("data_change_sum")
    op.drop_column("data_change", "mark")
    op.execute("DROP FUNCTION random_mark()")
