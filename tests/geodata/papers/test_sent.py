"""Papers as they were sent: by hash, version after version."""

import hashlib
from datetime import date

import pytest

from geodata.base.errors import InvalidValueError, NotFoundError
from geodata.papers.sent import differences, get_sent, hash_of, list_sent, send

PERIOD = date(2020, 2, 1)


def sent(session, value, reason=""):
    figures = [{"key": "markets: open", "value": value, "filters": {}, "rows": ["A", "B"]}]
    return send(
        session, "monthly", PERIOD, data_day=date(2020, 2, 29), figures=figures, file=value.encode(), template=b"form", reason=reason, by="lan"
    )  # fmt: skip


def test_a_paper_is_kept_with_the_hashes_of_its_file_and_of_its_figures_with_rows(session):
    paper = sent(session, "32")
    assert (paper.version, paper.sha256) == (1, hashlib.sha256(b"32").hexdigest())
    assert paper.figures_sha256 == hash_of(paper.figures)
    assert paper.figures_sha256 != hash_of([{**paper.figures[0], "rows": ["A"]}])
    assert get_sent(session, paper.id).file == b"32"


def test_a_correction_wants_its_reason_and_tells_what_differs(session):
    first = sent(session, "32")
    with pytest.raises(InvalidValueError):
        sent(session, "31", reason="  ")
    second = sent(session, "31", reason="Đếm lại")
    assert [paper.version for paper in list_sent(session, "monthly", PERIOD)] == [2, 1]
    assert differences(first, second) == [("markets: open", "32", "31")]


def test_a_paper_that_is_not_there_is_told(session):
    with pytest.raises(NotFoundError):
        get_sent(session, 4711)
