"""Accounts, passwords, logins and sessions, against the real tables."""

import gzip

import pytest
from argon2 import PasswordHasher
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geodata.accounts import access, accounts, logins, passwords, scopes
from geodata.accounts.accounts import AuditEntry
from geodata.accounts.passwords import (
    MIN_LENGTH,
    PasswordRefusedError,
    check_password,
    make_password,
    verify_password,
)
from geodata.base.crs import current_province
from geodata.base.database import reading_all
from geodata.base.errors import ConflictError, InvalidValueError, NotFoundError
from geodata.layers import LAYERS
from geodata.schema.roles import Role
from tests.conftest import ROOT
from tests.factories import make_feature
from tests.geodata.accounts.people import GOOD, HERE, OTHER, actions, add, check, fail, start


def test_an_account_is_stored_with_an_argon2id_hash_and_in_lower_case(session: Session) -> None:
    account = add(session, name=" Lan.Nguyen ")
    assert account.name == "lan.nguyen"
    assert account.password_hash.startswith("$argon2id$")
    assert GOOD not in account.password_hash
    assert [user.name for user in access.list_users(session)] == ["lan.nguyen"]


@pytest.mark.parametrize(
    "name", ["", "a", "lan nguyen", "<script>", "Nguyễn", "-lan", "x" * 65, "lan\n", "command line"]
)
def test_a_name_that_could_be_mistaken_is_refused(session: Session, name: str) -> None:
    if name == "lan\n":
        assert add(session, name=name).name == "lan"
        return
    with pytest.raises(InvalidValueError):
        add(session, name=name)


def test_a_taken_name_is_refused_in_any_case_and_the_transaction_goes_on(session: Session) -> None:
    add(session)
    with pytest.raises(ConflictError):
        add(session, name="LAN.NGUYEN")
    assert len(access.list_users(session)) == 1


@pytest.mark.parametrize("role", ["public", "root", "", "ADMIN"])
def test_only_the_four_roles_can_be_given(session: Session, role: str) -> None:
    with pytest.raises(InvalidValueError):
        add(session, role=role)


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "123456789",
        "1234567890",
        "Qwerty12345",
        "HaiPhong2025",
        "aaaaaaaaaaaaaaaa",
        "lan.nguyen",
        "Lan.Nguyen2025",
        "x" * 257,
        "nul\x00nul\x00nulab",
        "Hải Phòng @ 2026!",
        "quantri-webmap",
        "congthuong.SCT1",
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused_without_being_repeated(password: str) -> None:
    with pytest.raises(PasswordRefusedError) as caught:
        check_password(password, account_name="lan.nguyen")
    assert password not in str(caught.value)
    assert password not in str(caught.value.details.values())


@pytest.mark.parametrize(
    "password", ["tenletters", "một câu dễ nhớ", " spaces count ", "𠀀𠀁𠀂𠀃𠀄𠀅𠀆𠀇𠀈𠀉", "0123456789abcdef" * 8]
)
def test_long_passwords_of_any_characters_are_taken_as_they_are(session: Session, password: str) -> None:
    account = add(session, password=password)
    assert verify_password(account.password_hash, password)
    assert not verify_password(account.password_hash, password + " ")
    assert not verify_password(account.password_hash, password.upper() + "x")


