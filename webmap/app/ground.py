"""The ground of a file of our own (BASEMAP_PMTILES), for every page that has a map."""

from dataclasses import replace

from flask import Flask, current_app, url_for

from geodata.basemap.archive import Archive, open_archive
from webmap.app.settings import Settings


def init_ground(app: Flask) -> None:
    """Let templates give it to their maps."""
    app.jinja_env.globals["ground_spec"] = ground_spec


def open_ground() -> Archive | None:
    """Return the open file; None without the setting."""
    settings: Settings = current_app.config["SETTINGS"]
    return open_archive(settings.basemap_pmtiles) if settings.basemap_pmtiles else None


def ground_spec() -> dict[str, object] | None:
    """Return what the browser needs to draw it; None without a file. The address says which file it is."""
    archive = open_ground()
    if archive is None:
        return None
    settings: Settings = current_app.config["SETTINGS"]
    ground = replace(archive.ground, attribution=settings.basemap_attribution)
    address = url_for("ground.tile", z=0, x=0, y=0, v=ground.version)
    return ground.spec(address.replace("/0/0/0.mvt", "/{z}/{x}/{y}.mvt"))
