"""Addresses that open the map in a given state, as static/js/state.js reads them."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from flask import url_for


def map_address(layer: str, filters: Mapping[str, Sequence[str]] | None = None, selected: int | None = None) -> str:
    """Return the map with one layer shown, filtered (field -> values), an object selected with its details."""
    query = [("layers", layer)]
    query += [(f"{layer}.{field}", value) for field, values in (filters or {}).items() for value in values]
    if selected is not None:
        query += [("sel", f"{layer}:{selected}"), ("details", "")]
    return f"{url_for('map.index')}?{urlencode(query, safe=':,')}"
