"""One running copy of an app: a small HTTP server whose behaviour its artifact decides.

An instance never exits silently: unless it was asked to stop, `on_exit` hears its exit code.
A requested stop answers what is in flight, up to its timeout, before anything is closed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit

from pilothouse.sandbox.http1 import Head, copy_body, discard, encode, get_status, read_head

_LOOP_LIFE_S = 3.0
_SLOWNESS_S = 0.8
_ERROR_EVERY = 20
_LAST_ACCEPT_S = 0.02
_FIRST_REQUEST_S = 0.1
_REASONS = {200: "OK", 404: "Not Found", 500: "Internal Server Error", 503: "Service Unavailable"}


class Behaviour(StrEnum):
    """What an artifact's process does; the names are those of the sandbox's images."""

    NEXT = "next"
    CRASH = "crash"
    LOOP = "loop"
    UNHEALTHY = "unhealthy"
    ERR5 = "err5"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class Identity:
    """What an instance says about itself at `GET /`."""

    app: str
    release: int | str
    artifact: str
    instance: str


@dataclass(slots=True, eq=False)
class _Line:
    """One open connection: whether it is answering, and how often it has."""

    writer: asyncio.StreamWriter
    busy: bool = False
    answered: int = 0


class Instance:
    """A process of an app, as an HTTP server on a loopback port of its own.

    `port` is None whenever nothing listens: before the boot, and from the stop on.
    """

    def __init__(
        self, identity: Identity, behaviour: Behaviour, on_exit: Callable[[int], None]
    ) -> None:
        self.identity = identity
        self.behaviour = behaviour
        self.port: int | None = None
        self._on_exit = on_exit
        self._server: asyncio.Server | None = None
        self._lines: set[_Line] = set()
        self._over = False
        self._asked = 0
        self._end: asyncio.TimerHandle | None = None

    @property
    def in_flight(self) -> int:
        """How many requests it is answering right now."""
        return sum(line.busy for line in self._lines)

    @property
    def healthy(self) -> bool:
        """What `/healthz` would say now."""
        return self.port is not None and self.behaviour is not Behaviour.UNHEALTHY

    async def probe(self, path: str, *, timeout_s: float) -> int:
        """Ask the running process itself for `path`; OSError when it cannot be reached."""
        if self.port is None:
            raise ConnectionRefusedError("connection refused")
        return await get_status(self.port, path, timeout_s=timeout_s)

    async def start(self, boot_s: float) -> None:
        """Boot for `boot_s` real seconds, then listen (or crash, if that is its way)."""
        await asyncio.sleep(boot_s)
        if self._over:
            return
        if self.behaviour is Behaviour.CRASH:
            self._exit(1)
            return
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512)
        if self._over:
            server.close()
            return
        self._server = server
        self.port = server.sockets[0].getsockname()[1]
        if self.behaviour is Behaviour.LOOP:
            self._end = asyncio.get_running_loop().call_later(_LOOP_LIFE_S, self._exit, 1)

    async def stop(self, timeout_s: float) -> None:
        """Take no new connections, answer what is in flight, close after `timeout_s` at most."""
        self.port = None
        self._over = True
        if self._end is not None:
            self._end.cancel()
        # Connections that the kernel has completed but that we have not seen yet get served.
        await asyncio.sleep(_LAST_ACCEPT_S)
        if self._server is not None:
            self._server.close()
        loop = asyncio.get_running_loop()
        began = loop.time()
        while self._lines and loop.time() - began < timeout_s:
            fresh_too = loop.time() - began > _FIRST_REQUEST_S
            for line in list(self._lines):
                if not line.busy and (line.answered or fresh_too):
                    line.writer.close()
                    self._lines.discard(line)
            if self._lines:
                await asyncio.sleep(0.01)
        self._cut()

    def kill(self, code: int = 137) -> None:
        """Die at once, connections and all, as if the process had been killed."""
        if not self._over:
            self._exit(code)

    def close(self) -> None:
        """Free everything at once without telling anybody: the sandbox itself ends."""
        self.port = None
        self._over = True
        if self._end is not None:
            self._end.cancel()
        if self._server is not None:
            self._server.close()
        self._cut()

    def _exit(self, code: int) -> None:
        self.close()
        self._on_exit(code)

    def _cut(self) -> None:
        for line in self._lines:
            line.writer.transport.abort()
        self._lines.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = _Line(writer)
        self._lines.add(line)
        # A peer that leaves in the middle of a message is its own business.
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while (head := await read_head(reader)) is not None:
                line.busy = True
                await copy_body(reader, head.body_length(), discard)
                status, body = await self._answer(head)
                closing = head.closes or self._over
                writer.write(self._encode(status, body, head, closing=closing))
                await writer.drain()
                line.busy = False
                line.answered += 1
                if closing:
                    break
        self._lines.discard(line)
        writer.close()

    def _encode(self, status: int, body: dict[str, object], head: Head, *, closing: bool) -> bytes:
        payload = json.dumps(body).encode()
        headers = [("content-type", "application/json"), ("content-length", str(len(payload)))]
        headers.append(("connection", "close" if closing else "keep-alive"))
        start = f"HTTP/1.1 {status} {_REASONS[status]}"
        return encode(start, headers, b"" if head.method == "HEAD" else payload)

    async def _answer(self, head: Head) -> tuple[int, dict[str, object]]:
        target = urlsplit(head.target)
        if target.path == "/healthz":
            sick = self.behaviour is Behaviour.UNHEALTHY
            return (503, {"status": "unhealthy"}) if sick else (200, {"status": "ok"})
        if self.behaviour is Behaviour.SLOW:
            await asyncio.sleep(_SLOWNESS_S)
        if target.path == "/slow":
            await asyncio.sleep(_seconds(target.query))
            return 200, asdict(self.identity)
        if target.path != "/":
            return 404, {"error": "not found"}
        self._asked += 1
        if self.behaviour is Behaviour.ERR5 and self._asked % _ERROR_EVERY == 0:
            return 500, {"error": "the app failed on purpose"}
        return 200, asdict(self.identity)


def _seconds(query: str) -> float:
    """Read `s` from a query; nonsense counts as one second, more than a minute as a minute."""
    try:
        return min(60.0, max(0.0, float(parse_qs(query)["s"][0])))
    except (KeyError, ValueError):
        return 1.0
