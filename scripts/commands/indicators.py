"""Monthly indicators from a file, with what would change shown first; and the table that goes back in unchanged."""

import argparse
import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geodata.base.database import reading_all
from scripts.base.console import Exit, Failure, announce
from scripts.cluster.session import database_session
from scripts.commands.importing import user_name, vietnamese

if TYPE_CHECKING:
    from geodata.statistics.figure_changes import Cell
    from geodata.statistics.figure_files import FigureFile, Told

#: Exit codes as of `import`: stored (or would be), something is wrong in the file.
STORED, REFUSED = 0, 5
SHOWN = 60


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `indicators`."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    reading = verbs.add_parser("import", help="nhập tệp XLSX hoặc CSV (import a file)")
    reading.add_argument("file", type=Path)
    reading.add_argument("--sheet", help="trang tính, khi tệp có nhiều trang (sheet of the workbook)")
    reading.add_argument(
        "--numbers", choices=("unknown", "vietnamese", "english"), default="unknown",
        help="số viết 1.234,5 hay 1,234.5; mặc định theo tệp (how numbers in texts are written)",
    )  # fmt: skip
    reading.add_argument("--source", help="nguồn số liệu; mặc định tên tệp (where the figures are from)")
    reading.add_argument("--dry-run", action="store_true", help="chỉ xem những gì sẽ đổi (show the changes only)")
    reading.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    writing = verbs.add_parser("export", help="xuất ra XLSX hoặc CSV; nhập lại không đổi gì (export)")
    writing.add_argument("file", type=Path)


def run(arguments: argparse.Namespace) -> int:
    """Import or export."""
    return _import(arguments) if arguments.verb == "import" else _export(arguments.file)


def _import(arguments: argparse.Namespace) -> int:
    from geodata.base.numbers import NumberStyle
    from geodata.history.change_sets import ChangeKind
    from geodata.statistics.figure_changes import Origin, store_cells
    from geodata.statistics.figure_files import read_figures
    from geodata.statistics.indicators import list_series

    path: Path = arguments.file
    if not path.is_file():
        raise Failure(Exit.ERROR, f"Không có tệp {path}", "no such file")
    with database_session() as session:
        series = list_series(reading_all(session))
        read = read_figures(path, path.name, series, sheet=arguments.sheet, style=NumberStyle(arguments.numbers))
        made = None
        if not read.problems and not arguments.dry_run:
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            origin = Origin(
                by=user_name(), kind=ChangeKind.IMPORT, source=arguments.source or path.name, file_name=path.name, file_sha256=sha256
            )  # fmt: skip
            made = store_cells(session, read.changes, origin)
            session.commit()
        number = made.id if made else None
    if arguments.json:
        announce(json.dumps(_as_json(read, number), ensure_ascii=False))
    else:
        _tell(read, number, is_trial=arguments.dry_run)
    return REFUSED if read.problems else STORED


def _as_json(read: "FigureFile", number: int | None) -> dict[str, Any]:
    def told(one: "Told") -> dict[str, Any]:
        return {"row": one.row, "cell": one.cell, "message": _said(one)}

    def change(cell: "Cell") -> dict[str, Any]:
        return {
            "cell": cell.place, "code": cell.code, "period": f"{cell.month.period:%Y-%m}", "version": cell.month.version.value,
            "scenario": cell.month.scenario, "figure": cell.figure, "before": _number(cell.before), "after": _number(cell.value),
        }  # fmt: skip

    changes = read.changes
    return {
        "status": "refused" if read.problems else "ok", "import_id": str(number) if number else None,
        "counts": {"read": len(read.cells), "changed": len(changes), "unchanged": len(read.cells) - len(changes)},
        "changes": [change(cell) for cell in changes], "problems": [told(one) for one in read.problems],
        "oddities": [told(one) for one in read.oddities], "recognised": dict(read.facts),
    }  # fmt: skip


def _tell(read: "FigureFile", number: int | None, *, is_trial: bool) -> None:
    for one in read.problems:
        announce(f"  lỗi, dòng {one.row}, ô {one.cell}: {_said(one)}")
    for one in read.oddities:
        announce(f"  xem lại, dòng {one.row}, ô {one.cell}: {_said(one)}")
    for cell in read.changes[:SHOWN]:
        name = f"{cell.code} {cell.month.period:%m/%Y} {cell.month.version.value} {cell.month.scenario}".strip()
        announce(
            f"  ô {cell.place}: {name} {cell.figure}: {_number(cell.before) or '–'} → {_number(cell.value) or '–'}"
        )
    if len(read.changes) > SHOWN:
        announce(f"  … và {len(read.changes) - SHOWN} số liệu nữa")
    same = len(read.cells) - len(read.changes)
    if read.problems:
        announce("Không lưu gì: hãy sửa các lỗi trên rồi nhập lại.")
    elif is_trial:
        announce(f"Sẽ đổi {len(read.changes)} số liệu, giữ nguyên {same}; chưa lưu gì.")
    elif number is None:
        announce(f"Không có gì thay đổi; {same} số liệu như đang lưu.")
    else:
        announce(f"Đã lưu {len(read.changes)} số liệu, giữ nguyên {same} (lần thay đổi {number}; hoàn tác: manage undo {number})")  # fmt: skip


def _said(told: "Told") -> str:
    return told.message.say(vietnamese, lambda value: _number(value) or "")


def _number(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"


def _export(path: Path) -> int:
    from geodata.statistics.figure_files import figure_rows
    from geodata.statistics.indicators import list_series
    from webmap.statistics.figure_tables import as_csv, as_xlsx

    writers = {".xlsx": as_xlsx, ".csv": as_csv}
    if path.suffix.lower() not in writers:
        raise Failure(Exit.ERROR, "Tên tệp phải có đuôi .xlsx hoặc .csv", "the file must be .xlsx or .csv")
    with database_session() as session:
        rows = figure_rows(list_series(reading_all(session)))
    path.write_bytes(writers[path.suffix.lower()](rows))
    announce(f"Đã xuất {len(rows) - 1} dòng ra {path}")
    return 0
