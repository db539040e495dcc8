"""The PDF of a department's own template: made by LibreOffice in a process that may do nothing else, or refused with the way out."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from geodata.export import office
from geodata.layers import LAYERS
from tests.conftest import sign_in
from tests.webmap.papers.docx_files import with_text
from tests.webmap.papers.test_templates import upload
from webmap.app.papers import usual_template
from webmap.papers.kinds import get_form

ADDRESS = "/papers/lists/certificates.pdf?on=2020-02-29"
JSON = {"Accept": "application/json"}


@pytest.fixture
def leader(demo_app):
    client = sign_in(demo_app, "leader")
    own = with_text(usual_template(get_form(LAYERS, "certificates")), "Mẫu riêng của Sở: {{ total }} cơ sở")
    assert upload(client, own).status_code == 201
    return client


@pytest.fixture
def instead(monkeypatch, tmp_path):
    """Put a script in LibreOffice's place: instead(text)."""

    def put(script):
        path = tmp_path / "soffice"
        path.write_text(f'#!/bin/sh\nfor last; do :; done\ncd "$(dirname "$last")"\n{script}\n', encoding="utf-8")
        path.chmod(0o755)
        monkeypatch.setattr(office, "find_office", lambda: str(path))

    return put


def test_the_pdf_has_the_departments_own_words(leader, tmp_path):
    if not (office.find_office() and shutil.which("pdftotext")):
        pytest.skip("needs LibreOffice Writer and poppler, which the set-up installs with apt as root")
    answer = leader.get(ADDRESS)
    assert answer.mimetype == "application/pdf"
    path = tmp_path / "a.pdf"
    path.write_bytes(answer.data)
    said = subprocess.run(["pdftotext", "-layout", str(path), "-"], check=True, capture_output=True, text=True).stdout
    assert "Mẫu riêng của Sở" in said
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in said


def test_without_libreoffice_it_is_said_so_and_the_docx_is_there(leader, monkeypatch):
    monkeypatch.setattr(office, "find_office", lambda: None)
    answer = leader.get(ADDRESS, headers=JSON)
    assert answer.status_code == 409
    assert "chưa cài LibreOffice" in answer.json["message"]
    assert leader.get(ADDRESS.replace(".pdf", ".docx")).status_code == 200


def test_the_programs_own_form_needs_no_libreoffice(demo_app, monkeypatch):
    monkeypatch.setattr(office, "find_office", lambda: None)
    assert sign_in(demo_app, "leader").get(ADDRESS).data.startswith(b"%PDF")


@pytest.mark.parametrize("script", ["exit 1", "exit 0", "echo no PDF > paper.pdf", "ln -s /etc/hostname paper.pdf"])
def test_what_makes_no_pdf_is_told(leader, instead, script):
    instead(script)
    answer = leader.get(ADDRESS, headers=JSON)
    assert answer.status_code == 409
    assert "không tạo được" in answer.json["message"]


def test_what_takes_too_long_is_ended_with_all_it_started(instead, monkeypatch, tmp_path):
    monkeypatch.setattr(office, "SECONDS", 1)
    instead(f"(echo $$ > {tmp_path}/number; exec sleep 300) & echo $! > {tmp_path}/number; wait")
    with pytest.raises(office.ConflictError, match="1 seconds"):
        office.docx_to_pdf(b"PK")
    number = int((tmp_path / "number").read_text())
    state = Path(f"/proc/{number}/stat")
    assert not state.exists() or state.read_text().split(")")[-1].split()[0] == "Z"


def test_it_has_no_network_and_no_secrets(instead, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "geheim")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        check = f"import os, socket; socket.create_connection(('127.0.0.1', {port}), 2)"
        instead(
            f'if env | grep -q geheim; then exit 1; fi\nif {sys.executable} -c "{check}" 2>/dev/null; then exit 1; fi\necho %PDF-1.7 > paper.pdf'
        )
        assert office.docx_to_pdf(b"PK").startswith(b"%PDF")
    assert os.environ["SECRET_KEY"] == "geheim"


def test_macros_are_switched_off_in_its_profile(instead):
    instead("grep -q DisableMacrosExecution profile/user/registrymodifications.xcu && echo %PDF-1.7 > paper.pdf")
    assert office.docx_to_pdf(b"PK").startswith(b"%PDF")
