"""The lists of a preview: paged, searched, left out, and made anew."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from geodata.importing.sessions import keeping
from geodata.importing.sessions.documents import StoredCounts
from geodata.importing.sessions.model import Stage
from tests.geodata.importing import files
from tests.pages import squeezed
from tests.webmap.imports.wizard import found, many, markets, places, plain, rows_of, store, upload, work


def test_a_preview_of_thousands_of_rows_can_be_paged_through_to_its_end(gis, engine, tmp_path):
    text_rows = "".join(f"P-{i:05d},Chợ số {i},{106.5 + i * 1e-4:.4f},20.8\n" for i in range(2_300))
    number = upload(gis, engine, files.csv(tmp_path / "a.csv", "MA,TEN,lon,lat\n" + text_rows))
    first = gis.get(f"/imports/{number}/preview?tab=new").text
    assert "Trang 1" in first
    assert "P-00000" in first
    last = gis.get(f"/imports/{number}/preview?tab=new&page=46").text
    assert "P-02299" in last
    gis.post(f"/imports/{number}/rows", data={"shown": "2300", "row": []})
    assert store(gis, engine, number).report.counts == StoredCounts(read=2300, new=2299, left_out=1)


def test_any_row_of_a_long_preview_is_found_and_can_be_left_out(gis, engine, session, tmp_path):
    number = upload(gis, engine, many(tmp_path / "a.csv"))
    by_code = gis.get(f"/imports/{number}/preview?tab=new&search=p-01234").text
    assert by_code.count('name="row"') == 1
    assert 'id="row-1235"' in by_code
    assert "Vẽ 1 trong 1 đối tượng" in by_code
    by_row = gis.get(f"/imports/{number}/preview?tab=new&search=1235").text
    assert 'id="row-1235"' in by_row
    assert 'id="row-1236"' in by_row, "a number is looked for in codes too"
    answer = gis.post(
        f"/imports/{number}/rows", data={"shown": "1235", "row": []}, headers={"Accept": "application/json"}
    )
    assert answer.json == {"left_out": 1}
    assert " checked aria-label" not in squeezed(gis.get(f"/imports/{number}/preview?tab=new&search=p-01234").text)
    assert store(gis, engine, number).report.counts.left_out == 1
    assert len(markets(session)) == 2_299
    assert "P-01234" not in markets(session)


def test_all_that_a_search_finds_is_left_out_and_taken_again_over_all_pages(gis, engine, session, tmp_path):
    number = upload(gis, engine, many(tmp_path / "a.csv"))
    page = gis.get(f"/imports/{number}/preview?tab=new&search=dau+moi")
    assert "Bỏ ra cả 230 dòng tìm thấy" in page.text
    assert "Trang 1/5" in page.text
    answer = gis.post(f"/imports/{number}/rows", data={"all": "leave", "tab": "new", "search": "đầu  MỐI"})
    assert "search=" in answer.location
    assert "230 dòng bị bỏ ra" in gis.get(answer.location).text
    gis.post(f"/imports/{number}/rows", data={"shown": "1 2", "row": ["1", "2"]})
    assert "2.071" in gis.get(f"/imports/{number}/confirm").text
    gis.post(f"/imports/{number}/rows", data={"all": "take", "tab": "new", "search": "P-0000"})
    gis.post(f"/imports/{number}/rows", data={"shown": "2", "row": []})
    assert store(gis, engine, number).report.counts.left_out == 230
    stored = set(markets(session))
    assert {"P-00000", "P-00002"} < stored
    assert not {"P-00001", "P-00010", "P-02290"} & stored


def test_a_whole_list_is_left_out_at_once_and_the_others_are_not(gis, engine, session, tmp_path):
    store(gis, engine, upload(gis, engine, many(tmp_path / "a.csv", 80)))
    number = upload(gis, engine, many(tmp_path / "b.csv", 120, klass="hạng 2"))
    gis.post(f"/imports/{number}/rows", data={"all": "leave", "tab": "changed"})
    assert "80 dòng bị bỏ ra" in gis.get(f"/imports/{number}/preview?tab=changed").text
    assert squeezed(gis.get(f"/imports/{number}/preview?tab=new").text).count(" checked aria-label") == 40
    for tab in ("unchanged", "", "nothing"):
        assert gis.post(f"/imports/{number}/rows", data={"all": "leave", "tab": tab}).status_code == 400
    store(gis, engine, number)
    assert [str(market.market_class) for market in markets(session).values()].count("3") == 80


def test_a_search_says_which_list_has_what_is_looked_for(gis, engine, tmp_path):
    store(gis, engine, upload(gis, engine, many(tmp_path / "a.csv", 60)))
    number = upload(gis, engine, many(tmp_path / "b.csv", 70, first=50))
    page = gis.get(f"/imports/{number}/preview?tab=new&search=P-00003").text
    assert "Không dòng nào trong danh sách này" in page
    assert "Danh sách khác có" in page
    assert page.count("tìm thấy 1") == 1
    assert "P-00003" in gis.get(f"/imports/{number}/preview?tab=absent&search=P-00003").text
    nowhere = gis.get(f"/imports/{number}/preview?tab=new&search=không+đâu").text
    assert "Danh sách khác có" not in nowhere
    assert gis.get(f"/imports/{number}/preview?search={'9' * 90}").status_code == 200


def test_a_short_preview_has_no_search_and_no_buttons_for_many(gis, engine, tmp_path):
    page = gis.get(f"/imports/{upload(gis, engine, plain(tmp_path / 'a.zip'))}/preview").text
    assert 'name="row"' in page
    assert 'type="search"' not in page
    assert 'value="leave"' not in page


def test_what_was_left_out_stays_so_when_the_preview_is_made_anew(gis, engine, session, tmp_path):
    store(gis, engine, upload(gis, engine, many(tmp_path / "a.csv", 5)))
    number = upload(gis, engine, many(tmp_path / "b.csv", 8, klass="hạng 2"))
    gis.post(f"/imports/{number}/rows", data={"shown": "1 2 8", "row": ["1"]})
    mark = found(engine, number).facts.mark
    store(gis, engine, upload(gis, engine, many(tmp_path / "c.csv", 3, klass="hạng 1")))
    gis.post(f"/imports/{number}/confirm", data={"mark": mark})
    work(engine)
    assert found(engine, number).stage is Stage.READY
    assert found(engine, number).facts.mark != mark
    store(gis, engine, number)
    classes = {code: str(market.market_class) for code, market in markets(session).items()}
    assert "P-00007" not in classes
    assert (classes["P-00000"], classes["P-00001"], classes["P-00006"]) == ("2", "1", "2")


def test_a_confirmed_preview_is_stored_only_when_every_list_is_what_was_seen(gis, engine, session, tmp_path):
    """The counts are the same: only what one changed row was before is another."""
    store(gis, engine, upload(gis, engine, many(tmp_path / "a.csv", 60)))
    number = upload(gis, engine, many(tmp_path / "b.csv", 60, klass="hạng 2"))
    counts, mark = found(engine, number).report.counts, found(engine, number).facts.mark
    gis.post(f"/imports/{number}/confirm", data={"mark": mark})
    with engine.begin() as connection:
        connection.execute(text("UPDATE market SET market_class = '1' WHERE code = 'P-00057'"))
    work(engine)
    state = found(engine, number)
    assert (state.stage, state.report.counts) == (Stage.READY, counts)
    assert state.facts.mark != mark
    assert "<del>Hạng 1</del>" in gis.get(f"/imports/{number}/preview?tab=changed&search=P-00057").text


def test_the_lists_of_a_preview_go_with_its_file_and_the_page_says_so(gis, engine, session, tmp_path):
    number = upload(gis, engine, plain(tmp_path / "a.zip"))
    store(gis, engine, number)
    assert "CH-00" in gis.get(f"/imports/{number}/preview?tab=new").text
    keeping.forget_old_files(session, datetime.now(UTC).date() + timedelta(days=400))
    page = gis.get(f"/imports/{number}/preview?tab=new").text
    assert "CH-00" not in page
    assert "không còn được lưu giữ" in page


def test_a_moved_object_is_drawn_where_it_was_and_where_it_would_be(gis, engine, tmp_path):
    store(gis, engine, upload(gis, engine, plain(tmp_path / "a.zip", rows_of(2), places(2))))
    number = upload(gis, engine, plain(tmp_path / "b.zip", rows_of(2), [(106.6005, 20.80), places(2)[1]]))
    page = gis.get(f"/imports/{number}/preview?tab=changed").text
    assert page.count('class="move"') == 1
    assert 'class="dot was"' in page
    assert "Xem trên bản đồ" in page


def test_empty_lists_say_what_to_do(gis):
    assert "Chưa có lần nhập dữ liệu nào." in gis.get("/imports").text
    assert "Chưa có thay đổi nào." in gis.get("/history").text
    assert gis.get("/history?layer=markets").status_code == 200
    assert gis.get("/history?layer=nothing").status_code == 404
    assert gis.get("/imports/77").status_code == 404
    assert gis.get("/history/77").status_code == 404
