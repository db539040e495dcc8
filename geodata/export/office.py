"""A DOCX to PDF by LibreOffice, where it is installed: in a process without network, macros, secrets and much time.

The DOCX is one that this program filled; its template is a file from outside that was looked at. This is the second door.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from geodata.base.errors import BusyError, ConflictError
from geodata.base.i18n import N_

SECONDS = 60
#: Where distributions put it; PATH of whoever runs the server does not count.
_PLACES = "/usr/bin:/usr/local/bin:/usr/lib/libreoffice/program:/opt/libreoffice/program"
_ROOT = Path(__file__).resolve().parents[2]
#: One at a time: each takes a core and a quarter of a gigabyte.
_ONE = threading.BoundedSemaphore(1)

NOT_INSTALLED = N_(
    "The department's own template is in force for this paper, and its PDF is made by LibreOffice, which is not installed on this server. Take the DOCX and save it as PDF."
)
_FAILED = N_("LibreOffice could not make a PDF of this paper. Take the DOCX and save it as PDF.")
_TOO_LONG = N_(
    "LibreOffice took more than {seconds} seconds for the PDF of this paper. Take the DOCX and save it as PDF."
)
_NOT_ALONE = N_(
    "This server cannot take the network away from LibreOffice, so no PDF is made of the department's own template. Take the DOCX and save it as PDF."
)

#: No macro runs, nothing is fetched, no link is followed, nothing is recovered.
_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Office.Recovery/RecoveryInfo"><prop oor:name="Enabled" oor:op="fuse"><value>false</value></prop></item>
</oor:items>
"""
#: What the child says when the network stays.
ALONE_FAILED = 97


def find_office() -> str | None:
    """Return LibreOffice's program, or None where it is not installed."""
    return shutil.which("soffice", path=_PLACES)


def docx_to_pdf(content: bytes) -> bytes:
    """Return a DOCX as PDF. Raises ConflictError where that cannot be had, BusyError where another one is being made."""
    program = find_office()
    if program is None:
        raise ConflictError(NOT_INSTALLED)
    if not _ONE.acquire(timeout=SECONDS):
        raise BusyError(seconds=SECONDS)
    try:
        with tempfile.TemporaryDirectory(prefix="office-", ignore_cleanup_errors=True) as name:
            return _convert(program, Path(name), content)
    finally:
        _ONE.release()


def _convert(program: str, folder: Path, content: bytes) -> bytes:
    profile = folder / "profile" / "user"
    profile.mkdir(parents=True)
    (profile / "registrymodifications.xcu").write_text(_PROFILE, encoding="utf-8")
    (folder / "paper.docx").write_bytes(content)
    environment = {
        "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(folder), "TMPDIR": str(folder), "SAL_USE_VCLPLUGIN": "svp",
        "http_proxy": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1",
    }  # fmt: skip
    child = subprocess.Popen(
        [sys.executable, "-m", "geodata.export.office_child", program, str(folder)],
        cwd=_ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        code = child.wait(SECONDS)
    except subprocess.TimeoutExpired:
        raise ConflictError(_TOO_LONG, seconds=SECONDS) from None
    finally:
        with suppress(ProcessLookupError):  # LibreOffice is a child of the child: all of the session goes
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    found = folder / "paper.pdf"
    if code == ALONE_FAILED:
        raise ConflictError(_NOT_ALONE)
    if code != 0 or not found.is_file() or found.is_symlink():
        raise ConflictError(_FAILED)
    pdf = found.read_bytes()
    if not pdf.startswith(b"%PDF"):
        raise ConflictError(_FAILED)
    return pdf
