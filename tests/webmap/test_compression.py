"""Static texts leave compressed, pages never."""

import gzip

FILE = "/static/js/mvtlayer.js"


def test_a_script_leaves_compressed_for_who_takes_it(client):
    plain, small = client.get(FILE), client.get(FILE, headers={"Accept-Encoding": "gzip, br"})

    assert gzip.decompress(small.data) == plain.data
    assert "Content-Encoding" not in plain.headers
    assert len(small.data) < len(plain.data) / 2
    assert "Accept-Encoding" in small.headers["Vary"]


def test_a_kept_script_is_not_sent_again(client):
    first = client.get(FILE, headers={"Accept-Encoding": "gzip"})
    again = client.get(FILE, headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")


def test_pages_with_tokens_are_not_compressed(client):
    assert "Content-Encoding" not in client.get("/", headers={"Accept-Encoding": "gzip"}).headers
    assert "Content-Encoding" not in client.get("/login", headers={"Accept-Encoding": "gzip"}).headers
