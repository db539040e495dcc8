"""Every address of the public API as data: what it is for, what it takes, what it answers.

A test compares OPERATIONS with the application's addresses, so that neither lags behind.
"""

from dataclasses import dataclass

from geodata.base.i18n import N_
from geodata.export.formats import FORMATS
from webmap.app.query import AS_OF
from webmap.ogc.answers import GEOJSON, HTML, JSON, MVT, OPENAPI, SCHEMA
from webmap.ogc.tilesets import SCHEME

CSV = "text/csv"
#: What a layer's file may be.
FILES = tuple(form.mimetype for form in FORMATS.values())
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """An address and its method. With `by_layer`, `{layer}` in the path is written out for each layer.

    `parameters` are names of openapi.parameters; `filters`: it takes the layer's filters too. `media`: what it may
    answer; JSON follows `schema`. `may_be_empty`: 204 where nothing is, 304 where the client has it. `writes`: only for
    those who may write the layer, with a feature as body unless it deletes; `success`: the status of what was done. `is_for_staff`: others are led to the
    page where one signs in.
    """

    path: str
    tag: str
    summary: str
    parameters: tuple[str, ...] = ()
    by_layer: bool = False
    filters: bool = False
    media: tuple[str, ...] = (JSON,)
    schema: str = "object"
    may_be_empty: bool = False
    method: str = "get"
    success: str = "200"
    is_for_staff: bool = False

    @property
    def writes(self) -> bool:
        """Whether it changes data."""
        return self.method != "get"


MAP, FEATURES, TILES, OGC, STATUS = "Map", "Features", "Tiles", "OGC API", "Status"
_OGC_FORM, _JSON_FORM = ("f", "lang"), ("f-json", "lang")
_FILTERED = ("q", "bbox", "near", "around", "polygon", AS_OF, "lang")
_ITEMS = ("limit", "cursor", "bbox", "bbox-crs", "crs", "datetime", "q", "near", "around", "polygon", AS_OF, *_OGC_FORM)
_AREA = ("near", "around", "polygon", AS_OF, "lang")
_OGC_JSON = (JSON, HTML)

