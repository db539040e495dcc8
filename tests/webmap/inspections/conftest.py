"""Who works in the tests of inspections, and on what."""

import pytest

from geodata.inspections import facts
from geodata.layers.fuel_sites import FuelSite
from tests.conftest import sign_in
from tests.factories import make_feature


@pytest.fixture
def site(session):
    site = make_feature(session, FuelSite, code="S-1", name="CHXD thử", kind="petrol")
    session.commit()
    return site


@pytest.fixture
def day(session):
    return facts.today(session)


@pytest.fixture
def inspector(app):
    return sign_in(app, "inspector")


@pytest.fixture
def leader(app):
    return sign_in(app, "leader")
