"""The dashboard: the charts that layers declare, campaigns and city indicators; a figure leads to what it counts."""

from collections.abc import Iterator, Sequence

from flask import Blueprint, current_app, render_template, url_for

from geodata.accounts.access import visible_names
from geodata.base.database import ReadConnection
from geodata.query.references import broken_wholes, loose_ends
from geodata.schema.charts import Chart
from geodata.schema.feature import Feature
from geodata.schema.roles import STAFF
from geodata.statistics.dashboard import campaign_progress, chart_figures
from geodata.statistics.figure_checks import check_figures
from geodata.statistics.indicators import Month, list_series
from webmap.app.auth import access_rule, allow, current_reader, current_role
from webmap.app.extensions import database, db_session, layers
from webmap.app.i18n import current_language
from webmap.map import charts

blueprint = Blueprint("dashboard", __name__)


@blueprint.get("/dashboard")
@allow(*STAFF)
def index() -> str:
    """Show the figures this person may see."""
    language = current_language()
    with database().reading(current_reader()) as connection:
        shown = list(_charts(connection, language))
        # What tells of the whole province would be wrong, or too much, for who sees a part of it.
        is_limited = bool(current_reader().areas)
        series = [] if is_limited else list_series(connection)
        ends = [] if is_limited else list(_ends(connection, language))
    campaigns = [] if is_limited else campaign_progress(db_session())
    return render_template(
        "statistics/dashboard/page.html",
        charts=shown,
        campaigns=[charts.describe_campaign(one, _campaign_page(one.campaign.id), language) for one in campaigns],
        indicators=[charts.describe_series(one, _unclear(one.months), language) for one in series],
        loose_ends=ends,
        is_limited=is_limited,
        may_enter=_may_open("indicators.index"),
        report_address=url_for("monthly.index") if _may_open("monthly.index") and not is_limited else "",
        size=(charts.WIDTH, charts.HEIGHT),
    )


def _ends(connection: ReadConnection, language: str) -> Iterator[charts.LooseEndView]:
    for end in loose_ends(connection, layers(), _visible):
        yield charts.describe_loose_end(end, language)
    for whole in broken_wholes(connection, layers(), _visible):
        yield charts.describe_broken(whole, language)


def _visible(kind: type[Feature]) -> frozenset[str]:
    return visible_names(current_role(), kind)


def _may_open(endpoint: str) -> bool:
    rule = access_rule(current_app.view_functions[endpoint])
    return rule is not None and current_role() in rule.roles


def _campaign_page(campaign_id: int) -> str:
    """Return the address of a campaign's own page for those who may open it."""
    may = _may_open("inspections.campaign")
    return url_for("inspections.campaign", campaign_id=campaign_id) if may else ""


def _charts(connection: ReadConnection, language: str) -> Iterator[charts.ChartView]:
    for kind in layers():
        visible = visible_names(current_role(), kind)
        for chart in kind.layer.charts:
            if _needs(chart) <= visible:
                yield charts.describe_chart(kind, chart_figures(connection, kind, chart), language)


def _needs(chart: Chart) -> set[str]:
    return {chart.field, *chart.only, *chart.sums}


def _unclear(months: Sequence[Month]) -> int:
    """Return how many figures of a series do not fit each other."""
    checks = [check for month in months for check in check_figures(month, months)]
    return sum(not check.is_consistent for check in checks)
