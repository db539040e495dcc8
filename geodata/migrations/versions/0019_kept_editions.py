"""Every edition of a visit's paper is kept with its hash, photos and facts; signatures hold for one content."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

VERSION, PICTURE, PAPER = "inspection_paper_version", "inspection_picture", "inspection_paper"


def upgrade() -> None:
    op.add_column(PAPER, sa.Column("edition", sa.Integer(), server_default="0", nullable=False))
    op.add_column(PAPER, sa.Column("correction_reason", sa.Text()))
    for column in (
        sa.Column("edition", sa.Integer()),
        sa.Column("content_sha256", sa.Text()),
        sa.Column("picture_ids", JSONB()),
        sa.Column("facts", JSONB()),
    ):
        op.add_column(VERSION, column)
    for column in (
        sa.Column("original_sha256", sa.Text()),
        sa.Column("removed_by", sa.Text()),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.Column("edition", sa.Integer()),
        sa.Column("signed_sha256", sa.Text()),
        sa.Column("signed_picture_ids", JSONB()),
    ):
        op.add_column(PICTURE, column)
    op.drop_constraint("uq_inspection_picture_paper_id_source_sha256", PICTURE, type_="unique")
    op.create_index(
        "uq_inspection_picture_photo", PICTURE, ["paper_id", "source_sha256"], unique=True,
        postgresql_where=sa.text("purpose = 'photo'"),
    )  # fmt: skip
    op.create_index(
        "uq_inspection_picture_signature", PICTURE, ["paper_id", "source_sha256", "edition", "signed_sha256"],
        unique=True, postgresql_where=sa.text("purpose = 'signature'"),
    )  # fmt: skip
    op.create_unique_constraint("uq_inspection_paper_version_paper_id_edition", VERSION, ["paper_id", "edition"])
    op.create_table(
        "inspection_checklist_rule",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("demands", JSONB(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_inspection_checklist_rule")),
    )
    _number_what_was_finished()
    _keep_for_ever()


def _number_what_was_finished() -> None:
    """Give what was finished so far its edition, hash and photos; a signature belongs to the first it was there for."""
    op.execute(
        f"""
        UPDATE {VERSION} v SET edition = n.number,
            picture_ids = (SELECT coalesce(jsonb_agg(p.id ORDER BY p.id), '[]'::jsonb) FROM {PICTURE} p
                           WHERE p.paper_id = v.paper_id AND p.purpose = 'photo' AND p.added_at <= v.saved_at)
        FROM (SELECT id, row_number() OVER (PARTITION BY paper_id ORDER BY id) AS number FROM {VERSION}
              WHERE reason NOT IN ('conflict', 'before merging')) n
        WHERE n.id = v.id
        """
    )
    connection = op.get_bind()
    rows = connection.execute(sa.text(f"SELECT id, content FROM {VERSION} WHERE edition IS NOT NULL")).all()
    write = sa.text(f"UPDATE {VERSION} SET content_sha256 = :hash WHERE id = :id")
    for number, content in rows:
        written = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        connection.execute(write, {"id": number, "hash": hashlib.sha256(written.encode()).hexdigest()})
    op.execute(
        f"UPDATE {PAPER} p SET edition = (SELECT count(*) FROM {VERSION} v WHERE v.paper_id = p.id AND edition > 0)"
    )
    op.execute(
        f"""
        UPDATE {PICTURE} p SET edition = v.edition, signed_sha256 = v.content_sha256, signed_picture_ids = v.picture_ids
        FROM {VERSION} v
        WHERE p.purpose = 'signature' AND v.paper_id = p.paper_id AND v.edition =
            (SELECT min(w.edition) FROM {VERSION} w WHERE w.paper_id = p.paper_id AND w.saved_at >= p.added_at)
        """
    )


def _keep_for_ever() -> None:
    """Refuse to change or delete a kept version or a picture's content; only a whole site takes them along."""
    op.execute(
        """
        CREATE FUNCTION keep_for_ever() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' AND pg_trigger_depth() > 1 THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION 'rows of % are kept as they are', TG_TABLE_NAME;
        END $$
        """
    )
    op.execute(
        f"CREATE TRIGGER keep_for_ever BEFORE UPDATE OR DELETE ON {VERSION} "
        "FOR EACH ROW EXECUTE FUNCTION keep_for_ever()"
    )
    op.execute(
        f"CREATE TRIGGER keep_for_ever BEFORE DELETE OR UPDATE OF content, source_sha256, original_sha256, signed_sha256, edition, "
        f"signed_picture_ids, added_by, added_at ON {PICTURE} FOR EACH ROW EXECUTE FUNCTION keep_for_ever()"
    )


def downgrade() -> None:
    op.drop_table("inspection_checklist_rule")
    for table in (VERSION, PICTURE):
        op.execute(f"DROP TRIGGER keep_for_ever ON {table}")
    op.execute("DROP FUNCTION keep_for_ever()")
    op.execute(f"DELETE FROM {PICTURE} WHERE removed_at IS NOT NULL")
    op.execute(
        f"DELETE FROM {PICTURE} p USING {PICTURE} q "
        "WHERE q.paper_id = p.paper_id AND q.source_sha256 = p.source_sha256 AND q.id > p.id"
    )
    op.drop_constraint("uq_inspection_paper_version_paper_id_edition", VERSION, type_="unique")
    op.drop_index("uq_inspection_picture_signature", PICTURE)
    op.drop_index("uq_inspection_picture_photo", PICTURE)
    op.create_unique_constraint("uq_inspection_picture_paper_id_source_sha256", PICTURE, ["paper_id", "source_sha256"])
    for column in ("signed_picture_ids", "signed_sha256", "edition", "removed_at", "removed_by", "original_sha256"):
        op.drop_column(PICTURE, column)
    for column in ("facts", "picture_ids", "content_sha256", "edition"):
        op.drop_column(VERSION, column)
    for column in ("correction_reason", "edition"):
        op.drop_column(PAPER, column)
