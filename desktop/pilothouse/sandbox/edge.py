"""The front door of one app: a reverse proxy that asks its platform where a request may go.

Every request gets exactly one answer, or is counted: `lost` counts the 5xx that the edge itself
had to give, `broken` the answers that broke off. Requests wait here while nobody may have them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from pilothouse.sandbox.exchange import (
    Backend,
    Exchange,
    Manners,
    Notice,
    Outcome,
    Passage,
    Refuse,
    Route,
    Seen,
    Wait,
)
from pilothouse.sandbox.http1 import Head, copy_body, discard, encode, read_head
from pilothouse.sandbox.relay import Ending, Line, Relay

__all__ = [
    "Backend",
    "Edge",
    "Exchange",
    "Manners",
    "Outcome",
    "Refuse",
    "Route",
    "Wait",
    "open_socket_server",
]

_ASK_AGAIN_S = 0.02
_TRIES = 12
_HEAD_LIMIT_BYTES = 64 * 1024

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class Counters:
    """What went through an edge since it opened."""

    requests: int = 0
    lost: int = 0
    broken: int = 0
    by_instance: Counter[str] = field(default_factory=Counter)


class Edge:
    """A reverse proxy on a loopback port of its own.

    `route` sees the request's headers with lower-case names and decides; `manners` is how the
    platform's router treats what passes; `notice` hears once of every request, whoever answered
    it. All of it lives in one event loop.
    """

    def __init__(
        self,
        app_key: str,
        route: Callable[[Seen], Route],
        manners: Manners | None = None,
        notice: Notice | None = None,
    ) -> None:
        self.app_key = app_key
        self.port = 0
        self.counters = Counters()
        self._route = route
        self._manners = manners or Manners()
        self._notice = notice
        self._relay = Relay(self._manners)
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
        passage = self._passage(client, head)
        if passage.seen.get("expect", "").lower() == "100-continue":
            client.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        outcome, code, keep = Outcome.ABANDONED, "", False
        try:
            outcome, code, keep = await self._answer(client, passage)
        finally:
            self.counters.broken += outcome is Outcome.BROKEN
            if self._notice is not None:
                now = asyncio.get_running_loop().time()
                self._notice(passage.told(outcome, now, code))
        return keep

    def _passage(self, client: Line, head: Head) -> Passage:
        peer = str(client.writer.get_extra_info("peername")[0])
        seen: dict[str, str] = {}
        for key, value in head.headers:
            name = key.lower()
            seen[name] = f"{seen[name]}, {value}" if name in seen else value
        ours = self._manners.forward(seen, peer)
        names = {key.lower() for key, _ in ours}
        kept = [each for each in head.headers if each[0].lower() not in names]
        seen.update((key.lower(), value) for key, value in ours)
        return Passage(Head(head.start, [*kept, *ours]), seen, peer)

    async def _answer(self, client: Line, passage: Passage) -> tuple[Outcome, str, bool]:
        tries = 0
        while True:
            route = await self._decide(passage.seen)
            if isinstance(route, Refuse):
                keep = await self._refuse(client, passage, route)
                return Outcome.REFUSED, route.code, keep
            ending = await self._forward(client, passage, route)
            tries += 1
            if ending.again and tries < _TRIES:
                await self._until_kicked()
                continue
            refusal = self._own_answer(ending.outcome)
            if refusal is None:
                return ending.outcome, "", ending.keep
            keep = await self._refuse(client, passage, refusal, spent=True)
            return ending.outcome, refusal.code, keep

    def _own_answer(self, outcome: Outcome) -> Refuse | None:
        manners = self._manners
        return {
            Outcome.UNREACHED: manners.unreachable,
            Outcome.FAILED: manners.no_answer,
            Outcome.TOO_SLOW: manners.too_slow,
        }.get(outcome)

    async def _decide(self, seen: Seen) -> Backend | Refuse:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            route = self._route(seen)
            if not isinstance(route, Wait):
                return route
            if loop.time() - began >= route.timeout_s:
                return route.refusal
            await self._until_kicked()

    async def _forward(self, client: Line, passage: Passage, backend: Backend) -> Ending:
        self._in_flight[backend.instance_id] += 1
        try:
            ending = await self._relay.exchange(client, passage, backend)
        finally:
            self._in_flight[backend.instance_id] -= 1
            if not self._in_flight[backend.instance_id]:
                del self._in_flight[backend.instance_id]
        if not ending.again:
            self.counters.by_instance[backend.instance_id] += 1
        return ending

    async def _refuse(
        self, client: Line, passage: Passage, refusal: Refuse, *, spent: bool = False
    ) -> bool:
        self.counters.lost += refusal.status >= 500
        head = passage.head
        length = head.body_length()
        closing = head.closes or (spent and length != 0)
        if not closing:
            await copy_body(client.reader, length, discard)
        headers = list(refusal.headers)
        self._manners.decorate(headers, None, passage.seen)
        headers.append(("content-length", str(len(refusal.body))))
        headers.append(("connection", "close" if closing else "keep-alive"))
        body = b"" if head.method == "HEAD" else refusal.body
        passage.status, passage.bytes = refusal.status, len(body)
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
