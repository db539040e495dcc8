"""Programs of Debian's packages in a folder of their own, unpacked and not installed: nothing of the machine changes."""

import contextlib
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from scripts.base.console import Exit, Failure
from scripts.base.processes import stop_group
from scripts.benchmarks._replicas import until


def unpack(packages: Sequence[str], folder: Path) -> None:
    """Put packages, and what they need that the machine lacks, into folder/root. Raises Failure."""
    archives = folder / "archives"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    fetch = ["apt-get", "install", "--yes", "--quiet", "--download-only", "--reinstall", "--no-install-recommends"]
    run([*fetch, "-o", f"Dir::Cache::archives={archives}", *packages], ", ".join(packages))
    for archive in archives.glob("*.deb"):
        run(["dpkg-deb", "--extract", str(archive), str(folder / "root")], archive.name)


def libraries(folder: Path) -> str:
    """Return where programs unpacked there find their libraries, as LD_LIBRARY_PATH wants it."""
    return ":".join(str(path) for path in (folder / "root/usr/lib").glob("*-linux-gnu*"))


def run(command: Sequence[str], what: str) -> None:
    """Run what installs something. Raises Failure."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Failure(Exit.SETTINGS, f"Không cài được {what}", str(error)) from error
    if done.returncode:
        raise Failure(Exit.SETTINGS, f"Không cài được {what}", (done.stderr or done.stdout).strip()[-400:])


@contextlib.contextmanager
def running(command: Sequence[str], port: int, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Have a server work that listens on a port of loopback. Raises TimeoutError when it does not."""
    process = subprocess.Popen(command, env=environment, cwd="/", start_new_session=True)
    try:
        until(lambda: _answers(port))
        yield process
    finally:
        stop_group(process, grace_seconds=10)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


@contextlib.contextmanager
def running_nginx(folder: Path, home: Path, port: int, workers: int, inside: str) -> Iterator[None]:
    """Have the nginx of a folder work in a home of its own; `inside`: what stands in its http part."""
    who = "user root;" if os.geteuid() == 0 else ""  # else another one, who may not come into our folder
    text = f"""
{who}
worker_processes {workers};
error_log stderr error;
pid nginx.pid;
events {{ worker_connections 1024; }}
http {{
access_log off;
keepalive_requests 1000000;
client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
{inside}
}}"""
    (home / "nginx.conf").write_text(text, "utf-8")
    command = [str(folder / "root/usr/sbin/nginx"), "-p", str(home), "-c", "nginx.conf", "-g", "daemon off;"]
    with running(command, port, os.environ):
        yield
