"""Starts the reader process and judges how it ended. Nothing of this process's environment goes along."""

import gc
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import shapely

from geodata.i18n import N_
from geodata.importing.limits import Limits
from geodata.importing.results import Question, RefusedError
from geodata.importing.table import Geometries, Table, load_answer, load_table

_ROOT = Path(__file__).resolve().parents[2]

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


def _run(folder: Path, request: dict[str, object], limits: Limits) -> None:
    (folder / "request.json").write_text(json.dumps({**request, "limits": limits.as_dict()}), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "geodata.importing.child", str(folder)],
        cwd=_ROOT,
        env=_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        _, errors = process.communicate(timeout=limits.wall_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise _out_of("wall_seconds", limits.wall_seconds) from None
    if process.returncode in {-signal.SIGXCPU, -signal.SIGKILL}:
        raise _out_of("cpu_seconds", limits.cpu_seconds)
    if process.returncode != 0:
        last = errors.decode("utf-8", "replace").strip().splitlines()[-1:] or [""]
        if any(word in last[0] for word in _NO_MEMORY):
            raise _out_of("memory_bytes", limits.memory_bytes)
        raise RefusedError(
            "malformed_file", N_("The file is so damaged that reading it stopped: {reason}."), reason=last[0][:160]
        )


def _out_of(name: str, value: int) -> RefusedError:
    return RefusedError(
        "limit_exceeded", N_("Reading the file needs more than the limit {name}, {limit}."), name=name, limit=value
    )


def read_table(path: Path, file_name: str, source_layer: str | None, limits: Limits) -> Table | Question:
    """Read a file in a limited process. Raises RefusedError."""
    with _folder() as folder:
        request: dict[str, object] = {
            "task": "read",
            "path": str(path.resolve()),
            "file_name": file_name,
            "source_layer": source_layer,
        }
        _run(folder, request, limits)
        answer = load_answer(folder)
        if isinstance(answer, RefusedError):
            raise answer
        return answer if answer is not None else load_table(folder)


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
