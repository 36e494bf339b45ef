"""One exchange between a client and an instance, over pooled connections.

A request reaches an instance at most once, with one exception: a kept-alive connection that was
closed before any byte of the answer, on a request without a body. Nothing of such a request was
answered, so that another backend may have it. Requests with a body never use a kept connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from pilothouse.sandbox.http1 import UNTIL_CLOSE, Head, Headers, copy_body, encode, read_head

_CONNECT_S = 2.0
_POOL_PER_BACKEND = 32
_HEAD_LIMIT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Backend:
    """An instance that may answer, and the loopback port it listens on."""

    instance_id: str
    port: int


Decorate = Callable[[Headers, Backend | None], None]


class Outcome(Enum):
    """How an exchange ended."""

    KEPT = "answered, the client's connection may go on"
    CLOSED = "answered, the client's connection ends"
    UNREACHED = "nothing of it arrived; another backend may have it"
    FAILED = "the backend took it and gave no answer"
    BROKEN = "the answer broke off half way"
    ABANDONED = "the client left"


@dataclass(slots=True)
class Line:
    """A stream pair: a connection to a backend, or a client's."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    reused: bool = False

    @property
    def usable(self) -> bool:
        """Whether nobody has closed it yet."""
        return not (self.writer.is_closing() or self.reader.at_eof())


class Relay:
    """Passes requests on to backends and keeps their idle connections."""

    def __init__(self, decorate: Decorate) -> None:
        self._decorate = decorate
        self._idle: dict[Backend, list[Line]] = {}

    def close(self) -> None:
        """Close every idle connection."""
        for lines in self._idle.values():
            for line in lines:
                line.writer.close()
        self._idle.clear()

    def forget(self, instance_id: str) -> None:
        """Close the idle connections to an instance that takes no more requests."""
        for backend in [each for each in self._idle if each.instance_id == instance_id]:
            for line in self._idle.pop(backend):
                line.writer.close()

    async def exchange(self, client: Line, head: Head, backend: Backend) -> Outcome:
        """Send one request to `backend` and its answer back to `client`."""
        has_body = head.body_length() != 0
        line = await self._line(backend, fresh=has_body)
        if line is None:
            return Outcome.UNREACHED
        try:
            answer = await self._ask(client, line, head)
        except (ConnectionError, asyncio.IncompleteReadError):
            answer = None
        if answer is None:
            line.writer.close()
            replay = line.reused and not has_body
            return Outcome.UNREACHED if replay else Outcome.FAILED
        outcome = await self._return(client, line, head, answer, backend)
        if outcome in (Outcome.KEPT, Outcome.CLOSED) and not answer.closes:
            self._keep(backend, line)
        else:
            line.writer.close()
        return outcome

    async def _line(self, backend: Backend, *, fresh: bool) -> Line | None:
        idle = self._idle.get(backend, [])
        while idle and not fresh:
            line = idle.pop()
            if line.usable:
                line.reused = True
                return line
            line.writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_CONNECT_S):
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1", backend.port, limit=_HEAD_LIMIT_BYTES
                )
                return Line(reader, writer)
        return None

    def _keep(self, backend: Backend, line: Line) -> None:
        idle = self._idle.setdefault(backend, [])
        if len(idle) < _POOL_PER_BACKEND and line.usable:
            idle.append(line)
        else:
            line.writer.close()

    async def _ask(self, client: Line, line: Line, head: Head) -> Head | None:
        headers = head.end_to_end()
        if head.get("x-forwarded-proto") is None:
            headers.append(("x-forwarded-proto", "http"))
        line.writer.write(encode(head.start, headers))
        if head.body_length():
            await copy_body(client.reader, head.body_length(), _sink(line.writer))
        await line.writer.drain()
        return await read_head(line.reader)

    async def _return(
        self, client: Line, line: Line, head: Head, answer: Head, backend: Backend
    ) -> Outcome:
        length = answer.answer_length(head.method)
        closing = head.closes or length == UNTIL_CLOSE
        headers = answer.end_to_end()
        self._decorate(headers, backend)
        headers.append(("connection", "close" if closing else "keep-alive"))
        client.writer.write(encode(answer.start, headers))
        try:
            await copy_body(line.reader, length, _sink(client.writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            gone = client.writer.is_closing()
            client.writer.transport.abort()
            return Outcome.ABANDONED if gone else Outcome.BROKEN
        try:
            await client.writer.drain()
        except ConnectionError:
            return Outcome.ABANDONED
        return Outcome.CLOSED if closing else Outcome.KEPT


def _sink(writer: asyncio.StreamWriter) -> Callable[[bytes], asyncio.Future[None]]:
    def send(piece: bytes) -> asyncio.Future[None]:
        writer.write(piece)
        return asyncio.ensure_future(writer.drain())

    return send
