"""Whatever is edited, imported and undone, in whatever order: undone again, all is as it was."""

import itertools
import threading

import pytest
from hypothesis import given, settings, strategies as st
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from geodata.base.database import new_engine
from geodata.base.errors import NotFoundError
from geodata.editing import Edit, EditRefusedError, ObjectEdit, RowEdit, StaleError, commit_edit
from geodata.editing.present import load_present
from geodata.history.documents import table_of
from geodata.history.undoing import undo
from geodata.importing import ImportOptions, commit_import, preview_import
from geodata.layers import LAYERS
from geodata.query.documents import ActKind, LegalAct
from tests.conftest import migrated_database
from tests.factories import make_feature, shape_for
from tests.geodata.editing.editing import ADMIN, PLANNER, row_values, state_of, value_for

KINDS = pytest.mark.parametrize("kind", list(LAYERS), ids=[kind.layer.name for kind in LAYERS])
STEPS = ("values", "place", "rows", "add", "delete", "batch", "import", "acts", "undo")
#: Fields whose values have rules beyond their type, or that name other things.
LEFT_OUT = {"code", "name", "valid_from", "valid_to", "tax_code"}


class World:
    """A layer with three objects, and what can be done to it."""

    def __init__(self, session, kind, folder):
        self.session, self.kind, self.folder = session, kind, folder
        self.numbers = itertools.count(1)
        self.fields = [
            field
            for field in kind.fields()
            if not field.derived
            and field.name not in LEFT_OUT | set(kind.layer.refers)
            and "year" not in field.name
            and "percent" not in field.name
        ]
        self.act = session.scalar(insert(LegalAct).values(number="1/QĐ", kind=ActKind.DECISION).returning(LegalAct.id))
        for number in range(3):
            make_feature(session, kind, code=f"B{number}", name=f"Có từ trước {number}", lon=106.6 + number / 100)
        self.done = []

    def ids(self):
        table = table_of(self.kind)
        return list(self.session.scalars(select(table.c.id).order_by(table.c.id)))

    def do(self, step, pick):
        """Do a step; note the change set."""
        if step == "undo":
            return self.undo(pick)
        ids = self.ids()
        if step != "add" and step != "import" and not ids:
            return None
        change_set = getattr(self, step)(ids, pick)
        if change_set is not None:
            self.done.append(change_set)
        return None

    def undo(self, pick):
        if self.done:
            undo(self.session, self.done.pop(pick % len(self.done)), LAYERS, user_name="an")

    def edit(self, *objects):
        try:
            return commit_edit(self.session, self.kind, Edit(objects=objects), ADMIN).change_set_id
        except EditRefusedError:  # a code or a row that is there already
            return None

    def some_values(self, pick):
        chosen = [self.fields[(pick + turn) % len(self.fields)] for turn in range(3)]
        return {field.name: value_for(field, pick) for field in chosen if field.name != "is_illustration"}

    def values(self, ids, pick):
        return self.edit(ObjectEdit(feature_id=ids[pick % len(ids)], values=self.some_values(pick)))

    def place(self, ids, pick):
        shape = shape_for(self.kind, lon=106.6 + pick / 1000)
        return self.edit(ObjectEdit(feature_id=ids[pick % len(ids)], geometry=shape))

    def add(self, ids, pick):
        values = {"code": f"N{next(self.numbers) % 3}", "name": "Mới", **self.some_values(pick)}
        return self.edit(ObjectEdit(values=values, geometry=shape_for(self.kind)))

    def delete(self, ids, pick):
        return self.edit(ObjectEdit(feature_id=ids[pick % len(ids)], is_deletion=True))

    def batch(self, ids, pick):
        return self.edit(*(ObjectEdit(feature_id=id_, values={"address": f"phố {pick}"}) for id_ in ids))

    def acts(self, ids, pick):
        chosen = ids[pick % len(ids)]
        parts = {"acts_added": (self.act,)} if pick % 2 else {"acts_removed": (self.act,)}
        return self.edit(ObjectEdit(feature_id=chosen, **parts))

    def rows(self, ids, pick):
        details = [detail for detail in self.kind.details if not detail.detail.is_kept_elsewhere]
        if not details:
            return self.values(ids, pick)
        detail, chosen = details[pick % len(details)], ids[pick % len(ids)]
        name = detail.detail.name
        stored = sorted(load_present(self.session, self.kind, [chosen])[chosen].hanging.get(name, {}))
        rows = [RowEdit(values={**row_values(detail, pick), **YEARS.get(name, {})})]
        if stored:
            plain = next(field.name for field in detail.fields() if field.name not in detail.detail.key)
            value = value_for(detail.field(plain), pick + 1)
            rows = [
                RowEdit(row_id=stored[0], values={plain: value}),
                *(RowEdit(row_id=row, is_removal=True) for row in stored[1:]),
            ]
        return self.edit(ObjectEdit(feature_id=chosen, details={name: rows}))

    def import_(self, ids, pick):
        path = self.folder / "nhap.csv"
        lines = [
            f'{code},Nhập {pick},phố {pick},"{shape_for(self.kind, lon=106.61).wkt}"' for code in ("B0", "B2", "N1")
        ]
        path.write_text("\n".join(["MA,TEN,DIA_CHI,WKT", *lines]), encoding="utf-8")
        preview = preview_import(self.session, self.kind, path, ImportOptions(crs="EPSG:4326"))
        return commit_import(self.session, preview, user_name="an").import_id


