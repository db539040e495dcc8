"""Somebody whose account is tried."""

import pytest

from geodata.accounts import access
from tests.conftest import PASSWORD


@pytest.fixture
def lan(session):
    """An account that nobody is signed in with."""
    account = access.create_user(session, name="lan", role="planner", password=PASSWORD, full_name="Nguyễn Thị Lan")
    session.commit()
    return account
