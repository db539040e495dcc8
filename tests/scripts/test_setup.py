"""Setting up: what is missing is told in one sentence, what was left half-made is made again."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.base.console import Exit, Failure
from scripts.base.paths import ROOT, VENDOR
from scripts.base.processes import SETUP_MARK, end_abandoned_steps, environment_of, run_logged, running_processes
from scripts.install import assets, system, venv
from scripts.install.lock import fresh_lock
from scripts.install.setup import load_env_file, read_env_file
from tests.scripts.running import wait_for


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log" / "setup.log"


def test_missing_postgresql_without_apt_names_the_packages_to_install(monkeypatch, tmp_path, log):
    assert system.find_binaries(postgresql=tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failure) as failure:
        system.install_packages(["postgresql", "postgresql-postgis", "python3-venv"], log=log)
    assert failure.value.code == Exit.PACKAGES
    assert "sudo apt-get install postgresql" in str(failure.value)
    assert "\n" not in str(failure.value)


def test_debians_own_postgresql_is_found_with_postgis_and_not_looked_for_on_the_path(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    binaries = system.find_binaries()
    assert binaries.path("initdb").is_relative_to(system.POSTGRESQL)
    assert system.has_postgis(binaries)
    assert not system.has_postgis(binaries, extensions=tmp_path)


def test_a_nearly_full_disk_is_told_before_anything_is_written(tmp_path):
    with pytest.raises(Failure) as failure:
        system.check_disk(tmp_path, need_bytes=1 << 60)
    assert failure.value.code == Exit.DISK


def test_a_disk_that_fills_up_during_a_step_is_told(tmp_path, log):
    with pytest.raises(Failure) as failure:
        run_logged(["sh", "-c", "echo 'OSError: [Errno 28] No space left on device'; exit 1"], log=log, cwd=tmp_path)
    assert failure.value.code == Exit.DISK


def test_what_a_killed_set_up_left_running_is_ended(tmp_path, log):
    step = "import pathlib, subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    ours = f"""
