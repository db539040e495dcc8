"""/openapi.json is valid, names every address of the public API, and tells a role of nothing it may not see."""

import re

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator
from sqlalchemy.types import NullType

from geodata.accounts.access import visible_names
from geodata.layers import LAYERS
from geodata.schema.roles import Role
from tests.webmap.app.test_privacy import NAMES
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


@ALL
def test_every_computed_field_says_its_type(kind):
    unknown = [field.name for field in kind.fields() if isinstance(kind.column(field.name).type, NullType)]
    assert unknown == []


def json_schema(described):
    """Return a schema of OpenAPI 3.0 as JSON schema writes it: what may be null says so by its type."""
    if isinstance(described, list):
        return [json_schema(item) for item in described]
    if not isinstance(described, dict):
        return described
    found = {name: json_schema(item) for name, item in described.items()}
    if found.pop("nullable", False):
        found["type"] = [found["type"], "null"]
        found |= {"enum": [*found["enum"], None]} if "enum" in found else {}
    return found


def described_answer(document, operation, answer):
    """Return the schema that the description gives for an answer of this status and form; None where it has no body."""
    said = operation["responses"][str(answer.status_code)]
    if "$ref" in said:
        said = document["components"]["responses"][said["$ref"].rpartition("/")[2]]
    if "content" not in said:
        return None
    by_form = {media.partition(";")[0]: item["schema"] for media, item in said["content"].items()}
    return by_form[answer.mimetype if answer.mimetype in by_form else "application/octet-stream"]


@pytest.mark.parametrize("more", ["", "?nonsense=1"])
def test_every_address_answers_what_is_described(demo_app, more):
    client = demo_app.test_client()
    document = client.get("/openapi.json").json
    schemas = json_schema(document["components"]["schemas"])
    first = {}
    for path, operations in document["paths"].items():
        layer = re.search(r"(?:layers|collections)/(\w+)/", path)
        if layer and layer[1] not in first:
            page = client.get(f"/api/layers/{layer[1]}/features?limit=1&geometry=false")
            first[layer[1]] = page.json["features"][0]["id"]
        filled = {
            "feature_id": first.get(layer[1] if layer else ""),
            "z": 8,
            "x": 203,
            "y": 112,
            "row": 112,
            "column": 203,
            "number": 1,
        }
        address = re.sub(r"{(\w+)}", lambda match, filled=filled: str(filled[match[1]]), path)
        answer = client.get(address + more)
        schema = described_answer(document, operations["get"], answer)
        if schema and "json" in answer.mimetype:
            whole = {**json_schema(schema), "components": {"schemas": schemas}}
            jsonschema.validate(answer.json, whole, format_checker=jsonschema.FormatChecker())
