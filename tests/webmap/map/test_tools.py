"""What is inside an area and what is there by a year: map, list and file agree."""

import io
from datetime import date

import pytest
from openpyxl import load_workbook

from geodata.layers import LAYERS
from geodata.query.years import STATES, this_year
from geodata.schema.feature import GeometryType
from tests.factories import CENTRE, make_feature

LON, LAT = CENTRE
SQUARE = ";".join(f"{LON + dx},{LAT + dy}" for dx, dy in ((-0.1, -0.1), (0.1, -0.1), (0.1, 0.1), (-0.1, 0.1)))
KINDS = list(LAYERS)
WITH_LIFE = [kind for kind in KINDS if kind.layer.life]
WITH_PLANS = [kind for kind in WITH_LIFE if kind.layer.life.plan]
WITH_DUE = [kind for kind in WITH_LIFE if kind.layer.life.due]
WITH_SUMS = [kind for kind in WITH_LIFE if kind.layer.life.sums]
POINTS = next(kind for kind in WITH_LIFE if kind.layer.geometry is GeometryType.POINT)


def ask(client, path, **arguments):
    return client.get(path, query_string=arguments)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.layer.name for kind in KINDS])
def test_what_lies_inside_is_what_the_list_and_the_file_hold(client, session, kind):
    inside = make_feature(session, kind)
    make_feature(session, kind, lon=LON + 0.3)

    answer = ask(client, "/api/inside", polygon=SQUARE).get_json()

    (found,) = [layer for layer in answer["layers"] if layer["name"] == kind.layer.name]
    listed = ask(client, f"/api/layers/{kind.layer.name}/features", polygon=SQUARE).get_json()
    exported = client.get(found["exports"]["geojson"]).get_json()
    assert found["count"] == listed["numberMatched"] == len(exported["features"])
    assert inside.code in {feature["code"] for feature in found["features"]}


def test_a_circle_and_the_layers_own_filters_narrow_what_is_inside(client, session):
    make_feature(session, POINTS, name="Trong")
    make_feature(session, POINTS, name="Ngoài", lon=LON + 0.05)
    name = POINTS.layer.name

    circle = ask(client, "/api/inside", near=f"{LON},{LAT},1").get_json()
    narrowed = ask(client, "/api/inside", polygon=SQUARE, **{f"{name}.name": "ngoai"}).get_json()

    names = lambda answer: [f["name"] for x in answer["layers"] if x["name"] == name for f in x["features"]]  # noqa: E731
    assert "Trong" in names(circle)
    assert "Ngoài" not in names(circle)
    assert names(narrowed) == ["Ngoài"]


def test_the_workbook_has_one_sheet_per_layer_and_no_formula(client, session):
    make_feature(session, POINTS, name="=1+1")

    answer = ask(client, "/api/inside", polygon=SQUARE).get_json()
    file = client.get(answer["workbook"])

    book = load_workbook(io.BytesIO(file.data))
    assert book.sheetnames == [*(layer["title"][:31] for layer in answer["layers"]), "Về tệp này"]
    for layer in answer["layers"]:
        assert book[layer["title"][:31]].max_row == layer["count"] + 1
    cells = {cell.value: cell for sheet in book for row in sheet.iter_rows() for cell in row}
    assert cells["=1+1"].data_type == "s"


@pytest.mark.parametrize(
    "polygon",
    ["", "1,2;3,4", "a,b;c,d;e,f", "1,2,3;4,5,6;7,8,9", "nan,1;2,3;4,5", "0,0;1,1;1,0;0,1", ";".join(["1,2"] * 501)],
)
def test_an_area_that_is_none_is_refused(client, polygon):
    answer = ask(client, "/api/inside", polygon=polygon)

    assert answer.status_code == 400
    assert answer.get_json()["message"]


@pytest.mark.parametrize("kind", WITH_LIFE, ids=[kind.layer.name for kind in WITH_LIFE])
def test_a_plan_is_there_from_its_year_on_and_what_stands_stays(client, session, kind):
    life = kind.layer.life
    begin, far = life.begins[0], this_year() + 5
    value = far if kind.field(begin).python_type is int else date(far, 6, 1)
    make_feature(session, kind, **{life.status: life.planned[0], begin: value})
    make_feature(session, kind, **{life.status: life.planned[0]})
    make_feature(session, kind)

    answer = ask(client, "/api/years", years=f"{far - 1},{far}").get_json()

    (found,) = [layer for layer in answer["layers"] if layer["name"] == kind.layer.name]
    before, after = found["years"]
    assert after["planned"] - before["planned"] == 1
    assert after["existing"] == before["existing"] >= 1
    listed = ask(client, f"/api/layers/{kind.layer.name}/features", year=str(far)).get_json()
    assert listed["numberMatched"] == sum(after[state] for state in STATES)


@pytest.mark.parametrize("kind", WITH_PLANS, ids=[kind.layer.name for kind in WITH_PLANS])
def test_each_year_may_stand_under_a_plan_of_its_own(client, session, kind):
    life, far = kind.layer.life, this_year() + 5
    begin = next(name for name in life.begins if kind.field(name).python_type is int)
    for number in ("768/QĐ-TTg", "500/QĐ-TTg"):
        make_feature(session, kind, **{life.status: life.planned[0], begin: far, life.plan: number})
    make_feature(session, kind, **{life.plan: "2810/QĐ-UBND"})

    answer = ask(client, "/api/years", years=f"{far},{far}", plans=["", "768/QĐ-TTg"]).get_json()

    (found,) = [layer for layer in answer["layers"] if layer["name"] == kind.layer.name]
    every, one = found["years"]
    assert {"500/QĐ-TTg", "768/QĐ-TTg"} <= set(answer["plans"])
    assert (every["planned"], one["planned"]) == (2, 1)
    assert every["existing"] == one["existing"] >= 1
    listed = ask(client, f"/api/layers/{kind.layer.name}/features", year=str(far), plan="768/QĐ-TTg").get_json()
    assert listed["numberMatched"] == sum(one[state] for state in STATES)


