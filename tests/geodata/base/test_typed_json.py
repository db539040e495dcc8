"""Documents that are kept: what is written is read again, and what earlier versions kept is readable."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import pytest
from hypothesis import given, strategies as st

from geodata.base.typed_json import from_json, named, to_json


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, kw_only=True)
class Part:
    name: str
    share: float | None = None


@dataclass(frozen=True, kw_only=True)
class Whole:
    number: int
    label: str | None
    source: str = field(default="none", metadata=named("from"))
    colour: Colour = Colour.RED
    parts: tuple[Part, ...] = ()
    point: tuple[float, float] | None = None
    by_row: Mapping[int, str] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rows: frozenset[int] = frozenset()
    details: Mapping[str, str | int | float | None] = field(default_factory=dict)


PARTS = st.builds(Part, name=st.text(), share=st.none() | st.floats(allow_nan=False, allow_infinity=False))
PLAIN = st.none() | st.text() | st.integers()
WHOLES = st.builds(
    Whole,
    number=st.integers(),
    label=st.none() | st.text(),
    source=st.text(),
    colour=st.sampled_from(Colour),
    parts=st.lists(PARTS).map(tuple),
    point=st.none() | st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 2),
    by_row=st.dictionaries(st.integers(), st.text()),
    tables=st.dictionaries(st.text(), st.dictionaries(st.text(), st.text())),
    rows=st.frozensets(st.integers()),
    details=st.dictionaries(st.text(), PLAIN),
)


@given(WHOLES)
def test_what_is_written_is_read_again(whole):
    assert from_json(Whole, json.loads(json.dumps(to_json(whole)))) == whole


def test_a_field_is_kept_under_the_name_it_is_given():
    assert to_json(Whole(number=1, label=None, source="prj"))["from"] == "prj"


def test_what_an_earlier_version_kept_is_read_with_the_defaults_of_what_it_lacks():
    kept = {"number": 3, "label": None, "colour": None, "parts": [{"name": "a", "told": True}], "gone": {"x": 1}}
    assert from_json(Whole, kept) == Whole(number=3, label=None, parts=(Part(name="a"),))


def test_what_cannot_be_this_document_is_refused():
    with pytest.raises(TypeError, match="number"):
        from_json(Whole, {"label": "a", "from": "prj"})
    with pytest.raises(ValueError, match="green"):
        from_json(Whole, {"number": 1, "label": "a", "colour": "green"})
