"""Signing in for tests, as a form is filled."""

import re
from pathlib import Path

from flask.testing import FlaskClient

from tests.conftest import PASSWORD

NEW = "a new and longer sentence"
TEMPLATES = Path(__file__).parents[3] / "webmap" / "accounts" / "templates"


def sign_in(client: FlaskClient, name: str = "lan", password: str = PASSWORD, **form: str):
    return client.post("/login", data={"username": name, "password": password, **form})


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


def token_in(page: str) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]


def given_password(page: str) -> str:
    return re.search(r"[a-z2-9]{4}(?:-[a-z2-9]{4}){3}", page)[0]
