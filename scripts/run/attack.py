"""Let well-known programs attack the map as the public and as each role, on a database of its own that is dropped after.

Each program is installed into a folder of its own below var/attack; its report goes beside it. It is their opinion, not a
verdict: docs/security.md says what became of each finding.
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import requests
from sqlalchemy.orm import Session

from geodata.accounts.access import create_user
from geodata.accounts.tokens import add_token
from geodata.base.database import new_engine
from geodata.demo import load_demo
from geodata.schema.roles import Role
from scripts.base.console import announce, run_command
from scripts.base.paths import PYTHON, WORK
from scripts.benchmarks._database import own_database
from scripts.benchmarks._server import running_server
from scripts.install.setup import prepare_checkout

FOLDER = WORK / "attack"
PASSWORD = "một mật khẩu đủ dài 42"  # noqa: S105  (of accounts that are gone after the run)
ROLES = [role.value for role in Role]
#: What schemathesis holds an answer against: the description's status codes, types, headers and schemas.
_CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance"
)


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where the map is, and as whom it is attacked. `cookie` and `token` are empty for the public."""

    url: str
    role: str
    cookie: str
    token: str
    report: Path


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A program: its packages, and its command line for a target."""

    packages: tuple[str, ...]
    command: Callable[[Path, Target], list[str]]


def main() -> int:
    """Run one program as one role or as all; 1 when it ended otherwise than well."""
    parser = argparse.ArgumentParser(prog="./scripts/attack", description="Thử tấn công bản đồ (attack the map)")
    parser.add_argument("tool", choices=sorted(TOOLS))
    parser.add_argument("--role", choices=ROLES, action="append", help="mặc định: tất cả (default: all)")
    parser.epilog = "Sau --: tham số cho chương trình (after --: options of the program)"
    own, more = _split(sys.argv[1:])
    options = parser.parse_args(own)
    prepare_checkout(database=True, development=True)
    folder = FOLDER / options.tool
    tool = TOOLS[options.tool]
    _install(folder, tool.packages)
    failed = 0
    with _attacked() as (url, tokens):
        for role in options.role or ROLES:
            target = Target(
                url=url, role=role, token=tokens.get(role, ""), cookie="" if role == "public" else _cookie(url, role),
                report=folder / f"report-{role}",
            )  # fmt: skip
            announce(f"== {options.tool} as {role}")
            done = subprocess.run([*tool.command(folder, target), *more], cwd=folder, check=False)
            announce(f"   {options.tool} as {role} ended with {done.returncode}; report: {target.report}*")
            failed = done.returncode or failed
    return 1 if failed else 0


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Return what stands before the first -- and what stands behind it."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:at], arguments[at + 1 :]


def _install(folder: Path, packages: Sequence[str]) -> None:
    """Install a program's packages where nothing else sees them."""
    stamp = folder / "installed"
    if stamp.exists() and stamp.read_text("utf-8") == " ".join(packages):
        return
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([PYTHON, "-m", "venv", folder / "venv"], check=True)
    pip: list[str | Path] = [
        folder / "venv" / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    subprocess.run([*pip, *packages], check=True)
    stamp.write_text(" ".join(packages), "utf-8")


@contextmanager
def _attacked() -> Iterator[tuple[str, dict[str, str]]]:
    """Give the address of a server over the demo data, and a token of each role."""
    with own_database("attack") as url:
        engine, tokens = new_engine(url), {}
        with Session(engine) as session:
            load_demo(session)
            for role in ROLES[1:]:
                create_user(session, name=f"attack-{role}", role=role, password=PASSWORD)
                tokens[role] = add_token(session, f"attack-{role}", name="attack", can_write=True)[1]
            session.commit()
        engine.dispose()
        os.environ["DATABASE_URL"] = url.render_as_string(hide_password=False)
        with running_server() as host:
            yield f"http://{host}", tokens


def _cookie(url: str, role: str) -> str:
    """Return the cookies of a session of that role."""
    session = requests.Session()
    page = session.get(f"{url}/login", timeout=60).text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    form = {"csrf_token": token, "username": f"attack-{role}", "password": PASSWORD}
    answer = session.post(f"{url}/login", form, timeout=60, allow_redirects=False, headers={"Referer": url})
    answer.raise_for_status()
    # The first form puts into the session what its tokens are held against; without it every form would be refused.
    session.get(f"{url}/account", timeout=60).raise_for_status()
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in session.cookies)


def _schemathesis(folder: Path, target: Target) -> list[str]:
    """Random and hostile requests of every operation that /openapi.json describes; answers are what it says, and none is a 5xx."""
    command = [
        str(folder / "venv" / "bin" / "schemathesis"), "run", f"{target.url}/openapi.json",
        "--checks", _CHECKS, "--max-examples", "30", "--mode", "all", "--workers", "2", "--continue-on-failure",
        "--request-timeout", "60", "--exclude-path-regex", "/(layers|collections)/(?!markets)",  # all layers share their views
        "--report", "junit", "--report-junit-path", f"{target.report}.xml",
    ]  # fmt: skip
    return [*command, "--header", f"Authorization: Bearer {target.token}"] if target.token else command