setattr(World, "import", World.import_)
YEARS = {"transformers": {"commissioning_year": 2020}}


@KINDS
def test_undone_in_any_order_all_is_as_it_was(engine, tmp_path, kind, heavy):
    @settings(max_examples=150 if heavy else 3, deadline=None, derandomize=not heavy)
    @given(
        steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 30)), min_size=3, max_size=20 if heavy else 7),
        order=st.randoms(use_true_random=False),
    )
    def walk(steps, order):
        with engine.connect() as connection, connection.begin() as transaction:
            session = Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
            world = World(session, kind, tmp_path)
            session.commit()
            before = state_of(session, kind)
            for step, pick in steps:
                world.do(step, pick)
            order.shuffle(world.done)
            while world.done:
                undo(session, world.done.pop(), LAYERS, user_name="an")
            assert state_of(session, kind) == before
            session.close()
            transaction.rollback()

    walk()


@pytest.fixture(scope="module")
def engine(worker):
    """A database of its own: what two connections do is committed and stays in the history."""
    engine = new_engine(migrated_database(f"editors_{worker}"))
    yield engine
    engine.dispose()


@pytest.fixture
def stored(engine):
    """An object that is really stored, for two connections."""
    kind = LAYERS.get("markets")
    with Session(engine) as session:
        made = make_feature(session, kind, trader_count=1, stall_count=1)
        session.commit()
        version = load_present(session, kind, [made.id])[made.id].version
    yield kind, made.id, version
    with Session(engine) as session:
        session.execute(table_of(kind).delete().where(kind.id == made.id))
        session.commit()


def test_of_two_editors_at_the_same_moment_one_is_stored_and_the_other_is_told(engine, stored):
    kind, id_, version = stored
    outcomes = []
    start = threading.Barrier(2)

    def save(name, value):
        with Session(engine) as session:
            start.wait()
            try:
                edit = Edit(objects=[ObjectEdit(feature_id=id_, version=version, values={name: value})])
                commit_edit(session, kind, edit, PLANNER)
                outcomes.append(("stored", name, value))
            except StaleError:
                outcomes.append(("told", name, value))

    both = [threading.Thread(target=save, args=parts) for parts in (("trader_count", 5), ("stall_count", 6))]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(outcome for outcome, *_ in outcomes) == ["stored", "told"]
    _, name, value = next(outcome for outcome in outcomes if outcome[0] == "stored")
    with Session(engine) as session:
        now = load_present(session, kind, [id_])[id_].document
    assert now == now | {"trader_count": 1, "stall_count": 1} | {name: value}


def test_edits_of_different_fields_without_a_version_are_both_kept(engine, stored):
    kind, id_, _ = stored
    start = threading.Barrier(2)

    def save(name):
        with Session(engine) as session:
            start.wait()
            commit_edit(session, kind, Edit(objects=[ObjectEdit(feature_id=id_, values={name: 9})]), PLANNER)

    both = [threading.Thread(target=save, args=(name,)) for name in ("trader_count", "stall_count")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    with Session(engine) as session:
        now = load_present(session, kind, [id_])[id_].document
    assert (now["trader_count"], now["stall_count"]) == (9, 9)


STATION = LAYERS.get("substations")
#: What two people may do to one object at the same time.
VERBS = {
    "fill": {"values": {"address": "phố mới"}},
    "move": {"geometry": shape_for(STATION, lon=106.7)},
    "row": {"details": {"transformers": [RowEdit(values={"name": "T9", "rated_mva": 63})]}},
    "delete": {"is_deletion": True},
}


@pytest.mark.parametrize(("first", "second"), list(itertools.product(VERBS, VERBS)))
def test_whatever_two_connections_do_to_one_object_the_second_is_told(engine, first, second):
    with Session(engine) as session:
        made = make_feature(session, STATION, name="Trạm chung")
        session.commit()
        id_, version = made.id, load_present(session, STATION, [made.id])[made.id].version
    with Session(engine) as one, Session(engine) as other:
        load_present(other, STATION, [id_])  # it has begun to look
        other.rollback()
        edits = [Edit(objects=[ObjectEdit(feature_id=id_, version=version, **VERBS[verb])]) for verb in (first, second)]
        commit_edit(one, STATION, edits[0], PLANNER)
        stored = load_present(one, STATION, [id_])
        with pytest.raises((StaleError, NotFoundError)):
            commit_edit(other, STATION, edits[1], PLANNER)
        now = load_present(one, STATION, [id_])
        assert {key: value.version for key, value in now.items()} == {
            key: value.version for key, value in stored.items()
        }
        one.execute(table_of(STATION).delete().where(STATION.id == id_))
        one.commit()
