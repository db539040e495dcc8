"""Logins held back and sessions ended, against the real tables."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from geodata.accounts import access, accounts, logins
from geodata.accounts.accounts import LoginFailure, LoginSession
from geodata.accounts.passwords import (
    verify_password,
)
from geodata.schema.roles import Role
from tests.geodata.accounts.people import GOOD, HERE, OTHER, THERE, add, check, fail, start


def test_the_right_password_signs_in_in_any_case_of_the_name(session: Session) -> None:
    add(session)
    assert check(session, name=" LAN.nguyen").name == "lan.nguyen"


def test_unknown_wrong_and_disabled_get_the_same_answer(session: Session) -> None:
    add(session)
    add(session, name="minh")
    access.disable_user(session, "minh")
    messages = set()
    for login in (
        {"password": "wrong"},
        {"name": "nobody"},
        {"name": "minh"},
        {"name": "x\x00y"},
        {"name": "y" * 5000},
    ):
        with pytest.raises(logins.LoginRefusedError) as caught:
            check(session, **login)
        messages.add(str(caught.value))
    assert len(messages) == 1


def test_an_unknown_name_costs_a_hash_too(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        logins, "verify_password", lambda stored, given: asked.append(stored) or verify_password(stored, given)
    )
    fail(session, 1, name="nobody")
    assert asked == [None]
    assert not verify_password(None, GOOD)


def test_after_five_failures_even_the_right_password_waits(session: Session) -> None:
    add(session)
    fail(session, logins.TRIES_PER_NAME_AND_ADDRESS)
    with pytest.raises(logins.LoginThrottledError):
        check(session)


def test_the_same_person_still_gets_in_from_another_address(session: Session) -> None:
    add(session)
    fail(session, logins.TRIES_PER_NAME_AND_ADDRESS)
    assert check(session, address=THERE)


def test_the_throttle_ends_after_its_window(session: Session) -> None:
    add(session)
    fail(session, logins.TRIES_PER_NAME_AND_ADDRESS)
    session.execute(update(LoginFailure).values(failed_at=LoginFailure.failed_at - logins.WINDOW))
    assert check(session)


def test_a_success_forgets_the_failures_before_it(session: Session) -> None:
    add(session)
    for _ in range(3):
        fail(session, logins.TRIES_PER_NAME_AND_ADDRESS - 1)
        check(session)


def test_one_address_cannot_try_many_names(session: Session) -> None:
    add(session)
    session.add_all(LoginFailure(account_name=f"n{i}", address=HERE) for i in range(logins.TRIES_PER_ADDRESS))
    session.flush()
    with pytest.raises(logins.LoginThrottledError):
        check(session)
    assert check(session, address=THERE)


def test_many_addresses_cannot_try_one_name_for_ever(session: Session) -> None:
    add(session)
    session.add_all(LoginFailure(account_name="lan.nguyen", address=f"a{i}") for i in range(logins.TRIES_PER_NAME))
    session.flush()
    with pytest.raises(logins.LoginThrottledError):
        check(session)


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8::/64"), ("2001:db8::ffff:1", "2001:db8::/64"),
     ("::ffff:192.0.2.1", "192.0.2.1"), ("?", "?")],
)  # fmt: skip
def test_failures_of_an_ipv6_network_count_together(address: str, network: str) -> None:
    assert logins.network_of(address) == network


def test_a_session_is_found_by_its_token_which_is_stored_nowhere(session: Session) -> None:
    account = add(session)
    token = start(session, account)
    found = logins.find_session(session, token)
    assert found is not None
    assert (found.name, found.role) == ("lan.nguyen", Role.PLANNER)
    stored = session.scalars(select(LoginSession.token_sha256)).one()
    assert token not in stored
    assert logins.find_session(session, stored) is None
    assert logins.find_session(session, "") is None


@pytest.mark.parametrize("change", ["disable", "role", "password", "reset"])
def test_what_takes_rights_away_ends_the_sessions_at_once(session: Session, change: str) -> None:
    account, other = add(session), add(session, name="minh")
    token, kept = start(session, account), start(session, other)
    match change:
        case "disable":
            access.disable_user(session, "lan.nguyen")
        case "role":
            access.set_role(session, "lan.nguyen", "gis")
        case "password":
            access.set_password(session, "lan.nguyen", OTHER)
        case "reset":
            accounts.reset_password(session, "lan.nguyen")
    assert logins.find_session(session, token) is None
    assert logins.find_session(session, kept) is not None


def test_a_session_ends_when_idle_and_after_its_longest_time(session: Session) -> None:
    account = add(session)
    idle, old, alive = start(session, account), start(session, account), start(session, account)
    for token, values in (
        (idle, {"last_seen_at": LoginSession.last_seen_at - logins.IDLE}),
        (old, {"expires_at": LoginSession.expires_at - logins.LONGEST}),
        (alive, {"last_seen_at": LoginSession.last_seen_at - logins.IDLE + timedelta(minutes=5)}),
    ):
        digest = logins.find_session(session, token).token_sha256
        session.execute(update(LoginSession).where(LoginSession.token_sha256 == digest).values(**values))
    assert logins.find_session(session, idle) is None
    assert logins.find_session(session, old) is None
    found = logins.find_session(session, alive)
    assert found.needs_touch
    logins.touch_session(session, found.token_sha256)
    assert not logins.find_session(session, alive).needs_touch
    start(session, account)
    assert len(session.scalars(select(LoginSession)).all()) == 2, "ended sessions are swept away"


def test_using_a_session_does_not_prolong_its_longest_time(session: Session) -> None:
    token = start(session, add(session))
    ends = session.scalars(select(LoginSession.expires_at)).one()
    session.execute(update(LoginSession).values(last_seen_at=LoginSession.last_seen_at - timedelta(hours=1)))
    logins.touch_session(session, logins.find_session(session, token).token_sha256)
    assert session.scalars(select(LoginSession.expires_at)).one() == ends


def test_signing_out_ends_only_that_session(session: Session) -> None:
    account = add(session)
    first, second = start(session, account), start(session, account)
    found = logins.find_session(session, first)
    logins.close_session(session, name=found.name, token_sha256=found.token_sha256, address=HERE)
    assert logins.find_session(session, first) is None
    assert logins.find_session(session, second) is not None
