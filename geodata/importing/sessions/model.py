"""An import over the web as it is stored: what was sent, how far it is, what it would do; and how it goes from stage to stage."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Computed,
    ForeignKey,
    Identity,
    Integer,
    Text as SqlText,
    func,
    update,
)
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE, JSONB
from sqlalchemy.dialects.postgresql.ranges import MultiRange
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.base.database import Base, rows_changed
from geodata.base.errors import ConflictError
from geodata.base.i18n import N_
from geodata.base.json_columns import JsonOf
from geodata.base.message import Message
from geodata.base.typed_json import from_json
from geodata.importing.proposals import Proposal
from geodata.importing.results import Problem
from geodata.importing.sessions.documents import Answers, ChangeFacts, Facts, StoredReport
from geodata.jobs import defer

#: The task of the queue that does what an import waits for.
RUN_IMPORT = "run_import"
#: The lists of a preview: changes by their sort, rows that may be a stored object, problems by their severity.
LISTS = ("changed", "new", "unchanged", "absent", "match", "error", "warning")
#: The lists whose rows may be left out.
CHOSEN = ("changed", "new")


class Task(StrEnum):
    """What the background is to do."""

    IMPORT = "import"
    UNDO = "undo"


class Stage(StrEnum):
    """Where an import stands."""

    WAITING = "waiting"
    CHECKING = "checking"
    ASKING = "asking"
    READY = "ready"
    CONFIRMED = "confirmed"
    STORING = "storing"
    STORED = "stored"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"


WAITING = frozenset({Stage.WAITING, Stage.CONFIRMED})
RUNNING = frozenset({Stage.CHECKING, Stage.STORING})
WORKING = WAITING | RUNNING
#: Stages whose answers may still be changed.
OPEN = frozenset({Stage.ASKING, Stage.READY, Stage.REFUSED, Stage.FAILED, Stage.CANCELLED})


class ImportSession(Base):
    """One file on its way into a layer, or one import on its way back."""

    __tablename__ = "import_session"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    task: Mapped[str] = mapped_column(SqlText)
    layer: Mapped[str] = mapped_column(SqlText)
    user_name: Mapped[str] = mapped_column(SqlText)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    status: Mapped[str] = mapped_column(SqlText)
    file_name: Mapped[str | None] = mapped_column(SqlText)
    file_path: Mapped[str | None] = mapped_column(SqlText)
    file_bytes: Mapped[int | None] = mapped_column(BigInteger)
    file_sha256: Mapped[str | None] = mapped_column(SqlText)
    keep_until: Mapped[date | None]
    options: Mapped[Answers] = mapped_column(JsonOf(Answers), default=Answers, server_default="{}")
    remembered_from: Mapped[int | None] = mapped_column(BigInteger)
    report: Mapped[StoredReport] = mapped_column(JsonOf(StoredReport), default=StoredReport, server_default="{}")
    facts: Mapped[Facts] = mapped_column(JsonOf(Facts), default=Facts, server_default="{}")
    #: The rows that somebody left out, as ranges: they may be millions, and the database reckons with them as one set.
    excluded_rows: Mapped[MultiRange[int]] = mapped_column(INT8MULTIRANGE, server_default="{}", deferred=True)
    accept_partial: Mapped[bool] = mapped_column(default=False, server_default="false")
    seen_version: Mapped[str | None] = mapped_column(SqlText)
    step: Mapped[str | None] = mapped_column(SqlText)
    rows_done: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    rows_total: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    step_started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    is_cancel_requested: Mapped[bool] = mapped_column(default=False, server_default="false")
    #: How often it has been taken up: what an earlier turn still has to say is not heard.
    turn: Mapped[int] = mapped_column(default=0, server_default="0")
    change_set_id: Mapped[int | None] = mapped_column(ForeignKey("change_set.id", ondelete="SET NULL"), index=True)
    reason: Mapped[Message | None] = mapped_column(JsonOf(Message))

    @property
    def stage(self) -> Stage:
        """The status as a member."""
        return Stage(self.status)

    @property
    def is_working(self) -> bool:
        """Whether the background has something to do."""
        return self.stage in WORKING

    @property
    def has_file(self) -> bool:
        """Whether the original file is still kept."""
        return self.file_path is not None and Path(self.file_path).is_file()


class ImportItem(Base):
    """One line of a preview's lists: a change of one sort, or a problem."""

    __tablename__ = "import_item"

    import_session_id: Mapped[int] = mapped_column(
        ForeignKey("import_session.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(SqlText, primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    row_number: Mapped[int | None] = mapped_column(BigInteger)
    code: Mapped[str | None] = mapped_column(SqlText)
    name: Mapped[str | None] = mapped_column(SqlText)
    data: Mapped[object] = mapped_column(JSONB)
    search_text: Mapped[str | None] = mapped_column(
        SqlText, Computed("fold_text(coalesce(code, '') || ' ' || coalesce(name, ''))", persisted=True), deferred=True
    )

    @property
    def change(self) -> ChangeFacts:
        """What a line of a list of changes says."""
        return from_json(ChangeFacts, self.data)

    @property
    def proposal(self) -> Proposal:
        """What a line of the list of proposals says."""
        return from_json(Proposal, self.data)

    @property
    def problem(self) -> Problem:
        """What a line of a list of problems says."""
        return from_json(Problem, self.data)


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """An uploaded file where it is kept."""

    name: str
    path: Path
    size: int
    keep_until: date


def move(
    session: Session, found: ImportSession, allowed: set[Stage] | frozenset[Stage], to: Stage, **values: Any
) -> None:
    """Change the stage, with the job where it then waits, unless somebody else was faster. Raises ConflictError."""
    moved = session.execute(
        update(ImportSession)
        .where(ImportSession.id == found.id, ImportSession.status.in_(allowed))
        .values(status=to, is_cancel_requested=False, **values)
    )
    if rows_changed(moved) != 1:
        raise ConflictError(N_("This import has gone on meanwhile. Look where it stands."))
    if to in WAITING:
        defer(session, RUN_IMPORT, number=found.id)
    session.refresh(found)
