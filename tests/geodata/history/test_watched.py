"""Which tables of layers have no trigger that tells of their changes."""

import pytest
from sqlalchemy import text

from geodata.base.database import reading_all
from geodata.history.watched import unwatched_tables
from geodata.layers import LAYERS

OTHER = """
CREATE TRIGGER note_data_change AFTER INSERT ON market FOR EACH STATEMENT EXECUTE FUNCTION note_data_change('substations')
"""


def test_every_table_of_the_layers_is_watched(session):
    assert unwatched_tables(reading_all(session), LAYERS) == []


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        ("DROP TRIGGER note_data_change ON market", ("market", "markets")),
        ("ALTER TABLE market DISABLE TRIGGER note_data_change", ("market", "markets")),
        ("DROP TRIGGER note_data_change ON transformer", ("transformer", "substations")),
        (f"DROP TRIGGER note_data_change ON market; {OTHER}", ("market", "markets")),
    ],
)
def test_a_table_without_its_trigger_or_with_that_of_another_layer_is_found(session, statements, found):
    for statement in statements.split(";"):
        session.execute(text(statement))
    assert unwatched_tables(reading_all(session), LAYERS) == [found]
