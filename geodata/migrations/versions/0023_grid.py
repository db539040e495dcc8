"""The 110 kV network: parameters, requests for power, results; open points of circuits, clusters' stated need."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

#: What a new installation starts with, written out: a migration must not change with the code.
PARAMETERS = (
    ("AC-120/19", "rating_a", 390, "A", "PUE table, 25 °C air, 70 °C conductor", "unverified"),
    ("AC-120/19", "r_ohm_per_km", 0.244, "Ω/km", "GOST 839, 20 °C", "unverified"),
    ("AC-120/19", "x_ohm_per_km", 0.42, "Ω/km", "computed for a mean distance of phases of 5 m", "computed"),
    ("AC-120/19", "c_nf_per_km", 8.6, "nF/km", "computed for a mean distance of phases of 5 m", "computed"),
    ("AC-150/24", "rating_a", 450, "A", "PUE table, 25 °C air, 70 °C conductor", "unverified"),
    ("AC-150/24", "r_ohm_per_km", 0.204, "Ω/km", "GOST 839, 20 °C", "unverified"),
    ("AC-150/24", "x_ohm_per_km", 0.42, "Ω/km", "computed for a mean distance of phases of 5 m", "computed"),
    ("AC-150/24", "c_nf_per_km", 8.7, "nF/km", "computed for a mean distance of phases of 5 m", "computed"),
    ("AC-185/29", "rating_a", 510, "A", "PUE table, 25 °C air, 70 °C conductor", "unverified"),
    ("AC-185/29", "r_ohm_per_km", 0.159, "Ω/km", "GOST 839, 20 °C", "unverified"),
    ("AC-185/29", "x_ohm_per_km", 0.41, "Ω/km", "computed for a mean distance of phases of 5 m", "computed"),
    ("AC-185/29", "c_nf_per_km", 8.9, "nF/km", "computed for a mean distance of phases of 5 m", "computed"),
    ("AC-240/39", "rating_a", 610, "A", "PUE table, 25 °C air, 70 °C conductor", "unverified"),
    ("AC-240/39", "r_ohm_per_km", 0.122, "Ω/km", "GOST 839, 20 °C", "unverified"),
    ("AC-240/39", "x_ohm_per_km", 0.4, "Ω/km", "computed for a mean distance of phases of 5 m", "computed"),
    ("AC-240/39", "c_nf_per_km", 9.1, "nF/km", "computed for a mean distance of phases of 5 m", "computed"),
    ("AC-300/39", "rating_a", 710, "A", "PUE table, 25 °C air, 70 °C conductor", "unverified"),
    ("AC-300/39", "r_ohm_per_km", 0.096, "Ω/km", "GOST 839, 20 °C", "unverified"),
    ("AC-300/39", "x_ohm_per_km", 0.39, "Ω/km", "computed for a mean distance of phases of 5 m", "computed"),
    ("AC-300/39", "c_nf_per_km", 9.2, "nF/km", "computed for a mean distance of phases of 5 m", "computed"),
    ("AC-400/51", "rating_a", 825, "A", "PUE table, 25 °C air, 70 °C conductor", "unverified"),
    ("AC-400/51", "r_ohm_per_km", 0.073, "Ω/km", "GOST 839, 20 °C", "unverified"),
    ("AC-400/51", "x_ohm_per_km", 0.39, "Ω/km", "computed for a mean distance of phases of 5 m", "computed"),
    ("AC-400/51", "c_nf_per_km", 9.4, "nF/km", "computed for a mean distance of phases of 5 m", "computed"),
    ("AC-500/64", "rating_a", 945, "A", "PUE table, 25 °C air, 70 °C conductor", "unverified"),
    ("AC-500/64", "r_ohm_per_km", 0.058, "Ω/km", "GOST 839, 20 °C", "unverified"),
    ("AC-500/64", "x_ohm_per_km", 0.38, "Ω/km", "computed for a mean distance of phases of 5 m", "computed"),
    ("AC-500/64", "c_nf_per_km", 9.5, "nF/km", "computed for a mean distance of phases of 5 m", "computed"),
    ("XLPE-1x400", "rating_a", 590, "A", "typical of 110 kV XLPE cables with copper conductor", "unverified"),
    ("XLPE-1x400", "r_ohm_per_km", 0.063, "Ω/km", "typical of 110 kV XLPE cables with copper conductor", "unverified"),
    ("XLPE-1x400", "x_ohm_per_km", 0.13, "Ω/km", "typical of 110 kV XLPE cables with copper conductor", "unverified"),
    ("XLPE-1x400", "c_nf_per_km", 150.0, "nF/km", "typical of 110 kV XLPE cables with copper conductor", "unverified"),
    ("XLPE-1x630", "rating_a", 745, "A", "typical of 110 kV XLPE cables with copper conductor", "unverified"),
    ("XLPE-1x630", "r_ohm_per_km", 0.041, "Ω/km", "typical of 110 kV XLPE cables with copper conductor", "unverified"),
    ("XLPE-1x630", "x_ohm_per_km", 0.12, "Ω/km", "typical of 110 kV XLPE cables with copper conductor", "unverified"),
    ("XLPE-1x630", "c_nf_per_km", 180.0, "nF/km", "typical of 110 kV XLPE cables with copper conductor", "unverified"),
    ("XLPE-1x800", "rating_a", 840, "A", "typical of 110 kV XLPE cables with copper conductor", "unverified"),
    ("XLPE-1x800", "r_ohm_per_km", 0.033, "Ω/km", "typical of 110 kV XLPE cables with copper conductor", "unverified"),
    ("XLPE-1x800", "x_ohm_per_km", 0.12, "Ω/km", "typical of 110 kV XLPE cables with copper conductor", "unverified"),
    ("XLPE-1x800", "c_nf_per_km", 200.0, "nF/km", "typical of 110 kV XLPE cables with copper conductor", "unverified"),
    ("XLPE-1x1200", "rating_a", 990, "A", "typical of 110 kV XLPE cables with copper conductor", "unverified"),
    ("XLPE-1x1200", "r_ohm_per_km", 0.024, "Ω/km", "typical of 110 kV XLPE cables with copper conductor", "unverified"),
    ("XLPE-1x1200", "x_ohm_per_km", 0.11, "Ω/km", "typical of 110 kV XLPE cables with copper conductor", "unverified"),
    ("XLPE-1x1200", "c_nf_per_km", 230.0, "nF/km", "typical of 110 kV XLPE cables with copper conductor", "unverified"),
    ("model", "infeed_voltage_pu", 1.03, "pu", "assumed for every station of 220 kV and more", "unverified"),
    (
        "model",
        "power_factor",
        0.95,
        "",
        "assumed where the reactive power of a load is unknown, and of what is added",
        "unverified",
    ),
    ("model", "voltage_min_n0_pu", 0.945, "pu", "104 kV of 110 kV, normal operation", "unverified"),
    ("model", "voltage_min_n1_pu", 0.9, "pu", "99 kV of 110 kV, one element out", "unverified"),
    ("model", "loading_max_percent", 100.0, "%", "rated current, rated power", "unverified"),
    (
        "model",
        "snap_distance_m",
        250.0,
        "m",
        "a circuit that ends nearer than this to a station or circuit meets it",
        "unverified",
    ),
    ("model", "length_tolerance_percent", 15.0, "%", "stated length against the drawn one", "unverified"),
    ("model", "load_max_share", 1.5, "", "a load above so many times the transformers is implausible", "unverified"),
    ("model", "phase_distance_m", 5.0, "m", "mean distance of phases, for bundles", "unverified"),
    ("model", "bundle_spacing_m", 0.4, "m", "distance of the conductors of a bundle", "unverified"),
    ("model", "derating_40c", 0.82, "", "√(30/45): rated current at 40 °C air, used only when asked", "unverified"),
    ("model", "growth_low_percent", 4.0, "%/year", "assumed growth of load, low forecast", "unverified"),
    (
        "model",
        "growth_base_percent",
        8.0,
        "%/year",
        "growth stated for 2025 (vneconomy 5/2025), base forecast",
        "unverified",
    ),
    ("model", "growth_high_percent", 11.0, "%/year", "assumed growth of load, high forecast", "unverified"),
    ("model", "transformer_uk_percent", 10.5, "%", "usual two-winding 110 kV transformer", "unverified"),
    (
        "model",
        "cluster_mw_per_ha",
        0.25,
        "MW/ha",
        "assumed need of industrial land where nothing is stated",
        "unverified",
    ),
    (
        "model",
        "cluster_buildout_years",
        5.0,
        "years",
        "assumed time from today until free land is built on, evenly",
        "unverified",
    ),
    ("model", "cluster_reach_km", 10.0, "km", "stations farther from a cluster are not tried", "unverified"),
    ("trade", "thép", 0.8, "MW/ha", "planning practice, assumed", "unverified"),
    ("trade", "luyện", 0.8, "MW/ha", "planning practice, assumed", "unverified"),
    ("trade", "dệt", 0.35, "MW/ha", "planning practice, assumed", "unverified"),
    ("trade", "nhựa", 0.35, "MW/ha", "planning practice, assumed", "unverified"),
    ("trade", "hóa chất", 0.35, "MW/ha", "planning practice, assumed", "unverified"),
    ("trade", "điện tử", 0.3, "MW/ha", "planning practice, assumed", "unverified"),
    ("trade", "cơ khí", 0.25, "MW/ha", "planning practice, assumed", "unverified"),
    ("trade", "chế biến", 0.2, "MW/ha", "planning practice, assumed", "unverified"),
    ("trade", "thực phẩm", 0.2, "MW/ha", "planning practice, assumed", "unverified"),
    ("trade", "thủy sản", 0.25, "MW/ha", "planning practice, assumed", "unverified"),
    ("trade", "may", 0.15, "MW/ha", "planning practice, assumed", "unverified"),
    ("trade", "da giày", 0.15, "MW/ha", "planning practice, assumed", "unverified"),
    ("trade", "gỗ", 0.15, "MW/ha", "planning practice, assumed", "unverified"),
    ("trade", "kho", 0.08, "MW/ha", "planning practice, assumed", "unverified"),
    ("trade", "logistics", 0.08, "MW/ha", "planning practice, assumed", "unverified"),
    ("AC-185/29", "is_default", 1, "", "assumed where the conductor is unknown", "unverified"),
)


def upgrade() -> None:
    op.add_column("power_line", sa.Column("is_normally_open", sa.Boolean(), nullable=True))
    op.add_column("industrial_cluster", sa.Column("power_demand_mw", sa.Numeric(8, 2), nullable=True))
    op.create_check_constraint("power_demand_mw_range", "industrial_cluster", "power_demand_mw >= 0")
    parameter = op.create_table(
        "grid_parameter",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("unit", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("confidence", _closed("confidence", "verified", "computed", "unverified"), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid_parameter")),
        sa.UniqueConstraint("subject", "name", name=op.f("uq_grid_parameter_subject_name")),
    )
    names = ("subject", "name", "value", "unit", "source", "confidence")
    op.bulk_insert(parameter, [dict(zip(names, row, strict=True)) for row in PARAMETERS])
    op.create_table(
        "grid_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("station_code", sa.Text(), nullable=False),
        sa.Column("applicant", sa.Text(), nullable=False),
        sa.Column("power_mw", sa.Numeric(8, 2), nullable=False),
        sa.Column("from_year", sa.Integer(), nullable=False),
        sa.Column("state", _closed("request_state", "waiting", "accepted", "connected", "refused"), nullable=False),
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
    op.create_table(
        "grid_result",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("scenario", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("document", JSONB(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("year", "scenario", name=op.f("pk_grid_result")),
    )
    op.create_table(
        "grid_run",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid_run")),
    )


def downgrade() -> None:
    for table in ("grid_run", "grid_result", "grid_request", "grid_parameter"):
        op.drop_table(table)
    op.drop_column("industrial_cluster", "power_demand_mw")
    op.drop_column("power_line", "is_normally_open")


def _closed(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
