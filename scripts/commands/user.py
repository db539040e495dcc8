"""Accounts by command line: add, list, disable, enable, role, areas, password."""

import argparse
import sys

from geodata.accounts import accounts
from geodata.accounts.scopes import limit_user
from geodata.layers import LAYERS
from scripts.base.console import Exit, Failure, announce
from scripts.cluster.session import database_session


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `user`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="thêm tài khoản (add an account)")
    add.add_argument("name")
    add.add_argument("--role", required=True, help="planner, inspector, leader, gis, admin")
    add.add_argument("--password-stdin", action="store_true", required=True, help="đọc mật khẩu từ stdin")
    actions.add_parser("list", help="liệt kê (list)")
    enable = actions.add_parser("enable", help="mở lại (enable again)")
    enable.add_argument("name")
    role = actions.add_parser("role", help="đổi vai trò (change the role)")
    role.add_argument("name")
    role.add_argument("role")
    areas = actions.add_parser("areas", help="giới hạn cán bộ quy hoạch theo địa bàn (limit a planner to areas)")
    areas.add_argument("name")
    areas.add_argument(
        "areas", nargs="*", metavar="unit=CODE", help="không ghi gì: toàn thành phố (none: the whole city)"
    )
    disable = actions.add_parser("disable", help="khóa, kết thúc mọi phiên (disable, ends sessions)")
    disable.add_argument("name")
    password = actions.add_parser("password", help="đổi mật khẩu (change the password)")
    password.add_argument("name")
    password.add_argument("--password-stdin", action="store_true", required=True, help="đọc mật khẩu từ stdin")


def run(arguments: argparse.Namespace) -> int:
    """Do one action and say what was done."""
    with database_session() as session:
        if arguments.action == "list":
            for user in accounts.list_users(session):
                state = "khóa (disabled)" if user.disabled_at else "mở (enabled)"
                announce(f"{user.name}\t{user.role}\t{state}")
            return 0
        if arguments.action == "add":
            accounts.create_user(session, name=arguments.name, role=arguments.role, password=read_password())
            done = f"Đã thêm {arguments.name} với vai trò {arguments.role} (added)"
        elif arguments.action == "disable":
            accounts.disable_user(session, arguments.name)
            done = f"Đã khóa {arguments.name} (disabled)"
        elif arguments.action == "enable":
            accounts.enable_user(session, arguments.name)
            done = f"Đã mở lại {arguments.name} (enabled)"
        elif arguments.action == "role":
            accounts.set_role(session, arguments.name, arguments.role)
            done = f"Vai trò của {arguments.name} là {arguments.role} (role changed)"
        elif arguments.action == "areas":
            limit_user(session, LAYERS, arguments.name, arguments.areas)
            done = f"Địa bàn của {arguments.name}: {', '.join(arguments.areas) or 'toàn thành phố'} (areas changed)"
        else:
            accounts.set_password(session, arguments.name, read_password())
            done = f"Đã đổi mật khẩu của {arguments.name} (password changed)"
        session.commit()
    announce(done)
    return 0


def read_password() -> str:
    """Return the first line of stdin; a password on the command line would show in the process list."""
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise Failure(Exit.ERROR, "Không có mật khẩu ở đầu vào chuẩn", "no password on standard input")
    return password
