"""Rules of the code that a reader would otherwise have to remember."""

import ast
import importlib
import inspect
import pkgutil
import re
import typing
from collections.abc import Callable, Mapping
from wsgiref.types import WSGIEnvironment

import pytest
from flask.typing import ResponseReturnValue

import geodata
import webmap
from geodata.layers import LAYERS
from tests.conftest import ROOT

CODE = [
    path
    for folder in ("geodata", "webmap", "scripts")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".html", ".js"} and not {"vendor", "built", "__pycache__"} & set(path.parts)
]


#: What is generated, and migrations, which are written once and never again, may be as long as they are.
HAND_WRITTEN = [
    path
    for folder in ("geodata", "webmap", "scripts", "tests")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations/versions" not in path.as_posix()
]

TEMPLATES = [path for path in (ROOT / "webmap").rglob("*") if path.is_file() and "templates" in path.parts]


def _names(path):
    return path.relative_to(ROOT).as_posix()


def _without_imports_of_the_subject(path):
    """Return a file's text; the inspectors' pages may import what a visit and a certificate are from their layer."""
    text = path.read_text(encoding="utf-8")
    if not _names(path).startswith("webmap/inspections/"):
        return text
    return re.sub(r"(?m)^from geodata\.layers\.\w+\.(certificates|visits) import .*$", "", text)


def test_a_layer_is_named_only_in_its_own_file_the_demo_and_migrations():
    allowed = re.compile(r"^geodata/(layers/|demo/|migrations/versions/|inspections/)")
    names = "|".join(name for kind in LAYERS for name in (kind.layer.name, kind.__tablename__) if "_" in name)
    pattern = re.compile(rf"\b({names})\b")
    found = [
        f"{_names(path)}: {match.group()}"
        for path in CODE
        if not allowed.match(_names(path))
        for match in [pattern.search(_without_imports_of_the_subject(path))]
        if match and match.group() != "admin_unit"
    ]
    assert found == []


def test_a_layer_of_one_word_is_named_there_alone_too():
    # What is followed step by step has rooms of its own, OpenStreetMap has a key of that name; attacks need an address.
    meant_otherwise = {"project", "projects", "petition", "petitions", "waterway"}
    allowed = re.compile(r"^(geodata/(layers/|demo/|migrations/versions/|inspections/)|scripts/run/attack\.py)")
    words = {
        name for kind in LAYERS for name in (kind.layer.name, kind.__tablename__) if "_" not in name
    } - meant_otherwise
    named = re.compile(
        rf"""["'`/](?:{"|".join(sorted(words))})["'`/:.?]|^from geodata\.layers\.(?:{"|".join(sorted(words))})\b""",
        re.M,
    )
    assert words >= {"markets", "substations"}
    found = [
        f"{_names(path)}: {match.group()}"
        for path in CODE
        if not allowed.match(_names(path))
        for match in [named.search(path.read_text(encoding="utf-8"))]
        if match
    ]
    assert found == []


def test_the_province_is_named_where_it_is_defined_and_in_the_demo():
    allowed = re.compile(r"^geodata/(base/crs\.py|demo/|migrations/versions/)")
    named = re.compile(r"h[aả]i[ _-]?ph[oò]ng", re.IGNORECASE)
    found = [
        f"{_names(path)}: {match.group()}"
        for path in CODE
        if not allowed.match(_names(path))
        for match in [named.search(path.read_text(encoding="utf-8"))]
        if match
    ]
    assert found == []


