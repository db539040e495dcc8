"""What the public page of industrial clusters shows: what an investor asks first."""

from geodata.base.i18n import N_
from geodata.layers.industrial_clusters.reports import CLUSTERS_ONLY
from geodata.schema.charts import Nearest, Showcase

_HUBS = "transport_hubs"

SHOWCASE = Showcase(
    slug="clusters",
    title=N_("Industrial clusters"),
    intro=N_("Land, occupancy, status and decisions of the city's industrial clusters."),
    headline="free_land_ha",
    steps=(1, 5, 10, 20),
    columns=(
        "free_land_ha",
        "land_price_vnd_m2",
        "status",
        "admin_unit_code",
        "industrial_land_ha",
        "occupancy_percent",
    ),
    facts=("free_land_ha", "land_price_vnd_m2", "occupancy_percent", "industrial_land_ha", "area_ha"),
    filters=("status", "admin_unit_code"),
    only=CLUSTERS_ONLY,
    nearest=(
        Nearest(label=N_("Nearest seaport"), layer=_HUBS, only={"kind": ("seaport",)}),
        Nearest(label=N_("Nearest airport"), layer=_HUBS, only={"kind": ("airport",)}),
        Nearest(label=N_("Nearest motorway junction"), layer=_HUBS, only={"kind": ("motorway",)}),
        # What a station can still give is for staff; its name and size are public.
        Nearest(
            label=N_("Nearest 110 kV substation"),
            layer="substations",
            only={"voltage_kv": ("110",), "status": ("existing", "upgrading")},
            told=("capacity_mva",),
        ),
    ),
    contact={"contact": "", "contact_phone": "tel", "contact_email": "mailto"},
    downloads="downloads",
)
