"""Drawings with notes on the map: kept by who is signed in, read with the link, changed by who made them."""

import json

import pytest

from geodata.accounts.sketches import parse_shapes
from geodata.base.errors import InvalidValueError
from geodata.schema.colours import NOTES

POINT = {"kind": "point", "at": [[106.68, 20.86]], "colour": NOTES[0], "note": "Xem lại ranh giới"}
AREA = {"kind": "area", "at": [[106.6, 20.8], [106.7, 20.8], [106.7, 20.9]], "colour": NOTES[1], "note": ""}


def keep(client, shapes, code="") -> dict:
    answer = client.post(f"/sketches/{code}".rstrip("/"), data={"shapes": json.dumps(shapes)})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.json


def test_a_drawing_is_kept_changed_and_read_by_a_colleague_who_has_the_link(login):
    planner, colleague = login("planner"), login("gis")
    code = keep(planner, [POINT])["code"]
    assert keep(planner, [POINT, AREA], code)["code"] == code

    read = colleague.get(f"/sketches/{code}").json

    assert [shape["note"] for shape in read["shapes"]] == [POINT["note"], ""]
    assert read["shapes"][1]["at"] == AREA["at"]
    assert (read["is_mine"], len(code)) == (False, 22)


def test_who_changes_somebody_elses_drawing_gets_a_copy(login):
    planner, colleague = login("planner"), login("leader")
    code = keep(planner, [POINT])["code"]

    copy = keep(colleague, [AREA], code)

    assert copy["code"] != code
    assert copy["is_mine"]
    assert [shape["kind"] for shape in planner.get(f"/sketches/{code}").json["shapes"]] == ["point"]


def test_the_public_neither_reads_nor_keeps_a_drawing(client, login):
    code = keep(login("planner"), [POINT])["code"]

    headers = {"Accept": "application/json"}
    assert client.get(f"/sketches/{code}", headers=headers).status_code == 401
    assert client.post("/sketches", data={"shapes": "[]"}, headers=headers).status_code == 401


def test_only_who_made_a_drawing_deletes_it(login):
    planner, colleague = login("planner"), login("gis")
    code = keep(planner, [POINT])["code"]

    assert colleague.delete(f"/sketches/{code}").status_code == 404
    assert planner.delete(f"/sketches/{code}").status_code == 204
    assert planner.get(f"/sketches/{code}").status_code == 404


@pytest.mark.parametrize(
    "shapes",
    [
        "{}",
        "[1]",
        "nothing",
        "[" * 100_000,
        [POINT | {"kind": "circle"}],
        [POINT | {"kind": [], "colour": {}}],
        [POINT | {"colour": "red;background:url(x)"}],
        [POINT | {"note": "a" * 301}],
        [POINT | {"note": "a\u0000b"}],
        [POINT | {"note": 5}],
        [POINT | {"at": []}],
        [POINT | {"at": "106,20"}],
        [POINT | {"at": [[106.68, 91]]}],
        [POINT | {"at": [[float("nan"), 20]]}],
        [POINT | {"at": [[True, False]]}],
        [AREA | {"at": AREA["at"][:2]}],
        [POINT] * 201,
        [AREA | {"at": AREA["at"] * 1700}],
    ],
    ids=lambda shapes: str(shapes)[:60],
)
def test_what_is_no_drawing_is_refused(shapes):
    with pytest.raises(InvalidValueError):
        parse_shapes(shapes if isinstance(shapes, str) else json.dumps(shapes))
