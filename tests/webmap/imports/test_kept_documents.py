"""Rows of import_session and import_item as earlier versions stored them: their pages open, and they go on."""

import json

from sqlalchemy import text

from tests.webmap.imports.wizard import found, legacy, send, store, upload, work

#: As it was stored before the documents had types.
OPTIONS = {
    "detail": None, "source_layer": None, "header_row": None, "coordinates": {}, "dates": None, "crs": None,
    "encoding": None, "swap_axes": False, "mapping": {}, "constants": {}, "values": {}, "mode": "upsert", "match": False,
    "matches": {}, "forget": False,
}  # fmt: skip
WHY = {
    "template": "with X and Y exchanged, {share} % of the objects fall inside the province",
    "details": {"share": "97"},
}
REPORT = {
    "status": "ask", "import_id": None, "layer": "markets", "file_name": "a.zip", "file_sha256": "0", "operation": None,
    "counts": {"read": 14, "new": 0, "changed": 0, "unchanged": 0, "absent": 0, "rejected": 0},
    "crs": {"value": None, "from": "none"}, "encoding": {"value": "tcvn3", "from": "detected"}, "mapping": {},
    "unmapped": [], "matches": [], "remembered": None, "problems": [], "problems_omitted": 0, "reason": None,
    "reason_text": None, "question": {"about": "crs", "choices": [
        {"value": "EPSG:9210", "why": WHY, "share_inside": 0.97, "bbox": [106.6, 20.8, 106.7, 20.9]},
    ]},
}  # fmt: skip
FACTS = {
    "format": "shp", "header_row": None, "is_table": False, "rows": 14, "samples": ["Chợ Hàng"], "encodings": [],
    "columns": [{"name": "MA", "samples": ["CH-00"], "filled": 14}], "places": [{"value": "EPSG:9210", "points": [[106.6, 20.8]]}],
    "values": {}, "signature": "0", "undecided": 0, "mark": "0123", "rejected_file": None,
}  # fmt: skip
PROBLEM = {
    "row": 3, "field": "name", "value": "x", "code": "bad_value", "severity": "warning", "suggestion": None,
    "message": {"template": "“{value}” is no day.", "details": {"value": "x"}},
}  # fmt: skip


def test_an_import_that_was_asked_by_an_earlier_version_shows_its_question_and_goes_on(gis, engine, tmp_path):
    number = upload(gis, engine, legacy(tmp_path / "a.zip"))
    kept = {"options": OPTIONS, "report": REPORT, "facts": FACTS, "number": number}
    with engine.begin() as connection:
        statement = "UPDATE import_session SET options = :options, report = :report, facts = :facts WHERE id = :number"
        connection.execute(text(statement), {name: json.dumps(value) for name, value in kept.items()})
        connection.execute(text("DELETE FROM import_item"))
        item = "INSERT INTO import_item (import_session_id, kind, position, data) VALUES (:number, 'warning', 1, :data)"
        connection.execute(text(item), {"number": number, "data": json.dumps(PROBLEM)})
    page = gis.get(f"/imports/{number}/questions").text
    assert "97 %" in page
    assert "“x” không phải ngày" in page
    gis.post(f"/imports/{number}/questions", data={"crs": "EPSG:9210"})
    work(engine)
    assert store(gis, engine, number).report.counts.new == 14


def test_what_was_just_sent_has_empty_documents(gis, engine, tmp_path):
    number = int(send(gis, legacy(tmp_path / "a.zip")).split("/")[2])
    with engine.begin() as connection:
        statement = text("UPDATE import_session SET options = '{}', report = '{}', facts = '{}' WHERE id = :number")
        connection.execute(statement, {"number": number})
    work(engine)
    assert found(engine, number).report.question.about == "crs"
