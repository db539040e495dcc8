"""Serves the built scripts and styles: names that tell their content, kept for a year, compressed beforehand.

Templates go on writing `url_for('static', filename='src/map/map.entry.js')`; the address is that of the built file
(scripts/install/bundle.py). Pages are not compressed: they hold tokens, and size would tell of them (BREACH).
"""

import json
from pathlib import Path
from typing import Any, TypedDict

from flask import Flask, Response, current_app, request, send_from_directory, url_for
from werkzeug.exceptions import NotFound

from webmap.app.i18n import translate

FOLDER = Path(__file__).parents[1] / "static"
BUILT = "built/"
MANIFEST = FOLDER / "built" / "manifest.json"
ONE_YEAR_S = 31_536_000

MIMETYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".png": "image/png",
}
"""Said here: what a system's own table says of them differs."""


class Manifest(TypedDict):
    """What scripts.install.bundle built, as names in static/: source -> file, script -> all it imports, script -> what it says."""

    files: dict[str, str]
    imports: dict[str, list[str]]
    texts: dict[str, list[str]]


def init_static_files(app: Flask) -> None:
    """Let `url_for('static', …)` give built files, and serve them."""
    manifest = read_manifest()
    files, imports = manifest["files"], manifest["imports"]

    @app.url_defaults
    def _name_built(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values["filename"] = files.get(values["filename"], values["filename"])

    def module_addresses(entry: str) -> list[str]:
        """Return the addresses of a script and all it imports, so that a page asks for them at once."""
        return [url_for("static", filename=name) for name in (entry, *imports[entry])]

    app.extensions["script_texts"] = manifest["texts"]
    app.view_functions["static"] = serve
    app.jinja_env.globals["script_texts"] = script_texts
    app.jinja_env.globals["module_addresses"] = module_addresses


def script_texts(*entries: str) -> dict[str, str]:
    """Return what these scripts say, in the language of the request; English is the key and not repeated."""
    said = {text for entry in entries for text in current_app.extensions["script_texts"][entry]}
    translated = {text: translate(text) for text in sorted(said)}
    return {text: words for text, words in translated.items() if words != text}


def read_manifest() -> Manifest:
    """Return what was built. Raises RuntimeError when nothing was."""
    try:
        manifest: Manifest = json.loads(MANIFEST.read_text("utf-8"))
    except OSError as error:
        raise RuntimeError("The browser's scripts are not built: start the map by ./scripts/serve") from error
    return manifest


def serve(filename: str) -> Response:
    """Send a static file: a built one for good, and compressed to who takes that."""
    if not filename.startswith(BUILT):
        return send_from_directory(FOLDER, filename)
    if filename.endswith(".gz") or filename == f"{BUILT}{MANIFEST.name}":
        raise NotFound
    variant, has_variant = f"{filename}.gz", (FOLDER / f"{filename}.gz").is_file()
    is_small = has_variant and bool(request.accept_encodings["gzip"])
    response = send_from_directory(
        FOLDER,
        variant if is_small else filename,
        mimetype=MIMETYPES.get(Path(filename).suffix),
        max_age=ONE_YEAR_S,
    )
    response.cache_control.immutable = True
    if has_variant:
        response.vary.add("Accept-Encoding")
    if is_small:
        response.headers["Content-Encoding"] = "gzip"
    return response
