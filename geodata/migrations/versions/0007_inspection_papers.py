"""Papers of visits with versions and pictures, teams, day routes, ranking weights, calendar feeds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = (
    "inspection_picture", "inspection_paper_version", "inspection_paper", "inspection_campaign_member",
    "inspection_weights", "inspection_route", "inspection_calendar",
)  # fmt: skip
COLUMNS = (
    ("inspection_finding", ("paper_key", "rechecked_on", "remedy_evidence", "fine_paid_on", "extra_penalty")),
    ("inspection_campaign", ("made_by", "scope")),
)


def upgrade() -> None:
    op.create_table(
        "inspection_calendar",
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("account_name", name=op.f("pk_inspection_calendar")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_inspection_calendar_token_sha256")),
    )
    op.create_table(
        "inspection_route",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("request", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_route")),
    )
    op.create_table(
        "inspection_weights",
        sa.Column("version", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("weights", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("random_percent", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_inspection_weights")),
    )
    op.create_table(
        "inspection_campaign_member",
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["inspection_campaign.id"],
            name=op.f("fk_inspection_campaign_member_campaign_id_inspection_campaign"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("campaign_id", "account_name", name=op.f("pk_inspection_campaign_member")),
    )
    op.create_index(
        op.f("ix_inspection_campaign_member_account_name"), "inspection_campaign_member", ["account_name"], unique=False
    )
    op.create_table(
        "inspection_paper",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("feature_id", sa.BigInteger(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=True),
        sa.Column("route_id", sa.BigInteger(), nullable=True),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "planned",
                "unplanned",
                "recheck",
                name="visit_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "draft",
                "done",
                "correcting",
                "cancelled",
                name="paper_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("inspector", sa.Text(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("planned_at", sa.Text(), nullable=True),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["inspection_campaign.id"],
            name=op.f("fk_inspection_paper_campaign_id_inspection_campaign"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["feature_id"], ["fuel_site.id"], name=op.f("fk_inspection_paper_feature_id_fuel_site"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["route_id"],
            ["inspection_route.id"],
            name=op.f("fk_inspection_paper_route_id_inspection_route"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["visit_id"],
            ["inspection_visit.id"],
            name=op.f("fk_inspection_paper_visit_id_inspection_visit"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_paper")),
        sa.UniqueConstraint("visit_id", name=op.f("uq_inspection_paper_visit_id")),
    )
    op.create_index(op.f("ix_inspection_paper_campaign_id"), "inspection_paper", ["campaign_id"], unique=False)
    op.create_index(op.f("ix_inspection_paper_feature_id"), "inspection_paper", ["feature_id"], unique=False)
    op.create_index(op.f("ix_inspection_paper_inspector"), "inspection_paper", ["inspector"], unique=False)
    op.create_index(op.f("ix_inspection_paper_planned_on"), "inspection_paper", ["planned_on"], unique=False)
    op.create_table(
        "inspection_paper_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("paper_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"],
            ["inspection_paper.id"],
            name=op.f("fk_inspection_paper_version_paper_id_inspection_paper"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_paper_version")),
    )
    op.create_index(
        op.f("ix_inspection_paper_version_paper_id"), "inspection_paper_version", ["paper_id"], unique=False
    )
    op.create_table(
        "inspection_picture",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("paper_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("finding_key", sa.Text(), nullable=True),
        sa.Column("source_sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("mimetype", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"],
            ["inspection_paper.id"],
            name=op.f("fk_inspection_picture_paper_id_inspection_paper"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_picture")),
        sa.UniqueConstraint("paper_id", "source_sha256", name=op.f("uq_inspection_picture_paper_id_source_sha256")),
    )
    op.add_column("inspection_campaign", sa.Column("scope", sa.Text(), nullable=True))
    op.add_column("inspection_campaign", sa.Column("made_by", sa.Text(), nullable=True))
    op.add_column("inspection_finding", sa.Column("extra_penalty", sa.Text(), nullable=True))
    op.add_column("inspection_finding", sa.Column("fine_paid_on", sa.Date(), nullable=True))
    op.add_column("inspection_finding", sa.Column("remedy_evidence", sa.Text(), nullable=True))
    op.add_column("inspection_finding", sa.Column("rechecked_on", sa.Date(), nullable=True))
    op.add_column("inspection_finding", sa.Column("paper_key", sa.Text(), nullable=True))


def downgrade() -> None:
    for table, columns in COLUMNS:
        for column in columns:
            op.drop_column(table, column)
    for table in TABLES:
        op.drop_table(table)
