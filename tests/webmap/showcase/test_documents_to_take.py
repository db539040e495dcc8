"""Documents of a public page: put there by who writes the layer, taken along by everybody once they are public."""

import hashlib
import io
import zlib

import pytest
from PIL import Image
from sqlalchemy import text

from geodata.layers import LAYERS
from tests.factories import make_feature

KIND = next(kind for kind in LAYERS if kind.layer.showcase and kind.layer.showcase.downloads)
SLUG = KIND.layer.showcase.slug
PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\nstream\nby chance /JS (\nendstream\ntrailer <<>>\n%%EOF\n"


def feature(session, code="CCN-TAILIEU"):
    return make_feature(session, KIND, code=code, name="Cụm có tài liệu", kind="cluster")


def add(client, data=PDF, *, code="CCN-TAILIEU", name="Bang gia 2026.pdf", public="1", title="Bảng giá 2026"):
    form = {"file": (io.BytesIO(data), name), "title": title, "title_en": "Price list 2026"}
    return client.post(f"/{SLUG}/{code}/documents", data=form | ({"public": "1"} if public else {}))


def links(client, code="CCN-TAILIEU", language="vi"):
    page = client.get(f"/{SLUG}/{code}?lang={language}").text
    return page, [part.split('"')[0] for part in page.split('href="')[1:] if f"/{SLUG}/{code}/documents/" in part[:80]]


def test_a_public_document_is_taken_along_by_everybody_as_it_was_put_there(client, login, session):
    feature(session)
    assert add(login("gis")).status_code == 302

    page, found = links(client)
    assert "Bảng giá 2026" in page
    answer = client.get(found[0])
    assert answer.data == PDF
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="Bang gia 2026.pdf"'
    assert "Price list 2026" in links(client, language="en")[0]


def test_what_is_not_public_is_for_staff(client, login, session):
    feature(session)
    gis = login("gis")
    add(gis, public="")
    page, found = links(client)
    assert not found
    assert "Bảng giá 2026" not in page
    (row,) = session.execute(text("SELECT id FROM feature_file")).all()
    address = f"/{SLUG}/CCN-TAILIEU/documents/{row.id}"
    assert client.get(address).status_code == 404
    assert login("planner").get(address).data == PDF

    gis.post(address, data={"action": "publish"})
    assert client.get(address).data == PDF
    gis.post(address, data={"action": "hide"})
    assert client.get(address).status_code == 404
    gis.post(address, data={"action": "publish"})
    gis.post(address, data={"action": "remove"})
    assert client.get(address).status_code == 404
    assert gis.get(address).status_code == 404


def test_every_step_is_written_down_and_nothing_is_lost(login, session):
    feature(session)
    gis = login("gis")
    add(gis)
    add(gis, title="Bảng giá sửa")  # the same bytes: the same document under a new name
    (row,) = session.execute(text("SELECT id, title, sha256, content FROM feature_file")).all()
    assert (row.title, row.sha256, bytes(row.content)) == ("Bảng giá sửa", hashlib.sha256(PDF).hexdigest(), PDF)
    gis.post(f"/{SLUG}/CCN-TAILIEU/documents/{row.id}", data={"action": "remove"})

    page = gis.get(f"/{SLUG}/CCN-TAILIEU/documents").text
    assert "<s>Bảng giá sửa</s>" in page
    assert "gỡ ngày" in page
    said = session.scalars(text("SELECT action FROM audit_entry ORDER BY id")).all()
    assert [one for one in said if "document" in one] == [
        "Put a document on an object", "Put a document on an object", "Took a document off",
    ]  # fmt: skip
    assert session.scalar(text("SELECT count(*) FROM feature_file")) == 1


@pytest.mark.parametrize("role", ["public", "inspector", "leader"])
def test_who_does_not_write_the_layer_puts_nothing_there(client, login, session, role):
    feature(session)
    person = client if role == "public" else login(role)
    assert add(person).status_code in {302, 401, 403}
    assert person.get(f"/{SLUG}/CCN-TAILIEU/documents").status_code in {302, 401, 403}
    assert session.scalar(text("SELECT count(*) FROM feature_file")) == 0


def test_a_document_is_that_of_its_cluster_alone(client, login, session):
    feature(session)
    feature(session, "CCN-KHAC")
    add(login("gis"))
    address = links(client)[1][0]
    assert client.get(address.replace("CCN-TAILIEU", "CCN-KHAC")).status_code == 404


def packed(content):
    """An active dictionary where only a reader of PDF sees it."""
    stream = zlib.compress(content)
    return b"%PDF-1.7\n5 0 obj << /Type /ObjStm /N 1 /Length 99 >>\nstream\n" + stream + b"\nendstream\n%%EOF"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"<html><script>alert(1)</script>", b"MZ\x90\x00", b"PK\x03\x04 a workbook", b"<svg onload='x'/>", PDF[:40],
        PDF.replace(b"/Catalog", b"/Catalog /OpenAction << /S /JavaScript /JS (x) >>"),
        PDF.replace(b"/Catalog", b"/Catalog /OpenAction << /S /J#61vaScript >>"),
        PDF.replace(b"/Catalog", b"/Catalog /Names << /EmbeddedFiles 3 0 R >>"),
        PDF.replace(b"trailer <<", b"trailer << /Encrypt 4 0 R "), packed(b"<< /S /Launch /F (cmd.exe) >>"),
        b"%PDF-1.7\n" + b"0" * (20 * 2**20) + b"%%EOF",
    ],
    ids=["nothing", "page", "program", "workbook", "svg", "cut", "script", "escaped", "files", "locked", "packed", "large"],
)  # fmt: skip
def test_what_could_do_something_when_opened_is_refused_with_the_reason(login, session, data):
    feature(session)
    answer = add(login("gis"), data)
    assert answer.status_code in {400, 413}
    assert session.scalar(text("SELECT count(*) FROM feature_file")) == 0


def test_a_picture_is_written_anew_without_what_the_camera_said(client, login, session):
    feature(session)
    exif = Image.Exif()
    exif[0x010F] = "SECRET CAMERA"
    made = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(made, "JPEG", exif=exif)
    add(login("gis"), made.getvalue(), name="../../Sơ đồ <mặt bằng>.JPG")
    answer = client.get(links(client)[1][0])
    assert b"SECRET" not in answer.data
    assert Image.open(io.BytesIO(answer.data)).size == (40, 30)
    assert "filename*=UTF-8''S%C6%A1%20" in answer.headers["Content-Disposition"]
    assert ".." not in answer.headers["Content-Disposition"]
