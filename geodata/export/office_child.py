"""Limits itself, then becomes LibreOffice: `python -m geodata.export.office_child PROGRAM FOLDER`."""

import ctypes
import os
import resource
import signal
import sys
from typing import NoReturn

from geodata.export.office import ALONE_FAILED, SECONDS

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_GIGABYTE = 2**30


def main(program: str, folder: str) -> NoReturn:
    """Take network, memory and time away, then run PROGRAM on FOLDER/paper.docx."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.unshare(_CLONE_NEWNET) != 0 and libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        sys.exit(ALONE_FAILED)
    resource.setrlimit(resource.RLIMIT_AS, (4 * _GIGABYTE, 4 * _GIGABYTE))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_GIGABYTE // 4, _GIGABYTE // 4))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.execv(  # noqa: S606  (the program that find_office found; no shell)
        program,
        [
            program, "--headless", "--norestore", "--nologo", "--nolockcheck", "--nodefault", "--nofirststartwizard",
            f"-env:UserInstallation=file://{folder}/profile", "--convert-to", "pdf:writer_pdf_Export", "--outdir", folder,
            f"{folder}/paper.docx",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:3])