from pathlib import Path
from scripts.base.processes import run_logged
run_logged([{sys.executable!r}, "-c", {step!r}], log=Path({str(log)!r}), cwd=Path("/"))
"""
    child = subprocess.Popen([sys.executable, "-P", "-c", ours], env={**os.environ, "PYTHONPATH": str(ROOT)})
    marked = f"{SETUP_MARK}={log}".encode()

    def steps():
        return [number for number in running_processes() if marked in environment_of(number)]

    assert wait_for(lambda: len(steps()) == 2)
    child.kill()
    child.wait()
    end_abandoned_steps(log)
    assert steps() == []


def test_python_that_is_too_old_is_told_by_name_and_code(tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("readlink", "dirname", "id", "sh", "env"):
        (programs / name).symlink_to(shutil.which(name))
    (programs / "python3").write_text("#!/bin/sh\nexit 1\n")
    (programs / "python3").chmod(0o755)
    done = subprocess.run(
        [ROOT / "scripts" / "serve"], env={"PATH": str(programs)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == Exit.PYTHON
    assert "Python 3.11" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_virtual_environment_killed_half_way_is_made_anew(tmp_path, log):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# nothing\n")
    place = tmp_path / "có dấu cách" / ".venv"
    (place / "bin").mkdir(parents=True)
    (place / "bin" / "python").symlink_to("/nowhere")
    venv.ensure_venv(place, [requirements], log=log)
    assert venv.is_installed(place, [requirements])

    made = (place / "pyvenv.cfg").stat().st_ino
    requirements.write_text("# still nothing\n")
    assert not venv.is_installed(place, [requirements])
    venv.ensure_venv(place, [requirements], log=log)
    assert (place / "pyvenv.cfg").stat().st_ino == made

    shutil.move(place.parent, tmp_path / "moved")
    assert not venv.is_usable(tmp_path / "moved" / ".venv")


def test_a_package_that_does_not_exist_is_told_in_one_sentence(tmp_path, log):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("./no-such-folder\n")
    with pytest.raises(Failure) as failure:
        venv.ensure_venv(tmp_path / ".venv", [requirements], log=log)
    assert failure.value.code == Exit.DEPENDENCIES
    assert "\n" not in str(failure.value)
    assert not venv.is_installed(tmp_path / ".venv", [requirements])


def test_every_listed_browser_asset_is_in_place():
    assert assets.are_installed(ROOT, VENDOR)
    for package, patterns in assets.FILES.items():
        for pattern in patterns:
            assert list((VENDOR / package).glob(pattern)), f"{package}/{pattern}"


def test_assets_of_another_lock_file_are_fetched_again(tmp_path):
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    assert assets.are_installed(tmp_path, VENDOR)
    (tmp_path / "package-lock.json").write_text("{}")
    assert not assets.are_installed(tmp_path, VENDOR)
    assert not assets.are_installed(ROOT, tmp_path)


def test_a_file_that_left_its_npm_package_is_told(tmp_path):
    (tmp_path / "modules").mkdir()
    with pytest.raises(Failure) as failure:
        assets.copy_files(tmp_path / "modules", tmp_path / "vendor")
    assert failure.value.code == Exit.ASSETS


def test_the_lock_file_names_no_registry():
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text("utf-8")


def test_the_env_file_fills_in_but_does_not_replace(monkeypatch, tmp_path):
    file = tmp_path / ".env"
    file.write_text("# comment\nPROVINCE='Hải Phòng'\nPORT=9000\n\nBASEMAP_URL=\n", "utf-8")
    monkeypatch.setenv("PORT", "8000")
    monkeypatch.delenv("PROVINCE", raising=False)
    monkeypatch.delenv("BASEMAP_URL", raising=False)
    load_env_file(file)
    assert (os.environ["PROVINCE"], os.environ["PORT"], os.environ["BASEMAP_URL"]) == ("Hải Phòng", "8000", "")
    monkeypatch.delenv("PROVINCE")
    monkeypatch.delenv("BASEMAP_URL")


def test_the_example_settings_are_all_commented_out():
    assert read_env_file(ROOT / ".env.example") == {}


def test_bench_lists_its_benchmarks_without_setting_anything_up():
    done = subprocess.run([ROOT / "scripts" / "bench", "--list"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    named = {line.partition(":")[0] for line in done.stdout.splitlines()}
    assert named == {path.stem for path in Path(ROOT / "scripts" / "benchmarks").glob("[!_]*.py")}


def test_the_locks_are_of_the_present_requirements_and_hash_every_package():
    for names in (["requirements.txt"], ["requirements.txt", "requirements-dev.txt"]):
        requirements = [ROOT / name for name in names]
        lock = fresh_lock(requirements)
        assert lock is not None, f"{names[-1]} changed: run ./scripts/check --lock"
        locked = re.findall(r"(?m)^([\w.-]+)==(\S+) \\\n    --hash=sha256:", lock.read_text("utf-8"))
        wanted = re.findall(
            r"(?m)^([\w.-]+)(?:\[\w+\])?==(\S+)", "".join(path.read_text("utf-8") for path in requirements)
        )
        assert {(name.lower(), version) for name, version in wanted} <= set(locked) | {
            (re.sub(r"\[.*", "", name), version) for name, version in _extras(lock)
        }
        assert len(locked) + len(_extras(lock)) == lock.read_text("utf-8").count("==")


def _extras(lock):
    return re.findall(r"(?m)^([\w.-]+\[\w+\])==(\S+) \\$", lock.read_text("utf-8"))


def test_a_lock_older_than_the_requirements_is_told_and_not_used(tmp_path, capsys):
    wanted = tmp_path / "requirements.txt"
    wanted.write_text("flask==3.1.3\n")
    assert venv.what_to_install([wanted]) == ["-r", wanted]
    assert capsys.readouterr().err == ""
    digest = hashlib.sha256(wanted.read_bytes()).hexdigest()
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"# sha256 of the requirements: {digest}\nflask==3.1.3 --hash=sha256:00\n")
    assert venv.what_to_install([wanted]) == ["--require-hashes", "-r", lock]
    wanted.write_text("flask==3.1.4\n")
    assert venv.what_to_install([wanted]) == ["-r", wanted]
    assert "--lock" in capsys.readouterr().err


def test_a_package_whose_hash_is_another_is_not_installed(tmp_path, log):
    wanted = tmp_path / "requirements.txt"
    wanted.write_text("six==1.17.0\n")
    digest = hashlib.sha256(wanted.read_bytes()).hexdigest()
    (tmp_path / "requirements.lock").write_text(
        f"# sha256 of the requirements: {digest}\nsix==1.17.0 --hash=sha256:{'0' * 64}\n"
    )
    with pytest.raises(Failure) as failure:
        venv.ensure_venv(tmp_path / ".venv", [wanted], log=log)
    assert failure.value.code == Exit.DEPENDENCIES
