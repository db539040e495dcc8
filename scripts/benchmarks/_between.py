"""What stands between people, web servers and database: nginx before the former, pgbouncer before the latter; unpacked, on loopback."""

import configparser
import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.base import locks
from scripts.base.paths import ROOT, VAR
from scripts.base.ports import free_port
from scripts.benchmarks import _packages
from scripts.benchmarks._replicas import SUPERUSER, Node
from scripts.cluster.account import account_for

FOLDER = VAR / "bench-between"
NGINX, PGBOUNCER = ROOT / "docs" / "deploy" / "nginx.conf", ROOT / "docs" / "deploy" / "pgbouncer.ini"


def install_between() -> None:
    """Put nginx, pgbouncer and wrk into their folder, once. Raises Failure where this is not Debian, or nobody who may fetch packages."""
    with locks.exclusive(FOLDER.with_suffix(".lock")):
        if not (FOLDER / "ready").exists():
            shutil.rmtree(FOLDER, ignore_errors=True)
            _packages.unpack(("nginx-light", "pgbouncer", "wrk"), FOLDER)
            (FOLDER / "ready").touch()


@contextlib.contextmanager
def running_nginx(servers: Sequence[str], home: Path, workers: int = 1) -> Iterator[str]:
    """Give the address of nginx as docs/deploy/nginx.conf has it, before web servers on loopback."""
    port, folder = free_port(), home / "nginx"
    folder.mkdir()
    with _packages.running_nginx(FOLDER, folder, port, workers, _on_loopback(NGINX.read_text("utf-8"), servers, port)):
        yield f"127.0.0.1:{port}"


def _on_loopback(documented: str, servers: Sequence[str], port: int) -> str:
    """Return the documented file without TLS and limits for each address, which all share here."""
    head, _plain, encrypted = documented.split("\nserver {")
    lines = [
        line
        for line in [*head.splitlines(), "server {", *encrypted.splitlines()]
        if not line.strip().startswith(("ssl_", "limit_", "server 127.0.0.1:", "add_header Strict"))
    ]
    text = "\n".join(lines).replace("listen 443 ssl http2;", f"listen 127.0.0.1:{port};")
    text = text.replace(
        "upstream webmap {", "upstream webmap {" + "".join(f" server {one} max_fails=0;" for one in servers)
    )
    return text.replace("/var/cache/nginx/webmap", "kept")


class Pooler:
    """pgbouncer as docs/deploy/pgbouncer.ini has it, before one node after the other."""

    def __init__(self, home: Path, database: str, connect_query: str = "") -> None:
        """Prepare it in a folder; `connect_query`: another one than the documented."""
        self.port, self._folder, self._database = free_port(), home / "pgbouncer", database
        self._query = connect_query
        self._account = account_for(home)
        self._folder.mkdir()
        (self._folder / "users").write_text(f'"{SUPERUSER}" ""\n', "utf-8")
        if not self._account.is_me:
            shutil.chown(self._folder, self._account.uid, self._account.gid)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where web servers find it."""
        return f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/{self._database}"

    def turn_to(self, node: Node) -> None:
        """Lead to a node from now on, as a manager of the cluster would have it."""
        written = configparser.ConfigParser(interpolation=None, delimiters=("=",))
        written.read(PGBOUNCER, "utf-8")
        documented = written["databases"]["webmap"].partition("connect_query=")[2]
        query = f"'{self._query}'" if self._query else documented
        target = f"host=127.0.0.1 port={node.port} user={SUPERUSER}"
        written["databases"] = {self._database: f"{target} connect_query={query}"}
        written["pgbouncer"].update(
            listen_port=str(self.port), auth_type="trust", auth_file=str(self._folder / "users"),
            logfile=str(self._folder / "log"), unix_socket_dir="",
        )  # fmt: skip
        with (self._folder / "pgbouncer.ini").open("w", encoding="utf-8") as file:
            written.write(file)
        if self._process:
            self._process.send_signal(signal.SIGHUP)

    @contextlib.contextmanager
    def running(self, node: Node) -> Iterator[None]:
        """Have it work, before a node at first."""
        self.turn_to(node)
        command = [str(FOLDER / "root/usr/sbin/pgbouncer"), "--quiet", str(self._folder / "pgbouncer.ini")]
        if not self._account.is_me:
            command = [
                "setpriv", f"--reuid={self._account.uid}", f"--regid={self._account.gid}", "--clear-groups", "--", *command,
            ]  # fmt: skip
        environment = {**os.environ, "LD_LIBRARY_PATH": _packages.libraries(FOLDER)}
        with _packages.running(command, self.port, environment) as self._process:
            yield
        self._process = None
