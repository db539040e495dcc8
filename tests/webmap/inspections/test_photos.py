"""Photos of a visit: without metadata but for the time, stored once, refused where they are none."""

import io

import pytest
from PIL import Image
from sqlalchemy import select

from geodata.inspections.records import (
    PaperPicture,
)
from tests.visit_forms import open_visit


def jpeg(**save) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (3000, 1500), "red").save(target, "JPEG", **save)
    return target.getvalue()


def a_gif():
    made = io.BytesIO()
    Image.new("P", (2, 2)).save(made, "GIF")
    return made.getvalue()


def test_a_photo_loses_its_metadata_but_for_the_time_and_arrives_once(session, inspector, site):
    paper = open_visit(inspector, site)
    exif = Image.Exif()
    exif[0x0110] = "SecretPhone 9"
    exif.get_ifd(0x8769)[0x9003] = "2020:03:02 09:30:00"
    exif.get_ifd(0x8825)[1] = "N"
    data = jpeg(exif=exif)
    for _ in range(2):
        answer = inspector.post(
            f"/inspections/visits/{paper}/pictures", data={"photo": (io.BytesIO(data), "a.jpg")},
            headers={"X-Requested-With": "fetch"},
        )  # fmt: skip
        assert answer.status_code == 200
    row = session.scalars(select(PaperPicture)).one()
    stored = Image.open(io.BytesIO(row.content))
    assert max(stored.size) == 2000
    assert dict(stored.getexif()) == {}
    assert b"SecretPhone" not in row.content
    assert row.taken_at.isoformat().startswith("2020-03-02")
    assert inspector.get(answer.get_json()["address"]).mimetype == "image/jpeg"


@pytest.mark.parametrize("data", [b"", a_gif(), b"<svg onload=alert(1)>", b"\xff\xd8\xff broken", b"%PDF-1.4"])
def test_what_is_no_photo_is_refused(inspector, site, data):
    paper = open_visit(inspector, site)
    answer = inspector.post(f"/inspections/visits/{paper}/pictures", data={"photo": (io.BytesIO(data), "a.jpg")})
    assert answer.status_code == 400
