"""Install, start and watch the whole application; SIGTERM or Ctrl-C stops all of it."""

import argparse
import contextlib
import errno
import hashlib
import http.client
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from scripts.base import locks
from scripts.base.console import Exit, Failure, Stopped, announce, run_command, say
from scripts.base.paths import PYTHON, ROOT, VAR, uploads_folder
from scripts.base.processes import Service, bound_to_us, end_marked, last_line, read_tail, started, stop_all
from scripts.cluster.account import clean_environment
from scripts.cluster.cluster import Cluster
from scripts.cluster.configuration import OWNER
from scripts.install.setup import load_env_file, own_database, prepare_checkout

LOGS = VAR / "log"
SECRET_KEY_FILE = VAR / "secret_key"
READY_SECONDS = 180.0
WEB_GRACE_SECONDS = 5
#: In the environment of the web processes; its value tells whose they are.
WEB_MARK = "WEBMAP_WEB_OF"
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  (a folder of our own is made there)
POLL_SECONDS = 0.5
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared with, not bound


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """Return the options of ./scripts/serve."""
    parser = argparse.ArgumentParser(
        prog="./scripts/serve", description="Cài đặt và chạy bản đồ (install and run the map)"
    )
    parser.add_argument("--host", default="127.0.0.1", help="địa chỉ lắng nghe; 0.0.0.0 cho cả mạng nội bộ (address)")
    parser.add_argument("--port", type=port_number, default=os.environ.get("PORT") or "8000", help="cổng (port)")
    parser.add_argument(
        "--workers",
        type=worker_count,
        default=str(min(4, os.cpu_count() or 1)),
        help="số tiến trình web (web processes)",
    )
    parser.add_argument("--no-demo", action="store_true", help="không nạp dữ liệu minh họa (no demo data)")
    return parser.parse_args(arguments)


def port_number(text: str) -> int:
    """Parse a TCP port."""
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"cổng phải là số từ 1 đến 65535, không phải {text!r} (a port number)")
    return int(text)


def worker_count(text: str) -> int:
    """Parse the number of web processes."""
    if not text.isdigit() or not 0 < int(text) <= 64:
        raise argparse.ArgumentTypeError(f"số tiến trình phải từ 1 đến 64, không phải {text!r} (1 to 64)")
    return int(text)


def main() -> int:
    """Run until stopped."""
    load_env_file()
    options = parse_arguments(sys.argv[1:])
    with only_one(f"http://{options.host}:{options.port}/"):
        # Of one that was killed: the kernel told it to end, and it still holds the port for some seconds.
        end_marked(os.fsencode(f"{WEB_MARK}={VAR}"), patience_s=WEB_GRACE_SECONDS)
        check_port(options.host, options.port)
        prepare_checkout(database=own_database())
        with database_url() as (url, cluster):
            environment = application_environment(url, clean=cluster is not None, host=options.host)
            owner = cluster.url(role=OWNER) if cluster else os.environ.get("DATABASE_OWNER_URL", "")
            prepare_database(environment | {"DATABASE_OWNER_URL": owner}, cluster, demo=not options.no_demo)
            check_port(options.host, options.port)
            run_services(options, environment, cluster)
    return 0


@contextlib.contextmanager
def only_one(address: str) -> Iterator[None]:
    """Refuse a second start of the same checkout."""
    with locks.open_lock(VAR / "serve.lock") as stream:
        if not locks.try_exclusive(stream):
            holder = stream.read().strip() or "?"
            raise Failure(
                Exit.RUNNING,
                f"Bản đồ của thư mục này đang chạy rồi ({holder}): hãy dùng nó, hoặc dừng nó trước",
                "this checkout is already being served: use that one, or stop it first",
            )
        stream.truncate(0)
        stream.write(f"pid {os.getpid()}, {address}")
        stream.flush()
        yield


