"""The list of sites by certificate: every group is what plain SQL counts on the day, and its link shows the rows."""

import argparse
import contextlib
import io
from datetime import date

import pytest
from docx import Document
from sqlalchemy import text

from geodata.layers import LAYERS
from scripts.commands import paper as command
from tests.conftest import sign_in
from webmap.papers.lists import read_list

#: The state of the certificate held on a day, said again in SQL: docs/domain.md.
STATES = """
    WITH held AS (
      SELECT DISTINCT ON (c.feature_id) c.* FROM certificate c WHERE c.issued_on <= :day ORDER BY c.feature_id, c.issued_on DESC, c.id DESC)
    SELECT f.code FROM fuel_site f LEFT JOIN held c ON c.feature_id = f.id
    WHERE (f.valid_from IS NULL OR f.valid_from <= :day) AND (f.valid_to IS NULL OR f.valid_to >= :day)
"""


@pytest.mark.parametrize("day", ["2020-02-29", "2022-05-31", "2026-10-31"])
def test_every_site_of_the_day_stands_once_in_the_group_that_its_link_shows(demo_connection, demo_app, day):
    leader = sign_in(demo_app, "leader")
    filled, section = read_list(demo_connection, LAYERS, "certificates", date.fromisoformat(day), office="SỞ")
    there = demo_connection.execute(text(STATES), {"day": day}).scalars().all()
    assert sorted(code for figure in section.named for code in figure.codes) == sorted(there)
    groups = {group["title"]: group for group in filled.values["groups"]}
    assert len(groups) == sum(bool(figure.codes) for figure in section.named)
    for figure in section.named:
        shown = leader.get(f"{figure.query}&limit=1000").json
        assert sorted(one["properties"]["code"] for one in shown["features"]) == sorted(figure.codes)
        assert figure.values[0] == shown["numberMatched"]
    assert sum(len(group["rows"]) for group in groups.values()) == len(there)


def test_the_list_shows_the_certificate_that_was_held_on_the_day(demo_connection, demo_app):
    query = """
        SELECT f.name, c.certificate_no FROM certificate c JOIN fuel_site f ON f.id = c.feature_id WHERE c.issued_on <= '2020-02-29'
        AND coalesce(f.valid_from, '1900-01-01') <= '2020-02-29' AND coalesce(f.valid_to, '2100-01-01') >= '2020-02-29'
        AND NOT EXISTS (SELECT FROM certificate d WHERE d.feature_id = f.id AND d.issued_on > c.issued_on AND d.issued_on <= '2020-02-29')
        AND EXISTS (SELECT FROM certificate d WHERE d.feature_id = f.id AND d.issued_on > '2020-02-29') ORDER BY f.code LIMIT 1"""
    name, number = demo_connection.execute(text(query)).one()
    content = sign_in(demo_app, "inspector").get("/papers/lists/certificates.docx?on=2020-02-29").data
    rows = [[cell.text for cell in row.cells] for table in Document(io.BytesIO(content)).tables for row in table.rows]
    assert number in next(row for row in rows if name in row)


def test_the_command_writes_the_list_at_the_end_of_a_period(demo_session, monkeypatch, tmp_path):
    monkeypatch.setattr(command, "database_session", lambda: contextlib.nullcontext(demo_session))
    parser = argparse.ArgumentParser()
    command.configure(parser)
    assert command.run(parser.parse_args(["certificates", "--period", "2020-02", str(tmp_path / "a.docx")])) == 0
    assert "29/02/2020" in "\n".join(Document(tmp_path / "a.docx").element.itertext())
    with pytest.raises(command.Failure):
        command.run(parser.parse_args(["certificates", "--period", "2020-02", str(tmp_path / "a.xlsx")]))
    with pytest.raises(command.Failure):
        command.run(parser.parse_args(["monthly", "--period", "2020", str(tmp_path / "a.docx")]))