@pytest.mark.parametrize(
    ("pattern", "where"),
    [
        (r"innerHTML|insertAdjacentHTML|document\.write", "webmap/"),
        (r"\|\s*safe\b", "webmap/"),
        # Threads share an imported template's state: who renders while another one switches escaping fails, or is not escaped.
        (r"\{%-?\s*autoescape\b", "webmap/"),
        (r"folium\.(Popup|Tooltip|GeoJsonPopup|GeoJsonTooltip|Html)", ""),
        # Code points put Đ after Z: names are ordered by_name(), those of accounts are plain letters.
        (r"order_by\((?:(?!by_name|fold_text)[^\n])*?\b(?!Account\b)(?:kind|other|[A-Z]\w+)\.name\b", ""),
        (r"\bf\"(SELECT|INSERT|UPDATE|DELETE)\b", "geodata/"),
        (r"\beval\(|new Function\(", "webmap/"),
        (r"(?<![.\w])(?:eval|exec)\(|os\.system\(|shell=True|(?:pickle|marshal|yaml)\.load", ""),
        (r"hashlib\.(?:md5|sha1|new)\b|\bverify=False|_create_unverified_context", ""),
        (r"(?:File|SysLog|HTTP|Socket|SMTP|Queue)Handler\(", ""),
        (r"render_template_string|from_string\(", "webmap/"),
        (r"\bpostMessage\(|addEventListener\(.message|__proto__|\bJSONP?Callback", "webmap/static/src/"),
        (r"https?://[a-z0-9.-]+\.(com|net|io)\b", "webmap/static/src/"),
    ],
)
def test_forbidden_shapes_do_not_occur(pattern, where):
    found = [
        f"{_names(path)}: {match.group()}"
        for path in CODE
        if _names(path).startswith(where) and "/migrations/" not in _names(path)
        for match in [re.search(pattern, path.read_text(encoding="utf-8"))]
        if match
    ]
    assert found == []


def test_text_becomes_markup_where_the_map_is_built_only():
    found = {_names(path) for path in CODE if re.search(r"Markup\(", path.read_text(encoding="utf-8"))}
    assert found == {"webmap/folium/build.py"}


def test_only_settings_and_the_address_read_the_environment():
    # The worker has no settings of the web: it reads the table of travel times and the folder of uploads by itself.
    allowed = {
        "webmap/app/settings.py",
        "geodata/base/database.py",
        "geodata/base/crs.py",
        "geodata/inspections/routing_table.py",
        "geodata/housekeeping.py",
        "webmap/app/observe.py",  # PROMETHEUS_MULTIPROC_DIR: not ours, prometheus_client reads it itself when it loads
    }
    found = [
        _names(path)
        for path in CODE
        if path.suffix == ".py" and not _names(path).startswith("scripts/") and _names(path) not in allowed
        if "os.environ" in path.read_text(encoding="utf-8")
    ]
    # The import child is handed an environment without secrets; it reads none.
    assert [name for name in found if not name.startswith("geodata/importing/")] == []


def test_no_file_is_longer_than_400_lines_and_no_function_than_50():
    too_long = []
    for path in HAND_WRITTEN:
        text = path.read_text(encoding="utf-8")
        if (count := len(text.splitlines())) > 400:
            too_long.append(f"{_names(path)}: {count} lines")
        too_long += [
            f"{_names(path)}: {node.name} has {node.end_lineno - node.lineno + 1} lines"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno >= 50
        ]
    assert too_long == []


def test_no_line_of_a_template_is_longer_than_120_columns():
    assert len(TEMPLATES) > 100
    too_long = [
        f"{_names(path)}:{number}: {len(line)} columns"
        for path in TEMPLATES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > 120
    ]
    assert too_long == []


def test_what_mypy_is_told_to_overlook_is_little_and_has_its_reason():
    mark = "# type: " + "ignore"
    found = [
        (f"{_names(path)}:{number}", line.partition(mark)[2])
        for path in HAND_WRITTEN
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if mark in line
    ]
    assert [place for place, rest in found if not re.match(r"\[[a-z-]+\]  # \w", rest)] == []
    assert len(found) <= 8


