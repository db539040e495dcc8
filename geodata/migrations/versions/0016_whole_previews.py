"""A preview lists every row, however many: found by code, name or row number; what is left out is kept as ranges of rows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE, JSONB

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SEARCHED = "fold_text(coalesce(code, '') || ' ' || coalesce(name, ''))"


def upgrade() -> None:
    op.add_column("import_item", sa.Column("code", sa.Text()))
    op.add_column("import_item", sa.Column("name", sa.Text()))
    # A problem's “code” says what is wrong, not which object.
    op.execute(
        "UPDATE import_item SET code = data->>'code', name = data->>'name' WHERE kind NOT IN ('error', 'warning')"
    )
    op.add_column("import_item", sa.Column("search_text", sa.Text(), sa.Computed(SEARCHED, persisted=True)))
    op.alter_column("import_session", "excluded_rows", new_column_name="excluded_list")
    op.add_column(
        "import_session", sa.Column("excluded_rows", INT8MULTIRANGE(), server_default=sa.text("'{}'"), nullable=False)
    )
    op.execute(
        """
        UPDATE import_session SET excluded_rows =
            (SELECT range_agg(int8range(r::bigint, r::bigint, '[]')) FROM jsonb_array_elements_text(excluded_list) r)
        WHERE excluded_list <> '[]'
        """
    )
    op.drop_column("import_session", "excluded_list")
    # A preview that lists only the first rows is made anew before it is stored, whatever it was confirmed on.
    op.execute(
        """
        UPDATE import_session s SET seen_version = NULL
        WHERE status IN ('ready', 'confirmed')
            AND EXISTS (SELECT FROM import_item i WHERE i.import_session_id = s.id AND i.position = 50000)
        """
    )


def downgrade() -> None:
    op.add_column(
        "import_session",
        sa.Column("excluded_list", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
    )
    op.execute(
        """
        UPDATE import_session SET excluded_list =
            (SELECT jsonb_agg(n) FROM unnest(excluded_rows) r, generate_series(lower(r), upper(r) - 1) n)
        WHERE NOT isempty(excluded_rows)
        """
    )
    op.drop_column("import_session", "excluded_rows")
    op.alter_column("import_session", "excluded_list", new_column_name="excluded_rows")
    # The older version reads all of a change from `data`.
    op.execute(
        """
        UPDATE import_item SET data = jsonb_build_object('action', kind, 'row', row_number, 'code', code, 'name', name,
            'feature_id', null, 'fields', '{}'::jsonb, 'moved_m', null, 'point', null, 'old_point', null) || data
        WHERE kind IN ('changed', 'new', 'unchanged', 'absent')
        """
    )
    for column in ("search_text", "name", "code"):
        op.drop_column("import_item", column)
