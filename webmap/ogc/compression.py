"""GeoJSON and descriptions leave compressed: a page of objects is a sixth as long.

Pages for people stay as they are: they hold tokens, and size would tell of them (BREACH). What has an ETag stays, too: the
tag stands for the bytes that are sent.
"""

import gzip

from flask import Blueprint, Response, request

#: Shorter answers gain nothing.
_LEAST_BYTES = 1_000
#: Higher levels take twice the time for a few percent.
_LEVEL = 5
_KEPT = frozenset({"text/html"})


def compress(blueprint: Blueprint) -> None:
    """Let a room of views answer compressed to who takes that."""
    blueprint.after_request(_compressed)


def _compressed(response: Response) -> Response:
    if response.mimetype in _KEPT or response.is_streamed or response.direct_passthrough or "ETag" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    is_wanted = request.accept_encodings["gzip"] and "Content-Encoding" not in response.headers
    if is_wanted and (response.content_length or 0) >= _LEAST_BYTES:
        response.set_data(gzip.compress(response.get_data(), _LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response
