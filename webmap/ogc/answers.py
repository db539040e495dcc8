"""One document, two forms: JSON for programs, a page for people. And which parameters an address takes."""

from typing import NotRequired, TypedDict, cast
from urllib.parse import urlencode

from flask import Response, after_this_request, jsonify, make_response, render_template, request
from werkzeug.exceptions import NotAcceptable

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.query.geojson import write_collection
from geodata.schema.filters import CHOOSE

JSON = "application/json"
GEOJSON = "application/geo+json"
SCHEMA = "application/schema+json"
HTML = "text/html"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
MVT = "application/vnd.mapbox-vector-tile"
FORMS = {"json": JSON, "html": HTML}
#: What every address takes.
COMMON = frozenset({"f", "lang"})

#: A document as a standard writes it: its members by name; `links` are a list of Link.
Document = dict[str, object]


class Link(TypedDict):
    """A link as the standards write it."""

    rel: str
    href: str
    type: str
    title: NotRequired[str]


def check_arguments(*known: str) -> None:
    """Refuse what the address does not know, as OGC API Features asks. Raises InvalidValueError."""
    allowed = {*COMMON, *known}
    for name, value in request.args.items(multi=True):
        if name not in allowed:
            raise InvalidValueError(
                name=name[:80],
                value=value[:80],
                reason=N_("this address does not take that parameter"),
                choices=sorted(allowed),
            )


def check_json_arguments() -> None:
    """Refuse what an address that answers only JSON does not know. Raises InvalidValueError."""
    check_arguments()
    if request.args.get("f") and wants_page():
        raise InvalidValueError(name="f", value="html", reason=CHOOSE, choices=["json"])


def wants_page() -> bool:
    """Say whether a page is asked for: by `f`, else by the Accept header; programs that do not say get JSON."""
    form = request.args.get("f", "").lower()
    if not form:
        return request.accept_mimetypes.best_match([JSON, GEOJSON, SCHEMA, HTML]) == HTML
    if form not in FORMS:
        raise InvalidValueError(name="f", value=form[:20], reason=CHOOSE, choices=list(FORMS))
    return form == "html"


def link(rel: str, href: str, media: str = JSON, title: str = "") -> Link:
    """Return a link as the standards write it."""
    made: Link = {"rel": rel, "href": href, "type": media}
    return {**made, "title": title} if title else made


def this_address(**changes: str) -> str:
    """Return the address of this request with other arguments in place of some."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in changes]
    query = urlencode([*kept, *changes.items()])
    return f"{request.base_url}?{query}" if query else request.base_url


def answer(document: Document, page: str, *, media: str = JSON, **context: object) -> Response:
    """Answer a document in the form asked for, with links to itself and to its other form."""
    is_page = wants_page()
    return _written(_with_links(document, media, is_page=is_page), page, media, is_page=is_page, **context)


def answer_features(members: Document, features: bytes) -> Response:
    """Answer features that the database has written, as GeoJSON; `members` are those of the collection beside them."""
    check_acceptable(GEOJSON)
    content = write_collection(_with_links(members, GEOJSON, is_page=False), features)
    response = Response(content, mimetype=GEOJSON)
    response.vary.add("Accept")
    return response


def _with_links(document: Document, media: str, *, is_page: bool) -> Document:
    """Return a document with links to itself and to its other form before its own."""
    own = {"json": link("self", this_address(f="json"), media), "html": link("self", this_address(f="html"), HTML)}
    own["json" if is_page else "html"]["rel"] = "alternate"
    links = [*sorted(own.values(), key=lambda one: one["rel"] != "self"), *cast(list[Link], document.get("links", []))]
    return document | {"links": links}


def answer_schema(schema: Document, page: str, **context: object) -> Response:
    """Answer a JSON schema, which has no links of its own."""
    return _written(schema, page, SCHEMA, is_page=wants_page(), **context)


def _written(document: Document, page: str, media: str, *, is_page: bool, **context: object) -> Response:
    check_acceptable(media)
    if is_page:
        response = make_response(
            render_template(f"ogc/{page}.html", document=document, json_address=this_address(f="json"), **context)
        )
    else:
        response = jsonify(document)
        response.mimetype = media
    response.vary.add("Accept")
    return response


def check_acceptable(media: str) -> None:
    """Refuse who takes none of the forms there are; `f` goes before what a program says it takes. Raises NotAcceptable."""
    takes = request.accept_mimetypes
    if takes and not request.args.get("f") and not takes.best_match([JSON, media, HTML]):
        after_this_request(_depends_on_accept)
        raise NotAcceptable


def _depends_on_accept(response: Response) -> Response:
    response.vary.add("Accept")
    return response
