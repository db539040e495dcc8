"""Legal acts and which objects they are of make a version, too: hits of a search name them."""

from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

TABLES = ("legal_act", "feature_document")


def upgrade() -> None:
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER note_data_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION note_data_change('legal_acts')"
        )


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TRIGGER note_data_change ON {table}")
    op.execute(
        "DELETE FROM data_change WHERE layer = 'legal_acts'; DELETE FROM data_change_sum WHERE layer = 'legal_acts'"
    )
