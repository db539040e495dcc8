"""The layer kinds together, checked at start-up for what would only fail later."""

from collections.abc import Iterator
from importlib import import_module

from geodata.base.errors import NotFoundError
from geodata.schema.charts import ReportFigure
from geodata.schema.feature import Feature, Layer, _fields_of_grid
from geodata.schema.fields import fold_column_name


class Registry:
    """The layer kinds in legend order. Refuses at start-up what would only fail later."""

    def __init__(self, *kinds: type[Feature]) -> None:
        self._kinds = {kind.layer.name: kind for kind in kinds}
        if len(self._kinds) != len(kinds):
            raise ValueError("two layers have the same name")
        for kind in kinds:
            _check_kind(kind)

    def __iter__(self) -> Iterator[type[Feature]]:
        return iter(self._kinds.values())

    def __len__(self) -> int:
        return len(self._kinds)

    def find(self, name: str) -> type[Feature] | None:
        """Return the kind of that layer name, or None."""
        return self._kinds.get(name)

    def get(self, name: str) -> type[Feature]:
        """Return the kind of that layer name. Raises NotFoundError."""
        kind = self._kinds.get(name)
        if kind is None:
            raise NotFoundError(value=name)
        return kind


def registry(*kinds: type[Feature]) -> Registry:
    """Return the registry of these kinds, checked."""
    return Registry(*kinds)


def registry_at(place: str) -> Registry:
    """Return the registry that stands in a module, such as geodata.layers:LAYERS: so a process tells another which layers it has.

    Raises ImportError, AttributeError or TypeError where there is none.
    """
    module, _, name = place.partition(":")
    found = getattr(import_module(module), name)
    if not isinstance(found, Registry):
        raise TypeError(f"{place} is no registry of layers")
    return found


def _check_kind(kind: type[Feature]) -> None:
    fields = {field.name: field for field in kind.fields()}
    owners: dict[str, str] = {}
    for field in fields.values():
        if not field.label:
            raise ValueError(f"{kind.layer.name}.{field.name} has no label")
        for alias in {fold_column_name(name) for name in (*field.source_names, field.name)}:
            if owners.setdefault(alias, field.name) != field.name:
                raise ValueError(f"{kind.layer.name}: {alias!r} means both {owners[alias]} and {field.name}")
    if unknown := _fields_named_by(kind.layer) - set(fields):
        raise ValueError(
            f"{kind.layer.name}: style, key, chart, reference, showcase or life names unknown fields {sorted(unknown)}"
        )
    for detail in kind.details:
        if not detail.fields():
            raise ValueError(f"{kind.layer.name}: detail {detail.detail.name} has no fields")
        if (name := detail.detail.names_object) and detail.field(name) is None:
            raise ValueError(f"{kind.layer.name}: detail {detail.detail.name} has no field {name}")


def _reported(layer: Layer) -> tuple[ReportFigure, ...]:
    if layer.reported is None:
        return ()
    return layer.reported.figures + (layer.reported.statutory.figures if layer.reported.statutory else ())


def _fields_named_by(layer: Layer) -> set[str]:
    wanted = {variation.field for variation in layer.style.by} | set(layer.style.label_fields)
    wanted |= (
        set(layer.key)
        | set(layer.refers)
        | set(layer.other_names)
        | {layer.style.offset_field or "code", layer.whole_by or "code", layer.names_object or "code"}
    )
    if one := layer.listed:
        wanted |= {one.by, *one.columns, *one.only}
    for figure in _reported(layer):
        wanted |= {*figure.only, *filter(None, (figure.by, figure.within, figure.sums))}
    for chart in layer.charts:
        wanted |= {chart.field, *chart.only, *chart.sums}
    if show := layer.showcase:
        wanted |= {show.headline, *show.columns, *show.facts, *show.filters, *show.only}
    if life := layer.life:
        wanted |= {life.status, *life.begins, *life.sums} | ({life.plan} if life.plan else set())
    return wanted | _fields_of_grid(layer.grid)
