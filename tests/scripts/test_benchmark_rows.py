"""The rows that the benchmarks make up fit every layer and what hangs on it: its rules are those of real data."""

import numpy as np
import pytest
from sqlalchemy import func, select

from geodata.layers import LAYERS
from scripts.benchmarks import _seed


@pytest.mark.parametrize("kind", list(LAYERS), ids=[kind.layer.name for kind in LAYERS])
def test_made_up_rows_are_taken(connection, kind):
    shapes = _seed._some_shapes(np.random.default_rng(1), kind.layer.geometry, 40)
    _seed._fill(connection, kind, shapes)
    assert connection.scalar(select(func.count()).select_from(kind)) == 40
