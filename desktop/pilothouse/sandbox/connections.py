"""Connections that an application may cut, which ASGI has no word for."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

_LINGER = "hh" if sys.platform == "win32" else "ii"


class CuttableProtocol(H11Protocol):
    """Uvicorn's HTTP protocol, whose connection an application may cut without an answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the connection by both of its ends."""
        super().connection_made(transport)
        self._ends = (self.server, self.client)
        _open_lines[self._ends] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        _open_lines.pop(self._ends, None)
        super().connection_lost(exc)


_open_lines: dict[object, asyncio.Transport] = {}


def is_open(scope: Scope) -> bool:
    """Whether the client of this request is still there."""
    return (scope["server"], scope["client"]) in _open_lines


async def cut(scope: Scope, *, reset: bool = False) -> None:
    """End the request's connection at once, with an RST when it is to be `reset`."""
    transport = _open_lines.get((scope["server"], scope["client"]))
    if transport is None:
        return  # the client was quicker
    if reset:
        # To linger for no time makes the kernel send RST instead of FIN (socket(7)).
        line: socket.socket = transport.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(_LINGER, 1, 0))
    transport.abort()
    # The loop tells the protocol in its next turn; only then does it expect no answer any more.
    await asyncio.sleep(0)
    await asyncio.sleep(0)
