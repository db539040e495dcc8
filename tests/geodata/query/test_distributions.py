"""Bars over a selection: few and round, each a filter that keeps exactly what it counts."""

from datetime import date

import numpy as np
import pytest
from werkzeug.datastructures import MultiDict

from geodata.accounts.access import visible_fields
from geodata.layers import LAYERS
from geodata.query.bins import MAX_BINS, MAX_YEARS, number_bins, year_bins
from geodata.query.distributions import Scale, distributions, summable
from geodata.query.features import count_features
from geodata.schema.roles import Role
from tests.factories import make_feature
from webmap.app.query import FilterParser

ALL = pytest.mark.parametrize("kind", list(LAYERS), ids=lambda kind: kind.layer.name)
HAI_PHONG_HALF = (106.5, 20.7, 106.75, 21.0)


def asked(connection, kind, role=Role.ADMIN, /, **arguments):
    fields = visible_fields(role, kind)
    parser = FilterParser(kind=kind, visible=fields, readable=LAYERS, connection=connection)
    return fields, parser.parse(MultiDict([(name, one) for name, many in arguments.items() for one in many]))


def kept(text, values):
    low, dots, high = text.partition("..")
    low, high = float(low or "-inf"), float((high if dots else low) or "inf")
    return int(((values >= low) & (values <= high)).sum())


RANDOM = np.random.default_rng(7)


@pytest.mark.parametrize(
    "values",
    [
        np.array([5.0] * 10), np.array([0.0] * 98 + [7, 900]), np.array([3.5]), np.array([110, 220, 500.0]),
        RANDOM.lognormal(3, 2, 500).round(2), RANDOM.integers(0, 13, 100).astype(float),
        RANDOM.uniform(0, 100, 70).round(1), RANDOM.normal(0, 10, 200).round(1), np.array([0.001, 0.002, 0.004]),
    ],
    ids=["one", "giant", "single", "few", "skewed", "counts", "percent", "negative", "tiny"],
)  # fmt: skip
def test_number_bars_are_few_and_each_keeps_what_it_counts(values):
    bins = number_bins(values)
    counts = np.bincount(bins.codes(np.append(values, np.nan)), minlength=len(bins.bins) + 1)
    assert len(bins.bins) <= MAX_BINS + 3
    assert [kept(one.text, values) for one in bins.bins] == list(counts[:-1])
    assert counts[-1] == 1, "the unknown value is its own bar"


def test_ends_are_round():
    ends = [one.low for one in number_bins(np.arange(0.0, 1000)).bins]
    assert ends == [100 * place for place in range(10)]


def test_crowded_numbers_get_bars_that_grow():
    values = np.concatenate([np.linspace(1, 20, 95).round(1), np.array([5_000.0, 9_000, 9_500, 9_900, 9_990])])
    counts = np.bincount(number_bins(values).codes(values))
    assert counts.max() < 60


@pytest.mark.parametrize("is_date", [True, False])
def test_each_year_has_a_bar_and_very_old_ones_share_one(is_date):
    bins = year_bins(np.array([1887.0, *range(2000, 2026)]), is_date=is_date)
    assert len(bins.bins) <= MAX_YEARS + 2
    assert bins.bins[0].low is None
    texts = [one.text for one in bins.bins]
    assert ("2020-01-01..2020-12-31" if is_date else "2020") in texts


@ALL
def test_every_bar_counts_what_its_filter_keeps(demo_connection, kind):
    fields, none = asked(demo_connection, kind)
    found = distributions(demo_connection, kind, fields, none)
    assert found.count == count_features(demo_connection, kind)
    assert found.charts
    for chart in found.charts:
        parts = [*chart.bars, chart.unknown, *([chart.rest[1]] if chart.rest else [])]
        assert sum(bar.count for bar in parts) == found.count, chart.field.name
        for bar in (*chart.bars, chart.unknown):
            _, conditions = asked(demo_connection, kind, **{chart.field.name: [bar.value]})
            assert count_features(demo_connection, kind, conditions) == bar.count, (chart.field.name, bar.value)


@ALL
def test_a_filter_narrows_all_bars_but_those_of_its_own_field(demo_connection, kind):
    fields, none = asked(demo_connection, kind)
    everything = distributions(demo_connection, kind, fields, none)
    chart = next(chart for chart in everything.charts if len([bar for bar in chart.bars if bar.count]) > 1)
    bar = next(bar for bar in chart.bars if bar.count)
    fields, conditions = asked(demo_connection, kind, **{chart.field.name: [bar.value]})
    narrowed = distributions(demo_connection, kind, fields, conditions)
    assert narrowed.count == bar.count < everything.count
    own = next(one for one in narrowed.charts if one.field.name == chart.field.name)
    assert own == chart
    other = next(one for one in narrowed.charts if one.field.name != chart.field.name)
    assert (
        sum(bar.count for bar in (*other.bars, other.unknown)) + (other.rest[1].count if other.rest else 0) == bar.count
    )


@ALL
def test_the_extent_counts_what_the_list_shows_of_it(demo_connection, kind):
    fields, none = asked(demo_connection, kind)
    box = ",".join(str(side) for side in HAI_PHONG_HALF)
    _, conditions = asked(demo_connection, kind, bbox=[box])
    found = distributions(demo_connection, kind, fields, none, bbox=HAI_PHONG_HALF)
    assert found.count == count_features(demo_connection, kind, conditions)


@ALL
@pytest.mark.parametrize("filters", [{"q": ["an"]}, {"near": ["106.68,20.86,12"]}, {"as_of": ["2020-06-01"]}])
def test_other_filters_agree_with_the_counts(demo_connection, kind, filters):
    fields, conditions = asked(demo_connection, kind, **filters)
    found = distributions(demo_connection, kind, fields, conditions)
    assert found.count == count_features(demo_connection, kind, conditions)
    for chart in found.charts:
        parts = [*chart.bars, chart.unknown, *([chart.rest[1]] if chart.rest else [])]
        assert sum(bar.count for bar in parts) == found.count


def test_sums_are_of_what_is_known_and_nothing_where_nothing_is(session, connection):
    kind = next(kind for kind in LAYERS if summable(kind, kind.fields()))
    name = summable(kind, kind.fields())[0].name
    make_feature(session, kind, code="A", **{name: 12})
    make_feature(session, kind, code="B", **{name: 30})
    make_feature(session, kind, code="C")
    session.flush()
    found = distributions(connection, kind, kind.fields())
    assert found.sums[0] == 42
    chart = next(chart for chart in found.charts if chart.field.name == name)
    assert (chart.scale, chart.unknown.count, chart.unknown.sums[0]) == (Scale.NUMBER, 1, None)


def test_fields_nobody_filled_in_are_named_and_not_drawn(session, connection):
    kind = next(iter(LAYERS))
    make_feature(session, kind, code="A", valid_from=date(2020, 5, 1))
    session.flush()
    found = distributions(connection, kind, kind.fields())
    assert "valid_to" in {field.name for field in found.blank}
    years = next(chart for chart in found.charts if chart.field.name == "valid_from")
    assert [(bar.value, bar.count) for bar in years.bars] == [("2020-01-01..2020-12-31", 1)]


def test_an_empty_layer_has_no_charts(connection):
    for kind in LAYERS:
        found = distributions(connection, kind, kind.fields())
        assert (found.count, found.charts) == (0, ())
