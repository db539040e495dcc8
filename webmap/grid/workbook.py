"""The network's results as a workbook, a sheet for each table. Vietnamese, as the papers are."""

from collections.abc import Mapping, Sequence
from typing import IO, Any

from geodata.base.workbook import About, Table, write_workbook
from geodata.grid.consumers import Supply
from geodata.grid.documents import StudyDocument
from webmap.grid.sheets import INDICATIVE, SCENARIOS, in_vietnamese
from webmap.grid.words import PARAMETERS, names_of, outage_rows, overload_rows, station_rows


def write_grid_workbook(
    document: StudyDocument,
    committed: Mapping[str, tuple[float, float]],
    supplies: Sequence[Supply],
    file: IO[bytes],
    *,
    computed: str,
    about: About | None = None,
) -> None:
    """Write stations, circuits, overloads, outages, clusters and assumptions, a sheet each."""
    heading = (
        f"{document['year']} · {in_vietnamese(SCENARIOS[document['scenario']])} · tính ngày {computed} · {INDICATIVE}"
    )
    tables = [
        Table(name=title, title=heading, heads=heads, rows=rows, decimals="#,##0.0##")
        for title, (heads, rows) in _tables(document, committed, supplies).items()
    ]
    write_workbook(file, tables, about)


def _tables(
    document: StudyDocument, committed: Mapping[str, tuple[float, float]], supplies: Sequence[Supply]
) -> dict[str, tuple[tuple[str, ...], list[list[Any]]]]:
    """Return title -> header and rows of each sheet."""
    names = names_of(document)
    stations = station_rows(document, committed)
    return {
        "Trạm": (
            ("Mã", "Tên", "MW", "MBA %", "Sđ MVA", "Bảo đảm MVA", "N-0 MW", "N-1 MW", "Thỏa thuận MW", "Chờ MW", "Giới hạn"),
            [_cells(row, _STATION) for row in stations],
        ),
        "Mạch": (
            ("Mã", "Tên", "Từ", "Đến", "Mang tải %", "A", "MW", "Tổn thất MW"),
            [[row["code"], row["name"], names.of(row["from"]), names.of(row["to"]), *_cells(row, _FLOW)] for row in document["circuits"]],
        ),
        "Quá tải": (
            ("Phần tử", "Khi sự cố", "%", "pu"),
            [[names.of(r["element"]), names.of(r["outage"]), r["loading_percent"], r["vm_pu"]] for r in overload_rows(document)],
        ),
        "Sự cố": (
            ("Sự cố", "Mất điện MW", "Nặng nhất", "%", "Điện áp thấp nhất pu"),
            [
                [r["name"], r["unserved_mw"], r["worst_name"], r["worst"] and r["worst"]["loading_percent"], r["vm_min_pu"]]
                for r in outage_rows(document, 10_000)
            ],
        ),
        "Cụm công nghiệp": (
            ("Mã", "Tên", "Nhu cầu MW", "Trạm", "Đến năm", "Thiếu từ", "Thiếu MW"),
            [
                [s.consumer.code, s.consumer.name, s.consumer.need_mw, names.of(s.carrier), s.until, s.short_from, s.short_mw]
                for s in supplies
            ],
        ),
        "Giả định": (
            ("Đối tượng", "Thông số", "Giá trị", "Đơn vị"),
            [
                [names.of(row["object"]), in_vietnamese(PARAMETERS.get(row["parameter"], row["parameter"])), row["value"], in_vietnamese(row["unit"])]
                for row in document["assumed"]
            ],
        ),
    }  # fmt: skip


_STATION = (
    "code", "name", "load_mw", "transformer_loading_percent", "rated_mva", "firm_mva", "headroom_n0_mw",
    "headroom_n1_mw", "accepted_mw", "waiting_mw", "limit",
)  # fmt: skip
_FLOW = ("loading_percent", "current_a", "p_from_mw", "losses_mw")


def _cells(row: Mapping[str, object], names: Sequence[str]) -> list[object]:
    return [row[name] for name in names]
