"""The import door that other programs use: exit codes and one JSON object."""

import argparse
import contextlib
import json
from datetime import date

import numpy as np
import pytest
import xlsxwriter
from sqlalchemy import func, select

import pyogrio.raw
import shapely

from geodata.importing import CODES, ImportOptions, commit_import, preview_import
from geodata.importing.details import file_details
from geodata.layers import LAYERS
from scripts.base.console import Failure
from scripts.commands import export, history, importing, undo
from tests.geodata.importing import files

HEAD = "MA,TEN,SO_HO,lon,lat\n"
GOOD = HEAD + "A,Chợ An,10,106.68,20.86\n"
MIXED = GOOD + "B,Chợ Ba,nhiều,106.69,20.86\n"


def commands_over(session, monkeypatch, capsys):
    """Return what runs a command in a session, and gives its exit code and output."""

    @contextlib.contextmanager
    def same_session():
        yield session

    for module in (importing, undo, history, export):
        monkeypatch.setattr(module, "database_session", same_session)

    def run(module, *words):
        parser = argparse.ArgumentParser()
        module.configure(parser)
        code = module.run(parser.parse_args([str(word) for word in words]))
        return code, capsys.readouterr().out

    return run


@pytest.fixture
def manage(session, monkeypatch, capsys):
    return commands_over(session, monkeypatch, capsys)


@pytest.fixture
def manage_demo(demo_session, monkeypatch, capsys):
    return commands_over(demo_session, monkeypatch, capsys)


@pytest.mark.parametrize(
    ("text", "options", "code", "status", "is_stored"),
    [
        (GOOD, (), 0, "ok", True),
        (GOOD, ("--dry-run",), 0, "ok", False),
        (MIXED, (), 3, "partial", False),
        (MIXED, ("--accept-partial",), 3, "partial", True),
        (MIXED, ("--dry-run",), 3, "partial", False),
        (HEAD + "A,Chợ,1,2307792,596943\n", (), 4, "ask", False),
        (GOOD.replace("MA,", "xyz,"), (), 4, "ask", False),
        (HEAD, (), 5, "refused", False),
        (HEAD + "A,Chợ,1,2.3,48.8\n", (), 5, "refused", False),
    ],
)
def test_exit_codes_and_the_json_object(manage, tmp_path, text, options, code, status, is_stored):
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    found, output = manage(importing, path, "--layer", "markets", "--json", *options)
    report = json.loads(output)
    assert (found, report["status"], report["import_id"] is not None) == (code, status, is_stored)
    assert set(report["counts"]) == {"read", "new", "changed", "unchanged", "absent", "rejected"}
    assert len(report["file_sha256"]) == 64
    assert {problem["code"] for problem in report["problems"]} <= CODES
    assert (report["question"] is not None) == (status == "ask")
    assert (report["reason"] is not None) == (status == "refused")


