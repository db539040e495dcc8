"""Hostile values, and what sends them to each address for tests; where an address takes them."""

import os
import re
import zlib

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import IntegerConverter

from geodata.layers import LAYERS
from geodata.schema.roles import Role
from tests.conftest import PASSWORD
from webmap.app.auth import access_rule

ROLES = [role.value for role in Role]
#: Whom the pages about accounts are about: an administrator who takes his own password away attacks no further.
TARGET = "target-test"
HEAVY = os.environ.get("HOSTILE") == "all"
HOSTILE = [
    "", "-1", "0", "²", "٣", "9" * 30, str(2**63), "0" * 40 + "1999", "1e999999", "1e-999999", "NaN", "a\x00b", "\ud800",
    "9999-12-31", "0001-01-01", "2020-02-30", "99:99", "²:00", "unknown", "x" * 9000, "'; DROP TABLE account; --", "%s{0}$(id)",
    "1..0", "106.6,20.8,1e308", "POLYGON((", "[" * 2000, "../../etc/passwd", "=1+1", "https://[", "EPSG:999999",
]  # fmt: skip
HEADERS = {
    "Referer": ["http://[", "²", "x" * 8000],
    "Accept": ["²", ";;;,q=²", "text/html;q=" + "9" * 400, "*"],
    "Accept-Language": ["²", "x" * 8000, "vi;q=nan", "-"],
    "Accept-Encoding": ["gzip;q=x", "²"],
    "If-None-Match": ['"', "W/", "²", '"a",' * 900],
    "If-Modified-Since": ["²", "Fri, 99 Xxx 99999 99:99:99 GMT"],
    "If-Range": ["²", '"'],
    "If-Match": ["²"],
    "Range": ["bytes=²-", "bytes=9" + "9" * 30 + "-", "bytes=-0", "lines=1-2"],
    "Cookie": ["session=²; lang=²", "session=" + "A" * 3000 + "; language=xx", "=;;=", "language=../../x"],
    "User-Agent": ["²", "x" * 8000],
    "Sec-Fetch-Dest": ["²"],
    "Content-Type": [
        "²",
        "multipart/form-data",
        "multipart/form-data; boundary=²",
        "application/json; charset=²",
        "text/csv; x=\\",
    ],
    "X-Forwarded-For": ["²", "1.2.3.4, " * 900],
    "X-Requested-With": ["²"],
    "Authorization": ["Basic ²", "Bearer " + "x" * 8000, "Digest"],
    "Transfer-Encoding": ["²"],
    "Host": ["²", "[", "a b", "x" * 3000],
}
BODIES = [
    ("application/json", b"[" * 100_000 + b"]" * 100_000),
    ("application/json", b'{"content": {"a": "\\ud800"}, "version": 1}'),
    ("application/json", b'{"content": {"a": "\\u0000"}, "version": 1e999, "add": [1e400]}'),
    ("application/json", b'{"content": {"a": {"b": []}}, "version": 99999999999999999999999, "add": [99999999999999999999]}'),
    ("application/json", b"\xff\xfe"),
    ("application/json", b'"text"'),
    ("application/json", b"null"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"\xff\"\r\n\r\n"),
    ("multipart/form-data; boundary=x", b"no parts at all"),
    ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % i for i in range(3000))),
    ("application/x-www-form-urlencoded", b"\xff=%00&%=%&&&=="),
]  # fmt: skip
FILES = [
    ("x.zip", b"PK\x03\x04"),
    ("Ấ" * 120 + ".csv", b"MA,TEN\n1,a\n"),
    ("a\x00b.csv", b"MA"),
    ("..", b"MA"),
    ("", b"x"),
]


class Recorded(ImmutableMultiDict):
    """Arguments that write down which of them are asked for."""

    asked: set[str] = set()

    def get(self, key, *rest, **options):
        self.asked.add(key)
        return super().get(key, *rest, **options)

    def getlist(self, key, *rest, **options):
        self.asked.add(key)
        return super().getlist(key, *rest, **options)

    def __contains__(self, key):
        self.asked.add(key)
        return super().__contains__(key)

    def __getitem__(self, key):
        self.asked.add(key)
        return super().__getitem__(key)


class RecordingRequest(Request):
    parameter_storage_class = Recorded


def enter(app, role):
    """Return a client signed in with a role."""
    client = app.test_client()
    if role != "public":
        assert client.post("/login", data={"username": f"{role}-test", "password": PASSWORD}).status_code == 302
    return client


#: Parts that lead farther than those of all addresses do.
FARTHER = {
    "grid.station": {"code": "TBA-110-CATHAI"},
    "grid.station_sheet": {"code": "TBA-110-CATHAI", "format": "docx"},
    "grid.cluster": {"code": "CCN-ANTHO"},
    "grid.cluster_sheet": {"code": "CCN-ANTHO", "format": "docx"},
    "grid.report": {"format": "xlsx"},
    "monthly.file": {"period": "2026-10", "format": "docx"},
    "monthly.send": {"period": "2026-10"},
    "statements.index": {"period": "2026-H1"},
    "statements.ask": {"period": "2026-H1"},
    "paper_lists.file": {"name": "certificates", "format": "docx"},
    "paper_templates.template": {"name": "certificates"},
    "paper_templates.file": {"name": "certificates", "version": 0},
    "projects.project": {"code": "DA-CATBA-M2"},
    "projects.sheet": {"code": "DA-CATBA-M2", "format": "docx"},
    "projects.portfolio": {"format": "docx"},
}


