"""A new layer kind is four steps: the class, its name in the registry, a migration, its Vietnamese texts."""

import os
import subprocess
import sys
import time
from importlib import import_module

import mapbox_vector_tile
import pytest
from alembic.autogenerate import produce_migrations
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import select, text
from sqlalchemy.orm import Mapped, Session

from geoalchemy2 import alembic_helpers

from geodata.base.database import Base, new_engine
from geodata.export import runs as export_runs
from geodata.importing import ImportOptions, commit_import, preview_import
from geodata.importing.sessions import model
from geodata.importing.sessions.model import Stage
from geodata.schema.feature import Feature
from geodata.schema.fields import field
from geodata.schema.registry import registry
from geodata.schema.roles import EDITORS, STAFF, Role
from tests.conftest import ROOT, migrated_database, sign_in
from tests.factories import CENTRE, make_feature
from tests.geodata.importing import files
from tests.geodata.query.test_tiles import tile_at
from tests.webmap.imports import wizard
from webmap.app import i18n

TEXTS = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8"

msgid "Warehouses"
msgstr "Kho hàng"

msgid "Warehouse"
msgstr "Kho hàng"

msgid "Goods kept"
msgstr "Hàng chứa"

msgid "Cold goods"
msgstr "Hàng lạnh"

msgid "Dry goods"
msgstr "Hàng khô"

