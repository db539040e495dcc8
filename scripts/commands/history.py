"""List change sets, the latest first."""

import argparse
import json
from typing import Any

from scripts.base.console import announce
from scripts.cluster.session import database_session


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `history`."""
    parser.add_argument("--layer", help="chỉ một lớp (one layer only)")
    parser.add_argument("--limit", type=int, default=50)
    parser.add_argument("--json", action="store_true", help="in kết quả dạng JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print one line, or one JSON object, per change set."""
    from geodata.history.change_sets import list_change_sets

    with database_session() as session:
        found: list[dict[str, Any]] = [
            {
                "id": str(item.id),
                "kind": item.kind,
                "layer": item.layer,
                "user": item.user_name,
                "at": item.made_at.isoformat(),
                "file_name": item.file_name,
                "file_sha256": item.file_sha256,
                "crs": item.crs,
                "encoding": item.encoding,
                "counts": item.counts,
                "reason": item.reason,
                "proposed_by": item.proposed_by,
                "undoes": str(item.undoes_id) if item.undoes_id else None,
            }
            for item in list_change_sets(session, layer=arguments.layer, limit=arguments.limit)
        ]
    if arguments.json:
        announce(json.dumps(found, ensure_ascii=False))
        return 0
    for item in found:
        counts = " ".join(f"{name}={number}" for name, number in dict(item["counts"] or {}).items())
        what = f"undo {item['undoes']}" if item["undoes"] else item["kind"]
        announce(
            f"{item['id']}\t{item['at']}\t{item['layer']}\t{what}\t{item['user']}\t{item['file_name'] or ''}\t{counts}"
        )
    return 0
