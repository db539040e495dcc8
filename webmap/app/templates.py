"""Where templates are: each room keeps its own, named by the room (`imports/new.html`); the frame of all pages is here."""

import re
from pathlib import Path

from flask import Flask
from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader
from jinja2.ext import Extension

_ROOMS = Path(__file__).parents[1]
_INDENTATION = re.compile(r"\n[ \t]+")


class Unindented(Extension):
    """Takes a page's indentation out when its template is compiled: pages leave uncompressed (see static_files), browsers ignore it."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Return the source of a page without indentation, lines kept; other files as they are, where it may mean something."""
        del filename
        return _INDENTATION.sub("\n", source) if name is not None and name.endswith(".html") else source


def init_templates(app: Flask) -> None:
    """Let templates be found by room and name."""
    rooms = {folder.parent.name: FileSystemLoader(folder) for folder in sorted(_ROOMS.glob("*/templates"))}
    app.jinja_loader = ChoiceLoader([PrefixLoader(rooms), rooms["app"]])
    app.jinja_env.add_extension(Unindented)
