"""Complaints of the public about sites."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

TABLE = "inspection_complaint"
CHANNELS = ("phone", "letter", "in_person", "online", "office", "press")
TOPICS = ("price", "measure", "quality", "safety", "closed", "licence", "other")
OUTCOMES = ("confirmed", "partly", "not_confirmed", "dismissed")
EVENTS = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}


def _closed_set(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("feature_id", sa.BigInteger(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("channel", _closed_set("channel", *CHANNELS), nullable=False),
        sa.Column("topic", _closed_set("topic", *TOPICS), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("complainant", sa.Text(), nullable=True),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("outcome", _closed_set("outcome", *OUTCOMES), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("paper_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["feature_id"],
            ["fuel_site.id"],
            name=op.f("fk_inspection_complaint_feature_id_fuel_site"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["paper_id"],
            ["inspection_paper.id"],
            name=op.f("fk_inspection_complaint_paper_id_inspection_paper"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_complaint")),
    )
    for column in ("feature_id", "paper_id"):
        op.create_index(op.f(f"ix_inspection_complaint_{column}"), TABLE, [column])
    for event, sides in EVENTS.items():  # a site that somebody complains about is ranked anew
        rows = " ".join(f"{side} TABLE AS {side.lower()}_rows" for side in sides)
        function = f"mark_scores_{'_'.join(sides).lower()}"
        op.execute(
            f"CREATE TRIGGER mark_scores_{event.lower()} AFTER {event} ON {TABLE} REFERENCING {rows} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {function}('feature_id')"
        )
    op.execute(
        f"CREATE TRIGGER forget_scores AFTER TRUNCATE ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION forget_scores()"
    )


def downgrade() -> None:
    op.drop_table(TABLE)
