"""What inspectors visit: the one layer this package knows, under the name the pages use for it."""

from geodata.layers.fuel_sites import CertificateState, FuelKind, FuelSite as Site, InspectionStatus

__all__ = ["CertificateState", "FuelKind", "InspectionStatus", "Site"]
