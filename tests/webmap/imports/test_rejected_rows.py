"""Rejected rows: listed, found, and handed back as the kind of file they came in."""

import io
import zipfile

import numpy as np
import pytest

import pyogrio.raw
import shapely

from tests.geodata.importing import files
from tests.webmap.imports.wizard import found, markets, plain, rows_of, store, upload


def mapinfo(folder, kind, columns):
    """Write a zipped MapInfo file of two points."""
    (folder / kind).mkdir()
    pyogrio.raw.write(
        folder / kind / f"cho.{kind}", geometry=shapely.to_wkb(shapely.points(files.PLACES[:2])), fields=["MA", "TEN", "HANG"],
        field_data=[np.array(column, dtype=object) for column in columns], geometry_type="Point", driver="MapInfo File",
        crs="EPSG:4326", encoding="UTF-8",
    )  # fmt: skip
    return files.archive(folder / "cho.zip", {part.name: part.read_bytes() for part in (folder / kind).iterdir()})


def test_rejected_rows_come_back_with_their_reasons_and_can_be_sent_again(gis, engine, session, tmp_path):
    rows = [*rows_of(4), ("CH-90", "Chợ hỏng", "hạng chín"), ("CH-00", "Trùng mã", "hạng 3")]
    number = upload(gis, engine, plain(tmp_path / "a.zip", rows))
    page = gis.get(f"/imports/{number}/preview?tab=error").text
    assert "hạng chín" in page
    assert "Dòng 5" in page
    answer = gis.post(f"/imports/{number}/confirm", data={"mark": found(engine, number).facts.mark})
    assert answer.status_code == 409
    store(gis, engine, number, accept_partial="1")
    assert len(markets(session)) == 4
    download = gis.get(f"/imports/{number}/rejected")
    assert download.status_code == 200
    assert "a-tu-choi.zip" in download.headers["Content-Disposition"], "a shapefile comes back as one"
    path = tmp_path / "a-tu-choi.zip"
    path.write_bytes(download.data)
    with zipfile.ZipFile(path) as archive:
        dbf = archive.read("a-tu-choi.dbf").decode("utf-8", "ignore")
    assert "không thuộc các giá trị cho phép" in dbf
    again = upload(gis, engine, path)
    counts = found(engine, again).report.counts
    assert counts.read == 2
    assert counts.rejected == 1
    assert "LY_DO" not in gis.get(f"/imports/{again}/questions").text.upper().split("</SELECT>")[-1]


@pytest.mark.parametrize("kind", ["csv", "xlsx", "geojson", "mif", "tab"])
def test_rejected_rows_come_back_as_the_kind_of_file_they_came_in(gis, engine, tmp_path, kind):
    path = tmp_path / f"cho.{kind}"
    if kind == "csv":
        files.csv(path, "MA,TEN,HANG,lon,lat\nA-1,=1+1,hạng chín,106.68,20.86\nA-2,Tốt,hạng 1,106.69,20.86\n")
    elif kind == "geojson":
        bad = ({"MA": "A-1", "TEN": "=1+1", "HANG": "hạng chín"}, files.point())
        files.geojson(path, [bad, ({"MA": "A-2", "TEN": "Tốt", "HANG": "hạng 1"}, files.point(106.69))])
    elif kind in {"mif", "tab"}:
        path = mapinfo(tmp_path, kind, [["A-1", "A-2"], ["=1+1", "Tốt"], ["hạng chín", "hạng 1"]])
    else:
        import xlsxwriter

        with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
            sheet = book.add_worksheet()
            for number, row in enumerate(
                [("MA", "TEN", "HANG", "lon", "lat"), ("A-1", "=1+1", "hạng chín", 106.68, 20.86),
                 ("A-2", "Tốt", "hạng 1", 106.69, 20.86)]
            ):  # fmt: skip
                sheet.write_row(number, 0, row)
    number = upload(gis, engine, path)
    assert found(engine, number).report.counts.rejected == 1
    answer = gis.get(f"/imports/{number}/rejected")
    ending = path.suffix
    assert f"cho-tu-choi{ending}" in answer.headers["Content-Disposition"]
    if kind in {"mif", "tab"}:
        with zipfile.ZipFile(io.BytesIO(answer.data)) as back:
            assert f"cho-tu-choi.{kind}" in back.namelist()
    if kind == "csv":
        assert "'=1+1" in answer.text
    (tmp_path / f"again{ending}").write_bytes(answer.data)
    again = found(engine, upload(gis, engine, tmp_path / f"again{ending}"))
    assert (again.report.counts.read, again.report.counts.rejected) == (1, 1)
    assert "ly_do_tu_choi" not in again.report.unmapped


def test_every_rejected_row_is_listed_found_and_handed_back(gis, engine, tmp_path, monkeypatch):
    monkeypatch.setattr("geodata.importing.results.MAX_PROBLEMS", 10)
    bad = "".join(f"X-{i:03d},Chợ hỏng số {i},hạng chín,106.7,20.8\n" for i in range(120))
    number = upload(gis, engine, files.csv(tmp_path / "a.csv", "MA,TEN,HANG,lon,lat\nA,Tốt,hạng 1,106.6,20.8\n" + bad))
    assert "X-119" in gis.get(f"/imports/{number}/preview?tab=error&page=3").text
    one = gis.get(f"/imports/{number}/preview?tab=error&search=X-077").text
    assert one.count('class="problem-line') == 1
    assert "Chợ hỏng số 77" in one
    assert "Dòng 79" in one
    assert gis.get(f"/imports/{number}/rejected").text.count("X-") == 120
