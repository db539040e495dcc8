"""Steps of the wizard for tests: files as they are sent, and the background's work done as the worker does it."""

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.importing.sessions import model, runs, sessions
from geodata.importing.sessions.model import ImportSession
from geodata.layers import LAYERS
from tests.geodata.importing import files

MARKET = LAYERS.get("markets")
NAMES = ["Chợ Đổng Quốc Bình", "Chợ Tam Bạc", "Chợ Lương Văn Can", "Chợ Cố Đạo", "Chợ Hàng"]
COLUMNS = ["MA", "TEN", "HANG"]


def rows_of(count=14, **values):
    return [(f"CH-{i:02d}", f"{NAMES[i % 5]} số {i}", values.get("klass", "hạng 3")) for i in range(count)]


def places(count=14):
    return [(106.60 + 0.01 * i, 20.80 + 0.005 * i) for i in range(count)]


def legacy(path, rows=None, points=None):
    """Write what a district sends: VN-2000 without a .prj, TCVN3 without a .cpg."""
    rows = rows or rows_of()
    points = points or places(len(rows))
    return files.shapefile(path, COLUMNS, rows, files.to_crs(points, 9210), encode=files.tcvn3, prj=None)


def plain(path, rows=None, points=None):
    """Write the same in WGS 84 and UTF-8."""
    rows = rows or rows_of()
    return files.shapefile(path, COLUMNS, rows, points or places(len(rows)))


def send(client, *paths, layer="markets"):
    """Upload files; return the numbers of the imports."""
    data = {"layer": layer, "files": [(path.open("rb"), path.name) for path in paths]}
    answer = client.post("/imports/new", data=data, content_type="multipart/form-data")
    assert answer.status_code == 302, answer.text
    return answer.location


def work(engine, registry=LAYERS):
    """Do what waits, as the worker does it, in this process."""
    with Session(engine) as session:
        waiting = list(session.scalars(select(ImportSession.id).where(ImportSession.status.in_(model.WAITING))))
    for number in sorted(waiting):
        runs.run(engine, number, runs.claim(engine, number), registry)


def upload(client, engine, path, layer="markets", registry=LAYERS):
    """Upload one file and have it checked; return its number."""
    location = send(client, path, layer=layer)
    work(engine, registry)
    return int(re.search(r"/imports/(\d+)", location)[1])


def found(engine, number):
    with Session(engine, expire_on_commit=False) as session:
        return sessions.get_import(session, number)


def confirm(client, number, **form):
    """Confirm a preview, so that it waits to be stored."""
    page = client.get(f"/imports/{number}/confirm")
    mark = re.search(r'name="mark" value="(\w+)"', page.text)
    assert mark, page.text
    answer = client.post(f"/imports/{number}/confirm", data={"mark": mark[1], **form})
    assert answer.status_code == 302, answer.text


def store(client, engine, number, registry=LAYERS, **form):
    """Confirm a preview and have it stored."""
    confirm(client, number, **form)
    work(engine, registry)
    return found(engine, number)


def markets(session):
    session.expire_all()
    return {market.code: market for market in session.scalars(select(MARKET))}


def many(path, count=2_300, klass="hạng 3", first=0):
    """Write a table of many markets; names tell every tenth apart."""
    lines = (
        f"P-{i:05d},{'Chợ Đầu Mối' if i % 10 == 0 else 'Chợ'} số {i},{klass},{106.5 + i * 1e-4:.4f},20.8\n"
        for i in range(first, first + count)
    )
    return files.csv(path, "MA,TEN,HANG,lon,lat\n" + "".join(lines))
