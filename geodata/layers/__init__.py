"""The layer kinds of the project, in legend order. Their files are private to this package."""

from geodata.layers.admin_units import AdminUnit
from geodata.layers.fuel_sites import FuelSite
from geodata.layers.industrial_clusters import IndustrialCluster
from geodata.layers.markets import Market
from geodata.layers.petitions import Petition
from geodata.layers.planning_zones import PlanningZone
from geodata.layers.power_lines import PowerLine
from geodata.layers.projects import Project
from geodata.layers.substations import Substation
from geodata.layers.transport_hubs import TransportHub
from geodata.layers.waterways import Waterway
from geodata.schema.registry import registry

LAYERS = registry(
    FuelSite,
    Market,
    Substation,
    Project,
    Petition,
    PowerLine,
    IndustrialCluster,
    PlanningZone,
    TransportHub,
    Waterway,
    AdminUnit,
)
