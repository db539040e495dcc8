"""Accounts for tests: added, signed in, failing."""

import pytest
from sqlalchemy.orm import Session

from geodata.accounts import access, accounts, logins
from geodata.accounts.accounts import Account

GOOD = "một câu dễ nhớ khó đoán"
OTHER = "another quite long sentence"
HERE, THERE = "192.0.2.1", "198.51.100.7"


def add(session: Session, name: str = "lan.nguyen", role: str = "planner", password: str = GOOD) -> Account:
    return access.create_user(session, name=name, role=role, password=password)


def check(session: Session, name: str = "lan.nguyen", password: str = GOOD, address: str = HERE) -> Account:
    return logins.check_login(session, name=name, password=password, address=address)


def fail(session: Session, times: int, **login: str) -> None:
    for _ in range(times):
        with pytest.raises(logins.LoginRefusedError):
            check(session, **{"password": "wrong", **login})


def start(session: Session, account: Account, address: str = HERE) -> str:
    token = logins.open_session(session, account, address=address, user_agent="Firefox")
    session.flush()
    return token


def actions(session: Session) -> list[tuple[str | None, str, str | None]]:
    return [(entry.account_name, entry.action, entry.subject) for entry in reversed(accounts.list_audit(session))]
