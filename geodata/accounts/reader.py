"""For whom the layers are read, and the one way to a connection that reads them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from geodata.accounts.scopes import limited_to
from geodata.base.database import ReadConnection
from geodata.history.as_stored import stored_then
from geodata.schema.registry import Registry
from geodata.schema.roles import Role


@dataclass(frozen=True, kw_only=True)
class Reader:
    """For whom something is read.

    `role`: the one that counts; `areas`: those to which he is limited, none for most; `day`: the earlier day whose data he
    asks for; `language`: in which he is answered, empty where nothing is said to him.
    """

    role: Role
    areas: tuple[str, ...] = ()
    day: date | None = None
    language: str = ""

    @property
    def reads_apart(self) -> bool:
        """Whether he reads otherwise than all others of his role: what was read for him is kept for nobody."""
        return bool(self.areas) or self.day is not None


#: Before it is known who asks, and for what the program asks for itself.
ANYBODY = Reader(role=Role.PUBLIC)


@contextmanager
def reading_as(connection: Connection, registry: Registry, reader: Reader) -> Iterator[ReadConnection]:
    """Let every statement of a connection, and of a session over it, read what a reader sees of these layers."""
    with ExitStack() as eyes:
        if reader.areas:
            eyes.enter_context(limited_to(connection, registry, reader.areas))
        if reader.day is not None:
            eyes.enter_context(stored_then(connection, registry, reader.day))
        yield ReadConnection(connection)
