"""What tests of the OGC interface share: addresses, links, the systems on offer."""

import pytest

from geodata.base.crs import HAI_PHONG
from geodata.layers import LAYERS
from geodata.query.projections import offered_systems
from tests.webmap.app.test_privacy import NAMES

ALL = pytest.mark.parametrize("kind", list(LAYERS), ids=NAMES)
SYSTEMS = list(offered_systems(HAI_PHONG).values())
#: The test point of the project's CRS notes: EPSG:9210 by the register's operation.
IN_9210 = (596943.67, 2307792.14)
PLAIN = ["/ogc/", "/ogc/conformance", "/ogc/collections"]
BY_LAYER = ["", "/queryables", "/schema", "/items", "/tiles", "/tiles/WebMercatorQuad", "/styles", "/styles/default"]


def url(kind, rest="/items"):
    return f"/ogc/collections/{kind.layer.name}{rest}"


def links(document, rel):
    return [link["href"] for link in document["links"] if link["rel"] == rel]


def local(address):
    return address.removeprefix("http://localhost")


def codes(answer):
    assert answer.status_code == 200, answer.text
    return [feature["properties"]["code"] for feature in answer.json["features"]]