@pytest.mark.parametrize("kind", WITH_DUE, ids=[kind.layer.name for kind in WITH_DUE])
def test_works_past_their_year_are_late_and_those_due_by_then_are_done(client, session, kind):
    life, this = kind.layer.life, this_year()
    for name, status, year in (
        ("Muộn", life.under_way[0], this - 2),
        ("Quy hoạch cũ", life.planned[0], this - 1),
        ("Đang làm", life.under_way[0], this + 2),
    ):
        make_feature(session, kind, name=name, **{life.status: status, life.due: year})

    (found,) = _changes(client, kind, this, this + 5)

    now, then = found["years"]
    assert (now["under_way"], now["late"], now["planned"]) == (1, 2, 0)
    assert (then["under_way"], then["late"], then["planned"]) == (0, 2, 1)
    assert [(one["name"], one["before"], one["after"]) for one in found["changes"]] == [
        ("Muộn", "late", "late"), ("Quy hoạch cũ", "late", "late"), ("Đang làm", "under_way", "planned"),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", WITH_DUE, ids=[kind.layer.name for kind in WITH_DUE])
def test_what_changes_between_two_years_is_named_with_its_place(client, session, kind):
    life, this = kind.layer.life, this_year()
    stays = make_feature(session, kind, name="Đã có")
    new = make_feature(session, kind, name="Sẽ có", **{life.status: life.planned[0], life.due: this + 3})
    make_feature(session, kind, name="Sau này", **{life.status: life.planned[0], life.due: this + 9})

    (found,) = _changes(client, kind, this, this + 5)

    (change,) = found["changes"]
    assert (change["id"], change["before"], change["after"], change["year"]) == (new.id, "", "planned", this + 3)
    assert change["lon"] == pytest.approx(CENTRE[0], abs=0.1)
    assert change["id"] != stays.id
    (back,) = _changes(client, kind, this + 5, this)
    assert [(one["id"], one["before"], one["after"]) for one in back["changes"]] == [(new.id, "planned", "")]


def test_many_changes_are_counted_and_the_first_are_named(client, session, monkeypatch):
    monkeypatch.setattr("geodata.query.years.MAX_CHANGES", 2)
    kind = WITH_DUE[0]
    life = kind.layer.life
    for number in range(5):
        make_feature(session, kind, name=f"Sẽ có {number}", **{life.status: life.planned[0], life.due: this_year() + 1})

    (found,) = _changes(client, kind, this_year(), this_year() + 1)

    assert (found["change_count"], [one["name"] for one in found["changes"]]) == (5, ["Sẽ có 0", "Sẽ có 1"])


def _changes(client, kind, *years):
    answer = ask(client, "/api/years", years=",".join(map(str, years))).get_json()
    return [layer for layer in answer["layers"] if layer["name"] == kind.layer.name]


def test_the_demo_offers_plans_to_compare(demo_app):
    answer = ask(demo_app.test_client(), "/api/years", years="2026,2030").get_json()
    assert {"QH-MAU-2021", "QH-MAU-2025 (điều chỉnh)"} <= set(answer["plans"])


@pytest.mark.parametrize("kind", WITH_SUMS, ids=[kind.layer.name for kind in WITH_SUMS])
def test_the_years_add_up_quantities_beside_the_counts(client, session, kind):
    name = kind.layer.life.sums[0]
    before = _sum(client, kind, name)
    make_feature(session, kind, **{name: 12.5})

    assert _sum(client, kind, name) - before == pytest.approx(12.5)


def _sum(client, kind, name):
    layers = ask(client, "/api/years", years=str(this_year())).get_json()["layers"]
    (found,) = [layer for layer in layers if layer["name"] == kind.layer.name]
    assert found["sums"][0]["name"] == name
    return found["years"][0]["sums"][name]


def test_what_has_ended_is_not_there_any_more(client, session):
    life, this = POINTS.layer.life, this_year()
    make_feature(session, POINTS, valid_from=date(2001, 1, 1), valid_to=date(this - 2, 1, 1))
    if life.gone:
        make_feature(session, POINTS, **{life.status: life.gone[0]})

    listed = lambda year: ask(client, f"/api/layers/{POINTS.layer.name}/features", year=str(year)).get_json()  # noqa: E731

    assert listed(this - 3)["numberMatched"] - listed(this)["numberMatched"] >= 1


def test_a_year_is_said_in_words_and_refused_when_it_is_none(client):
    path = f"/api/layers/{POINTS.layer.name}/facets"

    assert "by the year 2030" in str(ask(client, path, year="2030", lang="en").get_json()["sentences"])
    assert ask(client, path, year="soon").status_code == 400
    without = next(kind for kind in KINDS if not kind.layer.life)
    assert ask(client, f"/api/layers/{without.layer.name}/facets", year="2030").status_code == 400
