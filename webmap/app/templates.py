"""Where templates are: each room keeps its own, named by the room (`imports/new.html`); the frame of all pages is here."""

from pathlib import Path

from flask import Flask
from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader

_ROOMS = Path(__file__).parents[1]


def init_templates(app: Flask) -> None:
    """Let templates be found by room and name."""
    rooms = {folder.parent.name: FileSystemLoader(folder) for folder in sorted(_ROOMS.glob("*/templates"))}
    app.jinja_loader = ChoiceLoader([PrefixLoader(rooms), rooms["app"]])
