"""Every blueprint of the rooms, registered in one place."""

from flask import Flask

from webmap.accounts import oidc, second_factor, views as accounts
from webmap.app import health
from webmap.documents import views as documents
from webmap.editing import batch as batch_editing, proposals, views as editing
from webmap.following import calendar, due, mail, views as following
from webmap.grid import events as grid_events, on_map as grid_map, outages as grid_outages, views as grid
from webmap.help import views as help_
from webmap.imports import history, views as imports
from webmap.inspections import (
    board,
    catalogue,
    checklists,
    complaints,
    day,
    followup,
    papers,
    people,
    picking,
    pictures,
    reminders,
    routes,
    states,
    visits,
    worklist,
)
from webmap.map import api, exports, features, glance, ground, outside, page, saved_views, sketches, tiles, tools
from webmap.ogc import edit_views as ogc_edit, tile_views as ogc_tiles, views as ogc
from webmap.openapi import views as openapi
from webmap.papers import (
    lists_page as paper_lists,
    statements_page as statements,
    templates_page as paper_templates,
    views as monthly,
)
from webmap.projects import dossiers, petitions, site as project_site, views as projects
from webmap.showcase import files as showcase_files, views as showcase
from webmap.statistics import (
    charts_page as figure_charts,
    dashboard,
    figure_files,
    figure_history,
    grid as figure_grid,
    indicators,
    reports,
)

MODULES = (
    editing,
    batch_editing,
    proposals,
    health,
    page,
    tiles,
    ground,
    glance,
    outside,
    tools,
    reports,
    features,
    documents,
    api,
    exports,
    ogc,
    ogc_edit,
    ogc_tiles,
    openapi,
    accounts,
    second_factor,
    oidc,
    following,
    due,
    calendar,
    mail,
    dashboard,
    grid,
    grid_events,
    grid_map,
    grid_outages,
    indicators,
    figure_grid,
    figure_charts,
    figure_files,
    figure_history,
    dossiers,
    monthly,
    paper_lists,
    paper_templates,
    statements,
    petitions,
    projects,
    project_site,
    help_,
    saved_views,
    sketches,
    showcase,
    showcase_files,
    imports,
    history,
    board,
    catalogue,
    checklists,
    complaints,
    day,
    followup,
    papers,
    people,
    picking,
    pictures,
    reminders,
    routes,
    states,
    visits,
    worklist,
)


def register_blueprints(app: Flask) -> None:
    """Register every blueprint."""
    for module in MODULES:
        app.register_blueprint(module.blueprint)