def check_port(host: str, port: int) -> None:
    """Raise Failure when the address cannot be listened on."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise port_failure(host, port, error) from error


def port_failure(host: str, port: int, error: OSError) -> Failure:
    """Return the sentence for an address that cannot be listened on."""
    if error.errno == errno.EADDRINUSE:
        return Failure(
            Exit.PORT,
            f"Cổng {port} đang có chương trình khác dùng: hãy chọn cổng khác, ví dụ ./scripts/serve --port {port % 65535 + 1}",
            f"port {port} is taken: choose another one with --port",
        )
    if error.errno == errno.EACCES:
        return Failure(
            Exit.PORT,
            f"Không có quyền dùng cổng {port}: hãy chọn cổng từ 1024 trở lên bằng --port",
            f"no permission to use port {port}: choose one from 1024 on with --port",
        )
    return Failure(
        Exit.PORT,
        f"Không lắng nghe được ở địa chỉ {host!r}: máy này không có địa chỉ đó; hãy sửa --host (127.0.0.1 hoặc 0.0.0.0)",
        f"cannot listen on {host!r}: correct --host",
    )


@contextlib.contextmanager
def database_url() -> Iterator[tuple[str, Cluster | None]]:
    """Give the address of the database: DATABASE_URL, or the private cluster running meanwhile."""
    if not own_database():
        yield os.environ["DATABASE_URL"], None
        return
    with Cluster(VAR / "pg").in_use() as cluster:
        yield cluster.url(), cluster


def application_environment(url: str, *, clean: bool, host: str) -> dict[str, str]:
    """Return the environment of the web server, the worker and the migrations."""
    base = clean_environment() if clean else dict(os.environ)
    # The web server and the worker never learn how the owner signs in.
    base.pop("DATABASE_OWNER_URL", None)
    secret = os.environ.get("SECRET_KEY", "").strip() or read_secret_key(SECRET_KEY_FILE)
    hosts = os.environ.get("TRUSTED_HOSTS", "").strip() or " ".join(names_of(host))
    own = {"DATABASE_URL": url, "SECRET_KEY": secret, "UPLOAD_DIR": str(uploads_folder()), "TRUSTED_HOSTS": hosts}
    return base | own


def names_of(host: str) -> list[str]:
    """Return the names under which a server that listens on this address is asked for."""
    names = ["localhost", "127.0.0.1", "[::1]"]
    if host not in ANY_ADDRESS:
        return [*names, f"[{host}]" if ":" in host else host.lower()]
    own = socket.gethostname().lower()
    names += [own, f"{own}.local", socket.getfqdn().lower()]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        listed = subprocess.run(["hostname", "-I"], capture_output=True, text=True, timeout=5, check=True).stdout
        names += [f"[{address}]" if ":" in address else address for address in listed.split()]
    return list(dict.fromkeys(names))


def read_secret_key(path: Path) -> str:
    """Return the key that signs sessions, made once; only its owner may read it."""
    try:
        key = path.read_text("ascii").strip()
        path.chmod(0o600)
        if len(key) >= 32:
            return key
    except FileNotFoundError:
        pass
    key = secrets.token_urlsafe(48)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
        stream.write(key + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)
    return key


def prepare_database(environment: dict[str, str], cluster: Cluster | None, *, demo: bool) -> None:
    """Migrate and load the demo in a process of the virtual environment, which says itself what went wrong.

    A cluster of ours that ends meanwhile is started again, and what it interrupted is begun again.
    """
    command = [str(PYTHON), "-P", "-m", "scripts.cluster.prepare", *([] if demo else ["--no-demo"])]
    deadline = time.monotonic() + READY_SECONDS
    while True:
        with started(bound_to_us(command), cwd=ROOT, env=environment, grace_seconds=10) as child:
            code = wait_for_child(child, cluster)
        if not code:
            return
        if cluster is None or code != Exit.UNREACHABLE or time.monotonic() > deadline:
            raise SystemExit(code if code > 0 else Exit.MIGRATION)


def wait_for_child(child: subprocess.Popen[bytes], cluster: Cluster | None) -> int:
    """Return a child's exit code, and keep our cluster running until then."""
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(POLL_SECONDS)
        if cluster is not None:
            cluster.watch()


