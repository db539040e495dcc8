"""Personal tokens by command line: add, list, revoke."""

import argparse
import json
from collections.abc import Sequence

from geodata.accounts import tokens
from scripts.base.console import announce
from scripts.cluster.session import database_session


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `token`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="cấp mã truy cập, in ra một lần (add; prints the secret once)")
    add.add_argument("user")
    add.add_argument("--name", required=True, help="dùng vào việc gì (what it is for)")
    add.add_argument("--write", action="store_true", help="được ghi, không chỉ đọc (may write)")
    add.add_argument("--days", type=int, default=tokens.DAYS, help="số ngày hiệu lực (days of validity)")
    listing = actions.add_parser("list", help="liệt kê (list)")
    listing.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    revoke = actions.add_parser("revoke", help="thu hồi (revoke)")
    revoke.add_argument("id", type=int)


def run(arguments: argparse.Namespace) -> int:
    """Do one action and say what was done."""
    with database_session() as session:
        if arguments.action == "add":
            _, secret = tokens.add_token(
                session, arguments.user, name=arguments.name, can_write=arguments.write, days=arguments.days
            )
            session.commit()
            announce(secret)
        elif arguments.action == "revoke":
            tokens.revoke_token(session, arguments.id)
            session.commit()
            announce(f"Đã thu hồi mã truy cập {arguments.id} (revoked)")
        else:
            _list(tokens.list_tokens(session), as_json=arguments.json)
    return 0


def _list(found: Sequence[tuple[tokens.AccessToken, str]], *, as_json: bool) -> None:
    rows = [
        {
            "id": str(token.id),
            "user": owner,
            "name": token.name,
            "write": token.can_write,
            "expires_at": token.expires_at.isoformat(),
            "last_used_at": token.last_used_at.isoformat() if token.last_used_at else None,
        }
        for token, owner in found
    ]
    if as_json:
        announce(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        mode = "ghi (write)" if row["write"] else "đọc (read)"
        announce(
            f"{row['id']}\t{row['user']}\t{row['name']}\t{mode}\t{row['expires_at']}\t{row['last_used_at'] or '-'}"
        )
