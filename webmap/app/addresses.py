"""Which filters an address of the map holds, read as static/src/map/address.js reads it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from werkzeug.datastructures import MultiDict

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.schema.feature import Feature

#: Filters of this name hold for every layer.
ALL = "all"
MOST_ARGUMENTS = 500


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The filters of an address of the map: layer -> arguments, of the layers that are followed."""

    filters: Mapping[str, MultiDict[str, str]] = field(default_factory=dict)
    #: Layers that are followed as they are, for nothing filters them.
    is_filtered: bool = False

    def address(self) -> str:
        """Return the address that shows just this, without the place and the panels of the map."""
        pairs = [("layers", ",".join(self.filters))]
        pairs += [
            (f"{layer}.{name}", value)
            for layer, arguments in self.filters.items()
            for name, value in arguments.items(multi=True)
        ]
        return f"/?{urlencode(pairs, safe=':,')}"


def read_address(address: str, kinds: Iterable[type[Feature]]) -> Asked:
    """Return what an address of the map filters: the layers shown that are filtered, or all that are shown.

    A layer takes its own filters, those of all layers for what it does not say, and for the rest what it opens with.
    Raises InvalidValueError for an address that is none of the map, or shows no layer.
    """
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or parts.path != "/" or not address.isprintable():
        raise InvalidValueError(name="address", value=address[:200], reason=N_("it must be an address of the map"))
    pairs = parse_qsl(parts.query, keep_blank_values=False, max_num_fields=MOST_ARGUMENTS)
    named = next((value.split(",") for name, value in pairs if name == "layers"), None)
    shown = [kind for kind in kinds if (kind.layer.shown if named is None else kind.layer.name in named)]
    filters = {kind.layer.name: _arguments(kind, pairs) for kind in shown}
    filtered = {kind.layer.name for kind in shown if filters[kind.layer.name] != _usual(kind)}
    if not shown:
        raise InvalidValueError(N_("No layer is shown: there is nothing to follow."))
    return Asked(
        filters={name: found for name, found in filters.items() if name in filtered or not filtered},
        is_filtered=bool(filtered),
    )


def _usual(kind: type[Feature]) -> MultiDict[str, str]:
    """Return what a layer opens with."""
    variations = kind.layer.style.by
    return MultiDict([(one.field, str(value)) for one in variations for value in one.opens_with])


def _arguments(kind: type[Feature], pairs: Iterable[tuple[str, str]]) -> MultiDict[str, str]:
    scoped = [(*name.partition("."), value) for name, value in pairs if "." in name]
    found: MultiDict[str, str] = MultiDict()
    for scope in (kind.layer.name, ALL):
        said = set(found)
        for name, _, field_name, value in scoped:
            if name == scope and field_name not in said:
                found.add(field_name, value)
    said = set(found)
    for name, value in _usual(kind).items(multi=True):
        if name not in said:
            found.add(name, value)
    return found