msgid "Insured sum"
msgstr "Số tiền bảo hiểm"
"""


@pytest.fixture(scope="module")
def warehouse():
    """Step 1: the class."""

    found = import_module("tests.webmap.app.warehouses").Warehouse
    yield found
    Base.metadata.remove(found.__table__)


@pytest.fixture(scope="module")
def warehouse_engine(warehouse, worker):
    """Step 3: the migration, as Alembic generates it from the class, and the line that watches the table."""
    url = migrated_database(f"warehouse_{worker}")
    engine = new_engine(url)
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": alembic_helpers.include_object})
        operations = Operations(context)
        pending = list(produce_migrations(context, Base.metadata).upgrade_ops.ops)
        while pending:
            operation = pending.pop(0)
            if hasattr(operation, "ops"):
                pending = [*operation.ops, *pending]
            elif "warehouse" in str(getattr(operation, "table_name", "")):
                operations.invoke(operation)
        connection.execute(text("SELECT watch_layer('warehouse', 'warehouses')"))
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def layers(warehouse):
    """Step 2: its name in the registry."""
    return import_module("tests.webmap.app.warehouses").LAYERS


@pytest.fixture(scope="module")
def clients(warehouse_engine, layers, make_app, tmp_path_factory):
    """The application with the layer, as each role has it."""
    app = make_app(warehouse_engine, layers=layers, upload_dir=tmp_path_factory.mktemp("uploads"))
    return {role.value: sign_in(app, role) for role in Role}


@pytest.fixture
def its_texts(tmp_path, monkeypatch):
    """Step 4: the catalogue with its texts."""
    (tmp_path / "vi").mkdir()
    for catalogue in (i18n.CATALOGUES / "vi").glob("*.po"):
        (tmp_path / "vi" / catalogue.name).write_bytes(catalogue.read_bytes())
    (tmp_path / "vi" / "warehouses.po").write_text(TEXTS, encoding="utf-8")
    monkeypatch.setattr(i18n, "CATALOGUES", tmp_path)
    i18n.catalogue.cache_clear()
    yield
    i18n.catalogue.cache_clear()


def test_a_new_layer_tiles_filters_imports_searches_and_shows_by_four_steps(
    warehouse, warehouse_engine, clients, tmp_path, its_texts
):
    with Session(warehouse_engine) as session:
        made_id = make_feature(session, warehouse, name="Kho lạnh Đình Vũ", goods="cold", insured_vnd=5).id
        session.commit()
        file = tmp_path / "kho.csv"
        file.write_text(f"MA,TEN,HANG_HOA,lon,lat\nKHO-2,Kho khô,hàng khô,{CENTRE[0]},{CENTRE[1]}\n", encoding="utf-8")
        preview = preview_import(session, warehouse, file, ImportOptions())
        report = commit_import(session, preview, user_name="test", accept_partial=False)
        session.commit()
        assert report.as_json()["counts"]["new"] == 1

    public, planner = clients["public"], clients["planner"]

    described = public.get("/api/layers").json["layers"][-1]
    assert (described["name"], described["title"], described["count"]) == ("warehouses", "Kho hàng", 2)
    assert "insured_vnd" not in {f["name"] for f in described["fields"]}
    assert "insured_vnd" in {f["name"] for f in planner.get("/api/layers").json["layers"][-1]["fields"]}

    zoom, x, y = tile_at(*CENTRE, 14)
    tile = public.get(f"/tiles/warehouses/{zoom}/{x}/{y}.mvt?goods=cold")
    assert [f["id"] for f in mapbox_vector_tile.decode(tile.data)["warehouses"]["features"]] == [made_id]
    assert public.get("/api/layers/warehouses/facets").json["facets"]["goods"] == {"cold": 1, "dry": 1}
    assert public.get("/api/layers/warehouses/features?insured_vnd=1..").status_code == 400
    assert planner.get("/api/layers/warehouses/features?insured_vnd=1..").json["numberMatched"] == 1
    assert public.get("/api/search?q=kho lanh dinh vu").json["hits"][0]["layer"] == "warehouses"
    assert public.get("/ogc/collections/warehouses/items?goods=cold").json["numberMatched"] == 1
    assert "insured_vnd" not in public.get("/ogc/collections/warehouses/schema").json["properties"]
    assert "typename='warehouses'" in public.get("/ogc/project.qgs").text
    assert "/ogc/collections/warehouses/items" in public.get("/openapi.json").json["paths"]
    assert public.get("/edit/warehouses/form").status_code in {302, 401}
    edit_and_undo(clients["gis"], made_id)
    popup = public.get(f"/layers/warehouses/features/{made_id}/panel").text
    assert "Kho lạnh Đình Vũ" in popup
    assert "Hàng lạnh" in popup
    assert "Số tiền bảo hiểm" not in popup
    assert "Kho hàng" in public.get("/").text


@pytest.mark.parametrize("role", Role)
def test_every_role_finds_a_new_layer_wherever_layers_are_and_sees_of_it_what_is_his(
    role, warehouse, warehouse_engine, clients, its_texts
):
    client, is_staff = clients[role], role in STAFF
    with Session(warehouse_engine) as session:
        made = make_feature(session, warehouse, code=f"VAI-{role}", name=f"Kho vai {role}", goods="cold", insured_vnd=5)
        number = made.id
        session.commit()
    edit = {"objects": [{"id": number, "values": {"goods": "dry"}}]}
    assert clients["gis"].post("/edit/warehouses", json=edit).status_code == 200

    assert "Kho hàng" in client.get("/").text
    (described,) = [one for one in client.get("/api/layers").json["layers"] if one["name"] == "warehouses"]
    assert ("insured_vnd" in {one["name"] for one in described["fields"]}) == is_staff
    assert described["access"]["write"] == (role in EDITORS)
    zoom, x, y = tile_at(*CENTRE, 14)
    tile = mapbox_vector_tile.decode(client.get(f"/tiles/warehouses/{zoom}/{x}/{y}.mvt").data)
    assert number in {one["id"] for one in tile["warehouses"]["features"]}
    panel = client.get(f"/layers/warehouses/features/{number}/panel").text
    assert "Hàng khô" in panel
    assert ("Số tiền bảo hiểm" in panel) == is_staff
    assert ("gis-test" in panel) == is_staff  # who changed it
    table = client.get(f"/layers/warehouses/export?format=csv&q=VAI-{role}").data.decode("utf-8-sig")
    assert ("insured_vnd" in table) == is_staff
    assert f"VAI-{role}" in table
    assert client.get("/layers/warehouses/export?format=csv&insured_vnd=1..").status_code == (200 if is_staff else 400)
    assert client.get("/api/search", query_string={"q": f"kho vai {role}"}).json["hits"][0]["layer"] == "warehouses"
    item = client.get(f"/ogc/collections/warehouses/items/{number}").json["properties"]
    assert (item.get("insured_vnd") is not None) == is_staff
    writes = {200} if role in EDITORS else {302, 401, 403}
    for address in (f"/edit/warehouses/form?id={number}", f"/history/objects/warehouses/{number}"):
        assert client.get(address).status_code in writes, address


@pytest.mark.parametrize("role", sorted(EDITORS))
def test_who_may_write_a_new_layer_imports_into_it_over_the_web_and_takes_it_back(
    role, warehouse, warehouse_engine, layers, clients, tmp_path, its_texts
):
    client, code = clients[role], f"NHAP-{role}"
    text_ = f"MA,TEN,HANG_HOA,lon,lat\n{code},Kho nhập,hàng lạnh,{CENTRE[0]},{CENTRE[1]}\n"
    number = wizard.upload(client, warehouse_engine, files.csv(tmp_path / "kho.csv", text_), "warehouses", layers)
    assert code in client.get(f"/imports/{number}/preview").text
    stored = wizard.store(client, warehouse_engine, number, layers)
    assert stored.stage is Stage.STORED
    page = client.get(f"/history/{stored.change_set_id}").text
    assert (code in page, "Kho nhập" in page) == (True, True)
    assert client.get(f"/history/{stored.change_set_id}/undo").status_code == 200
    assert client.post(f"/history/{stored.change_set_id}/undo").status_code == 302
    wizard.work(warehouse_engine, layers)
    with Session(warehouse_engine) as session:
        assert session.scalar(select(warehouse.id).where(warehouse.code == code)) is None


@pytest.fixture
def background(warehouse_engine, monkeypatch):
    """A worker of the application with the layer, as a process of its own."""
    address = warehouse_engine.url.render_as_string(hide_password=False)
    words = ["-m", "geodata.jobs", "--layers", "tests.webmap.app.warehouses:LAYERS", "webmap.map.export_runs"]
    process = subprocess.Popen([sys.executable, *words], cwd=ROOT, env={**os.environ, "DATABASE_URL": address})
    yield
    process.kill()  # what it would finish first is of no use to anybody
    process.wait()


def test_a_worker_imports_and_exports_a_layer_that_its_application_has(
    warehouse_engine, clients, background, tmp_path, monkeypatch, its_texts
):
    gis = clients["gis"]
    # Far from what other tests have stored, and called otherwise: nothing is asked about it.
    text_ = (
        f"MA,TEN,HANG_HOA,lon,lat\nKHO-NEN,Trạm trung chuyển hậu cần,hàng lạnh,{CENTRE[0] + 0.05},{CENTRE[1] + 0.05}\n"
    )
    location = wizard.send(gis, files.csv(tmp_path / "kho.csv", text_), layer="warehouses")
    number = int(location.split("/")[2])
    assert ends(lambda: wizard.found(warehouse_engine, number).stage, model.RUNNING | set(model.WAITING)) is Stage.READY
    wizard.confirm(gis, number)
    assert (
        ends(lambda: wizard.found(warehouse_engine, number).stage, model.RUNNING | set(model.WAITING)) is Stage.STORED
    )

    monkeypatch.setattr(export_runs, "MOST_AT_ONCE", 0)
    address = gis.post("/layers/warehouses/export?format=csv&q=KHO-NEN").location
    assert ends(lambda: gis.get(f"{address}/state").json["working"], {True}) is False
    assert "KHO-NEN" in gis.get(f"{address}/file").data.decode("utf-8-sig")


def ends(ask, meanwhile):
    """Return what is so when it is no longer what it is meanwhile; ask for ten minutes at most: a worker gives way to all else."""
    until = time.monotonic() + 600
    while (found := ask()) in meanwhile and time.monotonic() < until:
        time.sleep(0.5)
    return found


def edit_and_undo(gis, made_id):
    """Change an object of the new layer by its form, alone and with others, and take it back."""
    form = gis.get(f"/edit/warehouses/form?id={made_id}").text
    assert "Kho lạnh Đình Vũ" in form
    version = form.partition('data-version="')[2].partition('"')[0]
    edited = {"id": made_id, "version": version, "values": {"goods": "dry"}}
    saved = gis.post("/edit/warehouses", json={"objects": [edited]})
    assert (saved.status_code, saved.json["objects"][0]["fields"]["goods"]) == (200, ["cold", "dry"])
    stale = {**edited, "values": {"goods": "cold"}}
    assert gis.post("/edit/warehouses", json={"objects": [stale]}).status_code == 409
    undone = gis.post(f"/edit/changes/{saved.json['change_set_id']}/undo")
    assert (undone.status_code, undone.json["counts"]["restored"]) == (200, 1)
    batch = {"filters": "goods=cold", "values": {"address": "cầu cảng 1"}}
    assert gis.post("/edit/warehouses/batch/preview", json=batch).json["counts"]["changed"] >= 1


def test_a_kind_without_label_or_with_two_meanings_for_a_column_is_refused_at_start(warehouse):
    class Broken(Feature):
        __tablename__ = "broken"
        layer = warehouse.layer
        one: Mapped[str | None] = field(label="One", source_names=("COT",))
        two: Mapped[str | None] = field(label="Two", source_names=("cột",))

    Base.metadata.remove(Broken.__table__)
    with pytest.raises(ValueError, match="means both"):
        registry(Broken)
    with pytest.raises(ValueError, match="same name"):
        registry(warehouse, warehouse)
