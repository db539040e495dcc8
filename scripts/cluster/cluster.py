"""The private PostGIS cluster: made, started, shared between commands, repaired and stopped.

It never runs as root, listens on a Unix socket in a folder that only its user enters, and admits by the kernel's word
for who is asking (peer). Durable unless it is the tests' own. Commands that use it hold a shared lock; the last one
to leave stops it, so that serve and manage need not know of each other, and a killed command leaves nothing to undo.
"""

import contextlib
import hashlib
import os
import secrets
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import IO
from urllib.parse import quote

from scripts.base import locks
from scripts.base.console import Exit, Failure, disk_full, failure_of, no_permission, say, signals_held
from scripts.base.processes import NO_SPACE, Pauses, Result, bound_to_us, last_line, read_tail, run_captured
from scripts.cluster.account import Account, account_for, clean_environment
from scripts.cluster.configuration import (
    DATABASE,
    DROP_DATABASE,
    MAKE_DATABASE,
    MAKE_EXTENSION,
    OWNER,
    ROLE,
    SUPERUSER,
    configuration,
)
from scripts.cluster.server import end_server, server_of
from scripts.install.system import Binaries, find_binaries, has_postgis

REACHABLE = Path("/var/lib")
"""Where root keeps a cluster when the checkout lies in a folder that PostgreSQL's user cannot enter (/root)."""

SOCKET_PATH_LIMIT = 107
START_SECONDS = 60.0


