"""Who holds an address that we want to listen on: another of our processes tells, on /about."""

from __future__ import annotations

import errno
import http.client
import json
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from sidecar.errors import SettingsError
from sidecar.storage.dsn import Dsn, whole

PAGE = "/about"
SERVER = "sidecar"
"""In the Server header of everything that we serve: /about may want a token."""
_ASK_SECONDS = 3.0
_WHICH = "`netstat -ano`" if sys.platform == "win32" else "`ss -ltnp` as root"
_HIGHEST_PORT = 65535
_FREE = "such as 127.0.0.1:0 for a free port"


def about(verb: str, dsn: Dsn) -> Mapping[str, str | int]:
    """What a process of ours says of itself on /about.

    Args:
        verb: run or web.
    """
    return {"verb": verb, "pid": os.getpid(), "database": whole(dsn)}


def refused(address: tuple[str, int], error: OSError | OverflowError, setting: str) -> SettingsError:
    """Why an address cannot be listened on, and what to do.

    Args:
        error: what the system said.
        setting: the address's environment name.
    """
    where = _shown(address)
    if getattr(error, "errno", None) != errno.EADDRINUSE:
        reason = getattr(error, "strerror", None) or error
        return SettingsError(f"cannot listen on {where}: {reason}", hint=f"Choose another {setting}, {_FREE}.")
    found = who_listens(address)
    if found is None:
        return SettingsError(
            f"another program listens on {where}",
            hint=f"{_WHICH} tells which. End it, or choose another {setting}, {_FREE}.",
        )
    stop = f"stop it (kill {found.pid})" if found.pid else "stop it"
    return SettingsError(
        f"another sidecar runs here, at {where}{found}",
        hint=f"Leave it to that one, {stop}, or choose another {setting}, {_FREE}.",
    )


def share_nothing(listener: socket.socket) -> None:
    """Let it listen where a connection of before is still being forgotten, but never beside another listener."""
    if sys.platform == "win32":  # SO_REUSEADDR would let two listen there
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


@dataclass(frozen=True)
class Occupant:
    """A process of ours; what an older version, or one that wants a token, does not tell is empty."""

    verb: str = ""
    pid: int = 0
    database: str = ""

    def __str__(self) -> str:
        return f" (sidecar {self.verb}, pid {self.pid}, database {self.database})" if self.pid else ""


def who_listens(address: tuple[str, int]) -> Occupant | None:
    """The process of ours that listens there; None for another program, or none."""
    host, port = address
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    try:
        with closing(http.client.HTTPConnection(host, port, timeout=_ASK_SECONDS)) as connection:
            connection.request("GET", PAGE)
            answer = connection.getresponse()
            if not (answer.getheader("Server") or "").startswith(SERVER):
                return None
            told = json.loads(answer.read(4096)) if answer.status == http.HTTPStatus.OK else {}
            return Occupant(str(told.get("verb", "")), int(told.get("pid", 0)), str(told.get("database", "")))
    except (OSError, ValueError, AttributeError, http.client.HTTPException):
        return None


def _shown(address: tuple[str, int]) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def main() -> None:
    """For install.sh, before the program is there: ADDRESS OWN_PID. Exit code 1, and one line that says why, where the
    address is none, or another process than that one has it."""
    address, own = sys.argv[1], int(sys.argv[2])
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if address.lower() == "off":
        return
    if not host or not port.isdecimal() or int(port) > _HIGHEST_PORT:
        sys.exit(f"the address {address!r} is none. Write HOST:PORT, such as 127.0.0.1:9790, or off.")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        share_nothing(probe)
        try:
            probe.bind((host, int(port)))
        except OSError as error:
            found = who_listens((host, int(port))) if own else None
            if found is not None and found.pid in (own, 0):
                return
            told = refused((host, int(port)), error, "address (--listen)")
            sys.exit(f"{told}. {told.hint}")


if __name__ == "__main__":
    main()