def make_services(options: argparse.Namespace, environment: dict[str, str], metrics: Path) -> tuple[Service, Service]:
    """Return the web server and the worker, not started yet."""
    granian = [
        PYTHON,
        "-P",
        "-m",
        "granian",
        "--interface",
        "rsgi",
        "--factory",
        "--no-ws",
        "--host",
        options.host,
        "--port",
        str(options.port),
        "--workers",
        str(options.workers),
        "--workers-kill-timeout",
        str(WEB_GRACE_SECONDS),
        "--respawn-failed-workers",
        "webmap.front:create_front",
    ]
    web = Service(
        "web",
        granian,
        LOGS / "web.log",
        ROOT,
        environment | {"PROMETHEUS_MULTIPROC_DIR": str(metrics), WEB_MARK: str(VAR)},
    )
    working: list[str | Path] = [PYTHON, "-P", "-m", "geodata.jobs", "webmap.map.export_runs", "webmap.worker"]
    worker = Service("worker", working, LOGS / "worker.log", ROOT, environment)
    return web, worker


def run_services(options: argparse.Namespace, environment: dict[str, str], cluster: Cluster | None) -> None:
    """Run the web server and the worker until a signal arrives."""
    metrics = empty_metrics()
    web, worker = make_services(options, environment, metrics)
    services = [web, worker]
    try:
        log_start = web.log.stat().st_size if web.log.exists() else 0
        web.start()
        wait_until_ready(web, options.host, options.port, log_start, cluster)
        # Only now: while both load, neither is ready soon on a small machine.
        worker.start()
        announce(f"Bản đồ đã sẵn sàng (the map is ready): http://{shown_host(options.host)}:{options.port}/")
        announce("Dừng bằng Ctrl-C (stop with Ctrl-C)")
        while True:
            time.sleep(POLL_SECONDS)
            if cluster is not None:
                cluster.watch()
            for service in services:
                service.watch()
    except Stopped:
        say("Đang dừng…", "stopping")
    finally:
        stop_all(services)
        shutil.rmtree(metrics, ignore_errors=True)


def empty_metrics() -> Path:
    """Return the folder in which the web processes share their numbers, emptied: it counts since this start.

    In memory where there is any: the files are mapped, and on a full disk writing to them ends the process (SIGBUS).
    """
    shared = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else VAR
    name = f"webmap-metrics-{hashlib.sha256(os.fsencode(VAR)).hexdigest()[:16]}-"
    for left in shared.glob(f"{name}*"):
        shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=name, dir=shared))


def shown_host(host: str) -> str:
    """Return the host part of the address to open in a browser."""
    address = ANY_ADDRESS.get(host, host)
    return f"[{address}]" if ":" in address else address


def wait_until_ready(web: Service, host: str, port: int, log_start: int, cluster: Cluster | None) -> None:
    """Wait for /readyz. Raises Failure when the web server dies, cannot load the application or takes too long.

    The database may end meanwhile as at any other time, and is started again.
    """
    deadline = time.monotonic() + READY_SECONDS
    answer = ""
    while web.is_running() and time.monotonic() < deadline:
        answer = ask_ready(ANY_ADDRESS.get(host, host), port)
        if answer == "200":
            return
        # granian starts a worker that cannot load the application again and again.
        if not answer and "Traceback" in read_tail(web.log, log_start):
            break
        if cluster is not None:
            cluster.watch()
        time.sleep(0.05)
    raise web_failure(web, host, port, answer, read_tail(web.log, log_start))


def ask_ready(host: str, port: int) -> str:
    """Return the answer of /readyz: 200, another status with its text, or nothing when nobody listens."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        return "200" if response.status == 200 else f"{response.status} {response.read(200).decode('utf-8', 'replace')}"
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()


def web_failure(web: Service, host: str, port: int, answer: str, output: str) -> Failure:
    """Return the sentence for a web server that did not become ready."""
    if "Address already in use" in output:
        return port_failure(host, port, OSError(errno.EADDRINUSE, "in use"))
    errors = [line for line in output.splitlines() if re.match(r"[\w.]+Error: ", line)]
    reason = answer or (errors[-1].partition(": ")[2] if errors else last_line(output))
    if errors and "ConfigurationError" in errors[-1]:
        return Failure(
            Exit.SETTINGS,
            f"Thiết lập trong .env hoặc biến môi trường không dùng được: {reason} Xem .env.example",
            "settings in .env or the environment cannot be used; see .env.example",
        )
    return Failure(
        Exit.WEB,
        f"Máy chủ web không sẵn sàng: {reason}. Xem nhật ký {web.log}",
        "the web server did not become ready; see its log",
    )


if __name__ == "__main__":
    run_command(main)
