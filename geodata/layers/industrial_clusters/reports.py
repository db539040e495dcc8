"""What reports tell of industrial clusters.

Half-yearly and yearly report: Circular 14/2024/TT-BCT with 38/2025: 15 December to 14 June, and to 14 December; enterprises
state theirs before 20 June and 20 December.
"""

from geodata.base.i18n import N_
from geodata.schema.charts import Reported, ReportFigure, Statutory

#: Parks and zones are on the map for context; figures and the public page are about clusters.
CLUSTERS_ONLY = {"kind": ("cluster", "craft_village")}
_ESTABLISHED = ReportFigure(
    name="established", label=N_("Clusters established in the period"), only=CLUSTERS_ONLY, within="established_on"
)

REPORTED = Reported(
    place=2,
    figures=(
        ReportFigure(name="clusters", label=N_("Industrial clusters"), only=CLUSTERS_ONLY),
        ReportFigure(name="by_status", label=N_("Clusters by status"), only=CLUSTERS_ONLY, by="status"),
        ReportFigure(name="area", label=N_("Area of clusters"), only=CLUSTERS_ONLY, sums="area_ha"),
        ReportFigure(
            name="industrial_land",
            label=N_("Industrial land of clusters"),
            only=CLUSTERS_ONLY,
            sums="industrial_land_ha",
        ),
        ReportFigure(
            name="leased_land", label=N_("Leased land of clusters"), only=CLUSTERS_ONLY, sums="leased_area_ha"
        ),
        _ESTABLISHED,
    ),
    statutory=Statutory(
        name="clusters",
        title=N_("Report on industrial clusters"),
        subject=N_("Management and development of industrial clusters"),
        source=N_("Circular 14/2024/TT-BCT, amended by Circular 38/2025/TT-BCT"),
        only=CLUSTERS_ONLY,
        figures=(
            ReportFigure(name="clusters", label=N_("Industrial clusters"), only=CLUSTERS_ONLY),
            ReportFigure(name="by_status", label=N_("Clusters by status"), only=CLUSTERS_ONLY, by="status"),
            _ESTABLISHED,
            ReportFigure(name="area", label=N_("Area of clusters"), only=CLUSTERS_ONLY, sums="area_ha"),
            ReportFigure(
                name="industrial_land",
                label=N_("Industrial land of clusters"),
                only=CLUSTERS_ONLY,
                sums="industrial_land_ha",
            ),
            ReportFigure(
                name="leased_land", label=N_("Leased land of clusters"), only=CLUSTERS_ONLY, sums="leased_area_ha"
            ),
            ReportFigure(
                name="by_size", label=N_("Clusters by area against the decree"), only=CLUSTERS_ONLY, by="size_check"
            ),
            ReportFigure(
                name="capital",
                label=N_("Infrastructure capital of clusters"),
                only=CLUSTERS_ONLY,
                sums="infrastructure_capital_vnd",
            ),
            ReportFigure(
                name="disbursed",
                label=N_("Disbursed infrastructure capital of clusters"),
                only=CLUSTERS_ONLY,
                sums="disbursed_capital_vnd",
            ),
            ReportFigure(
                name="by_wastewater",
                label=N_("Clusters by wastewater plant"),
                only=CLUSTERS_ONLY,
                by="wastewater_state",
            ),
        ),
        active=CLUSTERS_ONLY | {"status": ("operating", "full", "expanding", "building")},
        holder="investor",
        stated="reports",
        period="period_ends_on",
        wanted=(
            "leased_area_ha",
            "project_count",
            "registered_capital_vnd",
            "worker_count",
            "revenue_vnd",
            "budget_paid_vnd",
        ),
    ),
)
