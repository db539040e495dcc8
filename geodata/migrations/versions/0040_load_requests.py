"""Requests for power hang on their stations, so that they come and go by file and stand in the history."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

# Requests of a station that is gone keep their table; two alike at one station are told apart by a number.
MOVE = """
WITH moved AS (
    DELETE FROM grid_request r USING substation s WHERE s.code = r.station_code
    RETURNING s.id AS feature_id, r.*
), numbered AS (
    SELECT *, row_number() OVER (PARTITION BY feature_id, applicant, from_year ORDER BY id) AS turn FROM moved
)
INSERT INTO load_request (feature_id, applicant, power_mw, from_year, state, document_no, note)
SELECT feature_id, CASE WHEN turn = 1 THEN left(applicant, 300) ELSE left(applicant, 290) || ' (' || turn || ')' END,
       power_mw, from_year, state, document_no, note
FROM numbered ORDER BY id
"""
DROP_EMPTY = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM grid_request) THEN DROP TABLE grid_request; END IF;
END $$
"""
BACK = """
INSERT INTO grid_request (station_code, applicant, power_mw, from_year, state, document_no, note)
SELECT s.code, r.applicant, r.power_mw, r.from_year, r.state, r.document_no, r.note
FROM load_request r JOIN substation s ON s.id = r.feature_id ORDER BY r.id
"""


def upgrade() -> None:
    op.create_table(
        "load_request",
        sa.Column("feature_id", sa.BigInteger(), nullable=False),
        sa.Column("applicant", sa.Text(), nullable=False),
        sa.Column("power_mw", sa.Numeric(precision=8, scale=2), nullable=False),
        sa.Column("from_year", sa.Integer(), nullable=False),
        sa.Column("state", _state(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("change_set_id", sa.BigInteger(), server_default=sa.text("current_change_set()"), nullable=True),
        sa.CheckConstraint("from_year BETWEEN 2000 AND 2100", name=op.f("ck_load_request_from_year_range")),
        sa.CheckConstraint("length(applicant) <= 300", name=op.f("ck_load_request_applicant_range")),
        sa.CheckConstraint("power_mw > 0 AND power_mw <= 5000", name=op.f("ck_load_request_power_mw_range")),
        sa.ForeignKeyConstraint(
            ["feature_id"], ["substation.id"], name=op.f("fk_load_request_feature_id_substation"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_load_request")),
    )
    op.create_index(op.f("ix_load_request_feature_id"), "load_request", ["feature_id"], unique=False)
    op.execute(MOVE)
    op.execute(DROP_EMPTY)
    op.execute("SELECT watch_layer('load_request', 'substations')")


def downgrade() -> None:
    if not sa.inspect(op.get_bind()).has_table("grid_request"):
        _make_register()
    op.execute(BACK)
    op.drop_table("load_request")


def _make_register() -> None:
    op.create_table(
        "grid_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("station_code", sa.Text(), nullable=False),
        sa.Column("applicant", sa.Text(), nullable=False),
        sa.Column("power_mw", sa.Numeric(precision=8, scale=2), nullable=False),
        sa.Column("from_year", sa.Integer(), nullable=False),
        sa.Column("state", _state(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("is_illustration", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("power_mw > 0 AND power_mw <= 5000", name=op.f("ck_grid_request_power_range")),
        sa.CheckConstraint("from_year BETWEEN 2000 AND 2100", name=op.f("ck_grid_request_from_year_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid_request")),
    )
    op.create_index(op.f("ix_grid_request_station_code"), "grid_request", ["station_code"])


def _state() -> sa.Enum:
    return sa.Enum(
        "waiting", "accepted", "connected", "refused", name="request_state", native_enum=False, create_constraint=True,
        length=40,
    )  # fmt: skip
