"""Has files read by limited processes and judges how they ended. Nothing of this process's environment goes along."""

import atexit
import gc
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import shapely

from geodata.base.i18n import N_
from geodata.importing.limits import Limits
from geodata.importing.reading.child import ERRORS
from geodata.importing.reading.kept import find_table, keep_table
from geodata.importing.results import Question, RefusedError
from geodata.importing.table import Geometries, Table, load_answer, load_table

_ROOT = Path(__file__).resolve().parents[3]

#: A dead proxy stops what a driver would fetch where the network cannot be taken away.
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/nonexistent",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "GDAL_HTTP_PROXY": "127.0.0.1:1",
    "http_proxy": "http://127.0.0.1:1",
    "https_proxy": "http://127.0.0.1:1",
    "GDAL_HTTP_TIMEOUT": "1",
    "GDAL_DISABLE_READDIR_ON_OPEN": "TRUE",
    "GDAL_PAM_ENABLED": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "GDAL_DRIVER_PATH": "disable",
    "LIBKML_RESOLVE_STYLE": "NO",
    "PROJ_NETWORK": "OFF",
    "OGR_SQLITE_LOAD_EXTENSIONS": "NO",
    "OGR_GEOJSON_MAX_OBJ_SIZE": "200",
    "GML_DOWNLOAD_SCHEMA": "NO",
    "GML_SKIP_RESOLVE_ELEMS": "ALL",
}


#: How Python, C++, numpy and the loader say that the memory is used up.
_NO_MEMORY = ("MemoryError", "bad_alloc", "llocate", "failed to map segment")


_LEFT_BEHIND = re.compile(r"import-(\d+)-")


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep Python from looking for cycles while millions of objects are made, which takes longer than making them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _folder() -> Iterator[Path]:
    """Give a folder whose name says which process works in it; those of killed processes go first."""
    _remove_left_behind()
    with tempfile.TemporaryDirectory(prefix=f"import-{os.getpid()}-") as name:
        yield Path(name)


def _remove_left_behind() -> None:
    """Delete the folders of processes that were killed: nobody else knows of them."""
    for folder in Path(tempfile.gettempdir()).glob("import-*"):
        found = _LEFT_BEHIND.match(folder.name)
        with suppress(OSError):
            facts = folder.lstat()
            if found and stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid() and not _is_alive(int(found[1])):
                shutil.rmtree(folder, ignore_errors=True)


def _is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


class _Nursery:
    """The process that starts this process's readers; made when the first is wanted, and anew when it has died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: socket.socket | None = None
        self._owner = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, folder: Path) -> socket.socket:
        """Start a reader; return where it says how it ended. Closing that kills it."""
        mine, readers = socket.socketpair()
        with self._lock, readers:
            try:
                socket.send_fds(self._connection(), [os.fsencode(folder)], [readers.fileno()])
            except (BrokenPipeError, ConnectionResetError):  # it was killed
                self.end()
                socket.send_fds(self._connection(), [os.fsencode(folder)], [readers.fileno()])
        return mine

    def _connection(self) -> socket.socket:
        # A fork of this process shares the socket, but must not share the readers.
        if self._requests is not None and self._owner != os.getpid():
            self.end()
        if self._requests is None:
            self._requests, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
            self._owner = os.getpid()
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "geodata.importing.reading.nursery", str(theirs.fileno())],
                    cwd=_ROOT,
                    env=_ENVIRONMENT,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
        return self._requests

    def end(self) -> None:
        """Let go of a nursery, which ends when nobody can ask it any more; wait for it where it is a child of this process."""
        if self._requests is None or self._process is None:
            return
        self._requests.close()
        if self._owner == os.getpid():
            self._process.wait()
        else:
            self._process.returncode = 0  # somebody else's child: not for this process to wait for
        self._requests = self._process = None


_NURSERY = _Nursery()
atexit.register(_NURSERY.end)


def _run(folder: Path, request: Mapping[str, object], limits: Limits) -> None:
    (folder / "request.json").write_text(json.dumps({**request, "limits": limits.as_dict()}), encoding="utf-8")
    with _NURSERY.start(folder) as reader:
        reader.settimeout(limits.wall_seconds)
        try:
            ended = reader.recv(16)
        except (TimeoutError, BlockingIOError):
            reader.shutdown(socket.SHUT_WR)
            reader.settimeout(None)
            reader.recv(16)  # the folder is deleted when nobody writes into it any more
            raise _out_of("wall_seconds", limits.wall_seconds) from None
    code = int(ended or -signal.SIGKILL)
    if code in {-signal.SIGXCPU, -signal.SIGKILL}:
        raise _out_of("cpu_seconds", limits.cpu_seconds)
    if code != 0:
        last = _last_words(folder)
        if any(word in last for word in _NO_MEMORY):
            raise _out_of("memory_bytes", limits.memory_bytes)
        raise RefusedError("malformed_file", N_("The file is so damaged that reading it stopped."))


def _last_words(folder: Path) -> str:
    """Return the last line that a reader wrote about itself."""
    with suppress(OSError), (folder / ERRORS).open(encoding="utf-8", errors="replace") as file:
        return "".join(deque(file, maxlen=1))
    return ""


_OUT_OF = {
    "memory_bytes": N_(
        "Reading the file needs more memory than it may have. Divide the file, or ask the administrator."
    ),
    "cpu_seconds": N_(
        "Reading the file takes more than {limit} seconds of work. Divide the file, or ask the administrator."
    ),
    "wall_seconds": N_("Reading the file takes more than {limit} seconds. Divide the file, or ask the administrator."),
}


def _out_of(name: str, value: int) -> RefusedError:
    return RefusedError("limit_exceeded", _OUT_OF[name], name=name, limit=value)


def read_table(
    path: Path,
    file_name: str,
    source_layer: str | None,
    limits: Limits,
    *,
    words: Collection[str] = (),
    header_row: str | None = None,
    geometry: str = "",
    kept: Path | None = None,
) -> Table | Question:
    """Read a file in a limited process. `words` are names that the layer knows, `geometry` is what it holds.

    `kept`: the folder in which the table stays, and is found when the same is asked again. Raises RefusedError.
    """
    request: dict[str, object] = {
        "task": "read",
        "path": str(path.resolve()),
        "file_name": file_name,
        "source_layer": source_layer,
        "words": sorted(words),
        "header_row": header_row,
        "geometry": geometry,
    }
    asked = {**request, "limits": limits.as_dict()}
    if kept is not None and (table := find_table(kept, asked)) is not None:
        return table
    with _folder() as folder:
        _run(folder, request, limits)
        answer = load_answer(folder)
        if isinstance(answer, RefusedError):
            raise answer
        if answer is not None:
            return answer
        table = load_table(folder)
        if kept is not None:
            keep_table(folder, kept, asked)
        return table


def repair(geometries: Geometries, limits: Limits) -> list[shapely.Geometry | None]:
    """Return the repaired geometries; None where no repair was found within the limits."""
    with _folder() as folder:
        for index, geometry in enumerate(geometries):
            (folder / f"in-{index:06d}.wkb").write_bytes(shapely.to_wkb(geometry))
        with suppress(RefusedError):
            _run(folder, {"task": "repair"}, limits)
        return [
            shapely.from_wkb(path.read_bytes()) if (path := folder / f"out-{index:06d}.wkb").exists() else None
            for index in range(len(geometries))
        ]
