"""The search, as a function."""

import pytest
from sqlalchemy import func, select, text

from geodata.layers import LAYERS
from geodata.query.search import search
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