def test_what_a_person_reads_is_vietnamese(manage, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(MIXED, encoding="utf-8")
    code, output = manage(importing, path, "--layer", "markets", "--rejected", tmp_path / "r.csv")
    assert code == 3
    assert "không phải số" in output
    assert "nhiều" in (tmp_path / "r.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("words", [("--map", "code"), ("--set", "=x"), ("--mode", "delete")])
def test_a_wrong_option_fails(manage, tmp_path, words):
    path = tmp_path / "a.csv"
    path.write_text(GOOD, encoding="utf-8")
    with pytest.raises(Failure):
        manage(importing, path, "--layer", "markets", *words)


def test_a_file_that_is_not_there_fails(manage, tmp_path):
    with pytest.raises(Failure):
        manage(importing, tmp_path / "nothing.csv", "--layer", "markets")


def test_import_history_undo_and_export(manage, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(GOOD, encoding="utf-8")
    number = json.loads(manage(importing, path, "--layer", "markets", "--json")[1])["import_id"]
    assert number in {item["id"] for item in json.loads(manage(history, "--json")[1])}
    assert (
        manage(export, "markets", tmp_path / "b.geojson", "--crs", "EPSG:9210", "--where", "trader_count=5..")[0] == 0
    )
    assert [
        item["properties"]["code"]
        for item in json.loads((tmp_path / "b.geojson").read_text(encoding="utf-8"))["features"]
    ] == ["A"]
    assert manage(undo, number)[0] == 0
    manage(export, "markets", tmp_path / "c.geojson")
    assert json.loads((tmp_path / "c.geojson").read_text(encoding="utf-8"))["features"] == []


DETAILS = [(kind, detail) for kind in LAYERS for detail in file_details(kind)]


@pytest.mark.parametrize(("kind", "detail"), DETAILS, ids=[f"{k.layer.name}-{d.detail.name}" for k, d in DETAILS])
def test_what_hangs_on_objects_goes_out_and_in_by_command_with_problems_history_and_undo(
    manage_demo, demo_session, tmp_path, kind, detail
):
    layer, name, path = kind.layer.name, detail.detail.name, tmp_path / "rows.csv"
    if not demo_session.scalar(select(func.count()).select_from(detail)):  # of cluster reports the demo has none
        feature_id = demo_session.scalar(select(kind.id).order_by(kind.id).limit(1))
        demo_session.add(detail(feature_id=feature_id, **dict.fromkeys(detail.detail.key, date(2026, 6, 14))))
        demo_session.flush()
    held = demo_session.scalar(select(func.count()).select_from(detail))
    assert manage_demo(export, layer, path, "--detail", name)[0] == 0
    own = (path, "--layer", layer, "--detail", name, "--json")
    first = json.loads(manage_demo(importing, *own, "--dry-run")[1])
    assert (first["counts"]["unchanged"], first["counts"]["read"]) == (held, held)

    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines, "không-có" + lines[1][lines[1].index(",") :]]), encoding="utf-8")
    code, told = manage_demo(importing, *own, "--dry-run")
    assert (code, {item["row"] for item in json.loads(told)["problems"] if item["severity"] == "error"}) == (
        3,
        {held + 1},
    )

    path.write_text("".join(lines), encoding="utf-8")
    if detail.detail.updated_by_file:
        return
    demo_session.delete(demo_session.scalars(select(detail).order_by(detail.id.desc()).limit(1)).one())
    demo_session.flush()
    stored = json.loads(manage_demo(importing, *own)[1])
    assert {key: stored["counts"][key] for key in ("new", "unchanged", "rejected")} == {
        "new": 1, "unchanged": held - 1, "rejected": 0,
    }  # fmt: skip
    assert stored["import_id"] in {item["id"] for item in json.loads(manage_demo(history, "--json")[1])}
    assert manage_demo(undo, stored["import_id"])[0] == 0
    assert demo_session.scalar(select(func.count()).select_from(detail)) == held - 1


def written_as(suffix, path):
    """Write one good and one bad market as a file of a kind."""
    rows = [["A", "Chợ An", "hạng 1"], ["B", "Chợ Ba", "hạng chín"]]
    names = ["MA", "TEN", "HANG"]
    if suffix == "zip":
        return files.shapefile(path, names, rows, files.PLACES[:2])
    if suffix == "geojson":
        return files.geojson(
            path,
            [
                (dict(zip(names, row, strict=True)), files.point(*place))
                for row, place in zip(rows, files.PLACES[:2], strict=True)
            ],
        )
    if suffix == "csv":
        lines = [",".join(map(str, [*row, *place])) for row, place in zip(rows, files.PLACES[:2], strict=True)]
        return files.csv(path, "MA,TEN,HANG,lon,lat\n" + "\n".join(lines) + "\n")
    if suffix == "xlsx":
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            table = [
                [*names, "lon", "lat"],
                *[[*row, *place] for row, place in zip(rows, files.PLACES[:2], strict=True)],
            ]
            for number, row in enumerate(table):
                sheet.write_row(number, 0, row)
        return path
    pyogrio.raw.write(
        path, geometry=shapely.to_wkb(shapely.points(files.PLACES[:2])), fields=names, geometry_type="Point",
        field_data=[np.array(column, dtype=object) for column in zip(*rows, strict=True)], driver="GPKG", crs="EPSG:4326",
    )  # fmt: skip
    return path


@pytest.mark.parametrize("suffix", ["zip", "gpkg", "geojson", "xlsx", "csv"])
def test_rejected_rows_come_back_in_their_own_format_and_go_in_corrected(manage, tmp_path, session, suffix):
    path, back = written_as(suffix, tmp_path / f"a.{suffix}"), tmp_path / f"back.{suffix}"
    words = ("--layer", "markets", "--json")
    assert manage(importing, path, *words, "--accept-partial", "--rejected", back)[0] == 3
    code, output = manage(importing, back, *words)
    report = json.loads(output)
    assert (code, report["counts"]["read"], report["counts"]["rejected"]) == (3, 1, 1)
    assert report["unmapped"] == []
    assert [(item["field"], item["value"]) for item in report["problems"] if item["severity"] == "error"] == [
        ("market_class", "hạng chín")
    ]
    preview = preview_import(
        session, LAYERS.get("markets"), back, ImportOptions(values={"market_class": {"hạng chín": "hạng 2"}})
    )
    assert commit_import(session, preview, user_name="an").counts.new == 1
    assert {item.code: item.market_class for item in session.query(LAYERS.get("markets"))} == {"A": "1", "B": "2"}


