"""What a role may not know is in nothing it is sent: tiles and class numbers, counts, lists, search, popups, files.

Each layer is filled with values that occur nowhere else; what the role may not see must not come back, and
the public's answers must be the same, byte by byte, whether a site has violations or none.
"""

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal

import mapbox_vector_tile
import pytest
from sqlalchemy import CheckConstraint, inspect

from geodata.accounts.access import visible_details, visible_fields
from geodata.layers import LAYERS
from geodata.layers.fuel_sites import FuelSite
from geodata.layers.fuel_sites.visits import Finding, InspectionVisit
from geodata.schema.roles import Role
from tests.factories import make_feature

ROLES = ("public", "planner")
NAMES = [kind.layer.name for kind in LAYERS]
FORMATS = ("geojson", "csv", "kml")
SECRET = "Zyxwvut"
SECRETS = {
    str: SECRET,
    int: 987_651,
    float: 987_651.5,
    Decimal: Decimal("987651"),
    date: date(2031, 7, 19),
    datetime: datetime(2031, 7, 19, 5, tzinfo=UTC),
    bool: True,
    object: datetime(2031, 7, 19, 5, tzinfo=UTC),
}
TAX_CODE, PHONE = "0398765123", "0987 650 123"
#: How a secret may look once it is written out.
TRACES = (SECRET, SECRET.lower(), "987651", "987.651", "987,651", "2031-07-19", "19/07/2031", TAX_CODE, PHONE)


def hidden(kind, role):
    """Return the stored fields of a layer that a role may not see."""
    seen = {field.name for field in visible_fields(Role(role), kind)}
    return [field for field in _plain(kind) if field.name not in seen]


def _plain(table):
    """Return the stored fields whose value may be anything of its type."""
    stored = set(inspect(table).columns.keys()) - {"id"}
    return [
        field
        for field in table.fields()
        if field.name in stored and not field.values and field.python_type in SECRETS and not bound_of(table, field)
    ]


def bound_of(table, field):
    """Return a bound of a field that the database keeps within two; None where any value may stand."""
    checks = (str(item.sqltext) for item in table.__table__.constraints if isinstance(item, CheckConstraint))
    found = (re.match(rf"{field.name} (?:BETWEEN|> 0 AND {field.name} <=) (\d+)", check) for check in checks)
    return next((number[1] for number in found if number), None)


def bounded(table):
    """Return a value for each field that has bounds."""
    return {field.name: number for field in table.fields() if (number := bound_of(table, field))}


def filled(session, kind, role):
    """Store a feature whose hidden fields hold secrets."""
    values = {field.name: SECRETS[field.python_type] for field in hidden(kind, role)}
    values |= {name: value for name, value in (("tax_code", TAX_CODE), ("contact_phone", PHONE)) if name in values}
    feature = make_feature(session, kind, code="P-1", name="Đối tượng", **values)
    for detail in set(kind.details) - set(visible_details(Role(role), kind)) - {Finding, InspectionVisit}:
        chosen = {field.name: next(iter(field.values)) for field in detail.fields() if field.values}
        chosen |= bounded(detail) | {field.name: SECRETS[field.python_type] for field in _plain(detail)}
        session.add(detail(feature_id=feature.id, **chosen))
    if kind is FuelSite:
        violation(session, feature)
    session.commit()
    return feature


def violation(session, site):
    visit = InspectionVisit(
        feature_id=site.id, visited_on=date(2020, 3, 2), kind="planned", leader=SECRET, note=SECRET, decision_no=SECRET
    )
    session.add(visit)
    session.flush()
    session.add(
        Finding(
            feature_id=site.id, visit_id=visit.id, found_on=date(2020, 3, 2), severity="violation", description=SECRET,
            article=SECRET, sanction_decision_no=SECRET, fine_vnd=987_651, remedy_due_on=date(2031, 7, 19),
            remedy_evidence=SECRET, extra_penalty=SECRET,
        )
    )  # fmt: skip


def answers(client, kind, feature):
    """Return address -> everything the pages of the map are sent about a layer."""
    name = kind.layer.name
    addresses = [
        "/api/layers", f"/api/layers/{name}/facets", f"/api/layers/{name}/features?limit=100",
        f"/api/layers/{name}/features/{feature.id}", f"/layers/{name}/features/{feature.id}/popup",
        f"/layers/{name}/features/{feature.id}/panel", f"/api/search?q={SECRET}", f"/api/search?q={TAX_CODE}",
        f"/api/search?q={feature.code}", "/api/inside?near=106.6835,20.8605,5",
        f"/api/layers/{name}/charts", f"/api/layers/{name}/charts?format=csv", f"/api/layers/{name}/charts?as_of=2020-06-01",
        f"/api/layers/{name}/facets?as_of=2020-06-01", f"/layers/{name}/features/{feature.id}/panel?as_of=2020-06-01",
        f"/tiles/{name}/6/50/28.mvt", f"/tiles/{name}/14/{tile_x(14)}/{tile_y(14)}.mvt", "/",
        *(f"/layers/{name}/export?format={format}" for format in FORMATS),
    ]  # fmt: skip
    return {address: client.get(address) for address in addresses}


