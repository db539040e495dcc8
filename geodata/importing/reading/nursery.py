"""Starts reader processes as forks of one that has the libraries loaded: `python -m geodata.importing.reading.nursery FD`.

FD is a socket. A message on it is a task's folder, with a socket on which the reader's return code is written when it has
ended; a reader whose asker closes that socket is killed. When nobody is left to ask, everything ends.

No file is looked at here, and no driver of GDAL is registered: each reader limits itself first and then loads the one it needs.
"""

import importlib
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path

from geodata.importing.reading import child

#: What every reader needs.
_FIRST = ("geodata.importing.table", "geodata.importing.reading.archive", "geodata.importing.reading.formats")
#: What some formats need besides; loaded when a second task shows that more will come.
_FURTHER = (
    "geopandas",
    "geodata.importing.reading.formats.workbooks",
    "geodata.importing.understanding.repair",
)


class Nursery:
    """The readers that work now, and who waits for each."""

    def __init__(self, requests: socket.socket) -> None:
        self.requests = requests
        self.askers: dict[int, socket.socket] = {}
        self.ended, self.told = socket.socketpair()
        self.told.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.told.fileno())
        self.selector = selectors.DefaultSelector()
        self.selector.register(requests, selectors.EVENT_READ, self.start)
        self.selector.register(self.ended, selectors.EVENT_READ, self.reap)
        self.started = 0

    def serve(self) -> None:
        """Start what is asked for until nobody can ask any more; the kernel then kills the readers that are left."""
        while True:
            for key, _ in self.selector.select():
                if key.data() is False:
                    return

    def start(self) -> bool:
        """Start a reader for the next task; say whether there was one."""
        message, descriptors, *_ = socket.recv_fds(self.requests, 4096, 1)
        if not message:
            return False
        self.started += 1
        _load({1: _FIRST, 2: _FURTHER}.get(self.started, ()))
        asker = socket.socket(fileno=descriptors[0])
        pid = os.fork()
        if pid == 0:
            _be_reader(Path(os.fsdecode(message)))
        self.askers[pid] = asker
        self.selector.register(asker, selectors.EVENT_READ, lambda: self.kill(pid))
        return True

    def kill(self, pid: int) -> None:
        """End a reader that nobody waits for; `reap` finds it."""
        if pid in self.askers:
            self.selector.unregister(self.askers[pid])
            os.kill(pid, signal.SIGKILL)

    def reap(self) -> None:
        """Tell who waits how his reader ended."""
        self.ended.recv(4096)
        while self.askers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            with self.askers.pop(pid) as asker:
                if asker.fileno() in self.selector.get_map():
                    self.selector.unregister(asker)
                try:
                    asker.send(str(os.waitstatus_to_exitcode(status)).encode())
                except OSError:
                    continue  # he has gone


def _load(names: Iterable[str]) -> None:
    for name in names:
        importlib.import_module(name)


def _be_reader(folder: Path) -> None:
    """Do a task and end; nothing of the nursery stays open, so that a reader cannot ask for readers."""
    code = 1
    try:
        child.end_with_parent()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.setsid()
        errors = os.open(folder / child.ERRORS, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(errors, 2)
        code = child.main(folder)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    Nursery(socket.socket(fileno=int(sys.argv[1]))).serve()
