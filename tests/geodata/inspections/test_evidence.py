"""Whatever inspectors, leaders and the board do in whatever order: a record stands as evidence.

The oracle is a plain list of what everybody entered: each edition must read as it was entered, a signature covers the
words that were signed, the board keeps what it wrote, the audit log tells every change.
"""

from hypothesis import HealthCheck, example, given, settings, strategies as st

from geodata.inspections.complaints import FOUND
from tests.geodata.inspections.life import COLLEAGUE, LEADER, PEOPLE, Life

WHO = st.sampled_from(PEOPLE)
PAPER = st.integers(0, 1)
NOTE = st.text("ab ạĩ", max_size=6)
STEP = st.one_of(
    st.tuples(
        st.just("write"), WHO, PAPER, st.integers(0, 3), st.booleans(), st.booleans(), NOTE,
        st.sampled_from(["", *FOUND]),
    ),
    st.tuples(st.just("finish"), WHO, PAPER, st.booleans()),
    st.tuples(st.just("write_at_once"), PAPER, st.tuples(st.sampled_from(["x", "y"]), st.sampled_from(["z", "x"]))),
    st.tuples(st.just("board"), WHO, st.integers(11, 60), st.booleans()),
    st.tuples(st.just("photo"), WHO, PAPER, st.integers(0, 3)),
    st.tuples(st.just("remove"), WHO, PAPER, st.integers(0, 3)),
    st.tuples(st.just("recheck"), WHO),
    st.tuples(st.just("campaign")),
    st.tuples(st.just("complain"), WHO, st.integers(0, 3)),
    st.tuples(st.just("dismiss"), WHO, st.integers(0, 3)),
)  # fmt: skip


def do(life: Life, step) -> None:
    """Do one step."""
    life.turn += 1
    match step:
        case ("write", who, paper, days, has_finding, is_remedied, note, outcome):
            entered = life.entered(paper)
            words = life.words(
                entered, days, has_finding=has_finding, is_remedied=is_remedied, note=note, outcome=outcome
            )
            life.write(who, entered, words)
        case ("finish", who, paper, signed):
            life.finish(who, life.entered(paper), signed=signed)
        case ("write_at_once", paper, notes):
            life.write_at_once(life.entered(paper), notes)
        case ("board", who, days, remedied):
            life.board(who, days, remedied=remedied)
        case ("photo", who, paper, number):
            life.photograph(who, life.entered(paper), number)
        case ("remove", who, paper, number):
            life.remove(who, life.entered(paper), number)
        case ("recheck", who):
            life.begin_recheck(who)
        case ("complain", who, days):
            life.complain(who, days)
        case ("dismiss", who, number):
            life.dismiss(who, number)
        case _:
            life.begin_campaign()


FINDING = [("write", LEADER, 0, 3, True, False, "", ""), ("finish", LEADER, 0, True)]


#: A finding is remedied and re-checked, then the first paper is corrected so that it was never found.
WHOLE_STORY = [
    ("campaign",), *FINDING, ("recheck", COLLEAGUE), ("write", COLLEAGUE, 1, 1, False, True, "ạ", ""),
    ("finish", COLLEAGUE, 1, True), ("write", LEADER, 0, 2, False, False, "", ""), ("finish", LEADER, 0, False),
]  # fmt: skip
#: Two papers answer one complaint, then the first is corrected so that it says nothing of it any more.
ANSWERED_TWICE = [
    *FINDING, ("recheck", COLLEAGUE), ("complain", LEADER, 0), ("write", COLLEAGUE, 1, 0, False, True, "", "confirmed"),
    ("write", LEADER, 0, 0, True, False, "", "partly"), ("finish", LEADER, 0, False), ("finish", COLLEAGUE, 1, False),
    ("write", LEADER, 0, 1, True, False, "", ""), ("finish", LEADER, 0, False),
]  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(steps=WHOLE_STORY)
@example(steps=ANSWERED_TWICE)
@given(steps=st.lists(STEP, max_size=10).map(lambda steps: steps[:2] + FINDING + steps[2:]))
def test_whatever_happens_everything_entered_can_be_read_again(session, steps):
    with session.begin_nested() as savepoint:
        life = Life(session)
        for step in steps:
            do(life, step)
            life.check()
        savepoint.rollback()
    session.expire_all()
