"""Addresses that open the map in a given state, as static/src/map/state.js reads them."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from flask import url_for


def map_address(
    layer: str,
    filters: Mapping[str, Sequence[str]] | None = None,
    selected: int | None = None,
    *,
    edit: bool = False,
    day: str = "",
) -> str:
    """Return the map with one layer shown, filtered (field -> values), an object selected with its details or its form.

    `day`: an ISO date whose states are shown.
    """
    query = [("layers", layer)]
    query += [(f"{layer}.{field}", value) for field, values in (filters or {}).items() for value in values]
    if day:
        query.append(("all.as_of", day))
    if selected is not None:
        query += [("sel", f"{layer}:{selected}"), ("details", "")]
    if edit:
        query.append(("edit", ""))
    return f"{url_for('map.index')}?{urlencode(query, safe=':,')}"
