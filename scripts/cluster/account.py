"""Who PostgreSQL runs as: never root."""

import contextlib
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from scripts.base.console import Exit, Failure

_UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """The system user that PostgreSQL runs as."""

    uid: int
    gid: int
    name: str

    @property
    def is_me(self) -> bool:
        """Return whether no change of user is needed."""
        return self.uid == os.geteuid()


def user_name(uid: int) -> str:
    """Return the name that peer authentication will see; LOGNAME and USER may say something else."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def account_for(home: Path) -> Account:
    """Return the user PostgreSQL runs as: ourselves, or an unprivileged one when we are root."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), user_name(os.geteuid()))
    with contextlib.suppress(OSError, KeyError):
        owner = pwd.getpwuid((home / "data").stat().st_uid)
        if owner.pw_uid != 0:
            return Account(owner.pw_uid, owner.pw_gid, owner.pw_name)
    for name in _UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid, entry.pw_name)
    raise Failure(
        Exit.CLUSTER,
        "PostgreSQL không được chạy bằng root mà máy không có người dùng postgres hay nobody: "
        "hãy tạo bằng “useradd --system postgres” rồi chạy lại",
        "PostgreSQL must not run as root and there is no user postgres or nobody: create one, then run this again",
    )


def clean_environment() -> dict[str, str]:
    """Return our environment without settings meant for other PostgreSQL servers, with messages in English."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C.UTF-8"}
