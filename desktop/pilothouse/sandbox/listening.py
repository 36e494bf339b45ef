"""A platform's port: an HTTP server that can be made to refuse connections, and take them again.

While it refuses, the port stays bound without listening, so that nobody else can take it and
every connect is refused by the kernel.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from pilothouse.sandbox.connections import CuttableProtocol

_PORTS_TRIED = 400
_BACKLOG = 512
_GOODBYE_S = 1


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to the sandbox."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class Service:
    """One HTTP application on one loopback port."""

    def __init__(self, app: ASGIApp, bound: socket.socket) -> None:
        self._config = uvicorn.Config(
            app,
            http=CuttableProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=600,
            timeout_graceful_shutdown=_GOODBYE_S,
        )
        self._server = _Server(self._config)
        self._socket = bound
        self._port: int = bound.getsockname()[1]
        self._held: socket.socket | None = None

    @property
    def open_requests(self) -> int:
        """How many requests are being answered right now."""
        return len(self._server.server_state.tasks)

    async def serve(self) -> None:
        """Serve until `end` is called."""
        await self._server.serve(sockets=[self._socket])

    def end(self) -> None:
        """Stop serving; requests that wait are cut."""
        self._server.should_exit = True
        for task in self._server.server_state.tasks:
            task.cancel()
        if self._held is not None:
            self._held.close()

    def refuse(self) -> None:
        """Refuse connections from now on, and reset those that are open."""
        if self._held is not None:
            return
        for server in self._server.servers:
            server.close()
        self._held = hold(self._port)
        for connection in list(self._server.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()

    async def accept(self) -> None:
        """Take connections again, on the same port."""
        if self._held is None:
            return
        held, self._held = self._held, None
        held.listen(_BACKLOG)
        held.setblocking(False)
        loop = asyncio.get_running_loop()
        self._server.servers = [await loop.create_server(self._protocol, sock=held)]

    def _protocol(self) -> asyncio.Protocol:
        return CuttableProtocol(
            config=self._config, server_state=self._server.server_state, app_state={}
        )


def bind(port: int) -> socket.socket:
    """Bind to `port` on loopback, or to the next free one above it, and listen.

    Raises:
        OSError: none of several hundred is free.
    """
    for candidate in range(port, port + _PORTS_TRIED):
        try:
            bound = hold(candidate)
        except OSError:
            continue
        try:
            bound.listen(_BACKLOG)
        except OSError:
            bound.close()
            continue
        bound.setblocking(False)
        return bound
    raise OSError(f"no free port from {port} to {port + _PORTS_TRIED - 1} on 127.0.0.1")


def hold(port: int) -> socket.socket:
    """Keep a loopback port from others without listening on it; close the socket to let it go."""
    # The protocol is named because asyncio sends small answers at once only where it is TCP.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # Without it a port is taken for a minute after a crash; on Windows it would share ports.
    if os.name == "posix":
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", port))
    except OSError:
        bound.close()
        raise
    return bound
