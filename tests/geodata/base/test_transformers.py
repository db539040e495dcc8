"""One way between two coordinate systems serves all threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from geodata.base.crs import HAI_PHONG, WGS84
from geodata.base.transformers import transformer


def test_eight_threads_that_share_a_way_find_the_same_places():
    points = np.random.default_rng(4).uniform((106.4, 20.5), (107.2, 21.1), (8, 5000, 2))
    way = transformer(WGS84, HAI_PHONG.metric_srid)
    assert transformer(WGS84, HAI_PHONG.metric_srid) is way
    alone = [way.transform(*some.T) for some in points]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda some: transformer(WGS84, HAI_PHONG.metric_srid).transform(*some.T), points))
    assert np.array_equal(alone, together)
