"""/openapi.json is valid, names every address of the public API, and tells a role of nothing it may not see."""

import re

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from geodata.access import visible_names
from geodata.layer import Role
from geodata.layers import LAYERS
from tests.webmap.test_privacy import NAMES
from webmap.openapi.operations import OPERATIONS

#: Blueprints whose addresses are the public API; pages and forms are not.
PUBLIC_API = {"health", "tiles", "api", "tools", "exports", "features", "ogc", "ogc_tiles", "openapi"}
ALL = pytest.mark.parametrize("kind", list(LAYERS), ids=NAMES)


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_the_description_is_valid(login, role):
    answer = login(role).get("/openapi.json")
    assert answer.headers["Content-Type"] == "application/vnd.oai.openapi+json;version=3.0"
    OpenAPIV30SpecValidator(answer.json).validate()


def test_every_address_of_the_api_is_described_and_no_other(app):
    rules = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] in PUBLIC_API and "GET" in rule.methods
    }
    assert {operation.path for operation in OPERATIONS} == rules


@ALL
def test_filters_are_those_of_the_role(login, kind):
    for role in Role:
        document = login(role).get("/openapi.json").json
        path = document["paths"][f"/ogc/collections/{kind.layer.name}/items"]["get"]
        references = [parameter["$ref"].rpartition("/")[2] for parameter in path["parameters"]]
        named = {document["components"]["parameters"][reference]["name"] for reference in references}
        visible = visible_names(role, kind)
        assert {field.name for field in kind.fields() if field.filter and field.name in visible} <= named
        assert not named & {field.name for field in kind.fields() if field.name not in visible}
        assert set(document["components"]["schemas"][kind.layer.name]["properties"]) == visible


@ALL
def test_every_described_filter_is_taken(client, kind):
    document = client.get("/openapi.json").json
    shared = {operation.path: set(operation.parameters) for operation in OPERATIONS}
    for template in ("/ogc/collections/{layer}/items", "/api/layers/{layer}/features", "/api/layers/{layer}/facets"):
        path = template.replace("{layer}", kind.layer.name)
        for parameter in document["paths"][path]["get"]["parameters"]:
            name = parameter["$ref"].rpartition("/")[2]
            if name in shared[template]:
                continue
            found = document["components"]["parameters"][name]
            answer = client.get(path, query_string={found["name"]: "nothing-like-it"})
            # The value may be wrong; the name is known.
            assert answer.status_code == 200 or "không có bộ lọc này" not in answer.json["message"], name


def test_qgis_finds_how_long_a_page_may_be(client):
    """QGIS reads it from this very place."""
    schema = client.get("/openapi.json").json["components"]["parameters"]["limit"]["schema"]
    assert (schema["default"], schema["maximum"]) == (100, 1000)
