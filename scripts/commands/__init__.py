"""The subcommands of ./scripts/manage, one module each.

To add one: write `scripts/commands/NAME.py` with

    def configure(parser: argparse.ArgumentParser) -> None: ...   # its arguments
    def run(arguments: argparse.Namespace) -> int: ...            # does it, returns the exit code

and add its line to COMMANDS below. Only the module that is asked for is imported. When `run` is called, DATABASE_URL
is set and the database answers; `database_session()` of scripts.cluster.session opens a session. GeodataError and Failure
become one sentence and exit code 1; for other codes return a number. Results go to stdout, progress to stderr.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A subcommand: its name, its module and what it does in one line."""

    name: str
    module: str
    help: str
    needs_schema: bool = True
    """Whether the newest schema must be there first (restore wants an empty database)."""
    needs_database: bool = True
    """Whether it looks at the database at all."""


COMMANDS: tuple[Command, ...] = (
    Command("user", "scripts.commands.user", "tài khoản: add, list, disable, password (accounts)"),
    Command("token", "scripts.commands.access_token", "mã truy cập cá nhân: add, list, revoke (personal tokens)"),
    Command("demo", "scripts.commands.demo", "nạp dữ liệu minh họa nếu chưa có (load the demo data)"),
    Command("import", "scripts.commands.importing", "nhập một tệp vào một lớp (import a file)"),
    Command("undo", "scripts.commands.undo", "hoàn tác một lần nhập hoặc sửa (revert one change set)"),
    Command("history", "scripts.commands.history", "các lần thay đổi (list change sets)"),
    Command("export", "scripts.commands.export", "xuất một lớp ra tệp (export a layer)"),
    Command("tiles", "scripts.commands.tiles", "các ô bản đồ công khai ra tệp: export (public tiles as files)"),
    Command("check", "scripts.commands.check", "kiểm tra bản đồ đang chạy (look at a running installation)"),
    Command("basemap", "scripts.commands.basemap", "nền bản đồ từ một bản trích OpenStreetMap (a ground of our own)"),
    Command("grid", "scripts.commands.grid", "lưới 110 kV: mang tải, N-1, khả năng nhận tải (grid headroom)"),
    Command("indicators", "scripts.commands.indicators", "chỉ tiêu theo tháng: import, export (monthly indicators)"),
    Command("paper", "scripts.commands.paper", "báo cáo của Sở ra tệp; paper list (papers of the department)"),
    Command("backup", "scripts.commands.backup", "sao lưu vào một tệp (consistent dump)", needs_schema=False),
    Command("restore", "scripts.commands.restore", "khôi phục vào cơ sở dữ liệu trống (restore)", needs_schema=False),
    Command(
        "restore-test",
        "scripts.commands.restore_test",
        "thử khôi phục một bản sao lưu (try a backup)",
        needs_database=False,
    ),
)