class Cluster:
    """One cluster in one folder (`home`): home/data, home/run with the socket; locks stand beside home."""

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = home.absolute()
        self.durable = durable
        self._users: IO[str] | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._pauses = Pauses()

    @cached_property
    def account(self) -> Account:
        """The user PostgreSQL runs as."""
        return account_for(self.home)

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self.home.resolve() / "data"

    @cached_property
    def socket_folder(self) -> Path:
        """The socket's folder: in home, or a private short one where the system's limit on socket paths requires."""
        folder = self.home.resolve() / "run"
        if len(os.fsencode(folder / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT and "," not in str(folder):
            return folder
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        base = Path(runtime) if runtime and self.account.is_me and os.access(runtime, os.W_OK) else Path("/tmp")  # noqa: S108
        name = hashlib.sha256(os.fsencode(self.home.resolve())).hexdigest()[:16]
        return base / f"webmap-{self.account.uid}-{name}"

    @cached_property
    def binaries(self) -> Binaries:
        """PostgreSQL's programs: of the cluster's own major version, or the newest. Raises Failure."""
        version = self.data / "PG_VERSION"
        major = int(version.read_text("ascii")) if version.exists() else None
        binaries = find_binaries(major)
        if binaries is None or not has_postgis(binaries):
            package = f"postgresql-{major or (binaries.major if binaries else 15)}-postgis-3"
            raise Failure(
                Exit.PACKAGES,
                f"Không tìm thấy PostgreSQL có PostGIS: hãy chạy “sudo apt-get install {package}” rồi chạy lại",
                f"PostgreSQL with PostGIS was not found: install {package}, then run this again",
            )
        return binaries

    def url(self, *, database: str = DATABASE, role: str = ROLE) -> str:
        """Return the address for DATABASE_URL."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.socket_folder), safe='')}"

    @contextlib.contextmanager
    def in_use(self) -> Iterator["Cluster"]:
        """Have the cluster running for the duration of a command."""
        try:
            self.acquire()
            yield self
        finally:
            self.release()

    def acquire(self) -> None:
        """Start the cluster unless it runs, and keep others from stopping it; release also after a failure."""
        with self._one_at_a_time():
            self._users = locks.open_lock(self._lock_path("users"))
            self.ensure_running()
            locks.share(self._users)

    def release(self) -> None:
        """Let go of the cluster; the last user stops it."""
        if self._users is None:
            return
        with self._one_at_a_time():
            users, self._users = self._users, None
            with users:
                if locks.try_exclusive(users):
                    self.stop()

    def watch(self) -> None:
        """Start the server again if it died while we use it; what keeps it from starting is told, and tried again later."""
        if self._server is not None:
            self._server.poll()
        if self._pid() is not None:
            return
        if not self._pauses.is_over():
            return
        say("PostgreSQL đã dừng, đang khởi động lại…", "PostgreSQL ended, starting it again")
        try:
            with self._one_at_a_time():
                self.ensure_running()
        except Failure as failure:
            say(str(failure), f"trying again in {self._pauses.grow():.0f} s")
        else:
            self._pauses = Pauses()

    def _lock_path(self, kind: str) -> Path:
        return self.home.parent / f"{self.home.name}.{kind}.lock"

    def _one_at_a_time(self) -> contextlib.AbstractContextManager[None]:
        return locks.exclusive(self._lock_path("start"))

    def ensure_running(self) -> None:
        """Make, repair and start the cluster as far as each is needed. Raises Failure."""
        if self._pid() is not None and self._is_ready() and (self.socket_folder / ".s.PGSQL.5432").exists():
            return
        self.stop()
        self._place_home()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._remove_stale_pid_file()
        self._write_settings()
        self._start()
        if self.durable and not (self.home.resolve() / "roles-made").exists():
            self._make_database()

    def _place_home(self) -> None:
        if self.home.is_symlink() and not self.home.exists():
            self.home.unlink()
        try:
            if not self.home.exists():
                self.home.parent.mkdir(parents=True, exist_ok=True)
                if self._may_enter(self.home.parent):
                    self.home.mkdir(mode=0o700)
                else:
                    target = REACHABLE / f"webmap-{self.home.name}-{secrets.token_hex(6)}"
                    target.mkdir(mode=0o700)
                    self.home.symlink_to(target)
                    say(
                        f"Cơ sở dữ liệu nằm ở {target} vì {self._describe()} không vào được {self.home.parent}",
                        "the cluster is kept there because its user cannot enter the checkout",
                    )
            self._own(self.home.resolve())
            self._make_socket_folder()
        except PermissionError as error:
            raise no_permission(self.home) from error

    def _describe(self) -> str:
        return f"người dùng {self.account.name}"

    def _own(self, folder: Path) -> None:
        if folder.stat().st_uid != self.account.uid:
            if os.geteuid() != 0:
                raise PermissionError
            os.chown(folder, self.account.uid, self.account.gid)

    def _may_enter(self, folder: Path) -> bool:
        if self.account.is_me:
            return True
        return self._run(["test", "-x", str(folder)]).returncode == 0

    def _make_socket_folder(self) -> None:
        folder = self.socket_folder
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            self._own(folder)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {self.account.uid, os.geteuid()}:
            raise Failure(
                Exit.CLUSTER,
                f"Thư mục {folder} thuộc về người khác: hãy xóa nó rồi chạy lại",
                f"{folder} belongs to somebody else: remove it, then run this again",
            )
        self._own(folder)
        folder.chmod(0o700)

    def _as_account(self, command: Sequence[str | Path]) -> list[str | Path]:
        """Return the command so that it runs as the cluster's user."""
        if self.account.is_me:
            return list(command)
        identity = [f"--reuid={self.account.uid}", f"--regid={self.account.gid}", "--clear-groups"]
        return ["setpriv", *identity, "--", *command]

    def _run(self, command: Sequence[str | Path]) -> Result:
        return run_captured(self._as_account(command), cwd=Path("/"), env=clean_environment())

    def _initialise(self) -> None:
        """Run initdb beside the final place; the rename makes a killed initdb invisible."""
        say("Đang tạo cơ sở dữ liệu…", "creating the database cluster")
        new = self.data.with_name("data.new")
        if self.data.exists():
            # Made by nobody here: initdb's result only gets this name when it is whole.
            raise self._failure(f"{self.data} has no PG_VERSION")
        shutil.rmtree(new, ignore_errors=True)
        options = [
            f"--pgdata={new}",
            f"--username={SUPERUSER}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--auth-local=peer",
            "--auth-host=reject",
            "--data-checksums",
            "--no-instructions",
            *([] if self.durable else ["--no-sync"]),
        ]
        result = self._run([self.binaries.path("initdb"), *options])
        if result.returncode:
            raise self._failure(result.output)
        new.rename(self.data)

    def _remove_stale_pid_file(self) -> None:
        # PostgreSQL checks the number itself, but after a restart of the machine it may be another program's.
        if self._pid() is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
                (self.socket_folder / name).unlink(missing_ok=True)

    def _write_settings(self) -> None:
        """Write PostgreSQL's three files anew, so that this version's settings hold."""
        for name, text in configuration(self.account, self.socket_folder, durable=self.durable).items():
            self._write(name, text)

    def _write(self, name: str, text: str) -> None:
        part = self.data / (name + ".part")
        try:
            part.write_text(text, "utf-8")
            os.chown(part, self.account.uid, self.account.gid)
            part.chmod(0o600)
            part.replace(self.data / name)
        except OSError as error:
            raise failure_of(error) from error

    def _start(self) -> None:
        log = self._lock_path("start").with_suffix(".log")
        deadline = time.monotonic() + START_SECONDS
        server: list[str | Path] = [self.binaries.path("postgres"), "-D", self.data]
        # The tests' cluster goes with the tests; the real one may be in use by another command. The kernel forgets the
        # wish at a change of user, so that comes first.
        command = self._as_account(server if self.durable else bound_to_us(server, signal.SIGINT))
        while True:
            log.unlink(missing_ok=True)
            before = self._log_sizes()
            with log.open("wb") as stream, signals_held():
                self._server = subprocess.Popen(
                    command,
                    cwd="/",
                    env=clean_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            while self._server.poll() is None:
                if self._is_ready():
                    return
                if time.monotonic() > deadline:
                    self.stop()
                    raise self._failure(f"not ready after {START_SECONDS:.0f} s")
                time.sleep(0.02)
            output = read_tail(log) + self._logged_since(before)
            # After a kill -9 the old server's children need a moment to notice; who was killed while starting may start.
            is_passing = "pre-existing shared memory block" in output or self._server.returncode < 0
            if not is_passing or time.monotonic() > deadline:
                raise self._failure(output)
            time.sleep(0.2)

    def _log_sizes(self) -> dict[Path, int]:
        return {path: path.stat().st_size for path in (self.data / "log").glob("*.log")}

    def _logged_since(self, before: dict[Path, int]) -> str:
        """Return what this start wrote: yesterday's full disk, in the same log, is not today's reason."""
        return "".join(
            read_tail(path, before.get(path, 0) if size >= before.get(path, 0) else 0, limit=3_000)
            for path, size in self._log_sizes().items()
        )

    def _failure(self, output: str) -> Failure:
        if NO_SPACE in output:
            return disk_full(self.home)
        telling = [line for line in output.splitlines() if "FATAL" in line or "error:" in line or "PANIC" in line]
        reason = telling[-1].strip()[:300] if telling else last_line(output)
        return Failure(
            Exit.CLUSTER,
            f"PostgreSQL trong {self.home} không khởi động được: {reason}. Xem nhật ký {self.data / 'log'}; "
            "nếu dữ liệu hỏng, chuyển thư mục ấy đi rồi khôi phục bằng ./scripts/manage restore",
            "the private PostgreSQL does not start; see its log, or move the folder away and restore a backup",
        )

    def _make_database(self) -> None:
        self.make_database(DATABASE)
        for mark in ("database-made", "roles-made"):
            (self.home.resolve() / mark).touch()

    def make_database(self, name: str) -> None:
        """Make the roles, a database of that name and PostGIS in it; a killed start may have done a part."""
        self._sql(SUPERUSER, MAKE_DATABASE, name)
        self._sql(name, MAKE_EXTENSION, name)

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever uses it. Not for the one that the map lives in."""
        self._sql(SUPERUSER, DROP_DATABASE, name)

    def _sql(self, database: str, script: str, name: str) -> None:
        options = [
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-v",
            f"role={ROLE}",
            "-v",
            f"owner={OWNER}",
            "-v",
            f"database={name}",
        ]
        result = subprocess.run(
            [self.binaries.path("psql"), *options, "-h", self.socket_folder, "-U", SUPERUSER, "-d", database],
            input=script,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=clean_environment(),
        )
        if result.returncode:
            raise self._failure(result.stderr)

    def _pid(self) -> int | None:
        """Return the number of the server that runs on this very data folder."""
        return server_of(self._pid_lines(), self.data)

    def _pid_lines(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return []
        except PermissionError as error:
            raise no_permission(self.home) from error

    def _is_ready(self) -> bool:
        lines = self._pid_lines()
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def stop(self) -> None:
        """Stop the server of this data folder, whoever started it."""
        number = self._pid()
        if number is None and self._server is not None and self._server.poll() is None:
            # Just started: it has not written its number yet.
            number = self._server.pid
        if number is None:
            return
        end_server(number, self._server)

    def remove(self) -> None:
        """Delete the cluster's folders; for the tests' cluster only."""
        if self.durable:
            raise Failure(Exit.ERROR, "Không xóa cơ sở dữ liệu thật", "the real cluster is never deleted")
        for folder in {self.socket_folder, self.home.resolve()}:
            shutil.rmtree(folder, ignore_errors=True)
        if self.home.is_symlink():
            self.home.unlink()
        for kind in ("start", "users"):
            self._lock_path(kind).unlink(missing_ok=True)
        self._lock_path("start").with_suffix(".log").unlink(missing_ok=True)
