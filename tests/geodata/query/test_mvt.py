"""Points are written as PostGIS writes them: ST_AsMVT is the oracle of every byte that means something."""

import mapbox_vector_tile
import pytest
from hypothesis import given, strategies as st
from sqlalchemy import BigInteger, Double, Integer, Text, column, func, literal_column, null, select, values

from geodata.query.mvt import EXTENT, Records, as_records, point_layer
from tests.examples import examples

#: A tile of zoom 9 above the city: its north-western corner and its side, metres of EPSG:3857.
CORNER, SIZE_M = (11818999.45, 2387209.98), 78271.517
UNIT_M = SIZE_M / EXTENT
#: Eighths of a unit, with the buffer. Two points at one latitude would be drawn in any order.
_EIGHTHS = st.integers(-128 * 8, (EXTENT + 128) * 8)
_POINT = st.fixed_dictionaries({
    "id": st.integers(1, 2**53),
    "c": st.integers(0, 3) | st.integers(0, 2000),
    "east": _EIGHTHS,
    "south": _EIGHTHS,
    "n": st.just(1) | st.integers(1, 2**31 - 1),
    "t": st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=200) | st.just("Chợ Đổng"),
})  # fmt: skip


def _rows(drawn):
    columns = [column(name, kind) for name, kind in (
        ("id", BigInteger), ("c", Integer), ("x", Double), ("y", Double), ("n", Integer), ("t", Text)
    )]  # fmt: skip
    told = [
        (
            each["id"],
            each["c"],
            CORNER[0] + each["east"] * UNIT_M / 8,
            CORNER[1] - each["south"] * UNIT_M / 8,
            each["n"],
            each["t"],
        )
        for each in drawn
    ]
    return values(*columns, name="points").data(told)


def _oracle(session, rows, own, order):
    """Return what PostGIS writes of the same rows."""
    units = [(rows.c.x - CORNER[0]) / UNIT_M, (CORNER[1] - rows.c.y) / UNIT_M]
    place = func.ST_MakePoint(*(func.round(unit) for unit in units)).label("geom")
    drawn = select(rows.c.id, rows.c.c, place, *own).order_by(rows.c.c.desc(), order).subquery("drawn")
    written = select(func.ST_AsMVT(literal_column("drawn"), "sites", EXTENT, "geom", "id")).select_from(drawn)
    return bytes(session.scalar(written))


def _own(session, rows, *, are_merged):
    points, labels = session.execute(select(*as_records(rows))).one()
    records = Records(points=points, labels=labels, are_merged=are_merged)
    return point_layer("sites", records, corner=CORNER, size_m=SIZE_M)


def _decoded(content):
    layers = mapbox_vector_tile.decode(content, default_options={"y_coord_down": True})
    return layers["sites"]


@examples(30, heavy=500)
@given(drawn=st.lists(_POINT, min_size=1, max_size=40, unique_by=(lambda each: each["id"], lambda each: each["south"])))
@pytest.mark.parametrize("form", ["plain", "merged", "labelled"])
def test_points_are_written_as_postgis_writes_them(session, form, drawn):
    all_rows = _rows(drawn)
    own = {"plain": [], "merged": [func.nullif(all_rows.c.n, 1).label("n")], "labelled": [all_rows.c.t]}[form]
    names = ["id", "c", "x", "y", *{"plain": [], "merged": ["n"], "labelled": ["t"]}[form]]
    rows = select(*(all_rows.c[name] for name in names)).subquery("rows")
    order = all_rows.c.y.desc() if form == "merged" else all_rows.c.id
    written = _own(session, rows, are_merged=form == "merged")
    assert _decoded(written) == _decoded(_oracle(session, all_rows, own, order))


def test_no_points_are_no_records(session):
    nothing = select(_rows([{"id": 1, "c": 0, "east": 0, "south": 0, "n": 1, "t": ""}])).where(null().is_not(null()))
    assert session.execute(select(*as_records(nothing.subquery("rows")))).one() == (None, None)
