"""Every endpoint declares who may call it, and every role gets just that. Knows no page by name but the administrator's."""

import re

import pytest
from flask import Flask
from sqlalchemy import event
from werkzeug.routing import AnyConverter, BaseConverter, IntegerConverter, Rule

from geodata.base.errors import ForbiddenError
from geodata.schema.roles import Role
from webmap.app import auth

ROLES = [role.value for role in Role]
#: Who was here, a second factor's secret that waits to be confirmed, what is worked out anew, imports that died and are settled.
WRITTEN_BY_READING = {
    "login_session", "audit_entry", "second_factor", "grid_result", "import_session",
    "inspection_score", "inspection_score_run", "inspection_score_mark",
}  # fmt: skip
WRITES = ("POST", "PUT", "PATCH", "DELETE")


def dummy(converter: BaseConverter) -> object:
    """Return a value the converter takes and, but for a choice of words, nothing is called."""
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return 1 if isinstance(converter, IntegerConverter) else "x"


def address_of(rule: Rule) -> str:
    """Return an address of the rule with made-up parts."""
    values = {name: dummy(rule._converters[name]) for name in rule.arguments}
    built = rule.build(values)
    assert built is not None, rule
    return built[1]


def declared(app: Flask, rule: Rule) -> auth.AccessRule:
    found = auth.access_rule(app.view_functions[rule.endpoint])
    assert found is not None, f"{rule.endpoint} declares nothing"
    return found


def sends_to_login(response) -> bool:
    return response.status_code in {301, 302, 303, 307} and (response.location or "").startswith("/login")


def is_refused(response, role: str) -> bool:
    if role == "public":
        return sends_to_login(response) or response.status_code == 401
    return response.status_code == 403


def says_its_letters(response) -> bool:
    """Whether an answer with a body says what it is, and a text in which letters."""
    kind = response.mimetype
    is_text = kind.startswith("text/") or kind.endswith(("/xml", "+xml"))
    return not response.data or (bool(kind) and (not is_text or "charset" in response.mimetype_params))


def written_by(app) -> set[str]:
    """Return a set that grows by the tables that statements change from now on."""
    written: set[str] = set()

    @event.listens_for(app.extensions["database"].bind, "before_cursor_execute")
    def _note(_connection, _cursor, statement, *_rest):
        if found := re.match(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)", statement):
            written.add(found[1])

    return written


def test_every_endpoint_declares_who_may_call_it(app):
    for rule in app.url_map.iter_rules():
        assert declared(app, rule).roles <= set(Role)


def test_an_endpoint_that_declares_nothing_stops_the_start(app):
    app.add_url_rule("/forgotten", endpoint="forgotten", view_func=lambda: "secret")
    with pytest.raises(RuntimeError, match="forgotten"):
        auth.check_declarations(app)


@pytest.mark.parametrize("role", ["public", "admin"])
def test_an_endpoint_that_declares_nothing_answers_nobody(app, login, role):
    app.add_url_rule("/forgotten", endpoint="forgotten", view_func=lambda: "secret")
    response = login(role).get("/forgotten")
    assert response.status_code == 403
    assert "secret" not in response.text


def test_to_allow_nobody_is_a_mistake():
    with pytest.raises(TypeError):
        auth.allow()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_reads_what_is_declared_for_it_and_nothing_else(app, login, role):
    client = login(role)
    wrong, unsaid, written = [], [], written_by(app)
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods:
            continue
        response = client.get(address_of(rule))
        if not says_its_letters(response):
            unsaid.append(f"{rule.endpoint}: {response.content_type}")
        if role in declared(app, rule).roles:
            good = response.status_code not in {401, 403, 500} and not (sends_to_login(response) and role != "public")
        else:
            good = is_refused(response, role)
        if not good:
            wrong.append(f"{rule.endpoint}: {response.status_code} {response.location or ''}")
    assert not wrong
    assert not unsaid
    assert written <= WRITTEN_BY_READING


@pytest.mark.parametrize("role", ROLES)
def test_a_role_writes_only_where_declared_and_nobody_without_a_token(app, login, role):
    client = login(role)
    app.config["WTF_CSRF_ENABLED"] = True
    wrong = []
    for rule in app.url_map.iter_rules():
        for method in set(WRITES) & rule.methods:
            response = client.open(address_of(rule), method=method)
            good = response.status_code == 400 if role in declared(app, rule).roles else is_refused(response, role)
            if not good:
                wrong.append(f"{method} {rule.endpoint}: {response.status_code} {response.location or ''}")
    assert not wrong


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("path", ["/admin/users", "/admin/audit"])
def test_only_administrators_see_the_accounts(login, role, path):
    response = login(role).get(path)
    assert response.status_code == 200 if role == "admin" else is_refused(response, role)


@pytest.mark.parametrize("role", ROLES)
def test_everybody_signed_in_sees_the_own_account(login, role):
    response = login(role).get("/account")
    assert is_refused(response, role) if role == "public" else response.status_code == 200


def test_a_refused_page_names_the_role_it_needs(login):
    response = login("planner").get("/admin/users")
    assert response.status_code == 403
    assert "Quản trị viên" in response.text
    assert "Cán bộ quy hoạch" in response.text


def test_programs_get_the_refusal_as_json(login):
    response = login("planner").get("/admin/users", headers={"Accept": "application/json"})
    assert response.status_code == 403
    assert response.json["error"] == "forbidden"
    assert response.json["details"] == {"roles": ["admin"]}
    assert "Quản trị viên" in response.json["message"]


def test_a_script_of_the_page_is_told_to_sign_in_instead_of_being_sent_there(client):
    response = client.get("/admin/users", headers={"Sec-Fetch-Dest": "empty"})
    assert (response.status_code, response.json["error"]) == (401, "login_required")


def test_a_layer_that_a_role_may_not_see_is_refused_like_a_page(app, login):
    @auth.allow_public
    def hidden_layer() -> str:
        raise ForbiddenError(roles=["gis", "inspector"])

    app.add_url_rule("/api/hidden", view_func=hidden_layer, endpoint="api_hidden")
    app.add_url_rule("/hidden", view_func=hidden_layer)
    assert app.test_client().get("/api/hidden").status_code == 401
    assert app.test_client().get("/hidden").location == "/login?next=/hidden"
    planner = login("planner")
    assert planner.get("/api/hidden").json["details"] == {"roles": ["inspector", "gis"]}
    assert planner.get("/hidden").status_code == 403


def test_a_page_that_does_not_exist_is_just_not_found(client):
    assert client.get("/nowhere").status_code == 404
    assert client.post("/admin/audit").status_code == 405


def test_public_pages_do_not_ask_who_is_there(client):
    response = client.get("/healthz")
    assert response.status_code == 200
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("role", ROLES)
def test_the_navigation_offers_only_what_opens(login, role):
    client = login(role)
    page = client.get("/login" if role == "public" else "/account").text
    navigation = re.search(r'<nav class="main-nav".*?</nav>', page, re.DOTALL)
    links = re.findall(r'href="([^"]+)"', navigation[0]) if navigation else []
    assert ("/admin/users" in links) == (role == "admin")
    for link in links:
        assert client.get(link).status_code == 200, link
