"""The quick run takes each behaviour once, and in time every case."""

from itertools import groupby

from hypothesis import given, strategies as st

from tests.quick import FEW, chosen, groups_of

GROUPS = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 10**6)), unique_by=lambda pair: pair[1])


@given(GROUPS, st.integers(0, 10**6))
def test_one_of_each_group_is_taken_in_the_order_of_all(pairs, turn):
    taken = chosen(pairs, turn)
    group = {member: name for name, member in pairs}
    assert sorted(group[member] for member in taken) == sorted({name for name, _ in pairs})
    members = [member for _, member in pairs]
    assert [members.index(member) for member in taken] == sorted(members.index(member) for member in taken)


@given(GROUPS, st.integers(0, 10**6))
def test_in_as_many_turns_as_the_largest_group_has_members_each_is_taken(pairs, turn):
    names = [name for name, _ in pairs]
    most = max(map(names.count, names), default=0)
    assert {member for step in range(most) for member in chosen(pairs, turn + step)} == {member for _, member in pairs}


def test_a_function_stands_for_its_cases_and_where_tests_are_dear_one_for_the_few_beside_it():
    plain = [
        "tests/webmap/map/test_api.py::test_a[x-y]",
        "tests/webmap/map/test_api.py::test_a[z]",
        "tests/test_docs.py::test_a",
    ]
    assert len(set(groups_of(plain))) == 2
    dear = [f"tests/browser/test_{file}.py::test_{number}" for file in "ab" for number in range(FEW)]
    assert [len(list(members)) for _, members in groupby(groups_of(dear))] == [FEW, FEW]
