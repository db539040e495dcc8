"""A report of a day as it was stored then: its figures are what the map of that day shows under /then/."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import update

from geodata.history.as_stored import stored_then
from geodata.history.change_sets import ChangeSet
from geodata.importing import ImportOptions, commit_import, preview_import
from geodata.layers import LAYERS
from tests.geodata.importing.files import csv
from webmap.papers.figures import month_sections
from webmap.papers.periods import parse_period

#: Three days of the register: what was read in, and how many markets were in operation then, of class 3, and rebuilt.
DAYS = {
    date(2026, 1, 10): ("A,Chợ An,106.68,20.86,operating,3\nB,Chợ Ba,106.69,20.86,operating,3\n", (2, 2, 0)),
    date(2026, 3, 10): ("A,Chợ An,106.68,20.86,rebuilding,3\nC,Chợ Cả,106.70,20.86,operating,1\n", (2, 1, 1)),
    date(2026, 6, 10): ("A,Chợ An,106.68,20.86,operating,2\nB,Chợ Ba,106.69,20.86,cleared,3\n", (2, 0, 0)),
}
NAMES = ("operating", "by_class_3", "being_built")


@pytest.fixture(autouse=True)
def register(session, tmp_path):
    for day, (rows, _told) in DAYS.items():
        path = csv(tmp_path / "a.csv", "MA,TEN,lon,lat,TRANG_THAI,HANG\n" + rows)
        preview = preview_import(session, LAYERS.get("markets"), path, ImportOptions())
        number = commit_import(session, preview, user_name="an").import_id
        made = datetime(day.year, day.month, day.day, 5, tzinfo=UTC)
        session.execute(update(ChangeSet).where(ChangeSet.id == int(number)).values(made_at=made))
    session.commit()


@pytest.mark.parametrize("day", DAYS)
def test_the_figures_stored_then_are_the_rows_of_the_map_of_that_day(session, login, day):
    connection, month = session.connection(), parse_period(f"{day:%Y-%m}")
    with stored_then(connection, LAYERS, month.cut_off):
        sections = month_sections(connection, tuple(LAYERS), month)
    figures = {one.name: one for section in sections if section.layer == "markets" for one in section.named}
    assert tuple(figures[name].values[0] for name in NAMES) == DAYS[day][1]
    gis = login("gis")
    for name in NAMES:
        shown = gis.get(f"/then/{month.cut_off}{figures[name].query}").json
        assert shown["numberMatched"] == figures[name].values[0]
        assert sorted(one["properties"]["code"] for one in shown["features"]) == sorted(figures[name].codes)
