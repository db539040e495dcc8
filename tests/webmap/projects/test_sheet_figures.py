"""The figures of a project's sheet are what plain SQL counts on three days."""

from datetime import date

import pytest
from sqlalchemy import text

from geodata.layers import LAYERS
from geodata.projects.records import read_projects
from webmap.app.i18n import DEFAULT_LANGUAGE
from webmap.projects import words

MONEY = """
    SELECT p.code, coalesce(sum(c.planned_vnd), 0), coalesce(sum(c.disbursed_vnd) FILTER (WHERE c.reported_on IS NULL OR c.reported_on <= :day), 0),
      (SELECT count(*) FROM project_obstacle o WHERE o.feature_id = p.id AND (o.raised_on IS NULL OR o.raised_on <= :day)
        AND (o.settled_on IS NULL OR o.settled_on > :day))
    FROM project p LEFT JOIN project_capital c ON c.feature_id = p.id AND c.budget_year <= extract(year FROM CAST(:day AS date))
    WHERE (p.valid_from IS NULL OR p.valid_from <= :day) AND (p.valid_to IS NULL OR p.valid_to >= :day) GROUP BY p.id, p.code"""


@pytest.mark.parametrize("day", [date(2020, 2, 29), date(2022, 5, 31), date(2026, 10, 31)])
def test_money_and_open_obstacles_are_what_plain_sql_counts(demo_connection, day):
    told = {}
    for project in read_projects(demo_connection, LAYERS, day):
        line = words.describe(project, day, DEFAULT_LANGUAGE)
        told[project.code] = (line.money.planned_vnd, line.money.disbursed_vnd, line.open_obstacles)
    assert told == {row[0]: tuple(row[1:]) for row in demo_connection.execute(text(MONEY), {"day": day})}
    assert told
