"""OGC API – Features: what the service can do, and each layer as a collection."""

from flask import url_for

from geodata.base.crs import Province
from geodata.base.database import ReadConnection
from geodata.base.i18n import N_
from geodata.query import features
from geodata.query.projections import CRS84, offered_systems
from geodata.schema.feature import Feature
from webmap.app.i18n import translate
from webmap.ogc.answers import GEOJSON, HTML, JSON, OPENAPI, SCHEMA, Document, Link, link

_OGC = "http://www.opengis.net/spec"
REL = "http://www.opengis.net/def/rel/ogc/1.0"

#: The classes of the standards that the addresses keep to.
CONFORMANCE = (
    f"{_OGC}/ogcapi-common-1/1.0/conf/core",
    f"{_OGC}/ogcapi-common-2/1.0/conf/collections",
    f"{_OGC}/ogcapi-features-1/1.0/conf/core",
    f"{_OGC}/ogcapi-features-1/1.0/conf/oas30",
    f"{_OGC}/ogcapi-features-1/1.0/conf/html",
    f"{_OGC}/ogcapi-features-1/1.0/conf/geojson",
    f"{_OGC}/ogcapi-features-2/1.0/conf/crs",
    f"{_OGC}/ogcapi-features-3/1.0/conf/queryables",
    f"{_OGC}/ogcapi-features-4/1.0/conf/create-replace-delete",
    f"{_OGC}/ogcapi-features-4/1.0/conf/update",
    f"{_OGC}/ogcapi-features-4/1.0/conf/features",
    f"{_OGC}/ogcapi-features-4/1.0/conf/optimistic-locking-etags",
    f"{_OGC}/ogcapi-tiles-1/1.0/conf/core",
    f"{_OGC}/ogcapi-tiles-1/1.0/conf/tileset",
    f"{_OGC}/ogcapi-tiles-1/1.0/conf/tilesets-list",
    f"{_OGC}/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    f"{_OGC}/ogcapi-tiles-1/1.0/conf/mvt",
    f"{_OGC}/tms/2.0/conf/tilematrixset",
    f"{_OGC}/tms/2.0/conf/json-tilematrixset",
)


def service_title(department: str) -> str:
    """Return what the service is called."""
    return translate(N_("Map data of {department}")).format(department=department)


def landing(department: str) -> Document:
    """Return the first page: where everything else is."""
    return {
        "title": service_title(department),
        "description": translate(
            N_("The layers of the map for QGIS and other programs, as OGC API Features and Tiles.")
        ),
        "links": [
            link("service-desc", _address("openapi.index"), OPENAPI, translate(N_("All addresses, as OpenAPI"))),
            link("service-doc", f"{_address('help.index')}#qgis", HTML, translate(N_("Help"))),
            link("conformance", _address("ogc.conformance"), JSON, translate(N_("Conformance"))),
            link("data", _address("ogc.collections"), JSON, translate(N_("Layers"))),
            link(f"{REL}/tiling-schemes", _address("ogc_tiles.matrix_sets"), JSON, translate(N_("Tiling schemes"))),
        ],
    }


def describe_collection(connection: ReadConnection, kind: type[Feature], province: Province) -> Document:
    """Return a layer: its extent, reference systems and what can be had of it."""
    layer = kind.layer
    items = _address("ogc.items", layer=layer.name)
    return {
        "id": layer.name,
        "title": translate(layer.title),
        "description": translate(layer.description),
        "itemType": "feature",
        "extent": {
            "spatial": {"bbox": [features.extent(connection, kind) or province.extent], "crs": CRS84},
            "temporal": {"interval": [[None, None]], "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"},
        },
        "crs": list(offered_systems(province)),
        "storageCrs": CRS84,
        "links": [
            link("items", items, GEOJSON, translate(N_("Objects"))),
            link("items", f"{items}?f=html", HTML, translate(N_("Objects"))),
            link(f"{REL}/queryables", _address("ogc.queryables", layer=layer.name), SCHEMA, translate(N_("Filters"))),
            link("describedby", _address("ogc.schema", layer=layer.name), SCHEMA, translate(N_("Fields"))),
            link(f"{REL}/schema", _address("ogc.schema", layer=layer.name), SCHEMA, translate(N_("Fields"))),
            link(f"{REL}/tilesets-vector", _address("ogc_tiles.tilesets", layer=layer.name), JSON, translate(N_("Vector tiles"))),
            link(f"{REL}/styles", _address("ogc_tiles.styles", layer=layer.name), JSON, translate(N_("Symbols"))),
        ],
    }  # fmt: skip


def collection_link(layer: str) -> Link:
    """Return the link from a feature to its layer."""
    return link("collection", _address("ogc.collection", layer=layer))


def _address(endpoint: str, **values: str) -> str:
    return url_for(endpoint, _external=True, **values)
