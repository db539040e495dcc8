"""The search, as a function."""

import pytest
from sqlalchemy import func, select, text

from geodata.layers import LAYERS
from geodata.query.kinds import Meaning, find_of_kind
from geodata.query.search import MAX_CANDIDATES, search
from tests.factories import make_feature

KINDS = list(LAYERS)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.layer.name for kind in KINDS])
@pytest.mark.parametrize("is_counted", [False, True])
def test_each_feature_that_has_the_text_is_found_whether_the_layer_was_counted_or_not(session, kind, is_counted):
    names = [f"Bến Rừng {number}" for number in range(60)]
    for name in names:
        make_feature(session, kind, name=name)
    if is_counted:
        session.execute(text(f"ANALYZE {kind.__tablename__}"))
    hits = search(session.connection(), [kind], "ben rung", limit=50)
    assert len(hits) == len({hit.id for hit in hits}) == 50
    assert {hit.name for hit in hits} <= set(names)
    assert search(session.connection(), [kind], "ben rung 59")[0].name == "Bến Rừng 59"


@pytest.mark.parametrize("asked", ["ben rung", "rung", "ung", "bem rung", "cho ben rung", "rung 1"])
def test_the_score_counts_likeness_as_pg_trgm_does_also_where_it_is_known_without(session, asked):
    kind = KINDS[0]
    feature = make_feature(session, kind, name="Chợ Bến Rừng 1", code="BR-1")
    (hit,) = search(session.connection(), [kind], asked)
    searched = session.scalar(select(kind.column("search_text")).where(kind.id == feature.id))
    name = "cho ben rung 1"
    likeness = session.scalar(select(func.word_similarity(asked, searched)))
    bonus = 0.6 if asked in name else 0.3 if asked in searched else 0.0
    assert hit.score == pytest.approx(likeness + bonus - len(name) * 0.0005, abs=1e-6)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.layer.name for kind in KINDS])
def test_of_names_that_fit_as_well_those_first_in_the_alphabet_come_first(session, kind):
    for letter in "ZDEĐ":
        make_feature(session, kind, name=f"Bến Rừng {letter}a")
    connection = session.connection()
    assert [hit.name[-2] for hit in search(connection, [kind], "ben rung")] == list("DĐEZ")
    assert [hit.name[-2] for hit in search(connection, [kind], "ben rung", limit=2)] == list("DĐ")
    of_kind = find_of_kind(connection, Meaning(kind=kind, values={}, rest="rung"), 3)
    assert [hit.name[-2] for hit in of_kind] == list("DĐE")


def test_hits_of_all_layers_are_ranked_together_and_shown_where_they_lie(session):
    for place, kind in enumerate(KINDS):
        make_feature(session, kind, name="Bến Rừng" + " và bến khác" * place, lon=106.6 + place / 100)
    hits = search(session.connection(), KINDS, "ben rung", limit=len(KINDS) - 1)
    assert [hit.layer for hit in hits] == [kind.layer.name for kind in KINDS[:-1]]
    assert [round(hit.lon, 2) for hit in hits] == pytest.approx(
        [106.6 + place / 100 for place in range(len(hits))], abs=0.03
    )
    assert all(hit.bbox[0] <= hit.lon <= hit.bbox[2] and hit.bbox[1] <= hit.lat <= hit.bbox[3] for hit in hits)
    assert not any(hit.is_alike for hit in hits)


def test_a_code_is_found_among_more_texts_like_it_than_are_looked_at(session):
    kind = KINDS[0]
    for number in range(MAX_CANDIDATES + 20):
        make_feature(session, kind, name=f"Cửa hàng 77-{number}")
    make_feature(session, kind, name="Kho", code="77")
    hits = search(session.connection(), KINDS, "77", limit=5)
    assert (hits[0].code, hits[0].name) == ("77", "Kho")


def test_what_only_resembles_the_text_is_told_so_and_found_only_where_nothing_has_it(session):
    first, second = KINDS[:2]
    make_feature(session, first, name="Bến Rừng")
    (alike,) = search(session.connection(), KINDS, "ben rugn")
    assert alike.is_alike
    make_feature(session, second, name="Ben Rugn")
    (exact,) = search(session.connection(), KINDS, "ben rugn")
    assert (exact.layer, exact.is_alike) == (second.layer.name, False)
