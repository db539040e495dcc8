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
    from geodata.layers import LAYERS

    if _is_of_indicators(arguments.import_id):
        return _undo_indicators(arguments)
    with database_session() as session:
        report = undo(session, arguments.import_id, LAYERS, user_name=user_name())
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


def _is_of_indicators(number: str) -> bool:
    from geodata.history.change_sets import get_change_set
    from geodata.statistics.figure_changes import SUBJECT

    with database_session() as session:
        return get_change_set(session, number).layer == SUBJECT


def _undo_indicators(arguments: argparse.Namespace) -> int:
    """Take figures of indicators back, and say which were changed again since and stay."""
    from geodata.statistics.figure_changes import take_back

    with database_session() as session:
        undoing, kept = take_back(session, int(arguments.import_id), by=user_name())
        session.commit()
        told = {
            "undo_id": str(undoing.id), "import_id": arguments.import_id, "layer": undoing.layer, "counts": dict(undoing.counts),
            "kept": [{"code": one.code, "period": f"{one.key.period:%Y-%m}", "version": one.key.version.value} for one in kept],
        }  # fmt: skip
    if arguments.json:
        announce(json.dumps(told, ensure_ascii=False))
        return 0
    announce(f"Đã hoàn tác {told['counts']['cells']} số liệu của chỉ tiêu (lần thay đổi {told['undo_id']})")
    for one in kept:
        announce(f"  giữ nguyên {one.code} {one.key.period:%m/%Y}: đã sửa lại sau đó")
    return 0
