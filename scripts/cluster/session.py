"""The commands' way to the database: one session, committed by whoever uses it."""

import contextlib
from collections.abc import Iterator

from sqlalchemy.orm import Session

from geodata.base.database import new_engine


@contextlib.contextmanager
def database_session() -> Iterator[Session]:
    """Open a session on DATABASE_URL."""
    engine = new_engine(pool_size=1)
    try:
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()