def test_values_that_nobody_knows_are_listed_with_what_may_be_said(manage, tmp_path):
    path = files.csv(tmp_path / "a.csv", "MA,TEN,HANG,lon,lat\nA,Chợ An,hạng lạ,106.68,20.86\n")
    words = (path, "--layer", "markets", "--json", "--dry-run")
    _, output = manage(importing, *words)
    (item,) = json.loads(output)["undecided"]
    assert (item["field"], item["cells"]) == ("market_class", ["hạng lạ"])
    code, output = manage(importing, *words, "--value", f"market_class:hạng lạ={item['allowed'][0]}")
    assert (code, json.loads(output)["undecided"]) == (0, [])


def several(tmp_path):
    """A good file, one with a bad row, one that asks, one that is refused."""
    return {
        0: files.csv(tmp_path / "good.csv", GOOD),
        3: files.csv(tmp_path / "mixed.csv", MIXED),
        4: files.csv(tmp_path / "asks.csv", "MA,TEN\nMới,Chợ Mới\n"),
        5: files.csv(tmp_path / "refused.exe", "x"),
        1: tmp_path / "missing.csv",
    }


@pytest.mark.parametrize("chosen", [(0, 3), (3, 0), (0, 3, 4), (0, 5, 4), (1, 0, 5)])
def test_several_files_are_imported_one_by_one_and_the_worst_code_is_told(manage, tmp_path, chosen):
    paths = several(tmp_path)
    words = [paths[code] for code in chosen]
    code, output = manage(importing, *words, "--layer", "markets", "--json")
    answers = json.loads(output)
    assert code == next(worst for worst in (1, 5, 4, 3, 0) if worst in chosen)
    assert [answer["file_name"] for answer in answers] == [path.name for path in words]
    statuses = {0: "ok", 3: "partial", 4: "ask", 5: "refused", 1: "error"}
    assert [answer["status"] for answer in answers] == [statuses[code] for code in chosen]
    assert all(bool(answer["import_id"]) == (answer["status"] == "ok") for answer in answers)


def test_the_parts_of_a_shapefile_are_one_file(manage, tmp_path):
    shp, shx = files.shp_points(files.PLACES[:1])
    parts = {
        "shp": shp,
        "shx": shx,
        "dbf": files.dbf(["MA", "TEN"], [["A", "Chợ An"]]),
        "prj": files.PRJ_WGS84.encode(),
    }
    for suffix, data in parts.items():
        (tmp_path / f"cho.{suffix}").write_bytes(data)
    code, output = manage(importing, *sorted(tmp_path.iterdir()), "--layer", "markets", "--json")
    assert code == 0
    assert json.loads(output)["counts"]["new"] == 1


def without_prj(path, code="C1"):
    return files.shapefile(path, ["SO_TT", "TEN"], [[code, "Chợ Sắt"]], files.to_crs(files.PLACES[:1], 9210), prj=None)


def test_answers_of_the_last_such_file_are_offered_and_taken_only_when_told(manage, tmp_path):
    words = ("--layer", "markets", "--json")
    first = without_prj(tmp_path / "a.zip")
    code, output = manage(importing, first, *words)
    assert (code, json.loads(output)["remembered"]) == (4, None)
    code, _ = manage(importing, first, *words, "--crs", "EPSG:9210", "--map", "code=SO_TT")
    assert code == 0
    second = without_prj(tmp_path / "b.zip", "C2")
    code, output = manage(importing, second, *words)
    answer = json.loads(output)
    assert (code, answer["status"], answer["remembered"]["used"]) == (4, "ask", False)
    assert answer["remembered"]["answers"]["crs"] == "EPSG:9210"
    code, output = manage(importing, second, *words, "--remembered")
    answer = json.loads(output)
    assert (code, answer["counts"]["new"]) == (0, 1)
    assert (answer["remembered"]["used"], answer["remembered"]["file_name"]) == (True, "a.zip")
    _, output = manage(importing, without_prj(tmp_path / "c.zip", "C3"), "--layer", "markets")
    assert "--remembered" in output
    _, output = manage(importing, tmp_path / "c.zip", "--layer", "markets", "--remembered")
    assert "Dùng lại câu trả lời của lần nhập" in output


def test_a_remembered_crs_that_puts_fewer_objects_inside_is_not_offered(manage, tmp_path):
    words = ("--layer", "markets", "--json", "--map", "code=SO_TT")
    manage(importing, without_prj(tmp_path / "a.zip"), *words, "--crs", "EPSG:9210")
    other = files.shapefile(
        tmp_path / "b.zip", ["SO_TT", "TEN"], [["C2", "Chợ Ga"]], files.to_crs(files.PLACES[:1], 5899), prj=None
    )
    code, output = manage(importing, other, *words, "--remembered")
    answer = json.loads(output)
    assert (code, answer["question"]["about"], answer["remembered"]) == (4, "crs", None)
