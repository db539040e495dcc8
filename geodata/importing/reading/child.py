"""What a reader process does: limits itself, then reads the file.

Reads request.json of its folder, writes table.json and its arrays, or answer.json (a refusal or a question).
"""

import contextlib
import ctypes
import gc
import json
import resource
import signal
from pathlib import Path

from geodata.base.i18n import N_
from geodata.importing.limits import Limits
from geodata.importing.results import RefusedError

#: Where a reader's last words are, in its folder.
ERRORS = "errors.txt"
_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


def _address_space_bytes() -> int:
    """Return how much of what RLIMIT_AS limits this process has."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    return int(pages) * resource.getpagesize()


def limit_process(limits: Limits) -> None:
    """Take away memory, time, core dumps and, where the kernel allows it, the network. Raises MemoryError."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    if _address_space_bytes() > limits.memory_bytes:
        raise MemoryError  # the limit holds for what comes later only, and libraries count too
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.archive_bytes * 2, limits.archive_bytes * 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_CLONE_NEWNET) != 0:
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def end_with_parent() -> None:
    """Have the kernel end this process when its parent ends: nobody waits for the answer any more."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main(folder: Path) -> int:
    """Read or repair as the request says."""
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    limits = Limits(**request["limits"])
    limit_process(limits)
    # Looking through millions of cells for cycles again and again takes longer than reading them.
    gc.disable()
    from geodata.importing import table
    from geodata.importing.reading.archive import find_sources
    from geodata.importing.reading.formats import AskError, Hints, read_source

    try:
        if request["task"] == "repair":
            from geodata.importing.understanding.repair import repair_folder

            repair_folder(folder)
            return 0
        sources = find_sources(Path(request["path"]), request["file_name"], folder, limits)
        hints = Hints(words=frozenset(request["words"]), header_row=request["header_row"], geometry=request["geometry"])
        found = read_source(sources, request["source_layer"], limits, hints)
        table.save_table(found, folder)
    except RefusedError as error:
        table.save_answer(error, folder)
    except AskError as ask:
        table.save_answer(ask.question, folder)
    except MemoryError:
        refusal = RefusedError(
            "limit_exceeded",
            N_("Reading the file needs more memory than it may have. Divide the file, or ask the administrator."),
            limit=limits.memory_bytes,
            name="memory_bytes",
        )
        table.save_answer(refusal, folder)
    return 0
