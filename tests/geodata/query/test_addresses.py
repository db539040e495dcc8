"""Addresses of the database, in every form somebody may write them."""

import pytest
from psycopg.conninfo import conninfo_to_dict

from geodata.base.database import libpq_conninfo, parse_database_url
from geodata.base.errors import ConfigurationError


@pytest.mark.parametrize("folder", ["/run/pg", "/home/an/bản đồ công thương/var/pg", "/tmp/a+b&c%d"])
def test_a_socket_folder_reaches_libpq_as_it_is(folder):
    from urllib.parse import quote

    url = parse_database_url(f"postgresql://webmap@/webmap?host={quote(folder)}")
    assert conninfo_to_dict(libpq_conninfo(url))["host"] == folder


@pytest.mark.parametrize("text", ["", "nonsense", "mysql://u:p@h/d", "postgresql://h:port/d", "sqlite:///x.db"])
def test_an_address_that_cannot_work_is_refused_by_its_setting(text):
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        parse_database_url(text)


def test_a_password_with_signs_survives():
    url = parse_database_url("postgres://a%40b:p%3A%2F%20w@h.example:6543/d")
    assert conninfo_to_dict(libpq_conninfo(url)) == {
        "user": "a@b", "password": "p:/ w", "host": "h.example", "port": "6543", "dbname": "d",
    }  # fmt: skip