def address_of(rule, parts, **changes):
    parts, values = parts | FARTHER.get(rule.endpoint, {}), {}
    for name in rule.arguments:
        numeric = isinstance(rule._converters[name], IntegerConverter)
        values[name] = parts.get(name, 1 if numeric else "x")
    built = rule.build(values)[1]
    for name, value in changes.items():
        built = built.replace(f"/{values[name]}", "/" + value, 1)
    return built


def said(text):
    """Return an answer without what differs each time: tokens and the number of an error."""
    return re.sub(r'(nonce|name="csrf_token" value|content)="[^"]*"|\(\w{8}\)', "", text)


class Attack:
    """Sends requests of one role and keeps those that the server did not survive."""

    def __init__(self, app, role):
        self.client, self.failed, self.role = enter(app, role), [], role
        self.answer, self.usual = None, {}

    def __call__(self, method, address, what, **options):
        """Return the status of the answer, None for what no client can send."""
        self.answer = None
        try:
            answer = self.client.open(address, method=method, **options)
        except UnicodeEncodeError:
            return None
        if answer.status_code >= 500:
            self.failed.append(f"{answer.status_code} {method} {address[:100]} {what!r:.80}: {answer.text[:120]!r}")
        self.answer = answer.status_code, said(answer.text) if answer.status_code >= 400 else ""
        answer.close()
        return answer.status_code

    def as_it_is(self, method, address):
        """Send nothing hostile, and keep what is answered."""
        self(method, address, "as it is")
        self.usual[method, address] = self.answer

    def is_usual(self, method, address):
        """Say whether the last answer is word for word that of the address without anything hostile."""
        return self.usual.get((method, address)) == self.answer

    def together(self, method, address, place, values):
        """Send several values at once; where they are refused or not survived, each alone, and what is taken together.

        Nothing was refused because of them where the answer is the one that the address gives without them.
        """
        if not values:
            return
        status = self(method, address, (place, values), **{place: values})
        if len(values) == 1 or (status is not None and status < 400) or self.is_usual(method, address):
            return
        taken = {}
        for name, value in values.items():
            status = self(method, address, (place, name, value), **{place: {name: value}})
            if status is not None and status < 400:
                taken[name] = value
        if len(taken) > 1:
            self(method, address, (place, taken), **{place: taken})

    def end(self):
        """Look whether all was survived, and whether the role attacked to the end."""
        assert self.failed == []
        assert self.role == "public" or self.client.get("/account").status_code == 200


def senders(app, rule):
    """Return the roles that attack an address; of what is for everybody, two stand for all."""
    roles = access_rule(app.view_functions[rule.endpoint]).roles
    return ["public", "admin"] if Role.PUBLIC in roles else sorted(role.value for role in roles)


def rules_of(app, role):
    """Return method and rule of all that a role attacks; without what ends its own session."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.endpoint in {"accounts.logout", "accounts.change_password", "accounts.end_other_sessions"}:
            continue
        if role in senders(app, rule):
            yield from ((method, rule) for method in sorted(rule.methods - {"HEAD", "OPTIONS"}))


def is_sender(app, rule, role):
    """Say whether this role is the one that sends what each address gets once; in the heavy run each of them is."""
    among = senders(app, rule)
    return HEAVY or among[zlib.crc32(rule.rule.encode()) % len(among)] == role


#: One parser reads the filters of all addresses; these are its ways in.
FILTERED = {"api.list_features", "exports.export", "ogc.items", "tools.inside", "tools.years", "worklist.index"}


def filters_of(rule):
    if rule.endpoint not in FILTERED:
        return set()
    fields = {field.name for field in LAYERS.get("markets").fields() if field.filter}
    return fields | {
        "q",
        "bbox",
        "near",
        "around",
        "polygon",
        "as_of",
        "year",
        "plan",
        "unit",
        "zone",
        "crs",
        "cursor",
        "sort",
    }


def fewer(values, turn, most=1):
    """Return the values that this turn takes: `most`, others each time, or all in the heavy run."""
    if HEAVY:
        return values
    return [values[(turn * 13 + step) % len(values)] for step in range(min(most, len(values)))]


def sets_of(names, turns):
    """Return name -> hostile value: one set, others each time, or so many that each name has each value in the heavy run."""
    start = next(turns)
    for step in range(len(HOSTILE) if HEAVY else 1):
        yield {name: HOSTILE[(start * 13 + place * 7 + step) % len(HOSTILE)] for place, name in enumerate(names)}


#: These decide whether a request is looked at any further.
ALONE = {"Host", "Authorization", "Content-Type", "Transfer-Encoding", "Cookie"}


def encoded(value):
    """Return a header as a client's bytes reach the application (PEP 3333)."""
    return value.encode().decode("latin1")