OPERATIONS = (
    Operation(path="/healthz", tag=STATUS, summary=N_("Whether the server lives")),
    Operation(path="/readyz", tag=STATUS, summary=N_("Whether the database answers and has the right schema")),
    Operation(path="/openapi.json", tag=STATUS, summary=N_("This description"), parameters=("lang",), media=(OPENAPI,)),
    Operation(path="/api/layers", tag=FEATURES, summary=N_("Layers with fields, filters, legend and extent"), parameters=("lang",)),
    Operation(
        path="/api/layers/{layer}/features", tag=FEATURES, summary=N_("Objects, page by page"), by_layer=True, filters=True,
        parameters=("limit", "cursor", "sort", "geometry", "count", *_FILTERED), media=(GEOJSON,), schema="collection",
    ),
    Operation(
        path="/api/layers/{layer}/features/{feature_id}", tag=FEATURES, summary=N_("One object"), by_layer=True,
        parameters=("feature_id",), media=(GEOJSON,), schema="feature",
    ),
    Operation(
        path="/api/layers/{layer}/facets", tag=FEATURES, summary=N_("Number of objects per value"), by_layer=True,
        filters=True, parameters=("extent", *_FILTERED),
    ),
    Operation(
        path="/api/layers/{layer}/charts", tag=FEATURES, summary=N_("Bars of each field, as JSON or CSV"), by_layer=True,
        filters=True, parameters=("chart-format", *_FILTERED), media=(JSON, CSV),
    ),
    Operation(path="/api/search", tag=FEATURES, summary=N_("Search in all layers"), parameters=("search", "search-layer", "search-limit", "lang")),
    Operation(path="/api/coordinates", tag=FEATURES, summary=N_("Places that written coordinates may mean"), parameters=("search", "lang")),
    Operation(
        path="/layers/{layer}/export", tag=FEATURES, summary=N_("What is filtered, as a file"), by_layer=True, filters=True,
        parameters=("file-format", "file-crs", "file-detail", "heads", "columns", "sort", *_FILTERED), media=FILES, schema="exported",
    ),
    Operation(path="/exports", tag=FEATURES, summary=N_("Own large files, which the background makes; for staff"), media=(HTML,), is_for_staff=True),
    Operation(
        path="/exports/{number}", tag=FEATURES, summary=N_("One large file: how far it is; for staff"), parameters=("export-number",),
        media=(HTML,), is_for_staff=True,
    ),
    Operation(
        path="/exports/{number}/state", tag=FEATURES, summary=N_("One large file: how far it is, for programs; for staff"),
        parameters=("export-number",), is_for_staff=True,
    ),
    Operation(
        path="/exports/{number}/file", tag=FEATURES, summary=N_("One large file, when it is made; for staff"),
        parameters=("export-number",), media=FILES, is_for_staff=True,
    ),
    Operation(path="/api/inside", tag=MAP, summary=N_("What lies inside an area, layer by layer"), parameters=("inside-limit", *_AREA)),
    Operation(
        path="/layers/inside.xlsx", tag=MAP, summary=N_("The same as an Excel file"), parameters=_AREA, media=(XLSX,),
        schema="file",
    ),
    Operation(path="/api/around", tag=MAP, summary=N_("An object and the ground around it"), parameters=("around", "lang")),
    Operation(path="/api/years", tag=MAP, summary=N_("What exists and is planned by given years"), parameters=("years", "plans", "lang")),
    Operation(
        path="/layers/{layer}/features/{feature_id}/popup", tag=MAP, summary=N_("An object in a few words, as HTML"),
        by_layer=True, parameters=("feature_id", AS_OF, "lang"), media=(HTML,), schema="file",
    ),
    Operation(
        path="/layers/{layer}/features/{feature_id}/panel", tag=MAP, summary=N_("All about an object, as HTML"),
        by_layer=True, parameters=("feature_id", AS_OF, "lang"), media=(HTML,), schema="file",
    ),
    Operation(
        path="/tiles/{layer}/{z}/{x}/{y}.mvt", tag=TILES, summary=N_("A vector tile, drawn 512 px wide"), by_layer=True,
        filters=True, parameters=("z", "x", "y", *_FILTERED), media=(MVT,), schema="file", may_be_empty=True,
    ),
    Operation(path="/ogc/", tag=OGC, summary=N_("Where everything is"), parameters=_OGC_FORM, media=_OGC_JSON),
    Operation(path="/ogc/conformance", tag=OGC, summary=N_("Conformance"), parameters=_OGC_FORM, media=_OGC_JSON),
    Operation(path="/ogc/collections", tag=OGC, summary=N_("Layers"), parameters=_OGC_FORM, media=_OGC_JSON),
    Operation(path="/ogc/collections/{layer}", tag=OGC, summary=N_("One layer"), by_layer=True, parameters=_OGC_FORM, media=_OGC_JSON),
    Operation(
        path="/ogc/collections/{layer}/queryables", tag=OGC, summary=N_("Filters"), by_layer=True, parameters=_OGC_FORM,
        media=(SCHEMA, HTML),
    ),
    Operation(
        path="/ogc/collections/{layer}/schema", tag=OGC, summary=N_("Fields"), by_layer=True, parameters=_OGC_FORM,
        media=(SCHEMA, HTML),
    ),
    Operation(
        path="/ogc/collections/{layer}/items", tag=OGC, summary=N_("Objects, page by page"), by_layer=True, filters=True,
        parameters=_ITEMS, media=(GEOJSON, HTML), schema="collection",
    ),
    Operation(
        path="/ogc/collections/{layer}/items/{feature_id}", tag=OGC, summary=N_("One object"), by_layer=True,
        parameters=("feature_id", "crs", *_OGC_FORM), media=(GEOJSON, HTML), schema="feature",
    ),
    Operation(
        path="/ogc/collections/{layer}/items", tag=OGC, summary=N_("Add an object"), by_layer=True, method="post",
        success="201", parameters=("content-crs", "lang"), media=(GEOJSON,), schema="feature",
    ),
    Operation(
        path="/ogc/collections/{layer}/items/{feature_id}", tag=OGC, summary=N_("Replace an object"), by_layer=True,
        method="put", parameters=("feature_id", "if-match", "content-crs", "lang"), media=(GEOJSON,), schema="feature",
    ),
    Operation(
        path="/ogc/collections/{layer}/items/{feature_id}", tag=OGC, summary=N_("Change fields of an object"), by_layer=True,
        method="patch", parameters=("feature_id", "if-match", "content-crs", "lang"), media=(GEOJSON,), schema="feature",
    ),
    Operation(
        path="/ogc/collections/{layer}/items/{feature_id}", tag=OGC, summary=N_("Delete an object"), by_layer=True,
        method="delete", success="204", parameters=("feature_id", "if-match", "lang"), media=(),
    ),
    Operation(path="/ogc/collections/{layer}/tiles", tag=TILES, summary=N_("Tile sets of a layer"), by_layer=True, parameters=_JSON_FORM),
    Operation(
        path=f"/ogc/collections/{{layer}}/tiles/{SCHEME}", tag=TILES, summary=N_("Where a layer’s tiles are"),
        by_layer=True, parameters=_JSON_FORM,
    ),
    Operation(
        path=f"/ogc/collections/{{layer}}/tiles/{SCHEME}/{{z}}/{{row}}/{{column}}", tag=TILES,
        summary=N_("The same vector tile; row before column"), by_layer=True, filters=True,
        parameters=("z", "row", "column", *_FILTERED), media=(MVT,), schema="file", may_be_empty=True,
    ),
    Operation(path="/ogc/tileMatrixSets", tag=TILES, summary=N_("Tiling schemes"), parameters=_JSON_FORM),
    Operation(path=f"/ogc/tileMatrixSets/{SCHEME}", tag=TILES, summary=N_("The tiling scheme"), parameters=_JSON_FORM),
    Operation(path="/ogc/collections/{layer}/styles", tag=TILES, summary=N_("Styles of a layer"), by_layer=True, parameters=_JSON_FORM),
    Operation(
        path="/ogc/collections/{layer}/styles/default", tag=TILES, summary=N_("Symbols for the vector tiles, as a Mapbox GL style"),
        by_layer=True, parameters=_JSON_FORM,
    ),
    Operation(
        path="/ogc/project.qgs", tag=OGC, summary=N_("A QGIS project with all layers and symbols"), parameters=_JSON_FORM,
        media=("application/x-qgis-project",), schema="file",
    ),
)  # fmt: skip
