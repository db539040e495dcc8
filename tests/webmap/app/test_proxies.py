"""What the map believes of the proxy before it is said by nginx alone, whatever a client claims: both files, read as nginx reads them."""

import json
import logging
import re

import pytest

from geodata.base.logs import JsonFormatter
from tests.conftest import ROOT

LIES = {
    "X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "gopher", "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Prefix": "/evil", "X-Request-ID": "not-a-number-of-nginx",
}  # fmt: skip
#: What a proxy of the house adds to a client's lies before nginx of docker compose gets the request.
OUTER = {
    "X-Forwarded-For": "6.6.6.6, 10.0.0.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "map.example",
    "X-Forwarded-Prefix": "/dich-vu",
}  # fmt: skip


def passed_on(name, sent, scheme):
    """Return the headers that nginx sends to the map for a client's."""
    text = re.sub(r"(?m)#.*$", "", (ROOT / "docs" / "deploy" / name).read_text("utf-8"))
    values = {f"http_{header.lower().replace('-', '_')}": value for header, value in sent.items()}
    values |= {
        "scheme": scheme, "host": "map.example", "http_host": "map.example", "remote_addr": "10.0.0.1",
        "request_id": "0123456789abcdef" * 2,
        "proxy_add_x_forwarded_for": ", ".join(filter(None, [sent.get("X-Forwarded-For"), "10.0.0.1"])),
    }  # fmt: skip

    def fill(value):
        return re.sub(r"\$(\w+)", lambda found: values.get(found[1], ""), value.strip('"'))

    for source, target, body in re.findall(r"map \$(\w+) \$(\w+) \{(.*?)\}", text, re.DOTALL):
        if not source.startswith(("http_x_", "scheme")):
            continue  # what is kept, and for whom, is no header
        lines = dict(re.findall(r'(default|"")\s+(\S.*?);', body))
        values[target] = fill(lines["default" if values.get(source) else '""'])
    return {
        header: filled
        for header, value in re.findall(r"proxy_set_header (\S+) (.+?);", text)
        if (filled := fill(value))
    }


@pytest.mark.parametrize(
    ("name", "scheme", "proxies", "sent", "start", "address"),
    [
        ("nginx.conf", "https", 1, LIES, "https://map.example/ogc/", "10.0.0.1"),
        ("nginx-compose.conf", "http", 1, LIES, "http://map.example/ogc/", "10.0.0.1"),
        ("nginx-compose.conf", "http", 2, OUTER, "https://map.example/dich-vu/ogc/", "10.0.0.7"),
    ],
)
def test_what_a_client_claims_reaches_nobody(connection, make_app, caplog, name, scheme, proxies, sent, start, address):
    caplog.set_level(logging.INFO, logger="webmap.requests")
    app = make_app(connection, proxy_count=proxies, trusted_hosts=("map.example",))
    headers = passed_on(name, sent, scheme)
    answer = app.test_client().get("/ogc/?f=json", headers=headers, environ_base={"REMOTE_ADDR": "127.0.0.1"})
    links = {link["rel"]: link["href"] for link in answer.get_json()["links"]}
    assert links["self"].startswith(start)
    line = json.loads(JsonFormatter("web").format(caplog.records[-1]))
    assert (line["address"], line["request"]) == (address, "0123456789abcdef" * 2)


def test_programs_are_not_led_from_http_to_https_and_people_are():
    servers = (ROOT / "docs" / "deploy" / "nginx.conf").read_text("utf-8").split("\nserver {")
    plain = next(text for text in servers if "listen 80;" in text)
    places = dict(re.findall(r"location (\S+ ?\S*) \{\s+return (\d+)", plain))
    pattern = next(place.removeprefix("~ ") for place in places if place.startswith("~"))
    assert (places.pop(f"~ {pattern}"), places) == ("403", {"/": "301"})
    for path in ("/api/layers", "/ogc/", "/tiles/markets/1/1/1.mvt", "/openapi.json"):
        assert re.search(pattern, path), path
    for path in ("/", "/login", "/imports/new", "/apix"):
        assert not re.search(pattern, path), path


def test_only_strong_ciphers_of_present_versions_are_offered():
    text = (ROOT / "docs" / "deploy" / "nginx.conf").read_text("utf-8")
    assert re.search(r"ssl_protocols (.+);", text)[1] == "TLSv1.2 TLSv1.3"
    ciphers = re.search(r"ssl_ciphers (.+);", text)[1].split(":")
    assert all(re.fullmatch(r"ECDHE-(ECDSA|RSA)-(AES(128|256)-GCM-SHA\d{3}|CHACHA20-POLY1305)", one) for one in ciphers)
    assert "AES256" in ciphers[0]
    assert "ssl_prefer_server_ciphers on;" in text