def tile_x(zoom):
    return int((106.6835 + 180) / 360 * 2**zoom)


def tile_y(zoom):
    from math import asinh, pi, radians, tan

    return int((1 - asinh(tan(radians(20.8605))) / pi) / 2 * 2**zoom)


def features_of(answer):
    layers = mapbox_vector_tile.decode(answer.data) if answer.data else {}
    return [feature for layer in layers.values() for feature in layer["features"]]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", NAMES)
def test_no_secret_comes_back_in_anything_a_role_is_sent(session, login, name, role):
    kind = LAYERS.get(name)
    feature = filled(session, kind, role)
    told = answers(login(role), kind, feature)
    for address, answer in told.items():
        assert answer.status_code in {200, 204}, (address, answer.status_code)
        if "search?q=" in address and feature.code not in address:
            assert json.loads(answer.data)["hits"] == [], address
            continue
        text = answer.data.decode("utf-8", "replace")
        assert [trace for trace in TRACES if trace in text] == [], address


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", NAMES)
def test_a_tile_carries_only_symbol_number_and_label_of_what_the_role_sees(session, login, name, role):
    kind = LAYERS.get(name)
    feature = filled(session, kind, role)
    seen = frozenset(field.name for field in visible_fields(Role(role), kind))
    drawn = [
        row
        for address, answer in answers(login(role), kind, feature).items()
        if "mvt" in address
        for row in features_of(answer)
    ]
    assert drawn
    for row in drawn:
        assert set(row["properties"]) <= {"c", "n", "o", "t"}
        assert row["properties"]["c"] < len(kind.layer.style.classes(seen))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", NAMES)
def test_what_a_role_may_not_see_it_may_not_filter_sort_or_count_by(session, login, name, role):
    kind, client = LAYERS.get(name), login(role)
    seen = {field.name for field in visible_fields(Role(role), kind)}
    described = next(layer for layer in client.get("/api/layers").get_json()["layers"] if layer["name"] == name)
    assert {field["name"] for field in described["fields"]} <= seen
    assert set(client.get(f"/api/layers/{name}/facets").get_json()["facets"]) <= seen
    charts = client.get(f"/api/layers/{name}/charts").get_json()
    assert {one["field"] for one in charts["charts"]} | {one["name"] for one in charts["sums"]} <= seen
    for field in kind.fields():
        if field.name in seen:
            continue
        for door in (
            f"/api/layers/{name}/facets",
            f"/api/layers/{name}/charts",
            f"/api/layers/{name}/features",
            f"/tiles/{name}/6/50/28.mvt",
        ):
            assert client.get(door, query_string={field.name: "x"}).status_code == 400, (door, field.name)
        assert client.get(f"/layers/{name}/export", query_string={field.name: "x", "format": "csv"}).status_code == 400
        assert client.get(f"/api/layers/{name}/features", query_string={"sort": field.name}).status_code == 400


def test_the_public_is_sent_the_same_bytes_with_and_without_a_violation(session, client):
    site = make_feature(session, FuelSite, code="P-1", name="Cửa hàng", kind="petrol")
    session.commit()
    before = answers(client, FuelSite, site)
    violation(session, site)
    session.commit()
    after = answers(client, FuelSite, site)
    for address, answer in before.items():
        if address == "/":
            continue  # has a nonce of its own each time
        assert answer.data == after[address].data, address


def test_the_planner_learns_the_state_and_nothing_else(session, login):
    site = make_feature(session, FuelSite, code="P-1", name="Cửa hàng", kind="petrol")
    session.commit()
    planner = login("planner")
    address = f"/api/layers/fuel_sites/features/{site.id}"
    before = planner.get(address).get_json()["properties"]
    violation(session, site)
    session.commit()
    after = planner.get(address).get_json()["properties"]
    assert {name for name in after if after[name] != before[name]} == {"inspection_status"}
    for page in (
        "/inspections",
        "/inspections/followup",
        "/inspections/states",
        f"/inspections/sites/{site.id}",
        "/inspections/visits",
    ):
        assert planner.get(page).status_code == 403, page
