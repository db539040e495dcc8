"""How late a project is: in SQL and in words the same, on any day, whatever its milestones are."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import select

from geodata.layers import LAYERS
from geodata.layers.projects import Project
from geodata.layers.projects.details import Milestone, Obstacle, ProgressReport
from geodata.projects.records import ProjectRecord, read_projects
from geodata.projects.schedule import by_person, delay_of, duties, explain, planned_curve, planned_percent
from tests.factories import make_feature

START = date(2020, 1, 1)
DAYS = st.integers(0, 60).map(lambda days: START + timedelta(days=days))
MAYBE = st.none() | DAYS
MILESTONES = st.lists(
    st.fixed_dictionaries({"planned_on": MAYBE, "forecast_on": MAYBE, "forecast_made_on": MAYBE, "done_on": MAYBE}),
    max_size=4,
)


def in_words(session, day) -> ProjectRecord:
    (project,) = read_projects(session.connection(), LAYERS, day)
    return project


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(milestones=MILESTONES, status=st.sampled_from(["building", "cancelled", None]), day=DAYS)
def test_the_register_and_the_words_agree_on_every_delay(session, milestones, status, day):
    with session.begin_nested() as step:
        project = make_feature(session, Project, status=status)
        session.add_all(
            Milestone(feature_id=project.id, name=f"Mốc {number}", **days) for number, days in enumerate(milestones)
        )
        session.flush()
        names = ("schedule_state", "delay_days", "late_milestone")
        stored = session.execute(select(*(Project.column(name, day) for name in names))).one()
        told = delay_of(in_words(session, day), day)
        culprit = told.milestone.name if told.is_behind and told.milestone else None
        assert (told.state, told.days, culprit) == tuple(stored)
        step.rollback()


@pytest.fixture
def project(session):
    project = make_feature(session, Project, name="Trạm mẫu", status="building", owner="Chủ đầu tư mẫu")
    hang = [
        Milestone(name="Khởi công", planned_on=date(2020, 1, 10), done_on=date(2020, 1, 12), share_percent=20),
        Milestone(
            name="Đóng điện", planned_on=date(2020, 3, 1), share_percent=80, responsible="Ban quản lý mẫu",
            forecast_on=date(2020, 5, 10), forecast_made_on=date(2020, 2, 15),
        ),
        Obstacle(
            raised_on=date(2020, 2, 1), description="Thiếu mặt bằng", responsible="Ủy ban nhân dân mẫu",
            due_on=date(2020, 2, 20), state="settled", settled_on=date(2020, 3, 5),
        ),
        ProgressReport(reported_on=date(2020, 2, 1), percent=30, reported_by="Ban quản lý mẫu"),
        ProgressReport(reported_on=date(2020, 3, 1), percent=55, reported_by="Ban quản lý mẫu"),
    ]  # fmt: skip
    for row in hang:
        row.feature_id = project.id
    session.add_all(hang)
    session.flush()
    return project


def test_a_forecast_counts_from_the_day_it_was_made(session, project):
    before, after = in_words(session, date(2020, 2, 14)), in_words(session, date(2020, 2, 15))
    assert (delay_of(before, date(2020, 2, 14)).state, delay_of(before, date(2020, 2, 14)).days) == ("on_track", 0)
    delay = delay_of(after, date(2020, 2, 15))
    assert (delay.state, delay.days, delay.expected_on) == ("at_risk", 70, date(2020, 5, 10))
    assert explain(delay).say(lambda text: text) == (
        "“Đóng điện” was planned for 2020-03-01, the forecast is 2020-05-10: 70 days late"
    )


def test_who_must_act_is_told_with_what_and_since_when(session, project):
    day = date(2020, 3, 2)
    found = duties([in_words(session, day)], day)
    assert [(duty.who, duty.what, duty.days, duty.is_obstacle) for duty in found] == [
        ("Ban quản lý mẫu", "Đóng điện", 70, False),
        ("Ủy ban nhân dân mẫu", "Thiếu mặt bằng", 11, True),
    ]
    assert [who for who, _ in by_person(found)] == ["Ban quản lý mẫu", "Ủy ban nhân dân mẫu"]
    later = date(2020, 3, 6)
    assert [duty.is_obstacle for duty in duties([in_words(session, later)], later)] == [False]


def test_the_plan_is_the_share_of_what_should_be_done(session, project):
    record = in_words(session, date(2020, 2, 1))
    assert planned_curve(record) == [(date(2020, 1, 10), 20), (date(2020, 3, 1), 100)]
    assert [planned_percent(record, day) for day in (date(2020, 1, 9), date(2020, 2, 1), date(2020, 3, 1))] == [
        0,
        20,
        100,
    ]


def test_progress_is_what_was_last_reported_by_the_day(session, project):
    reported = [
        session.scalar(select(Project.column("progress_percent", day)))
        for day in (date(2020, 1, 31), date(2020, 2, 29))
    ]
    assert reported == [None, 30]
    assert in_words(session, date(2020, 2, 29)).reports[-1].percent == 30
