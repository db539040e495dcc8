"""Import a file into a layer: preview, then store, with the exit codes and the JSON that other programs rely on."""

from __future__ import annotations

import argparse
import getpass
import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.console import Exit, Failure, announce, say
from scripts.session import database_session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geodata.importing import ImportOptions, ImportReport
    from geodata.importing.preview import Preview

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
    "columns": "--map FIELD=“{value}”",
}  # fmt: skip


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `import`."""
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="một hay nhiều tệp (one or more files)")
    parser.add_argument("--layer", required=True, help="lớp nhận dữ liệu (the layer)")
    parser.add_argument("--source-layer", help="lớp trong tệp, khi tệp có nhiều lớp (layer of the file)")
    parser.add_argument("--crs", help="hệ tọa độ của tệp, ví dụ EPSG:9210 (CRS of the file)")
    parser.add_argument("--encoding", help="bảng mã: utf-8, tcvn3, vni, cp1258, viqr")
    parser.add_argument("--swap-axes", action="store_true", help="đổi chỗ X và Y (exchange X and Y)")
    parser.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", help="trường lấy từ cột nào")
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="một giá trị cho mọi dòng")
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
    from geodata.errors import GeodataError
    from webmap.i18n import translate_error

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
    from geodata.import_memory import last_like, taken_over, with_remembered
    from geodata.importing import commit_import, preview_import
    from geodata.importing.indexes import without_indexes
    from geodata.layers import LAYERS

    options = options_of(arguments)
    kind = LAYERS.get(arguments.layer)
    if not path.is_file():
        raise Failure(Exit.ERROR, f"Không có tệp {path}", "no such file")
    with database_session() as session:
        say(f"Đang đọc {path.name}", "reading")
        preview = preview_import(session, kind, path, options)
        remembered: dict[str, Any] | None = None
        last = last_like(session, preview) if arguments.remembered or preview.report.question else None
        if last is not None and (again := with_remembered(session, preview, path, last)):
            remembered = {**taken_over(preview, again, last), "used": arguments.remembered}
            preview = again if arguments.remembered else preview
        preview = replace(preview, report=preview.report.replaced(remembered=remembered))
        report = preview.report
        if not arguments.dry_run and report.status in {"ok", "partial"}:
            say("Đang ghi vào cơ sở dữ liệu", "storing")
            with without_indexes(session, kind, report.counts.new):
                report = commit_import(session, preview, user_name=user_name(), accept_partial=arguments.accept_partial)
    if arguments.rejected and report.counts.rejected:
        write_back(preview, arguments.rejected)
    if arguments.json:
        return EXIT_CODES[report.status], json.dumps(report.as_json(vietnamese), ensure_ascii=False, allow_nan=False)
    return EXIT_CODES[report.status], "\n".join(describe(report, dry_run=arguments.dry_run))


def write_back(preview: Preview, path: Path) -> None:
    """Write the rejected rows like the file they came from when `path` has its ending, else as CSV."""
    from geodata.importing.rejected import write_rejected
    from geodata.importing.results import Text
    from geodata.importing.returned import keep_rejected, write_returned

    def say(kept: Mapping[str, Any]) -> str:
        return Text(template=kept["template"], details=kept["details"]).say(vietnamese)

    with tempfile.TemporaryDirectory() as name:
        kept = Path(name) / "kept.json"
        if path.suffix.lower() == ".csv" or not keep_rejected(preview, kept):
            write_rejected(preview, path, vietnamese)
            return
        (folder := Path(name) / "back").mkdir()
        written = write_returned(kept, folder, path.stem, say)
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
        source_layer=arguments.source_layer,
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
    from webmap.i18n import translate

    return translate(text, "vi")


def describe(report: ImportReport, *, dry_run: bool) -> list[str]:
    """Return what a person wants to read about an import."""
    counts = report.counts
    lines = [
        (
            f"{report.file_name} → {report.layer}: đọc {counts.read}, mới {counts.new}, thay đổi {counts.changed}, giữ nguyên {counts.unchanged}, "
            f"không có trong tệp {counts.absent}, bị loại {counts.rejected}"
        )
    ]
    if report.crs.value:
        lines.append(f"Hệ tọa độ: {report.crs.value} ({report.crs.source}); phép chuyển: {report.operation}")
    if report.encoding and report.encoding.value:
        lines.append(f"Bảng mã: {report.encoding.value} ({report.encoding.source})")
    if report.mapping:
        lines.append("Cột: " + ", ".join(f"{field} ← {column}" for field, column in report.mapping.items()))
    taken = [item for item in report.matches if item["decision"]]
    if taken:
        pairs_ = ", ".join(f"dòng {item['row']} = {item['decision']}" for item in taken[:20])
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
    from geodata.importing.likeness import MATCH

    if report.question is None:
        return []
    lines = ["Cần trả lời trước khi nhập:"]
    for choice in report.question.choices:
        answer = ANSWERS[report.question.about].format(value=choice.value)
        answer = "--take-matches" if choice.value == MATCH else answer
        lines.append(f"  {answer}: {choice.why.say(vietnamese)}")
        lines += [f"      {sample}" for sample in choice.samples]
    return lines


def remembered_lines(report: ImportReport) -> list[str]:
    """Return which answers were given about an earlier file with the same columns, and whether they were used."""
    found = report.remembered
    if found is None:
        return []
    answers = ", ".join(f"{name}={value}" for name, value in found["answers"].items())
    source = f"lần nhập {found['import_id']} ({found['file_name']}, {found['at'][:10]}, {found['user']})"
    if found["used"]:
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
