"""What a file fills: a layer, or what hangs on its objects."""

from geodata.importing.details import PARENT_FIELD, detail_fields, detail_of
from geodata.importing.sessions.model import ImportSession
from geodata.importing.understanding.match import importable_fields
from geodata.schema.described import Described
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from webmap.app.extensions import layers
from webmap.app.i18n import translate


def fields_of(kind: type[Feature], found: ImportSession) -> tuple[Field, ...]:
    """Return the fields that a file may fill: the layer's, or those of what hangs on its objects."""
    detail = detail_of(kind, found.options.detail or "")
    return importable_fields(kind) if detail is None else (PARENT_FIELD, *detail_fields(detail))


def filled_by(kind: type[Feature], found: ImportSession) -> type[Described]:
    """Return what a file fills: the layer, or what hangs on its objects."""
    return detail_of(kind, found.options.detail or "") or kind


def detail_title(found: ImportSession) -> str:
    """Return the title of the detail that an import fills, or nothing."""
    detail = detail_of(layers().get(found.layer), found.options.detail or "")
    return translate(detail.detail.title) if detail else ""
