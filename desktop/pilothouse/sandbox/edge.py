"""The front door of one app: a reverse proxy that asks its platform where a request may go.

Every request gets exactly one answer, or is counted: `lost` counts the 5xx that the edge itself
had to give, `broken` the answers that broke off. Requests wait here while nobody may have them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from pilothouse.sandbox.http1 import Head, Headers, copy_body, discard, encode, read_head
from pilothouse.sandbox.relay import Backend, Decorate, Line, Outcome, Relay

__all__ = ["Backend", "Edge", "Refuse", "Route", "Wait", "open_socket_server"]

_ASK_AGAIN_S = 0.02
_TRIES = 12
_HEAD_LIMIT_BYTES = 64 * 1024

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Refuse:
    """An answer that the platform's router gives by itself."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


_UNAVAILABLE = Refuse(503, (("content-type", "text/plain"),), b"no instance can take the request\n")
_BAD_GATEWAY = Refuse(502, (("content-type", "text/plain"),), b"the instance did not answer\n")


@dataclass(frozen=True, slots=True)
class Wait:
    """Hold the request, for `timeout_s` real seconds in all; then answer with `refusal`."""

    timeout_s: float
    refusal: Refuse = _UNAVAILABLE


Route = Backend | Wait | Refuse


@dataclass(slots=True)
class Counters:
    """What went through an edge since it opened."""

    requests: int = 0
    lost: int = 0
    broken: int = 0
    by_instance: Counter[str] = field(default_factory=Counter)


def _plain(_headers: Headers, _backend: Backend | None) -> None:
    """Decorate nothing."""


class Edge:
    """A reverse proxy on a loopback port of its own.

    `route` sees the request's headers with lower-case names and decides; `bad_gateway` is what a
    client gets from an instance that took a request and died. All of it lives in one event loop.
    """

    def __init__(
        self,
        app_key: str,
        route: Callable[[Mapping[str, str]], Route],
        decorate: Decorate = _plain,
        bad_gateway: Refuse = _BAD_GATEWAY,
    ) -> None:
        self.app_key = app_key
        self.port = 0
        self.counters = Counters()
        self._route = route
        self._decorate = decorate
        self._bad_gateway = bad_gateway
        self._relay = Relay(decorate)
        self._in_flight: Counter[str] = Counter()
        self._kicked = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """The address that the platform names for the app, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self, preferred_port: int = 0) -> None:
        """Listen, on `preferred_port` when it is free."""
        self._server = await open_socket_server(self._serve, preferred_port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and every connection at once."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._clients):
            writer.transport.abort()
        self._relay.close()

    def kick(self) -> None:
        """Let held requests ask again now: something about the instances has changed."""
        self._kicked.set()
        self._kicked = asyncio.Event()

    def in_flight(self, instance_id: str) -> int:
        """How many requests the instance is answering for this edge."""
        return self._in_flight[instance_id]

    async def drain(self, instance_id: str, timeout_s: float) -> bool:
        """Wait until nothing is in flight to the instance; False when time ran out."""
        self._relay.forget(instance_id)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._in_flight[instance_id]:
                    await self._until_kicked()
        self._relay.forget(instance_id)
        return not self._in_flight[instance_id]

    async def _until_kicked(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_ASK_AGAIN_S):
                await self._kicked.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = Line(reader, writer)
        self._clients.add(writer)
        # A client that leaves, or sends what is no HTTP, only loses its own connection.
        with suppress(
            ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError
        ):
            while (head := await read_head(reader)) is not None:
                self.counters.requests += 1
                if not await self._handle(client, head):
                    break
        self._clients.discard(writer)
        writer.close()

    async def _handle(self, client: Line, head: Head) -> bool:
        """Answer one request; True when the connection may carry another."""
        seen = {key.lower(): value for key, value in head.headers}
        if (seen.get("expect") or "").lower() == "100-continue":
            client.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        tries = 0
        while True:
            route = await self._decide(seen)
            if isinstance(route, Refuse):
                return await self._refuse(client, head, route)
            outcome = await self._forward(client, head, route)
            if outcome in (Outcome.KEPT, Outcome.CLOSED):
                return outcome is Outcome.KEPT
            tries += 1
            if outcome is Outcome.FAILED or (outcome is Outcome.UNREACHED and tries >= _TRIES):
                return await self._refuse(client, head, self._bad_gateway, spent=True)
            if outcome is not Outcome.UNREACHED:
                self.counters.broken += outcome is Outcome.BROKEN
                return False
            await self._until_kicked()

    async def _decide(self, seen: Mapping[str, str]) -> Backend | Refuse:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            route = self._route(seen)
            if not isinstance(route, Wait):
                return route
            if loop.time() - began >= route.timeout_s:
                return route.refusal
            await self._until_kicked()

    async def _forward(self, client: Line, head: Head, backend: Backend) -> Outcome:
        self._in_flight[backend.instance_id] += 1
        try:
            outcome = await self._relay.exchange(client, head, backend)
        finally:
            self._in_flight[backend.instance_id] -= 1
            if not self._in_flight[backend.instance_id]:
                del self._in_flight[backend.instance_id]
        if outcome is not Outcome.UNREACHED:
            self.counters.by_instance[backend.instance_id] += 1
        return outcome

    async def _refuse(
        self, client: Line, head: Head, refusal: Refuse, *, spent: bool = False
    ) -> bool:
        self.counters.lost += refusal.status >= 500
        length = head.body_length()
        closing = head.closes or (spent and length != 0)
        if not closing:
            await copy_body(client.reader, length, discard)
        headers = list(refusal.headers)
        self._decorate(headers, None)
        headers.append(("content-length", str(len(refusal.body))))
        headers.append(("connection", "close" if closing else "keep-alive"))
        body = b"" if head.method == "HEAD" else refusal.body
        client.writer.write(encode(f"HTTP/1.1 {refusal.status} Refused", headers, body))
        await client.writer.drain()
        return not closing


async def open_socket_server(serve: Serve, preferred_port: int) -> asyncio.Server:
    """Listen on loopback, on `preferred_port` when it is free and on any other port else."""
    try:
        return await _listen(serve, preferred_port)
    except OSError:
        return await _listen(serve, 0)


async def _listen(serve: Serve, port: int) -> asyncio.Server:
    return await asyncio.start_server(
        serve, "127.0.0.1", port, backlog=1024, limit=_HEAD_LIMIT_BYTES
    )
