"""The two numbers by which circuits are taken to share towers."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

PARAMETERS = [
    ("tower_distance_m", 30.0, "assumed: overhead circuits drawn nearer to each other share towers"),
    ("tower_stretch_m", 500.0, "shorter stretches beside each other, as before a station, count for nothing"),
]


def upgrade() -> None:
    table = sa.table(
        "grid_parameter",
        *(sa.column(name) for name in ("subject", "name", "unit", "source", "confidence")),
        sa.column("value", sa.Double()),
    )
    op.bulk_insert(
        table,
        [
            {
                "subject": "model",
                "name": name,
                "value": value,
                "unit": "m",
                "source": source,
                "confidence": "unverified",
            }
            for name, value, source in PARAMETERS
        ],
    )


def downgrade() -> None:
    op.execute("DELETE FROM grid_parameter WHERE name IN ('tower_distance_m', 'tower_stretch_m')")
