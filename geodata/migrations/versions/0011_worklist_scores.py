"""What the worklist is ordered and filtered by, kept a row a site; and routes that are planned in the background."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# Where a site's rank comes from: table and the column with the site's id. A campaign's own row changes no rank.
SOURCES = {
    "fuel_site": "id",
    "inspection_visit": "feature_id",
    "inspection_finding": "feature_id",
    "inspection_target": "feature_id",
}
KEPT = (
    "certificate_state", "inspection_status", "kind", "admin_unit_code", "last_visit", "tank_volume_m3", "lon", "lat",
)  # fmt: skip
EVENTS = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}


def _sides(table: str, event: str) -> tuple[str, ...]:
    """Return what to mark: a detail may move to another site, the site itself keeps its id."""
    return ("NEW",) if (table, event) == ("fuel_site", "UPDATE") else EVENTS[event]


def upgrade() -> None:
    op.create_table(
        "inspection_score",
        sa.Column("feature_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("lot", sa.Integer(), nullable=False),
        sa.Column("holds_until", sa.Date(), nullable=True),
        sa.Column("last_visit", sa.Date(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("tank_volume_m3", sa.Double(), nullable=True),
        sa.Column("certificate_state", sa.Text(), nullable=False),
        sa.Column("inspection_status", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("admin_unit_code", sa.Text(), nullable=True),
        sa.Column("products", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("feature_id", name="pk_inspection_score"),
    )
    # Read in order of rank without visiting the table, whatever is filtered: never more work than all of it once.
    op.create_index(
        "ix_inspection_score_score",
        "inspection_score",
        [sa.text("score DESC"), "feature_id"],
        postgresql_include=KEPT,
    )
    op.create_index("ix_inspection_score_lot", "inspection_score", ["lot", "feature_id"], postgresql_include=KEPT)
    op.create_index("ix_inspection_score_holds_until", "inspection_score", ["holds_until"])
    op.create_index("ix_inspection_score_admin_unit_code", "inspection_score", ["admin_unit_code"])
    op.create_index("ix_inspection_score_lat_lon", "inspection_score", ["lat", "lon"])
    op.create_index(
        "ix_inspection_score_products",
        "inspection_score",
        ["products"],
        postgresql_using="gin",
        postgresql_ops={"products": "gin_trgm_ops"},
    )
    op.create_table(
        "inspection_score_run",
        sa.Column("id", sa.SmallInteger(), server_default="1", autoincrement=False, nullable=False),
        sa.Column("weights_version", sa.BigInteger(), nullable=True),
        sa.Column("month", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_inspection_score_run"),
        sa.CheckConstraint("id = 1", name="one_row"),
    )
    op.execute("INSERT INTO inspection_score_run DEFAULT VALUES")
    # Marks are only ever added by those who change something: one that found “its” mark already there and
    # left it would lose its change to whoever is just working that mark off.
    op.create_table(
        "inspection_score_mark",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("feature_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inspection_score_mark"),
    )
    for columns in (("NEW",), ("OLD",), ("OLD", "NEW")):
        name = f"mark_scores_{'_'.join(columns).lower()}"
        body = "\n".join(
            f"EXECUTE format('INSERT INTO inspection_score_mark (feature_id) SELECT %I FROM {side.lower()}_rows', "
            "TG_ARGV[0]);"
            for side in columns
        )
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN\n{body}\nRETURN NULL; END $$"
        )
    op.execute(
        """
        CREATE FUNCTION forget_scores() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE inspection_score_run SET weights_version = NULL;
            RETURN NULL;
        END $$
        """
    )
    for table, column in SOURCES.items():
        for event in EVENTS:
            sides = _sides(table, event)
            rows = " ".join(f"{side} TABLE AS {side.lower()}_rows" for side in sides)
            op.execute(
                f"CREATE TRIGGER mark_scores_{event.lower()} AFTER {event} ON {table} REFERENCING {rows} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION mark_scores_{'_'.join(sides).lower()}('{column}')"
            )
        op.execute(
            f"CREATE TRIGGER forget_scores AFTER TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION forget_scores()"
        )
    op.add_column("inspection_route", sa.Column("started_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("inspection_route", sa.Column("problem", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("inspection_route", "problem")
    op.drop_column("inspection_route", "started_at")
    for table in SOURCES:
        for event in EVENTS:
            op.execute(f"DROP TRIGGER mark_scores_{event.lower()} ON {table}")
        op.execute(f"DROP TRIGGER forget_scores ON {table}")
    op.execute("DROP FUNCTION forget_scores()")
    for name in ("new", "old", "old_new"):
        op.execute(f"DROP FUNCTION mark_scores_{name}()")
    for table in ("inspection_score_mark", "inspection_score_run", "inspection_score"):
        op.drop_table(table)
