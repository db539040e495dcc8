"""Revert one import or edit; later edits are kept and named."""

import argparse
import json

from scripts.base.console import announce
from scripts.cluster.session import database_session
from scripts.commands.importing import user_name, vietnamese


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `undo`."""
    parser.add_argument("import_id")
    parser.add_argument("--json", action="store_true", help="in kết quả dạng JSON")


def run(arguments: argparse.Namespace) -> int:
    """Undo, and say what was kept."""
    from geodata.history.undoing import undo

    with database_session() as session:
        report = undo(session, arguments.import_id, user_name=user_name())
    if arguments.json:
        announce(json.dumps(report.as_json(), ensure_ascii=False))
        return 0
    announce(
        f"Đã hoàn tác lần thay đổi {report.undoes_id} của lớp {report.layer}: khôi phục {report.restored}, xóa {report.removed}, "
        f"đưa lại {report.brought_back}, dòng kèm theo {report.hanging} (lần thay đổi {report.change_set_id})"
    )
    for edit in report.kept:
        announce(
            f"  giữ nguyên {edit.code}: {vietnamese(edit.reason)}{': ' + ', '.join(edit.fields) if edit.fields else ''}"
        )
    return 0
