"""Change sets, and the way back."""

import pytest
from sqlalchemy import insert, text

from geodata.base.errors import ConflictError, NotFoundError
from geodata.history.change_sets import FeatureChange, changes_in, changes_of, count_changes, list_change_sets
from geodata.history.documents import data_columns, table_of
from geodata.history.undoing import undo
from geodata.importing import ImportOptions, Mode, commit_import, preview_import
from geodata.layers import LAYERS

HEAD = "MA,TEN,SO_HO,DIA_CHI,lon,lat\n"
FIRST = HEAD + "A,Chợ An,10,phố 1,106.68,20.86\nB,Chợ Ba,20,phố 2,106.69,20.86\n"
SECOND = HEAD + "A,Chợ An,11,phố 9,106.681,20.86\nC,Chợ Cá,30,phố 3,106.70,20.86\n"


@pytest.fixture
def load(session, tmp_path):
    def run(text, mode=Mode.UPSERT, layer="markets"):
        path = tmp_path / "a.csv"
        path.write_text(text, encoding="utf-8")
        preview = preview_import(session, LAYERS.get(layer), path, ImportOptions(mode=mode))
        return commit_import(session, preview, user_name="an").import_id

    return run


@pytest.fixture
def rows(session):
    def read(layer="markets"):
        table = table_of(LAYERS.get(layer))
        names = [column.name for column in table.columns if column.name not in {"updated_at", "change_set_id"}]
        session.expire_all()
        found = session.execute(table.select()).mappings()
        return {row["code"]: {name: str(row[name]) for name in names} for row in found}

    return read


def edit(session, code, **values):
    kind = LAYERS.get("markets")
    session.execute(table_of(kind).update().where(kind.code == code).values(**values))


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.REPLACE])
def test_undo_brings_back_exactly_the_earlier_rows(session, load, rows, mode):
    load(FIRST)
    before = rows()
    number = load(SECOND, mode)
    assert rows() != before
    told = []
    report = undo(session, number, LAYERS, user_name="bình", progress=lambda done, total: told.append((done, total)))
    assert rows() == before
    assert told == sorted(told)
    assert (told[0][0], told[-1][0]) == (0, told[-1][1])
    assert told[-1][1] > 0
    assert (report.restored, report.removed, report.kept) == (1, 1, ())
    assert report.brought_back == (1 if mode is Mode.REPLACE else 0)


def test_undo_keeps_later_edits_and_names_them(session, load, rows):
    load(FIRST)
    number = load(SECOND)
    edit(session, "A", trader_count=99)
    edit(session, "C", name="Chợ Cá mới")
    report = undo(session, number, LAYERS, user_name="bình")
    after = rows()
    assert (after["A"]["trader_count"], after["A"]["address"]) == ("99", "phố 1")
    assert after["C"]["name"] == "Chợ Cá mới"
    assert {(item.code, item.fields) for item in report.kept} == {("A", ("trader_count",)), ("C", ("name",))}


def test_undo_leaves_what_was_deleted_since(session, load, rows):
    load(FIRST)
    number = load(SECOND)
    kind = LAYERS.get("markets")
    session.execute(table_of(kind).delete().where(kind.code == "A"))
    report = undo(session, number, LAYERS, user_name="bình")
    assert [item.code for item in report.kept] == ["A"]
    assert sorted(rows()) == ["B"]


def test_undo_of_a_replacement_keeps_what_was_created_anew(session, load, rows):
    load(FIRST)
    number = load(SECOND, Mode.REPLACE)
    load(HEAD + "B,Chợ Ba mới,1,phố 5,106.69,20.86\n")
    report = undo(session, number, LAYERS, user_name="bình")
    assert [item.code for item in report.kept] == ["B"]
    assert rows()["B"]["name"] == "Chợ Ba mới"


def test_what_hangs_on_a_deleted_object_comes_back_with_it(session, load):
    kind = LAYERS.get("fuel_sites")
    (certificates,) = [detail for detail in kind.details if detail.detail.name == "certificates"]
    head = "MA,TEN,SO_GCN,NGAY_CAP,lon,lat\n"
    load(head + "P1,CHXD mẫu 001,12/GCN,01/02/2024,106.68,20.86\n", layer="fuel_sites")
    before = session.execute(table_of(certificates).select()).mappings().all()
    assert len(before) == 1
    number = load(head + "P2,CHXD mẫu 002,,,106.69,20.86\n", Mode.REPLACE, "fuel_sites")
    assert session.execute(table_of(certificates).select()).all() == []
    undo(session, number, LAYERS, user_name="bình")
    assert session.execute(table_of(certificates).select()).mappings().all() == before


