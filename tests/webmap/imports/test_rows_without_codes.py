"""Rows without codes, recognised by name and place, over HTTP."""

from tests.geodata.importing import files
from tests.webmap.imports.wizard import COLUMNS, found, markets, places, plain, rows_of, store, upload, work


def test_rows_without_codes_are_recognised_when_somebody_says_they_are_the_same(gis, engine, session, tmp_path):
    store(gis, engine, upload(gis, engine, plain(tmp_path / "a.zip", rows_of(4), places(4))))
    rows = [(name.upper(), "hạng 2") for _, name, _ in rows_of(3)] + [("Chợ Khác", "hạng 2")]
    number = upload(gis, engine, files.shapefile(tmp_path / "b.zip", COLUMNS[1:], rows, places(4)))
    question = gis.get(f"/imports/{number}/questions").text
    assert "3 trên 4 dòng chỉ giống một đối tượng đã có" in question
    gis.post(f"/imports/{number}/questions", data={"match_asked": "1", "match": "1"})
    work(engine)
    page = gis.get(f"/imports/{number}/preview").text
    assert page.count("Là cùng một đối tượng: lấy mã") == 3
    assert "CH-00" in page
    mark = found(engine, number).facts.mark
    answer = gis.post(f"/imports/{number}/confirm", data={"mark": mark, "accept_partial": "1"})
    assert answer.status_code == 409
    assert "Hãy cho biết từng dòng" in answer.text
    gis.post(f"/imports/{number}/matches", data={"match.1": "=CH-00", "match.2": "new", "match.3": ""})
    work(engine)
    assert found(engine, number).facts.undecided == 1
    gis.post(f"/imports/{number}/matches", data={"all": "same"})
    work(engine)
    state = found(engine, number)
    assert (state.report.counts.changed, state.report.counts.rejected) == (3, 1)
    store(gis, engine, number, accept_partial="1")
    kinds = {code: market.market_class for code, market in markets(session).items()}
    assert sorted(kinds) == ["CH-00", "CH-01", "CH-02", "CH-03"]
    assert kinds["CH-00"] != kinds["CH-03"]


def test_rows_with_another_code_are_said_to_be_new_at_once(gis, engine, session, tmp_path):
    store(gis, engine, upload(gis, engine, plain(tmp_path / "a.zip", rows_of(4), places(4))))
    rows = [(f"N-{code}", name, klass) for code, name, klass in rows_of(4)]
    number = upload(gis, engine, plain(tmp_path / "b.zip", rows, places(4)))
    assert found(engine, number).facts.undecided == 4
    gis.post(f"/imports/{number}/matches", data={"all": "new"})
    work(engine)
    assert found(engine, number).facts.undecided == 0
    store(gis, engine, number)
    assert len(markets(session)) == 8
