"""Import a file into a layer: preview, then store, with the exit codes and the JSON that other programs rely on."""

from __future__ import annotations

import argparse
import getpass
import json
import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.base.console import Exit, Failure, announce, say
from scripts.cluster.session import database_session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geodata.importing import ImportOptions, ImportReport
    from geodata.importing.preview import Preview
    from geodata.importing.results import TakenOver

#: Exit codes by the report's status.
EXIT_CODES = {"ok": 0, "partial": 3, "ask": 4, "refused": 5}
#: Of several files the first of these codes that occurs.
WORST_FIRST = (1, 5, 4, 3, 0)
#: What lies beside a .shp, .tab or .mif and is read with it.
PARTS = frozenset(
    {".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qpj", ".dat", ".map", ".id", ".ind", ".mid"}
)
#: Problems written out for people; --json lists more.
SHOWN_PROBLEMS = 40
#: How a question is answered on the command line.
ANSWERS = {
    "crs": "--crs {value}", "axes": "--swap-axes", "encoding": "--encoding {value}", "layer": "--source-layer “{value}”",
    "columns": "--map FIELD=“{value}”", "header": "--header-row {value}", "dates": "--dates {value}",
}  # fmt: skip


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `import`."""
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="một hay nhiều tệp (one or more files)")
    parser.add_argument("--layer", required=True, help="lớp nhận dữ liệu (the layer)")
    parser.add_argument(
        "--detail",
        help="dữ liệu kèm theo đối tượng của lớp, ví dụ transformers (rows that hang on the layer's objects)",
    )
    parser.add_argument("--source-layer", help="lớp trong tệp, khi tệp có nhiều lớp (layer of the file)")
    parser.add_argument("--header-row", metavar="N", help="dòng tiêu đề của bảng, ví dụ 6 hoặc 3-4 (row of the header)")
    parser.add_argument(
        "--coordinates",
        metavar="lon=CỘT,lat=CỘT",
        help="các cột tọa độ: lon=,lat= | x=,y= | pair= | wkt= [,corner=]; none: tệp không có tọa độ (columns of places)",
    )
    parser.add_argument("--dates", choices=("dmy", "mdy"), help="ngày trước (dmy) hay tháng trước (mdy)")
    parser.add_argument("--crs", help="hệ tọa độ của tệp, ví dụ EPSG:9210 (CRS of the file)")
    parser.add_argument("--encoding", help="bảng mã: utf-8, tcvn3, vni, cp1258, viqr")
    parser.add_argument("--swap-axes", action="store_true", help="đổi chỗ X và Y (exchange X and Y)")
    parser.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", help="trường lấy từ cột nào")
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="một giá trị cho mọi dòng")
    parser.add_argument(
        "--value",
        action="append",
        default=[],
        metavar="FIELD:CELL=VALUE",
        help="một ô ghi như vậy nghĩa là giá trị nào",
    )
    parser.add_argument("--mode", default="upsert", help="upsert, append, replace")
    parser.add_argument(
        "--accept-partial", action="store_true", help="lưu cả khi có dòng bị loại (store the good rows)"
    )
    parser.add_argument(
        "--take-matches",
        action="store_true",
        help="dòng không rõ mã mà chỉ giống một đối tượng đã có (tên, vị trí) thì lấy mã của nó (same name and place)",
    )
    parser.add_argument(
        "--match", action="append", default=[], metavar="ROW=CODE", help="dòng này là đối tượng có mã này; ROW= là mới"
    )
    parser.add_argument(
        "--remembered",
        action="store_true",
        help="dùng lại câu trả lời của lần nhập trước cho tệp có cùng các cột (answers of the last such file)",
    )
    parser.add_argument("--dry-run", action="store_true", help="chỉ xem trước (preview only)")
    parser.add_argument(
        "--rejected", type=Path, help="ghi các dòng bị loại kèm lý do, cùng loại tệp hoặc CSV (rejected rows)"
    )
    parser.add_argument("--json", action="store_true", help="in kết quả dạng JSON")


def run(arguments: argparse.Namespace) -> int:
    """Preview and, unless told otherwise, store each file; the exit code is the worst one."""
    files = whole_files(arguments.files)
    if arguments.rejected and len(files) > 1:
        raise Failure(Exit.ERROR, "--rejected chỉ dùng với một tệp", "--rejected takes one file")
    if len(files) == 1:
        code, answer = import_file(arguments, files[0])
        announce(answer)
        return code
    codes, answers = [], []
    for path in files:
        code, answer = import_or_explain(arguments, path)
        codes.append(code)
        answers.append(answer)
    announce(f"[{', '.join(answers)}]" if arguments.json else "\n\n".join(answers))
    return next(code for code in WORST_FIRST if code in codes)


def whole_files(paths: Sequence[Path]) -> list[Path]:
    """Return the files without the parts that belong to a .shp, .tab or .mif among them."""
    mains = {path.with_suffix("") for path in paths if path.suffix.lower() in {".shp", ".tab", ".mif"}}
    return [path for path in paths if path.suffix.lower() not in PARTS or path.with_suffix("") not in mains]


def import_or_explain(arguments: argparse.Namespace, path: Path) -> tuple[int, str]:
    """Import one of several files; what goes wrong with it does not keep the others from being imported."""
    from geodata.base.errors import GeodataError
    from webmap.app.i18n import translate_error

    try:
        return import_file(arguments, path)
    except GeodataError as error:
        message = translate_error(error, "vi")
    except Failure as failure:
        message = str(failure)
    if arguments.json:
        problem = {"status": "error", "import_id": None, "layer": arguments.layer, "file_name": path.name}
        return Exit.ERROR, json.dumps({**problem, "message": message}, ensure_ascii=False)
    return Exit.ERROR, f"{path.name}: {message}"


def import_file(arguments: argparse.Namespace, path: Path) -> tuple[int, str]:
    """Preview and store one file; return the exit code and what to print."""
    from geodata.importing import commit_import, preview_import
    from geodata.importing.sessions.memory import last_like, taken_over, with_remembered
    from geodata.importing.storing.indexes import without_indexes
    from geodata.layers import LAYERS

    options = options_of(arguments)
    kind = LAYERS.get(arguments.layer)
    if not path.is_file():
        raise Failure(Exit.ERROR, f"Không có tệp {path}", "no such file")
    with database_session() as session:
        say(f"Đang đọc {path.name}", "reading")
        preview = preview_import(session, kind, path, options)
        remembered: TakenOver | None = None
        last = last_like(session, preview) if arguments.remembered or preview.report.question else None
        if last is not None and (again := with_remembered(session, preview, path, last, registry=LAYERS)):
            remembered = taken_over(preview, again, last, used=arguments.remembered)
            preview = again if arguments.remembered else preview
        preview = replace(preview, report=replace(preview.report, remembered=remembered))
        report = preview.report
        if not arguments.dry_run and report.status in {"ok", "partial"}:
            say("Đang ghi vào cơ sở dữ liệu", "storing")
            with without_indexes(session, kind, 0 if options.detail else report.counts.new):
                report = commit_import(session, preview, user_name=user_name(), accept_partial=arguments.accept_partial)
    if arguments.rejected and report.counts.rejected:
        write_back(preview, arguments.rejected)
    if arguments.json:
        told = {**report.as_json(vietnamese), "undecided": [vars(item) for item in undecided(preview)]}
        return EXIT_CODES[report.status], json.dumps(told, ensure_ascii=False, allow_nan=False)
    lines = describe(report, dry_run=arguments.dry_run)
    return EXIT_CODES[report.status], "\n".join([*lines[:-1], *undecided_lines(preview), *lines[-1:]])


def write_back(preview: Preview, path: Path) -> None:
    """Write the rejected rows like the file they came from when `path` has its ending, else as CSV."""
    from geodata.importing.sessions.rejected import write_rejected
    from geodata.importing.sessions.returned import keep_rejected, write_returned

    with tempfile.TemporaryDirectory() as name:
        kept = Path(name) / "kept.json"
        if path.suffix.lower() == ".csv" or not keep_rejected(preview, kept):
            write_rejected(preview, path, vietnamese)
            return
        (folder := Path(name) / "back").mkdir()
        written = write_returned(kept, folder, path.stem, lambda text: text.say(vietnamese))
        if written.suffix == path.suffix.lower():
            shutil.move(written, path)
        else:
            write_rejected(preview, path, vietnamese)


def options_of(arguments: argparse.Namespace) -> ImportOptions:
    """Return the options of the command line. Raises Failure."""
    from geodata.importing import ImportOptions, Mode

    try:
        mode = Mode(arguments.mode)
    except ValueError:
        raise Failure(Exit.ERROR, "--mode phải là upsert, append hoặc replace", "unknown mode") from None
    return ImportOptions(
        detail=arguments.detail,
        source_layer=arguments.source_layer,
        header_row=arguments.header_row,
        coordinates=coordinates_of(arguments.coordinates),
        dates=arguments.dates,
        values=values_of(arguments.value),
        crs=arguments.crs,
        encoding=arguments.encoding,
        swap_axes=arguments.swap_axes,
        mapping=pairs("--map", arguments.map),
        constants=pairs("--set", arguments.set),
        mode=mode,
        matches=matches_of(arguments.match),
        match=bool(arguments.match),
        take_matches=arguments.take_matches,
    )


def pairs(option: str, words: Sequence[str]) -> dict[str, str]:
    """Return name=value words as a dictionary. Raises Failure."""
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.strip():
            raise Failure(Exit.ERROR, f"{option} cần dạng TÊN=GIÁ_TRỊ, không phải “{word}”", "write NAME=VALUE")
        found[name.strip()] = value.strip()
    return found


def coordinates_of(words: str | None) -> dict[str, str]:
    """Return what -> column of the words of --coordinates. Raises Failure."""
    from geodata.importing.understanding.locations import ANSWERS

    if words is None:
        return {}
    if words.strip() == "none":
        return {"none": ""}
    parts = re.split(rf",\s*(?=(?:{'|'.join(sorted(ANSWERS))})=)", words)
    found = pairs("--coordinates", parts)
    if unknown := set(found) - ANSWERS:
        raise Failure(
            Exit.ERROR, f"--coordinates không có “{sorted(unknown)[0]}”", f"one of {', '.join(sorted(ANSWERS))}"
        )
    return found


def values_of(words: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return field -> cell -> value of the words of --value. Raises Failure."""
    found: dict[str, dict[str, str]] = {}
    for word in words:
        field, colon, rest = word.partition(":")
        cell, equals, value = rest.rpartition("=")
        if not (colon and equals and field.strip() and cell.strip()):
            raise Failure(
                Exit.ERROR, f"--value cần dạng TRƯỜNG:Ô=GIÁ_TRỊ, không phải “{word}”", "write FIELD:CELL=VALUE"
            )
        found.setdefault(field.strip(), {})[cell.strip()] = value.strip()
    return found


