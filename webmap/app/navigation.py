"""The main navigation: which pages there are, and which of them this person may open. Decides no rights itself."""

from dataclasses import dataclass

from flask import Flask, request, url_for

from geodata.base.i18n import N_
from geodata.schema.charts import Showcase
from geodata.schema.registry import Registry
from geodata.schema.roles import Role
from webmap.app.areas import is_open
from webmap.app.auth import CurrentUser, may_open, user_of_page
from webmap.app.extensions import layers
from webmap.app.i18n import translate


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of the navigation: its endpoint, its label, the endpoints under it that keep it marked."""

    endpoint: str
    label: str
    also: tuple[str, ...] = ()


#: To add one: its line here. Who sees it follows from the view's own @allow.
PAGES = (
    Page(endpoint="map.index", label=N_("Map")),
    Page(
        endpoint="dashboard.index",
        label=N_("Dashboard"),
        also=(
            "indicators.index",
            "indicators.save",
            "figure_grid.index",
            "figure_charts.index",
            "figure_charts.set_goal",
            "figure_files.form",
            "figure_files.preview",
            "figure_files.store",
            "figure_history.index",
            "figure_history.change_set",
            "figure_history.undo",
            "monthly.index",
            "paper_templates.index",
            "paper_templates.template",
        ),
    ),
    Page(
        endpoint="projects.index",
        label=N_("Key works"),
        also=("projects.project", "project_site.form", "petitions.index", "dossiers.pipeline"),
    ),
    Page(
        endpoint="grid.index",
        label=N_("110 kV network"),
        also=(
            "grid.cluster",
            "grid.method",
            "grid.parameters",
            "grid.requests",
            "grid.station",
            "grid_events.event",
            "grid_events.index",
            "grid_events.plan",
            "grid_outages.impact",
        ),
    ),
    Page(
        endpoint="inspections.board",
        label=N_("Inspections"),
        also=(
            "worklist.index",
            "visits.index",
            "followup.index",
            "states.index",
            "reminders.index",
            "day.index",
            "routes.index",
            "people.index",
            "catalogue.index",
        ),
    ),
    Page(
        endpoint="imports.index",
        label=N_("Imports"),
        also=("imports.new", "imports.questions", "imports.preview", "imports.confirm", "imports.report"),
    ),
    Page(
        endpoint="history.index",
        label=N_("History"),
        also=("history.change_set", "history.feature", "history.undo", "proposals.index", "proposals.show"),
    ),
    Page(
        endpoint="accounts.users", label=N_("Accounts"), also=("accounts.add_user", "accounts.audit", "outside.index")
    ),
    Page(endpoint="help.index", label=N_("Help")),
)


def nav_items(user: CurrentUser) -> list[tuple[str, str, bool]]:
    """Return (address, label, is this page) of the pages the user may open; nothing where there is just the map."""
    items = [
        (url_for(page.endpoint), translate(page.label), request.endpoint in {page.endpoint, *page.also})
        for page in PAGES
        if _may_open(page, user)
    ]
    items[1:1] = [
        (url_for("showcase.index", slug=spec.slug), translate(spec.title), _is_open(spec.slug))
        for spec in _showcases(layers())
    ]
    return items if len(items) > 1 else []


def init_navigation(app: Flask) -> None:
    """Give templates `nav_items`."""
    app.context_processor(lambda: {"nav_items": nav_items(user_of_page())})


def _showcases(registry: Registry) -> list[Showcase]:
    """Return the public pages of the layers that have one."""
    return [kind.layer.showcase for kind in registry if kind.layer.showcase and Role.PUBLIC in kind.layer.access.view]


def _is_open(slug: str) -> bool:
    return (request.view_args or {}).get("slug") == slug


def _may_open(page: Page, user: CurrentUser) -> bool:
    return may_open(page.endpoint, user.role) and not (user.areas and not is_open(page.endpoint.partition(".")[0]))
