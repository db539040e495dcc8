"""Scripts and style sheets leave compressed, our own scripts without comments.

Pages do not: they hold tokens, and size would tell of them (BREACH).
"""

import gzip
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request
from rjsmin import jsmin

from webmap.modules import FOLDER

TYPES = {"text/css", "text/javascript", "application/javascript", "image/svg+xml", "application/json"}
#: Below this the answer is one packet anyway.
SMALLEST = 1000


def init_compression(app: Flask) -> None:
    """Compress static texts for browsers that take gzip; each version of a file once."""

    @app.after_request
    def _compress(response: Response) -> Response:
        if request.endpoint != "static" or response.mimetype not in TYPES:
            return response
        response.vary.add("Accept-Encoding")
        etag, _ = response.get_etag()
        path = Path(str(app.static_folder)) / str((request.view_args or {}).get("filename", ""))
        is_whole = response.status_code == 200 and "Range" not in request.headers
        if not is_whole or not request.accept_encodings["gzip"] or etag is None or path.stat().st_size < SMALLEST:
            return response
        response.direct_passthrough = False
        response.set_data(_compressed(path, etag))
        response.headers["Content-Encoding"] = "gzip"
        response.set_etag(etag, weak=True)  # the same file in other bytes
        return response


@lru_cache(maxsize=300)
def _compressed(path: Path, etag: str) -> bytes:
    del etag  # another version is another entry
    content = path.read_bytes()
    if path.parent == FOLDER:
        content = jsmin(content.decode("utf-8")).encode("utf-8")
    return gzip.compress(content, compresslevel=9, mtime=0)