def matches_of(words: Sequence[str]) -> dict[int, str]:
    """Return row -> code of the words of --match. Raises Failure."""
    found = pairs("--match", words)
    if bad := [row for row in found if not (row.isascii() and row.isdigit())]:
        raise Failure(Exit.ERROR, f"--match cần số dòng, không phải “{bad[0]}”", "write ROW=CODE")
    return {int(row): code for row, code in found.items()}


def user_name() -> str:
    """Return who runs the command, for the history."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return "cli"


def vietnamese(text: str) -> str:
    """Return a text in Vietnamese where the catalogue has it."""
    from webmap.app.i18n import translate

    return translate(text, "vi")


def describe(report: ImportReport, *, dry_run: bool) -> list[str]:
    """Return what a person wants to read about an import."""
    counts = report.counts
    lines = [
        (
            f"{report.file_name} → {report.layer}{f' / {report.detail}' if report.detail else ''}: đọc {counts.read}, mới {counts.new}, thay đổi {counts.changed}, giữ nguyên {counts.unchanged}, "
            f"không có trong tệp {counts.absent}, bị loại {counts.rejected}"
        )
    ]
    if report.crs.value:
        lines.append(f"Hệ tọa độ: {report.crs.value} ({report.crs.source}); phép chuyển: {report.operation}")
    if report.encoding and report.encoding.value:
        lines.append(f"Bảng mã: {report.encoding.value} ({report.encoding.source})")
    if report.mapping:
        lines.append("Cột: " + ", ".join(f"{field} ← {column}" for field, column in report.mapping.items()))
    taken = [item for item in report.matches if item.decision]
    if taken:
        pairs_ = ", ".join(f"dòng {item.row} = {item.decision}" for item in taken[:20])
        lines.append(f"Nhận ra theo tên và vị trí: {len(taken)} dòng ({pairs_}{', …' if len(taken) > 20 else ''})")
    for item in report.problems[:SHOWN_PROBLEMS]:
        where = f"dòng {item.row}" if item.row else "tệp"
        hint = f" {item.suggestion.say(vietnamese)}" if item.suggestion else ""
        lines.append(
            f"  {item.severity.value} {item.code} ({where}{', ' + item.field if item.field else ''}): {item.text.say(vietnamese)}{hint}"
        )
    rest = len(report.problems) - SHOWN_PROBLEMS + report.problems_omitted
    if rest > 0:
        lines.append(f"  … và {rest} lỗi nữa")
    lines += question_lines(report)
    lines += remembered_lines(report)
    lines.append(outcome(report, dry_run=dry_run))
    return lines


def question_lines(report: ImportReport) -> list[str]:
    """Return the question with its answers, ready to be typed."""
    from geodata.importing.details import PARENT, detail_of
    from geodata.importing.storing.likeness import MATCH
    from geodata.layers import LAYERS

    if report.question is None:
        return []
    kind = LAYERS.get(report.layer)
    detail = detail_of(kind, report.detail) if report.detail else None
    field_names = {PARENT, *(field.name for field in (detail or kind).fields())}
    lines = ["Cần trả lời trước khi nhập:"]
    for choice in report.question.choices:
        answer = ANSWERS[report.question.about].format(value=choice.value)
        answer = "--take-matches" if choice.value == MATCH else answer
        answer = f"--coordinates “{choice.value}”" if _is_places(report.question.about, choice.value) else answer
        name, equals, _ = choice.value.partition("=")
        is_pair = report.question.about == "columns" and bool(equals) and name in field_names
        answer = f"--map “{choice.value}”" if is_pair else answer
        lines.append(f"  {answer}: {choice.why.say(vietnamese)}")
        lines += [f"      {sample}" for sample in choice.samples]
    if report.question.about == "columns":
        missing = [item.field for item in report.problems if item.code == "missing_field" and item.field]
        lines += [f"  --set {name}=…: một giá trị cho mọi dòng, nếu tệp không có cột đó" for name in missing]
    return lines


def _is_places(about: str, value: str) -> bool:
    return about == "columns" and (value == "none" or re.match(r"x=.*,y=", value) is not None)


@dataclass(frozen=True, kw_only=True)
class Undecided:
    """Cells of a field that are none of its values, and what may be said instead."""

    field: str
    cells: list[str]
    allowed: list[str]


def undecided(preview: Preview) -> list[Undecided]:
    """Return the cells that are none of their field's values and have not been answered, with what may be said."""
    from geodata.importing.preview import unknown_values

    found = []
    for name, cells in unknown_values(preview).items():
        field, answered = preview.filled.field(name), preview.options.values.get(name, {})
        allowed = list(field.values.labels()) if field is not None and field.values is not None else []
        if left := [cell for cell in cells if cell not in answered]:
            found.append(Undecided(field=name, cells=left, allowed=allowed))
    return found


