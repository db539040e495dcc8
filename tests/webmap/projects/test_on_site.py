"""Progress and photos from a site: sent twice they count once, are shown and go into the sheet, for whom they are."""

import io
import re

import pytest
from docx import Document
from PIL import Image
from sqlalchemy import text

from tests.conftest import sign_in

PAGE = "/projects/DA-CHO-DQB"


@pytest.fixture
def planner(demo_app):
    return sign_in(demo_app, "planner")


def words_of(answer):
    assert answer.status_code == 200, answer.text[:300]
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def photo(colour="navy", taken="2026:11:20 09:30:00"):
    image, target = Image.new("RGB", (640, 480), colour), io.BytesIO()
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = taken
    exif.get_ifd(0x8825)[1] = "N"
    image.save(target, "JPEG", exif=exif)
    return io.BytesIO(target.getvalue()), "yard.jpg"


def send(client, **form):
    return client.post(f"{PAGE}/site", data=form, headers={"Accept": "application/json"})


def test_progress_of_a_day_sent_twice_counts_once_and_stands_in_the_history(planner):
    for _ in range(2):
        assert send(planner, percent="83,5", reported_on="2026-11-25", note="Lợp xong mái").status_code == 200
    page = words_of(planner.get(PAGE))
    assert "83,5 % (planner-test, 25/11/2026)" in page
    (project,) = planner.get("/api/layers/projects/features?q=DA-CHO-DQB").json["features"]
    panel = words_of(planner.get(f"/layers/projects/features/{project['id']}/panel"))
    assert panel.count("Lợp xong mái") == 1
    assert words_of(planner.get("/history")).count("planner-test ·") == 1


def test_a_photo_is_kept_once_without_metadata_and_shown_with_its_day_place_and_who(planner):
    for _ in range(2):
        answer = send(planner, photo=photo(), caption="Mái đã lợp", lon="106.70210", lat="20.85310", accuracy_m="7.6")
        assert answer.status_code == 200, answer.text
    page = planner.get(PAGE).text
    (address,) = set(re.findall(r'src="(/projects/DA-CHO-DQB/photos/\d+)"', page))
    assert "Mái đã lợp 20/11/2026 · planner-test · 20,85310, 106,70210 (± 8 m)" in words_of(planner.get(PAGE))
    shown = Image.open(io.BytesIO(planner.get(address).data))
    assert shown.size == (640, 480)
    assert not shown.getexif()
    assert "Mái đã lợp" not in words_of(planner.get(f"{PAGE}?on=2026-11-19"))


def test_photos_and_meetings_stand_in_the_sheet(planner):
    send(planner, photo=photo("green"), caption="Móng")
    document = Document(io.BytesIO(planner.get(f"{PAGE}.docx").data))
    told = "\n".join(document.element.itertext())
    assert "Ảnh hiện trường gần đây" in told
    assert "Móng (20/11/2026, planner-test)" in told
    assert "Cuộc họp gần đây" in told
    assert planner.get(f"{PAGE}.pdf").data.startswith(b"%PDF")


def test_a_caption_is_mended_where_the_photo_stands_and_the_old_words_stay_in_the_log(
    demo_app, demo_connection, planner
):
    send(planner, photo=photo("teal"), caption="Mái đã lơp")
    address = re.search(r'src="(/projects/DA-CHO-DQB/photos/\d+)"', planner.get(PAGE).text)[1]
    assert planner.post(f"{address}/caption", data={"caption": " Mái đã  lợp <b>"}).status_code == 302
    assert "Mái đã lợp &lt;b&gt;" in planner.get(PAGE).text
    assert "Mái đã lơp" not in planner.get(PAGE).text
    log = demo_connection.scalars(
        text("SELECT details FROM audit_entry WHERE action LIKE 'Changed the caption%'")
    ).all()
    assert [one.partition(": ")[2] for one in log] == ["Mái đã lơp → Mái đã lợp <b>"]
    planner.post(f"{address}/caption", data={"caption": ""})
    assert "Mái đã" not in planner.get(PAGE).text
    for role, status in (("leader", 403), ("inspector", 403), ("gis", 302)):
        assert sign_in(demo_app, role).post(f"{address}/caption", data={"caption": "x"}).status_code == status
    assert planner.post(address.replace("DA-CHO-DQB", "DA-CATBA-M2") + "/caption").status_code == 404


def test_a_photo_taken_off_is_no_longer_to_be_had(planner):
    send(planner, photo=photo("red"))
    address = re.search(r'src="(/projects/DA-CHO-DQB/photos/\d+)"', planner.get(PAGE).text)[1]
    assert planner.post(f"{address}/remove").status_code == 302
    assert planner.get(address).status_code == 404
    assert address not in planner.get(PAGE).text


@pytest.mark.parametrize(
    "form", [{}, {"percent": "101"}, {"percent": "viel"}, {"percent": "5", "reported_on": "2099-01-01"}]
)
def test_what_makes_no_sense_is_refused_and_nothing_is_stored(planner, form):
    before = words_of(planner.get(PAGE))
    assert send(planner, **form).status_code == 400
    assert words_of(planner.get(PAGE)) == before


def test_what_is_no_photo_is_refused(planner):
    assert send(planner, photo=(io.BytesIO(b"GIF89a<script>"), "x.jpg")).status_code == 400


def test_leaders_read_and_only_who_writes_projects_enters(demo_app, planner):
    send(planner, photo=photo("blue"))
    address = re.search(r'src="(/projects/DA-CHO-DQB/photos/\d+)"', planner.get(PAGE).text)[1]
    leader = sign_in(demo_app, "leader")
    assert leader.get(address).status_code == 200
    assert leader.get(f"{PAGE}/site").status_code == 403
    assert send(leader, percent="1").status_code == 403
    assert leader.post(f"{address}/remove").status_code == 403
    assert demo_app.test_client().get(address).status_code == 302
    other = address.replace("DA-CHO-DQB", "DA-CATBA-M2")
    assert planner.get(other).status_code == 404
