"""The help page."""

import re

from tests.conftest import sign_in


def test_everybody_reads_the_help_in_both_languages(app):
    client = sign_in(app, "public")
    vietnamese, english = client.get("/help").text, client.get("/help?lang=en").text
    assert "Phím tắt" in vietnamese
    assert "Short answers" in english


def test_the_glossary_has_both_words_and_a_translated_heading(client):
    from webmap.help.views import GROUPS, glossary

    assert tuple(heading for heading, _ in glossary()) == GROUPS
    assert sum(len(pairs) for _, pairs in glossary()) > 80
    assert all(vi and en for _, pairs in glossary() for vi, en in pairs)
    text = client.get("/help").text
    assert "tỷ lệ lấp đầy" in text
    assert "occupancy" in text


def test_links_within_the_page_lead_somewhere(client):
    text = client.get("/help").text
    for name in re.findall(r'href="#([\w-]+)"', text):
        assert f'id="{name}"' in text, name
