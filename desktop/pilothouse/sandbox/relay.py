"""One exchange between a client and an instance, over pooled connections.

A request reaches an instance at most once, with one exception: a kept-alive connection that was
closed before any byte of the answer, on a request without a body. Nothing of such a request was
answered, so that another backend may have it. Requests with a body never use a kept connection.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from dataclasses import dataclass

from pilothouse.sandbox.exchange import Backend, Manners, Outcome, Passage
from pilothouse.sandbox.http1 import UNTIL_CLOSE, Head, Sink, copy_body, encode, read_head

_CONNECT_S = 2.0
_POOL_PER_BACKEND = 32
_HEAD_LIMIT_BYTES = 64 * 1024


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


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended: `keep` when the client's connection may carry another request.

    `again` when nothing of it was answered, so that another backend may have it.
    """

    outcome: Outcome
    keep: bool = False
    again: bool = False


class Relay:
    """Passes requests on to backends and keeps their idle connections."""

    def __init__(self, manners: Manners) -> None:
        self._manners = manners
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

    async def exchange(self, client: Line, passage: Passage, backend: Backend) -> Ending:
        """Send one request to `backend` and its answer back to `client`."""
        clock = asyncio.get_running_loop().time
        passage.backend = backend
        has_body = passage.head.body_length() != 0
        began = clock()
        line = await self._line(backend, fresh=has_body)
        if line is None:
            return Ending(Outcome.UNREACHED, again=True)
        passage.handed_at = clock()
        passage.connect_s = passage.handed_at - began
        try:
            async with asyncio.timeout(_limit(self._manners.first_byte_s)):
                answer = await self._ask(client, line, passage)
        except TimeoutError:
            line.writer.close()
            return Ending(Outcome.TOO_SLOW)
        except (ConnectionError, asyncio.IncompleteReadError):
            answer = None
        if answer is None:
            line.writer.close()
            return Ending(Outcome.FAILED, again=line.reused and not has_body)
        passage.first_byte_s = clock() - passage.handed_at
        ending = await self._return(client, line, passage, answer)
        if ending.outcome is Outcome.ANSWERED and not answer.closes:
            self._keep(backend, line)
        else:
            line.writer.close()
        return ending

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

    async def _ask(self, client: Line, line: Line, passage: Passage) -> Head | None:
        head = passage.head
        line.writer.write(encode(head.start, head.end_to_end()))
        if head.body_length():
            await copy_body(client.reader, head.body_length(), _sink(line.writer))
        await line.writer.drain()
        return await read_head(line.reader)

    async def _return(self, client: Line, line: Line, passage: Passage, answer: Head) -> Ending:
        length = answer.answer_length(passage.head.method)
        closing = passage.head.closes or length == UNTIL_CLOSE
        headers = answer.end_to_end()
        self._manners.decorate(headers, passage.backend, passage.seen)
        headers.append(("connection", "close" if closing else "keep-alive"))
        client.writer.write(encode(answer.start, headers))
        passage.status = answer.status
        try:
            await copy_body(line.reader, length, _sink(client.writer, passage))
        except (ConnectionError, asyncio.IncompleteReadError):
            gone = client.writer.is_closing()
            client.writer.transport.abort()
            return Ending(Outcome.ABANDONED if gone else Outcome.BROKEN)
        try:
            await client.writer.drain()
        except ConnectionError:
            return Ending(Outcome.ABANDONED)
        return Ending(Outcome.ANSWERED, keep=not closing)


def _limit(seconds: float) -> float | None:
    return None if math.isinf(seconds) else seconds


def _sink(writer: asyncio.StreamWriter, passage: Passage | None = None) -> Sink:
    def send(piece: bytes) -> asyncio.Future[None]:
        writer.write(piece)
        if passage is not None:
            passage.bytes += len(piece)
        return asyncio.ensure_future(writer.drain())

    return send