def test_leaked_passwords_are_refused_in_any_case() -> None:
    leaked = gzip.decompress(passwords._LEAKED.read_bytes()).decode().split("\n")[:-1]
    assert len(leaked) > 100_000
    assert min(map(len, leaked)) == MIN_LENGTH
    for password in (*leaked[:: len(leaked) // 20], leaked[-1], "Liverpool1"):
        with pytest.raises(PasswordRefusedError):
            check_password(password, account_name="lan.nguyen")
    check_password(f"{leaked[7]} and more", account_name="lan.nguyen")


def test_the_words_of_this_place_are_written_down() -> None:
    page = (ROOT / "docs" / "accounts.md").read_text("utf-8")
    words = (*current_province().said_often, *passwords.CONTEXT_WORDS)
    assert [word for word in words if f"`{word}`" not in page] == []


def test_hashes_cost_what_rfc_9106_asks_for() -> None:
    assert (passwords.COST.time_cost, passwords.COST.memory_cost) == (3, 64 * 1024)


def test_a_hash_of_less_work_is_replaced_at_the_next_sign_in(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    account = add(session)
    before = account.password_hash
    check(session)
    assert account.password_hash == before
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher.from_parameters(passwords.COST))
    check(session)
    assert "m=65536,t=3" in account.password_hash
    assert check(session)


def test_made_up_passwords_pass_the_rules_and_differ() -> None:
    made = {make_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        check_password(password, account_name="admin")


def test_a_disabled_account_can_be_enabled_again_and_its_old_sessions_stay_ended(session: Session) -> None:
    token = start(session, add(session))
    access.disable_user(session, "Lan.Nguyen")
    access.enable_user(session, "lan.nguyen")
    assert logins.find_session(session, token) is None
    assert check(session)


@pytest.mark.parametrize("change", ["disable", "role"])
def test_the_last_administrator_stays(session: Session, change: str) -> None:
    add(session, name="admin", role="admin")
    add(session, name="former", role="admin")
    access.disable_user(session, "former")
    with pytest.raises(ConflictError):
        access.disable_user(session, "admin") if change == "disable" else access.set_role(session, "admin", "gis")
    access.enable_user(session, "former")
    access.disable_user(session, "admin")


@pytest.mark.parametrize("verb", [access.disable_user, access.enable_user])
def test_an_unknown_account_is_not_found(session: Session, verb: object) -> None:
    with pytest.raises(NotFoundError):
        verb(session, "nobody")
    with pytest.raises(NotFoundError):
        access.set_password(session, "nobody", GOOD)


def test_a_reset_password_must_be_changed(session: Session) -> None:
    account = add(session)
    password = accounts.reset_password(session, "lan.nguyen")
    assert check(session, password=password).must_change_password
    access.set_password(session, "lan.nguyen", OTHER)
    session.refresh(account)
    assert not account.must_change_password


def test_a_given_password_that_is_left_lying_opens_nothing(session: Session) -> None:
    account = add(session)
    password = accounts.reset_password(session, "lan.nguyen")
    account.given_until -= accounts.GIVEN_FOR
    session.flush()
    with pytest.raises(logins.LoginRefusedError):
        check(session, password=password)
    access.set_password(session, "lan.nguyen", OTHER)
    assert check(session, password=OTHER)


def test_the_first_start_makes_one_account_per_role_and_only_once(session: Session) -> None:
    made = access.create_demo_accounts(session)
    assert [role for _, role, _ in made] == ["planner", "inspector", "leader", "gis", "admin"]
    assert len({password for *_, password in made}) == len(made)
    for name, role, password in made:
        assert check(session, name=name, password=password).role == role
    assert access.create_demo_accounts(session) == []


def test_every_change_of_an_account_is_in_the_audit_log(session: Session) -> None:
    account = add(session)
    access.set_role(session, "lan.nguyen", "gis", by="boss")
    access.set_password(session, "lan.nguyen", OTHER, by="boss")
    access.disable_user(session, "lan.nguyen", by="boss")
    access.enable_user(session, "lan.nguyen", by="boss")
    fail(session, 1)
    start(session, account)
    assert actions(session) == [
        ("command line", "account_added", "lan.nguyen"),
        ("boss", "role_changed", "lan.nguyen"),
        ("boss", "password_changed", "lan.nguyen"),
        ("boss", "account_disabled", "lan.nguyen"),
        ("boss", "account_enabled", "lan.nguyen"),
        ("lan.nguyen", "login_failed", None),
        ("lan.nguyen", "login", None),
    ]


def test_a_password_typed_as_the_name_is_not_in_the_audit_log(session: Session) -> None:
    fail(session, 1, name=GOOD)
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.account_name, entry.subject, entry.details) == (None, None, HERE)


def test_the_audit_log_goes_on_from_any_entry_and_narrows_to_an_account(session: Session) -> None:
    for number in range(7):
        accounts.record_audit(session, by=f"user{number % 2}", action="test")
    first = accounts.list_audit(session, limit=3)
    rest = accounts.list_audit(session, before_id=first[-1].id)
    assert [entry.id for entry in (*first, *rest)] == sorted((entry.id for entry in (*first, *rest)), reverse=True)
    assert len(first) + len(rest) == 7
    assert len(accounts.list_audit(session, about="USER1")) == 3


@pytest.mark.parametrize(
    "statement", [update(AuditEntry).values(action="nothing"), delete(AuditEntry), text("TRUNCATE audit_entry")]
)
def test_nobody_can_change_the_audit_log(session: Session, statement: object) -> None:
    accounts.record_audit(session, by="boss", action="test")
    with pytest.raises(DBAPIError, match="only be added"), session.begin_nested():
        session.execute(statement)


@pytest.mark.parametrize("kind", list(LAYERS), ids=lambda kind: kind.layer.name)
@pytest.mark.parametrize("role", list(Role))
def test_a_role_sees_just_the_fields_that_name_it(kind: type, role: Role) -> None:
    seen = access.visible_names(role, kind)
    assert access.may(role, access.Action.VIEW, kind) == (role in kind.layer.access.view)
    assert access.may(role, access.Action.WRITE, kind) == (role in kind.layer.access.write)
    if role not in kind.layer.access.view:
        assert seen == frozenset()
        return
    assert seen == {field.name for field in kind.fields() if field.roles is None or role in field.roles}


def test_areas_are_offered_in_the_order_of_the_alphabet(session: Session) -> None:
    for kind in scopes.area_kinds(LAYERS).values():
        for letter in "ZDEĐ":
            make_feature(session, kind, name=f"{letter}ồ Sơn")
    offered = [name for _, name in scopes.list_areas(reading_all(session), LAYERS)]
    assert offered == ["Dồ Sơn", "Đồ Sơn", "Eồ Sơn", "Zồ Sơn"] * len(scopes.area_kinds(LAYERS))
