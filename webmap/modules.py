"""Which script files a page's module imports, so that the page can ask for all of them at once.

Without it the browser learns of each file only when it has read the one that imports it.
"""

import re
from functools import cache
from pathlib import Path

from flask import Flask, url_for

FOLDER = Path(__file__).parent / "static" / "js"
_IMPORT = re.compile(r"""^import .*?["']\./([\w-]+\.js)["']""", re.MULTILINE)


@cache
def modules_of(entry: str) -> tuple[str, ...]:
    """Return an entry file and all it imports, nearest first, as names in static/js."""
    found = [entry]
    for name in found:  # grows while it is walked
        imported = _IMPORT.findall((FOLDER / name).read_text("utf-8"))
        found += [other for other in dict.fromkeys(imported) if other not in found]
    return tuple(found)


def init_modules(app: Flask) -> None:
    """Let templates ask for the addresses of a module and what it imports."""
    app.jinja_env.globals["module_addresses"] = lambda entry: [
        url_for("static", filename=f"js/{name}") for name in modules_of(entry)
    ]
