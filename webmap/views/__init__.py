"""Views: parse, check, call one geodata function, render."""

from flask import Flask

from webmap.views import (
    accounts,
    api,
    dashboard,
    documents,
    exports,
    features,
    health,
    help,
    history,
    imports,
    indicators,
    inspections,
    inspections_followup,
    inspections_papers,
    inspections_picking,
    inspections_reminders,
    inspections_routes,
    inspections_states,
    inspections_visits,
    inspections_worklist,
    map_page,
    ogc,
    ogc_tiles,
    openapi,
    reports,
    saved_views,
    showcase,
    tiles,
    tools,
)

MODULES = (
    health,
    map_page,
    tiles,
    tools,
    reports,
    features,
    documents,
    api,
    exports,
    ogc,
    ogc_tiles,
    openapi,
    accounts,
    dashboard,
    indicators,
    help,
    saved_views,
    showcase,
    imports,
    history,
    inspections,
    inspections_followup,
    inspections_papers,
    inspections_picking,
    inspections_reminders,
    inspections_routes,
    inspections_states,
    inspections_visits,
    inspections_worklist,
)


def register_views(app: Flask) -> None:
    """Register every blueprint."""
    for module in MODULES:
        app.register_blueprint(module.blueprint)
