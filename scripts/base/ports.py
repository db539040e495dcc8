"""Ports on loopback."""

import random
import socket

#: Below the ports that the system gives to connections (from 32768 on, ip_local_port_range): one of those may be taken by
#: somebody's connection while the server that listened there is away for a moment.
_FIRST, _LAST = 20_000, 32_000
_TRIES = 1000


def free_port() -> int:
    """Return a port on loopback that nobody listens on and no connection will take. Raises OSError when there is none."""
    for _ in range(_TRIES):
        port = random.randrange(_FIRST, _LAST)  # noqa: S311  (two who look at once find different ones)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise OSError(f"no port between {_FIRST} and {_LAST} is free")
