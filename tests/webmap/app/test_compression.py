"""Scripts and styles leave compressed and for good, pages never."""

import gzip
import re

import pytest
from flask import url_for

OTHERS = "vendor/leaflet/dist/leaflet.js"
DRAWING = "src/map/drawing.entry.js"


def address(app, name):
    with app.test_request_context():
        return url_for("static", filename=name)


def test_a_script_leaves_compressed_for_who_takes_it(app, client):
    script = address(app, OTHERS)
    plain, small = client.get(script), client.get(script, headers={"Accept-Encoding": "gzip, br"})

    assert gzip.decompress(small.data) == plain.data
    assert "Content-Encoding" not in plain.headers
    assert len(small.data) < len(plain.data) / 2
    assert plain.mimetype == small.mimetype == "text/javascript"
    assert all("Accept-Encoding" in answer.headers["Vary"] for answer in (plain, small))


def test_all_that_draws_the_map_leaves_without_comments_in_nineteen_kilobytes(app, client):
    with app.test_request_context():
        addresses = app.jinja_env.globals["module_addresses"](DRAWING)
    sent = [client.get(one, headers={"Accept-Encoding": "gzip"}).data for one in addresses]

    # 10 KB were symbols, tiles and names alone; then the reader of tiles, land and asking; who gives way to whom; now the
    # layer of a base map of our own, whose drawing comes with its first tile; names that stand whole and under nothing,
    # and rims that keep dark symbols seen by night.
    assert sum(map(len, sent)) <= 19 * 1024
    assert all(b"/*" not in gzip.decompress(data) for data in sent if data[:2] == b"\x1f\x8b")


def test_the_name_of_a_file_tells_its_content_so_that_it_is_kept_for_a_year(app, client):
    page = client.get("/").get_data(as_text=True)
    addresses = set(re.findall(r'(?:src|href)="(/static/[^"]+\.(?:js|css))"', page))

    assert addresses
    for one in addresses:
        assert re.search(r"/static/built/.*-[A-Z0-9]{8}\.(js|css)$", one), one
        assert client.get(one).headers["Cache-Control"] == "public, max-age=31536000, immutable", one


def test_a_kept_script_is_not_sent_again(app, client):
    script = address(app, DRAWING)
    first = client.get(script, headers={"Accept-Encoding": "gzip"})
    again = client.get(script, headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("name", ["manifest.json", "src/map/nowhere-ABCDEFGH.js", "../../settings.py"])
def test_only_what_pages_ask_for_is_sent(client, name):
    assert client.get(f"/static/built/{name}").status_code == 404


def test_pages_with_tokens_are_not_compressed(client):
    assert "Content-Encoding" not in client.get("/", headers={"Accept-Encoding": "gzip"}).headers
    assert "Content-Encoding" not in client.get("/login", headers={"Accept-Encoding": "gzip"}).headers


@pytest.mark.parametrize("path", ["/login", "/help"])
def test_the_indentation_of_templates_is_not_sent(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    # What people wrote may begin with blanks, and Folium writes a part of pages with a map; of our markup nothing does.
    assert not re.search(r"\n[ \t]+<", page)