def _sqlmap(folder: Path, target: Target) -> list[str]:
    """Injections of level 3 into every parameter that /openapi.json lets read by, and into the numbers of paths."""
    addresses = folder / f"addresses-{target.role}.txt"
    addresses.write_text("\n".join(_addresses(target.url)) + "\n", "utf-8")
    command = [
        str(folder / "venv" / "bin" / "sqlmap"), "--batch", "--level", "3", "--risk", "1", "--threads", "2",
        "--dbms", "PostgreSQL", "--technique", "BEUST", "--time-sec", "3", "--timeout", "60", "--flush-session", "--disable-coloring",
        "--skip", "User-Agent,Referer,Host,session", "--ignore-code", "400,401,403,404,406,422,429",
        "--output-dir", f"{target.report}", "-m", str(addresses),
    ]  # fmt: skip
    return [*command, "--cookie", target.cookie] if target.cookie else command


def _addresses(url: str) -> list[str]:
    """Return an address for each parameter of the reading operations, with a value that is taken.

    A parameter that several operations share has one parser and is attacked once; so have the layers, of which markets are
    taken. Numbers in a path are marked with * for the program.
    """
    description = requests.get(f"{url}/openapi.json", timeout=60).json()
    found: dict[str, str] = {}
    for path, operations in description["paths"].items():
        if "get" not in operations or _OTHER_LAYER.match(path):
            continue
        where = _PLACE_IN_PATH.sub("1", path)
        if where != path:
            found.setdefault(path, f"{url}{_PLACE_IN_PATH.sub('1', _PLACE_IN_PATH.sub('1*', path, count=1))}")
        for written in operations["get"].get("parameters", []):
            parameter = _resolved(description, written)
            if parameter.get("in") == "query":
                key = written.get("$ref") or f"{path} {parameter['name']}"
                found.setdefault(key, f"{url}{where}?{urlencode({parameter['name']: _example(parameter)})}")
    return list(found.values())


def _resolved(description: Mapping[str, Any], written: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a parameter, or what it refers to within the description."""
    found: Any = description if "$ref" in written else written
    for part in written.get("$ref", "#").removeprefix("#").strip("/").split("/") if "$ref" in written else ():
        found = found[part]
    return cast(Mapping[str, Any], found)


def _example(parameter: Mapping[str, Any]) -> str:
    """Return a value that a parameter takes."""
    schema = parameter.get("schema", {})
    schema = schema.get("items", schema)
    chosen = [parameter.get("example"), schema.get("example"), *schema.get("enum", [])[:1], schema.get("default")]
    if ".." in parameter.get("description", ""):
        return "2020-01-01.." if "2020-" in parameter["description"] else "1.."
    by_type = {"integer": max(1, int(schema.get("minimum", 1))), "number": schema.get("minimum", 1), "boolean": "1"}
    known = [_EXAMPLES.get(parameter["name"]), *chosen, by_type.get(schema.get("type", "")), "a"]
    return str(next(value for value in known if value is not None))


_OTHER_LAYER = re.compile(r".*/(?:layers|collections|tiles)/(?!markets\b|\{)\w+/")
_PLACE_IN_PATH = re.compile(r"\{\w+\}")
_EXAMPLES = {
    "bbox": "106.5,20.7,106.9,21.0", "q": "cho", "lang": "vi", "format": "geojson", "sort": "name", "near": "106.7,20.8,5000",
    "as_of": "2026-11-01", "layers": "markets", "layer": "markets",
}  # fmt: skip


def _wapiti(folder: Path, target: Target) -> list[str]:
    """Follow the links and fill in the forms of the pages, half an hour at most, five minutes a kind of attack."""
    command = [
        str(folder / "venv" / "bin" / "wapiti"), "--url", f"{target.url}/", "--scope", "domain", "--flush-session",
        "--module", "sql,xss,permanentxss,exec,file,redirect,crlf,csrf,csp,http_headers,cookieflags", "--max-scan-time", "900",
        "--max-attack-time", "300", "--max-links-per-page", "60", "--depth", "8",
        "--exclude", f"{target.url}/logout", "--exclude", f"{target.url}/account/*", "--exclude", f"{target.url}/admin/users/*",
        "--exclude", f"{target.url}/*export*", "--no-bugreport", "--format", "json", "--output", f"{target.report}.json",
    ]  # fmt: skip
    return [*command, "--header", f"Cookie: {target.cookie}"] if target.cookie else command


TOOLS = {
    "schemathesis": Tool(packages=("schemathesis==4.32.5",), command=_schemathesis),
    "sqlmap": Tool(packages=("sqlmap==1.10.10",), command=_sqlmap),
    "wapiti": Tool(packages=("wapiti3==3.2.3",), command=_wapiti),
}

if __name__ == "__main__":
    run_command(main)
