"""Files too large to wait for: asked for once, made in the background, fetched by a link for a day. Commits nothing."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Identity, Select, Text, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.base.database import Base, rows_changed
from geodata.base.errors import NotFoundError, QuotaError
from geodata.base.i18n import N_
from geodata.jobs import defer, register_backlog

#: More objects than this are not waited for.
MOST_AT_ONCE = 100_000
#: How long a file stays.
KEEP = timedelta(hours=24)
#: Files that one account may have made or waiting; each may hold a whole register.
MOST_OF_ONE = 5
MAKE_EXPORT = "make_export"
NOT_MADE = N_("The file could not be made. Nothing else is affected; ask for it again.")


class Making(StrEnum):
    """How far the background is with a file."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ExportRun(Base):
    """A file that somebody asked for. `arguments` are those of the address, as pairs; role and areas are the asker's then."""

    __tablename__ = "export_run"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_name: Mapped[str] = mapped_column(Text, index=True)
    role: Mapped[str] = mapped_column(Text)
    areas: Mapped[list[str]] = mapped_column(ARRAY(Text))
    layer: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(Text)
    arguments: Mapped[list[list[str]]] = mapped_column(JSONB)
    rows_total: Mapped[int] = mapped_column(BigInteger)
    rows_done: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(Text)
    file_path: Mapped[str] = mapped_column(Text)
    file_name: Mapped[str | None] = mapped_column(Text)
    file_bytes: Mapped[int | None] = mapped_column(BigInteger)

    @property
    def making(self) -> Making:
        """How far the background is."""
        if self.ended_at is None:
            return Making.WAITING if self.started_at is None else Making.RUNNING
        return Making.FAILED if self.problem else Making.DONE


def request_export(
    session: Session, *, account_name: str, role: str, areas: Sequence[str], layer: str, format: str,
    arguments: Sequence[tuple[str, str]], rows_total: int, path: Path,
) -> ExportRun:  # fmt: skip
    """Store what is asked for, with the job that makes it at `path`. Raises QuotaError."""
    own = select(func.count()).where(ExportRun.account_name == account_name, _is_kept())
    if (count := int(session.scalar(own) or 0)) >= MOST_OF_ONE:
        text = N_("{count} files of yours are kept or being made already, which is as many as one account may have.")
        raise QuotaError(text, count=count, seconds=3600)
    run = ExportRun(
        account_name=account_name, role=role, areas=list(areas), layer=layer, format=format,
        arguments=[list(pair) for pair in arguments], rows_total=rows_total, file_path=str(path),
    )  # fmt: skip
    session.add(run)
    session.flush()
    defer(session, MAKE_EXPORT, number=run.id)
    return run


def get_export(session: Session, number: int, *, account_name: str, role: str, areas: Sequence[str]) -> ExportRun:
    """Return a file of one's own, made under the rights one still has. Raises NotFoundError."""
    run = session.get(ExportRun, number)
    is_own = run is not None and (run.account_name, run.role, run.areas) == (account_name, role, list(areas))
    if run is None or not is_own:
        raise NotFoundError(value=str(number))
    return run


def list_exports(session: Session, account_name: str) -> Sequence[ExportRun]:
    """Return the files of an account that are kept, the latest first."""
    mine = select(ExportRun).where(ExportRun.account_name == account_name, _is_kept())
    return session.scalars(mine.order_by(ExportRun.id.desc())).all()


def waiting_exports() -> Select[int]:
    """Return the numbers of the files that wait for the background."""
    return select(ExportRun.id).where(ExportRun.started_at.is_(None), ExportRun.ended_at.is_(None))


register_backlog(MAKE_EXPORT, waiting_exports())


def make_export(
    session: Session, number: int, write: Callable[[ExportRun, Callable[[int], None]], Path], *, is_retry: bool = False
) -> None:
    """Make a file that waits, and say that it is there, or that it could not be made. Commits before and after.

    `write` writes it in a transaction of its own and returns its path; it tells how many rows there are so far.
    A retry also takes one that has been started: whoever started it was lost.
    """
    claim = update(ExportRun).where(ExportRun.id == number, ExportRun.ended_at.is_(None))
    if not is_retry:
        claim = claim.where(ExportRun.started_at.is_(None))
    claimed = session.execute(claim.values(started_at=func.now(), rows_done=0))
    session.commit()
    if not rows_changed(claimed):
        return
    run = session.get_one(ExportRun, number)
    session.commit()

    def tell(rows: int) -> None:
        session.execute(update(ExportRun).where(ExportRun.id == number).values(rows_done=rows))
        session.commit()

    try:
        made = write(run, tell)
        ended: dict[str, Any] = {"file_bytes": made.stat().st_size, "file_name": f"{run.layer}{made.suffix}"}
        made.replace(run.file_path)
    except Exception:
        session.rollback()
        session.execute(update(ExportRun).where(ExportRun.id == number).values(ended_at=func.now(), problem=NOT_MADE))
        session.commit()
        raise
    session.execute(update(ExportRun).where(ExportRun.id == number).values(ended_at=func.now(), **ended))
    session.commit()


def forget_old_exports(session: Session) -> None:
    """Delete files whose day is over."""
    for path in session.scalars(delete(ExportRun).where(~_is_kept()).returning(ExportRun.file_path)).all():
        Path(path).unlink(missing_ok=True)


def _is_kept() -> Any:
    return and_(ExportRun.created_at > func.now() - KEEP)
