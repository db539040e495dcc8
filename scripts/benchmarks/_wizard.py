"""A file on its way through the import wizard, without its pages: each turn in a process of its own, as the worker does it."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import URL, Engine
from sqlalchemy.orm import Session

from geodata.base.database import new_engine
from geodata.base.priority import BACKGROUND
from geodata.importing.sessions import runs, sessions
from geodata.importing.sessions.documents import Answers
from geodata.importing.sessions.model import Stage, StoredFile
from geodata.jobs import LAYERS_AT
from scripts.base.paths import PYTHON, ROOT

#: What somebody says to a question.
Answer = Callable[[Answers], Answers]


def take_through(url: URL, path: Path, layer: str, answers: Sequence[Answer]) -> None:
    """Send a copy of a file, give the answers one after the other, confirm and store. Raises SystemExit where it ends otherwise."""
    engine = new_engine(url)
    sent = path.with_name(f"sent-{path.name}")
    shutil.copyfile(path, sent)
    until = (datetime.now(UTC) + timedelta(days=1)).date()
    try:
        with Session(engine) as session:
            file = StoredFile(name=path.name, path=sent, size=sent.stat().st_size, keep_until=until)
            number = sessions.add_import(session, layer=layer, user_name="bench", file=file).id
            session.commit()
        _turn(engine, url, number, Stage.ASKING if answers else Stage.READY)
        for done, answer in enumerate(answers, 1):
            with Session(engine) as session:
                found = sessions.get_import(session, number)
                sessions.answer(session, found, answer(found.options))
                session.commit()
            _turn(engine, url, number, Stage.ASKING if done < len(answers) else Stage.READY)
        with Session(engine) as session:
            found = sessions.get_import(session, number)
            sessions.confirm(session, found, seen=sessions.preview_mark(found), accept_partial=False, by="bench")
            session.commit()
        _turn(engine, url, number, Stage.STORED)
    finally:
        sent.unlink(missing_ok=True)
        engine.dispose()


def with_crs(crs: str) -> Answer:
    """Return the answer where the file lies."""
    return lambda before: replace(before, crs=crs)


def with_column(field: str, column: str) -> Answer:
    """Return the answer which column a field is."""
    return lambda before: replace(before, mapping={**before.mapping, field: column})


def _turn(engine: Engine, url: URL, number: int, wanted: Stage) -> None:
    """Do what an import waits for."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    environment = {**os.environ, "DATABASE_URL": address, "PYTHONPATH": str(ROOT)}
    turn = str(runs.claim(engine, number))
    # With the worker's priority: it gives way to people.
    words = ["nice", "-n", str(BACKGROUND), str(PYTHON), "-P", "-m", "geodata.importing.sessions.runs"]
    words += [str(number), turn, LAYERS_AT]
    subprocess.run(words, cwd=ROOT, env=environment, check=True, capture_output=True)
    with Session(engine) as session:
        found = sessions.get_import(session, number)
        if found.stage is not wanted:
            raise SystemExit(
                f"the import is {found.status}, not {wanted.value}: {found.reason or found.report.question}"
            )