def test_an_import_is_undone_once_and_an_undo_can_be_undone(session, load, rows):
    load(FIRST)
    number = load(SECOND)
    after = rows()
    report = undo(session, number, LAYERS, user_name="bình")
    with pytest.raises(ConflictError):
        undo(session, number, LAYERS, user_name="bình")
    undo(session, report.change_set_id, LAYERS, user_name="bình")
    assert {code: {k: v for k, v in row.items() if k != "id"} for code, row in rows().items()} == {
        code: {k: v for k, v in row.items() if k != "id"} for code, row in after.items()
    }


@pytest.mark.parametrize("number", ["0", "999999", "x", "-1", "1; drop", "9" * 30])
def test_undo_of_nothing_is_not_found(session, number):
    with pytest.raises(NotFoundError):
        undo(session, number, LAYERS, user_name="bình")


def test_history_tells_who_imported_what_from_which_file(session, load):
    number = load(FIRST)
    latest = list_change_sets(session)[0]
    assert (str(latest.id), latest.user_name, latest.layer, latest.file_name, latest.kind) == (
        number,
        "an",
        "markets",
        "a.csv",
        "import",
    )
    assert len(latest.file_sha256) == 64
    assert latest.counts["new"] == 2
    assert latest.crs == "EPSG:4326"
    assert [change.code for change in changes_in(session, latest.id, LAYERS)] == ["A", "B"]


def test_the_history_of_one_object_shows_what_changed(session, load):
    load(FIRST)
    load(SECOND)
    kind = LAYERS.get("markets")
    feature_id = session.query(kind.id).filter(kind.code == "A").scalar()
    latest, first = changes_of(session, "markets", feature_id, LAYERS)
    assert set(latest.changed) == {"trader_count", "address", "geom"}
    assert (latest.before["trader_count"], latest.after["trader_count"]) == (10, 11)
    assert first.before is None


@pytest.mark.parametrize(
    ("change", "now"),
    [
        ("UPDATE market SET name = 'Chợ Khác' WHERE code = 'A'", ["B"]),
        ("UPDATE market SET name = 'Chợ Khác' WHERE code = 'A'; DELETE FROM market WHERE code = 'A'", ["B"]),
        ("DELETE FROM market WHERE code = 'A'", ["B"]),
        ("SELECT 1", ["A", "B"]),
    ],
)
def test_what_was_added_is_told_whatever_became_of_it(session, load, change, now):
    number = int(load(FIRST))
    session.execute(text(change))
    first, second = changes_in(session, number, LAYERS)
    assert [(item.code, item.before, item.after["name"]) for item in (first, second)] == [
        ("A", None, "Chợ An"),
        ("B", None, "Chợ Ba"),
    ]
    assert set(first.after) == set(data_columns(LAYERS.get("markets")))
    assert count_changes(session, number, LAYERS) == 2
    (entry,) = changes_of(session, "markets", first.feature_id, LAYERS)
    assert (entry.change_set.id, entry.before, entry.after) == (number, None, first.after)
    report = undo(session, number, LAYERS, user_name="bình")
    assert report.removed == len(now)
    assert [item.code for item in report.kept] == (
        ["A"] if change.startswith("UPDATE") and "DELETE" not in change else []
    )


def test_pages_of_a_change_set_hold_each_object_once(session, load):
    number = int(load(HEAD + "".join(f"M{row},Chợ {row},1,phố,106.68,20.86\n" for row in range(7))))
    session.execute(text("UPDATE market SET name = 'Chợ Khác' WHERE code IN ('M1', 'M4')"))
    pages = [changes_in(session, number, LAYERS, limit=3, offset=start) for start in (0, 3, 6)]
    assert [[item.code for item in page] for page in pages] == [["M0", "M1", "M2"], ["M3", "M4", "M5"], ["M6"]]
    assert [item.after["name"] for page in pages for item in page] == [f"Chợ {row}" for row in range(7)]


def test_what_a_file_added_is_written_down_in_the_same_words_as_what_it_changed(session, load):
    load(FIRST)
    load(SECOND)
    kind = LAYERS.get("markets")
    feature_id = session.query(kind.id).filter(kind.code == "A").scalar()
    latest, first = changes_of(session, "markets", feature_id, LAYERS)
    assert first.after == latest.before


def test_an_older_history_with_a_document_for_each_added_object_is_undone_as_before(session, load, rows):
    load(FIRST)
    number = int(load(HEAD + "C,Chợ Cá,30,phố,106.70,20.86\nD,Chợ Dừa,40,phố,106.71,20.86\n"))
    for item in changes_in(session, number, LAYERS):
        session.execute(
            insert(FeatureChange).values(
                change_set_id=number, layer="markets", feature_id=item.feature_id, code=item.code, after=item.after
            )
        )
    edit(session, "D", name="Chợ Dừa mới")
    assert [item.code for item in changes_in(session, number, LAYERS)] == ["C", "D"]
    report = undo(session, number, LAYERS, user_name="bình")
    assert (report.removed, [(item.code, item.fields) for item in report.kept]) == (1, [("D", ("name",))])
    assert sorted(rows()) == ["A", "B", "D"]
