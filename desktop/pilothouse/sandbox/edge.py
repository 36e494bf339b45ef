"""The front door of one app: a reverse proxy that asks its platform where a request may go.

Every request gets exactly one answer, or is counted: `lost` counts the 5xx that the edge itself
had to give, `broken` the answers that broke off. Requests wait here while nobody may have them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress

from pilothouse.sandbox.exchange import (
    Backend,
    Counters,
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
from pilothouse.sandbox.framing import Measure, skip_body
from pilothouse.sandbox.http1 import CHUNKED, Head, HttpError, encode, read_request, status_line
from pilothouse.sandbox.line import Line, closed, listen
from pilothouse.sandbox.relay import Relay
from pilothouse.sandbox.talk import Ending

__all__ = ["Backend", "Edge", "Exchange", "Manners", "Outcome", "Refuse", "Route", "Wait"]

_ASK_AGAIN_S = 0.02
_TRIES = 12
_UNWANTED_BYTES = 1024 * 1024


class _Hall:
    """Where requests wait until something about the instances has changed."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self._waiting = 0

    def ring(self) -> None:
        """Let all who wait ask again."""
        if self._waiting:
            self._rung.set()
            self._rung = asyncio.Event()

    async def wait(self) -> None:
        """Wait for the next ring, or for a moment: longer, the more wait."""
        self._waiting += 1
        try:
            async with asyncio.timeout(max(_ASK_AGAIN_S, self._waiting * _ASK_AGAIN_S / 50)):
                await self._rung.wait()
        except TimeoutError:
            return
        finally:
            self._waiting -= 1


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
        self._relay = Relay(self._manners, self.counters)
        self._in_flight: Counter[str] = Counter()
        self._hall = _Hall()
        self._server: asyncio.Server | None = None
        self._clients: dict[Line, asyncio.Task[None]] = {}
        self._over = False

    @property
    def url(self) -> str:
        """The address that the platform names for the app, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self, preferred_port: int = 0) -> None:
        """Listen, on `preferred_port` when it is free."""
        self._over = False
        self._server = await listen(self._meet, preferred_port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and every connection at once."""
        self._over = True
        if self._server is not None:
            await closed(self._server)
        for client in self._clients:
            client.abort()
        self.kick()
        await asyncio.gather(*self._clients.values(), return_exceptions=True)
        self._relay.close()

    def kick(self) -> None:
        """Let held requests ask again now: something about the instances has changed."""
        self._hall.ring()

    def in_flight(self, instance_id: str) -> int:
        """How many requests the instance is answering for this edge."""
        return self._in_flight.get(instance_id, 0)

    async def drain(self, instance_id: str, timeout_s: float) -> bool:
        """Wait until nothing is in flight to the instance; False when time ran out."""
        self._relay.forget(instance_id)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._in_flight[instance_id]:
                    await self._hall.wait()
        self._relay.forget(instance_id)
        return not self._in_flight[instance_id]

    # ------------------------------------------------------------------ clients

    def _meet(self, client: Line) -> None:
        if self._over:  # accepted, but not made known, before the port was closed
            client.abort()
            return
        self.counters.connections += 1
        task = asyncio.get_running_loop().create_task(self._serve(client))
        self._clients[client] = task
        task.add_done_callback(lambda _done: self._clients.pop(client, None))

    async def _serve(self, client: Line) -> None:
        # A client that leaves, or sends what is no HTTP, only loses its own connection.
        with suppress(ConnectionError), closing(client):
            try:
                while (head := await read_request(client)) is not None:
                    if not await self._handle(client, head):
                        break
            except HttpError as malformed:
                await self._reject(client, malformed)

    async def _reject(self, client: Line, malformed: HttpError) -> None:
        self.counters.malformed += 1
        body = f"{malformed}\n".encode()
        headers = [("content-type", "text/plain"), ("content-length", str(len(body)))]
        self._manners.decorate(headers, None, {})
        headers.append(("connection", "close"))
        client.write(encode(status_line(malformed.status), headers, body))
        await client.linger()

    async def _handle(self, client: Line, head: Head) -> bool:
        """Answer one request; True when the connection may carry another."""
        passage = self._passage(client, head)
        self.counters.requests += 1
        outcome, code, keep = Outcome.ABANDONED, "", False
        try:
            outcome, code, keep = await self._answer(client, passage)
        finally:
            self.counters.settle(outcome, passage.status)
            if self._notice is not None:
                now = asyncio.get_running_loop().time()
                self._notice(passage.told(outcome, now, code))
        if not passage.body.done:
            await (skip_body(client, passage.body) if keep else client.linger())
        return keep

    def _passage(self, client: Line, head: Head) -> Passage:
        peer = client.peer
        ours = self._manners.forward(head.seen, peer)
        names = {key.lower() for key, _ in ours}
        kept = [each for each in head.headers if each[0].lower() not in names]
        whole = Head(head.start, [*kept, *ours])
        length = head.body_length()
        if length == CHUNKED:
            # Chunks that are wrong from the start are the client's fault: no instance is blamed.
            Measure(length).count(client.buffer)
        return Passage(whole, whole.seen, peer, length, Measure(length))

    async def _answer(self, client: Line, passage: Passage) -> tuple[Outcome, str, bool]:
        tries = 0
        while True:
            route = await self._decide(client, passage)
            if route is None:
                return Outcome.ABANDONED, "", False
            if isinstance(route, Refuse):
                return Outcome.REFUSED, route.code, await self._refuse(client, passage, route)
            ending = await self._forward(client, passage, route)
            tries += 1
            if ending.again and tries < _TRIES:
                await self._hall.wait()
                continue
            refusal = self._own_answer(ending.outcome)
            if refusal is None:
                return ending.outcome, "", ending.keep
            return ending.outcome, refusal.code, await self._refuse(client, passage, refusal)

    def _own_answer(self, outcome: Outcome) -> Refuse | None:
        manners = self._manners
        return {
            Outcome.UNREACHED: manners.unreachable,
            Outcome.FAILED: manners.no_answer,
            Outcome.TOO_SLOW: manners.too_slow,
        }.get(outcome)

    async def _decide(self, client: Line, passage: Passage) -> Backend | Refuse | None:
        """Ask the router until it says where the request goes; None when the client has left."""
        route = self._route(passage.seen)
        if not isinstance(route, Wait):
            return route
        loop = asyncio.get_running_loop()
        began = loop.time()
        while isinstance(route, Wait):
            if client.lost:
                return None
            if loop.time() - began >= route.timeout_s:
                return route.refusal
            await self._hall.wait()
            route = self._route(passage.seen)
        return route

    async def _forward(self, client: Line, passage: Passage, backend: Backend) -> Ending:
        name = backend.instance_id
        self._in_flight[name] += 1
        try:
            ending = await self._relay.exchange(client, passage, backend)
        finally:
            self._in_flight[name] -= 1
            if not self._in_flight[name]:
                del self._in_flight[name]
            self._hall.ring()
        if not ending.again:
            self.counters.by_instance[name] += 1
        return ending

    async def _refuse(self, client: Line, passage: Passage, refusal: Refuse) -> bool:
        """Give the router's own answer; True when the connection may carry another request."""
        head, left = passage.head, not passage.body.done
        wanted = 0 <= passage.length <= _UNWANTED_BYTES and not head.expects_continue
        ends = head.closes or (left and not wanted)
        headers = list(refusal.headers)
        self._manners.decorate(headers, None, passage.seen)
        headers.append(("content-length", str(len(refusal.body))))
        headers.append(("connection", "close" if ends else "keep-alive"))
        body = b"" if head.method == "HEAD" else refusal.body
        passage.status, passage.bytes = refusal.status, len(body)
        client.write(encode(status_line(refusal.status), headers, body))
        await client.drain()
        return not ends