def _annotations(path):
    """Return each parameter and attribute of a file with the names in its annotation."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            name = node.arg if isinstance(node, ast.arg) else ast.unparse(node.target)
            yield name, {each.id for each in ast.walk(node.annotation) if isinstance(each, ast.Name)}


def test_what_reads_for_somebody_asks_for_the_connection_of_a_reader():
    rooms = "query|statistics|export|grid|projects|following|inspections|editing"
    # Who hands out connections, asks how far they have come, or queues work says no more than that it is one.
    allowed = {
        "webmap/__init__.py", "webmap/app/extensions.py", "webmap/app/position.py", "webmap/worker.py",
        "webmap/following/digest.py",
    }  # fmt: skip
    found = [
        f"{_names(path)}: {name}"
        for path in HAND_WRITTEN
        if re.match(rf"geodata/({rooms})/|webmap/", _names(path)) and _names(path) not in allowed
        for name, names in _annotations(path)
        if "Connection" in names
    ]
    assert found == []


#: What WSGI (PEP 3333) lets servers put in what they like, and what Flask lets a view return.
OF_LIBRARIES = (WSGIEnvironment, ResponseReturnValue)


def _public_modules():
    """Return the modules of geodata and webmap, migrations and commands apart."""
    for package in (geodata, webmap):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.startswith("geodata.migrations.") and not found.name.endswith(".__main__"):
                yield importlib.import_module(found.name)


def _types_said(owner, name):
    """Yield what a public function, or a public class with its public methods, says of its types: place -> type."""
    place = f"{name}.{owner.__name__}"
    yield from ((f"{place}: {part}", type_) for part, type_ in inspect.get_annotations(owner).items())
    if inspect.isclass(owner):
        for key, member in vars(owner).items():
            function = (
                getattr(member, "fget", None) or getattr(member, "func", None) or getattr(member, "__func__", member)
            )
            if inspect.isfunction(function) and (not key.startswith("_") or key in {"__init__", "__call__"}):
                yield from ((f"{place}.{key}: {part}", type_) for part, type_ in function.__annotations__.items())


def _hides_its_values(type_):
    """Say whether a type has somewhere in it a mapping of names to anything; an alias is seen through."""
    if any(type_ is known for known in OF_LIBRARIES):
        return False
    if isinstance(type_, str):
        return re.search(r"\b(dict|Mapping)\[str, Any\]", type_) is not None
    parts = type_ if isinstance(type_, list) else typing.get_args(type_)
    is_mapping = inspect.isclass(origin := typing.get_origin(type_)) and issubclass(origin, Mapping)
    return (is_mapping and parts == (str, typing.Any)) or any(_hides_its_values(part) for part in parts)


def test_what_is_public_says_what_its_mappings_hold():
    found = [
        place
        for module in _public_modules()
        for name, owner in vars(module).items()
        if not name.startswith("_") and getattr(owner, "__module__", None) == module.__name__
        if inspect.isfunction(owner) or inspect.isclass(owner)
        for place, type_ in _types_said(owner, module.__name__)
        if _hides_its_values(type_)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("type_", "hides"),
    [
        (dict[str, typing.Any], True),
        (list[tuple[int, Mapping[str, typing.Any]]], True),
        (Callable[[dict[str, typing.Any]], None], True),
        (dict[str, typing.Any] | None, True),
        ("Sequence[dict[str, Any]]", True),
        (dict[str, object], False),
        (Mapping[str, Callable[..., typing.Any]], False),
        (WSGIEnvironment, False),
    ],
)
def test_a_mapping_of_names_to_anything_is_found_wherever_it_hides(type_, hides):
    assert _hides_its_values(type_) is hides


@pytest.mark.parametrize(
    ("pattern", "where"),
    [
        (r"roles is None or", "geodata/schema/roles.py"),
        (r"30, 60, 90|90, 60, 30|interval '\d", "geodata/layers/fuel_sites/values.py"),
        (r"\bWorkbook\(", "geodata/base/workbook.py"),
        (r"\.format_map\(|^Translate = ", "geodata/base/message.py"),
        (r"now\(ZoneInfo\(TIME_ZONE\)\)\.date\(\)|\bdate\.today\(", "geodata/base/database.py"),
    ],
)
def test_a_rule_stands_in_one_place(pattern, where):
    found = {
        _names(path)
        for path in CODE
        if path.suffix == ".py" and "/migrations/" not in _names(path)
        if re.search(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert found == {where}


def test_a_connection_of_a_reader_is_made_in_two_places_and_no_page_reads_all():
    made = {_names(path) for path in HAND_WRITTEN if re.search(r"\bReadConnection\(", path.read_text(encoding="utf-8"))}
    assert made == {"geodata/base/database.py", "geodata/accounts/reader.py"}
    pages = [path for path in HAND_WRITTEN if _names(path).startswith("webmap/")]
    read_all = [_names(path) for path in pages if re.search(r"\breading_all\b", path.read_text(encoding="utf-8"))]
    assert read_all == []


def test_the_layers_of_an_application_are_given_to_who_works_on_them():
    """Who fell back to the program's own would forget the layer of another application. Importing a file alone may."""
    asked = {_names(path) for path in CODE if "geodata.layers import LAYERS" in path.read_text(encoding="utf-8")}
    inside = {name for name in asked if name.startswith(("geodata/", "webmap/"))}
    assert inside == {
        "geodata/demo/__init__.py", "geodata/importing/__init__.py", "geodata/tables.py", "webmap/__init__.py",
    }  # fmt: skip
