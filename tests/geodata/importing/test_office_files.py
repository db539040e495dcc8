"""Files as offices and phones make them: each small case ends as it should by command and by web, every question answered."""

import argparse
import contextlib
import json
import re
from pathlib import Path

import pytest

from geodata.layers import LAYERS
from scripts.commands import importing
from tests.factories import make_feature
from tests.geodata.importing.test_import_corpus import CORPUS

CASES = Path(__file__).parent / "cases"
AREAS = ("P15b", "P23", "e06", "g26", "g41")
#: file -> (questions that are asked on the way, rows read, rows rejected, codes that must be told)
RIGHT = {
    "P02_letterhead.xlsx": (["crs"], 8, 0, set()),
    "P03_two_header_rows.xlsx": (["crs"], 8, 0, set()),
    "P08_dms.xlsx": ([], 8, 0, set()),
    "P09_total_row.xlsx": (["crs"], 8, 0, {"malformed_file"}),
    "P11b_sep_line.csv": ([], 8, 0, set()),
    "P12_google_earth_desc.kml": ([], 8, 0, {"bad_value"}),
    "P15b_only_closed_polylines.dxf": (["crs", "columns", "columns"], 4, 0, {"wrong_geometry_type"}),
    "P18_zip_in_zip.zip": ([], 8, 0, set()),
    "P21e.fgb": ([], 8, 0, set()),
    "P21h.gdb.zip": ([], 8, 0, set()),
    "P23_corner_table_polygons.xlsx": (["crs"], 3, 0, {"wrong_geometry_type"}),
    "P29_suffix_m.xlsx": (["crs"], 8, 0, set()),
    "c11_invalid_utf8.geojson": (["encoding"], 6, 3, {"encoding_unknown"}),
    "cap_gcn_thang11.xlsx": ([], 6, 0, {"missing_field"}),
    "e06_wrong_winding.zip": ([], 3, 0, {"invalid_geometry"}),
    "g01_quoc_hieu_header.xlsx": ([], 4, 0, set()),
    "g02_two_storey_header.xlsx": ([], 4, 0, {"malformed_file"}),
    "g04_strict_ooxml.xlsx": ([], 4, 0, set()),
    "g06_sep_line.csv": ([], 4, 0, set()),
    "g07a_lat_lon_one_column.csv": ([], 4, 0, set()),
    "g08_degree_writings.csv": ([], 3, 0, set()),
    "g12_description_table.kml": ([], 4, 0, {"bad_value"}),
    "g13_folder_per_commune.kml": ([], 6, 0, {"multiple_layers"}),
    "g14_kmz_120_photos.kmz": ([], 4, 0, set()),
    "g17a_utc_dates.geojson": ([], 4, 0, {"bad_value"}),
    "g17b_epoch_ms.geojson": ([], 4, 0, {"bad_value"}),
    "g18_mixed_types.geojson": ([], 6, 3, {"bad_value"}),
    "g19_esri.json": ([], 4, 0, set()),
    "g20_wal_both.zip": ([], 3, 0, {"missing_component"}),
    "g25_overflow_stars.zip": ([], 4, 0, {"bad_value"}),
    "g26_closed_polylines.dxf": (["crs", "columns", "columns"], 3, 0, {"wrong_geometry_type"}),
    "g29_eth.csv": ([], 4, 0, {"bad_value"}),
    "g30b_again_dirty_keys.csv": ([], 4, 0, {"bad_value"}),
    "g33_month_first.csv": ([], 5, 0, {"bad_value"}),
    "g40_hn72.zip": ([], 4, 0, {"crs_unknown"}),
    "g41_label_point.kml": ([], 3, 0, {"wrong_geometry_type"}),
    "haiduong_9209_noprj.zip": (["crs"], 6, 0, set()),
    "mi_neutral_tcvn3.zip": (["crs"], 8, 0, set()),
    "so_theo_doi.xls": ([], 3, 0, {"bad_value", "malformed_file"}),
    "mi_utf8_104.zip": (["crs"], 8, 0, set()),
}
STEPS = 7
#: Files of the corpus that end in a question.
QUESTIONS = [name for name, (*_, expected, _) in CORPUS.items() if expected == 4]


def layer_of(name):
    return "industrial_clusters" if name.startswith(AREAS) else "fuel_sites"


@pytest.fixture
def sites(session):
    """What the certificates of the case without coordinates belong to."""
    kind = LAYERS.get("fuel_sites")
    return [make_feature(session, kind, code=f"CHXD-{number:03d}", name="x") for number in range(1, 7)]


@pytest.fixture
def door(session, monkeypatch, capsys):
    @contextlib.contextmanager
    def same_session():
        yield session

    monkeypatch.setattr(importing, "database_session", same_session)

    def run(*words):
        parser = argparse.ArgumentParser()
        importing.configure(parser)
        code = importing.run(parser.parse_args([str(word) for word in words]))
        return code, capsys.readouterr().out

    return run


def words_of_first_answer(text, field):
    """Return the option of the first answer as the command prints it, with the missing field where it says FIELD."""
    line = text.split("Cần trả lời trước khi nhập:\n")[1].split("\n")[0].strip()
    option, value = re.match(r"(--[\w-]+) ?(.*?)(?:: |$)", line).groups()
    if option == "--take-matches":
        return [option]
    value = value.replace("FIELD=", f"{field}=")
    return [option, value.replace("“", "").replace("”", "")] if value else [option]


def walk(door, path, *options):
    """Answer each question by the command's own first answer; return the questions, the exit code and the report."""
    words: list[str] = []
    found: list[str] = []
    for _ in range(STEPS):
        base = (path, *options, "--dry-run", *words)
        code, output = door(*base, "--json")
        report = json.loads(output)
        if code != 4:
            break
        found.append(report["question"]["about"])
        text = door(*base)[1]
        assert report["question"]["choices"] or "--set" in text
        missing = [problem["field"] for problem in report["problems"] if problem["code"] == "missing_field"]
        words += words_of_first_answer(text, next(filter(None, missing), "code"))
    return found, code, report


def ends_as_it_should(door, monkeypatch, folder, case):
    """Walk a made file to its end: (its name, layer, what writes it, questions, rows read, rejected, words of what is told)."""
    monkeypatch.setattr(importing, "vietnamese", lambda sentence: sentence)
    file_name, layer, write, asked, read, rejected, words = case
    write(folder / file_name)
    found, code, report = walk(door, folder / file_name, "--layer", layer)
    assert (found, code) == (asked, 3 if rejected else 0), report["problems"]
    assert (report["counts"]["read"], report["counts"]["rejected"]) == (read, rejected)
    told = " ".join(item["message"] for item in report["problems"])
    assert all(word in told for word in words), told


@pytest.mark.parametrize("name", RIGHT)
def test_a_case_ends_as_it_should_by_command(door, sites, name):
    asked, read, rejected, codes = RIGHT[name]
    found, code, report = walk(door, CASES / name, "--layer", layer_of(name))
    assert found == asked
    assert (code, report["counts"]["read"], report["counts"]["rejected"]) == (3 if rejected else 0, read, rejected)
    assert codes <= {problem["code"] for problem in report["problems"]}


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_of_the_corpus_is_answered_by_command(door, session, tmp_path, name):
    file_name, write, words, *_ = CORPUS[name]
    write(tmp_path / file_name)
    found, code, report = walk(
        door, tmp_path / file_name, *(words if "--layer" in words else ("--layer", "markets", *words))
    )
    assert found
    assert code in {0, 3, 5}, report["question"]
    assert code != 5 or report["reason_text"]