def undecided_lines(preview: Preview) -> list[str]:
    """Return the values that no field knows, with the option that says what they mean and what may be said."""
    lines = []
    for item in undecided(preview):
        allowed = "|".join(item.allowed)
        lines += [f"  --value “{item.field}:{cell}=…”: chọn một trong {allowed}" for cell in item.cells]
    return ["Giá trị chưa rõ nghĩa (các dòng này bị loại nếu không trả lời):", *lines] if lines else []


def remembered_lines(report: ImportReport) -> list[str]:
    """Return which answers were given about an earlier file with the same columns, and whether they were used."""
    found = report.remembered
    if found is None:
        return []
    answers = ", ".join(f"{name}={value}" for name, value in found.answers.items())
    source = f"lần nhập {found.import_id} ({found.file_name}, {found.at[:10]}, {found.user})"
    if found.used:
        return [f"Dùng lại câu trả lời của {source}: {answers}"]
    return [f"Tệp có cùng các cột ở {source} đã được trả lời: {answers}. Dùng lại bằng --remembered."]


def outcome(report: ImportReport, *, dry_run: bool) -> str:
    """Return the last line: what was stored."""
    if report.status == "refused":
        return f"Từ chối ({report.reason}): {report.reason_text.say(vietnamese) if report.reason_text else ''}"
    if report.status == "ask":
        return "Chưa lưu gì."
    if report.import_id is None:
        return (
            "Xem trước, chưa lưu gì."
            if dry_run
            else "Chưa lưu gì: có dòng bị loại; sửa tệp hoặc thêm --accept-partial."
        )
    return f"Đã lưu, lần nhập số {report.import_id}; hoàn tác bằng ./scripts/manage undo {report.import_id}"
