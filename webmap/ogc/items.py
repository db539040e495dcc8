"""OGC API – Features: what is asked of a layer's features, and the page of them that answers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import request
from werkzeug.datastructures import MultiDict

from geodata.base.crs import Province
from geodata.base.database import ReadConnection
from geodata.base.errors import InvalidFilterError, InvalidValueError
from geodata.base.i18n import N_
from geodata.base.parsing import parse_whole
from geodata.base.values import FeatureRow
from geodata.query import features
from geodata.query.geojson import list_geojson
from geodata.query.projections import OfferedCrs, box_filter, find_system
from geodata.schema.feature import Feature
from geodata.schema.filters import Condition
from geodata.schema.layer_filters import lifetime_filter, parse_span
from webmap.app.query import RESERVED
from webmap.app.requests import LayerRequest
from webmap.ogc.answers import COMMON, GEOJSON, Document, link, this_address

DEFAULT_LIMIT = 100
#: Parameters of the standard; all others are filters of the layer.
OWN = (*COMMON, "limit", "cursor", "bbox", "bbox-crs", "crs", "datetime")


@dataclass(frozen=True, kw_only=True)
class ItemsQuery:
    """What is asked: conditions, the system of the answer, and from where on how many."""

    conditions: tuple[Condition, ...]
    system: OfferedCrs
    limit: int
    cursor: str | None
    matched: int | None


def read_query(connection: ReadConnection, asked: LayerRequest, province: Province) -> ItemsQuery:
    """Return what this request asks of a layer. Raises InvalidFilterError, InvalidValueError."""
    filters, own = _split(request.args)
    conditions = [*asked.conditions(connection, filters), *_standard(asked.kind, own, province)]
    matched, cursor = _read_cursor(own.get("cursor"))
    return ItemsQuery(
        conditions=tuple(conditions),
        system=find_system(province, "crs", own.get("crs")),
        limit=_limit(own.get("limit")),
        cursor=cursor,
        matched=matched,
    )


def read_rows(
    connection: ReadConnection, asked: LayerRequest, query: ItemsQuery
) -> tuple[Document, Sequence[FeatureRow]]:
    """Return what is said of a page of features, and these as rows."""
    page = features.list_features(
        connection, asked.kind, asked.fields, query.conditions,
        limit=query.limit, cursor=query.cursor, system=query.system,
    )  # fmt: skip
    return _members(connection, asked, query, len(page.rows), page.next_cursor), page.rows


def read_texts(connection: ReadConnection, asked: LayerRequest, query: ItemsQuery) -> tuple[Document, bytes]:
    """Return what is said of a page of features, and these as GeoJSON with commas between (UTF-8)."""
    page = list_geojson(
        connection, asked.kind, asked.fields, query.conditions,
        limit=query.limit, cursor=query.cursor, system=query.system,
    )  # fmt: skip
    return _members(connection, asked, query, page.count, page.next_cursor), page.content


def _members(
    connection: ReadConnection, asked: LayerRequest, query: ItemsQuery, count: int, next_cursor: str | None
) -> Document:
    """Return the members of the collection beside its features, with a link to the next ones.

    Features are counted once: the cursor carries the number on, as counting can cost more than a page.
    """
    matched = query.matched
    if matched is None:
        is_all = query.cursor is None and next_cursor is None
        matched = count if is_all else features.count_features(connection, asked.kind, query.conditions)
    return {
        "type": "FeatureCollection",
        "timeStamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "numberMatched": matched,
        "numberReturned": count,
        "links": [link("next", this_address(cursor=f"{matched}.{next_cursor}"), GEOJSON)] if next_cursor else [],
    }


def _split(arguments: MultiDict[str, str]) -> tuple[MultiDict[str, str], dict[str, str]]:
    """Return the filters, and the standard's own parameters; the other views' parameters are none of either."""
    filters = MultiDict([(name, value) for name, value in arguments.items(multi=True) if name not in OWN])
    for name in filters:
        if name in RESERVED:
            raise InvalidFilterError(name=name, value=filters[name], reason=N_("there is no such filter"))
    return filters, {name: arguments.getlist(name)[-1] for name in OWN if arguments.get(name)}


def _standard(kind: type[Feature], own: dict[str, str], province: Province) -> list[Condition]:
    found = []
    system = find_system(province, "bbox-crs", own.get("bbox-crs"))
    if "bbox" in own:
        found.append(box_filter("bbox", own["bbox"], system, province, kind.column("geom")))
    if "datetime" in own:
        span = parse_span("datetime", own["datetime"])
        found.append(lifetime_filter("datetime", span, kind.column("valid_from"), kind.column("valid_to")))
    return found


def _limit(text: str | None) -> int:
    """Return how many are asked for; more than a page can hold is no error, says the standard."""
    if text is None:
        return DEFAULT_LIMIT
    return min(parse_whole("limit", text, low=1), features.MAX_PAGE)


def _read_cursor(text: str | None) -> tuple[int | None, str | None]:
    """Return how many matched, and the place to go on from. Raises InvalidValueError."""
    if text is None:
        return None, None
    matched, dot, cursor = text.partition(".")
    if not dot:
        raise InvalidValueError(name="cursor", value=text[:80], reason=N_("take it from the “next” link"))
    return parse_whole("cursor", matched), cursor
