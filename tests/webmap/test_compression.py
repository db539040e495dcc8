"""Static texts leave compressed, pages never."""

import gzip

FILE = "/static/js/mvtlayer.js"
OTHERS = "/static/vendor/leaflet/dist/leaflet.js"
DRAWING = ("symbols", "mvtlayer", "overlay")


def test_a_script_leaves_compressed_for_who_takes_it(client):
    plain, small = client.get(OTHERS), client.get(OTHERS, headers={"Accept-Encoding": "gzip, br"})

    assert gzip.decompress(small.data) == plain.data
    assert "Content-Encoding" not in plain.headers
    assert len(small.data) < len(plain.data) / 2
    assert "Accept-Encoding" in small.headers["Vary"]


def test_what_draws_the_map_leaves_without_comments_in_ten_kilobytes(client):
    sent = [client.get(f"/static/js/{name}.js", headers={"Accept-Encoding": "gzip"}).data for name in DRAWING]

    assert sum(map(len, sent)) <= 10_240
    assert all(b"/*" not in gzip.decompress(data) for data in sent)


def test_a_kept_script_is_not_sent_again(client):
    first = client.get(FILE, headers={"Accept-Encoding": "gzip"})
    again = client.get(FILE, headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")


def test_pages_with_tokens_are_not_compressed(client):
    assert "Content-Encoding" not in client.get("/", headers={"Accept-Encoding": "gzip"}).headers
    assert "Content-Encoding" not in client.get("/login", headers={"Accept-Encoding": "gzip"}).headers
