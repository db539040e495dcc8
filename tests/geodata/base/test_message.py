"""Texts for people: what is translated of them, what never is, and how they are kept."""

import json
from datetime import date
from decimal import Decimal

import pytest

from geodata.base.errors import GeodataError
from geodata.base.message import AsWritten, Message
from geodata.base.typed_json import from_json, to_json

VIETNAMESE = {"“{value}” is no {what}.": "“{value}” không phải {what}.", "day": "ngày", "None": "Không có"}


def vietnamese(text):
    """Translate the few texts of these tests."""
    return VIETNAMESE.get(text, text)


def test_the_template_and_the_words_of_ours_are_translated_what_stands_in_a_file_is_not():
    message = Message(template="“{value}” is no {what}.", values={"value": "None", "what": "day"})
    assert message.say() == "“None” is no day."
    assert message.say(vietnamese) == "“None” không phải ngày."


def test_what_people_wrote_is_never_taken_for_a_word_of_ours():
    assert Message(template="{name}", values={"name": "None"}).say(vietnamese) == "Không có"
    assert Message(template="{name}", values={"name": AsWritten("None")}).say(vietnamese) == "None"


def test_days_and_numbers_are_written_as_the_language_does_texts_and_lists_stand_as_they_are():
    values = {
        "on": date(2020, 3, 2),
        "count": 3,
        "share": Decimal("0.5"),
        "rows": "3, 4",
        "names": ["a", "b"],
        "empty": "",
    }
    message = Message(template="{on} {count} {share} {rows} {names} {empty}", values=values)
    assert message.say(write=lambda value: f"<{value}>") == "<2020-03-02> <3> <0.5> 3, 4 a, b "


def test_what_a_message_does_not_tell_is_an_error():
    with pytest.raises(KeyError):
        Message(template="{count} rows").say()


def test_it_is_kept_as_earlier_versions_kept_it():
    kept = {"template": "“{value}” is no {what}.", "details": {"value": "None", "what": "day", "row": 3, "limit": None}}
    message = from_json(Message, kept)
    assert message.say(vietnamese) == "“None” không phải ngày."
    assert json.loads(json.dumps(to_json(message))) == kept


def test_an_error_is_its_message_and_tells_programs_the_values():
    error = GeodataError("{names} are missing", names=["a", "b"])
    assert (str(error), error.details) == ("a, b are missing", {"names": ["a", "b"]})
    again = GeodataError(error.said)
    assert again.said is error.said
