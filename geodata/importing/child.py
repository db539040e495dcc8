"""The reader process: `python -m geodata.importing.child FOLDER`. Limits itself before it touches the file.

Reads FOLDER/request.json, writes table.json and its arrays, or answer.json (a refusal or a question).
"""

import contextlib
import ctypes
import gc
import json
import resource
import signal
import sys
from pathlib import Path

from geodata.i18n import N_
from geodata.importing.limits import Limits
from geodata.importing.results import RefusedError

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


def limit_process(limits: Limits) -> None:
    """Take away memory, time, core dumps and, where the kernel allows it, the network."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.archive_bytes * 2, limits.archive_bytes * 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        # Whoever waits for the answer may be killed: nobody reads on for him.
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if libc.unshare(_CLONE_NEWNET) != 0:
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def main(folder: Path) -> int:
    """Read or repair as the request says."""
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    limits = Limits(**request["limits"])
    limit_process(limits)
    # Looking through millions of cells for cycles again and again takes longer than reading them.
    gc.disable()
    from geodata.importing import readers, table
    from geodata.importing.archive import find_sources

    try:
        if request["task"] == "repair":
            from geodata.importing.repair import repair_folder

            repair_folder(folder)
            return 0
        sources = find_sources(Path(request["path"]), request["file_name"], folder, limits)
        found = readers.read_source(sources, request["source_layer"], limits)
        table.save_table(found, folder)
    except RefusedError as error:
        table.save_answer(error, folder)
    except readers.AskLayerError as ask:
        table.save_answer(ask.question, folder)
    except MemoryError:
        refusal = RefusedError(
            "limit_exceeded",
            N_("Reading the file needs more than the limit memory_bytes, {limit}."),
            limit=limits.memory_bytes,
        )
        table.save_answer(refusal, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
