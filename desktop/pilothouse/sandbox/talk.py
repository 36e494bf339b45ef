"""One exchange between a client and an instance: the request there, the answer back.

Everything is passed on as it comes, at the pace of whoever takes it more slowly.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from dataclasses import dataclass

from pilothouse.sandbox.exchange import Manners, Outcome, Passage
from pilothouse.sandbox.framing import Measure
from pilothouse.sandbox.http1 import UNTIL_CLOSE, Head, Headers, HttpError, encode, read_answer
from pilothouse.sandbox.line import CutError, Line

_FAREWELL_S = 5.0
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended: `keep` when the client's connection may carry another request.

    `again` when nothing of it was answered, so that another backend may have it.
    """

    outcome: Outcome
    keep: bool = False
    again: bool = False


class Talk:
    """One request and its answer on one connection to an instance.

    `spare` is true at the end when the connection can carry another.
    """

    def __init__(self, manners: Manners, client: Line, line: Line, passage: Passage) -> None:
        self._manners = manners
        self._client = client
        self._line = line
        self._passage = passage
        self._upload: asyncio.Task[None] | None = None
        self._cut = False
        self._held = b""
        self.spare = False

    async def hold(self) -> Ending:
        """Pass the request on and its answer back, and say how it ended."""
        try:
            answer = await self._ask()
            if answer is None or (answer.status == 101 and not self._passage.head.upgrade):
                return self._unanswered()
            if answer.status == 101:
                return await self._tunnel(answer)
            return await self._return(answer)
        finally:
            if self._upload is not None:
                self._upload.cancel()

    # ------------------------------------------------------------------ the request

    async def _ask(self) -> Head | None:
        try:
            self._send()
            while True:
                answer = await read_answer(self._line)
                if answer is None or answer.status >= 200 or answer.status == 101:
                    break
                if not self._passage.head.old and answer.status != 100:
                    self._client.write(encode(answer.start, answer.headers))
        except (ConnectionError, HttpError):
            return None
        self._line.no_alarm()
        passage = self._passage
        if passage.handed_at is not None:
            passage.first_byte_s = asyncio.get_running_loop().time() - passage.handed_at
        return answer

    def _send(self) -> None:
        head, passage = self._passage.head, self._passage
        headers = head.end_to_end()
        if head.upgrade:
            headers += [("connection", "upgrade"), ("upgrade", head.upgrade)]
        start = f"{head.method} {head.target} HTTP/1.1" if head.old else head.start
        if "host" not in head.seen:  # which only old clients may leave out
            headers.append(("host", "127.0.0.1"))
        message = encode(start, headers)
        if not passage.length:
            self._line.write(message)
            self._sent()
            return
        measure = passage.body
        size = measure.count(self._client.buffer)
        self._line.write(message + self._client.take(size))
        if measure.done:
            self._sent()
            return
        if head.expects_continue:
            self._client.write(_CONTINUE)
        self._upload = asyncio.get_running_loop().create_task(self._pass_body(measure))

    def _sent(self) -> None:
        """The instance has the whole request: its time to the first byte begins."""
        if not math.isinf(self._manners.first_byte_s):
            self._line.alarm(self._manners.first_byte_s)

    async def _pass_body(self, measure: Measure) -> None:
        try:
            while not measure.done:
                if not await self._client.fill():
                    self._give_up()
                    return
                size = measure.count(self._client.buffer)
                if size:
                    piece = self._client.take(size)
                    with suppress(ConnectionError):
                        # An instance that stopped reading may still answer; that is awaited.
                        self._line.write(piece)
                        await self._line.drain()
            self._sent()
        except HttpError:
            self._give_up()

    def _give_up(self) -> None:
        """The body will never be whole."""
        self._cut = True
        self._line.abort()

    # ------------------------------------------------------------------ the answer

    def _unanswered(self) -> Ending:
        line = self._line
        if self._client.lost or self._cut:
            return Ending(Outcome.ABANDONED)
        if line.late:
            return Ending(Outcome.TOO_SLOW)
        again = line.reused and not self._passage.length
        return Ending(Outcome.FAILED, again=again)

    async def _return(self, answer: Head) -> Ending:
        head, client = self._passage.head, self._client
        length = answer.answer_length(head.method)
        bare = head.old and "transfer-encoding" in answer.seen
        closing = head.closes or length == UNTIL_CLOSE or bare or not self._passage.body.done
        headers = answer.end_to_end()
        if bare:
            headers = [each for each in headers if each[0].lower() != "transfer-encoding"]
        try:
            self._begin(answer, headers, closing=closing)
            await self._answer_body(Measure(length), bare=bare)
        except (CutError, HttpError, TimeoutError):
            outcome = Outcome.ABANDONED if client.lost else Outcome.BROKEN
            client.abort()
            return Ending(outcome)
        except ConnectionError:
            client.abort()
            return Ending(Outcome.ABANDONED)
        self.spare = self._passage.body.done and not (answer.closes or length == UNTIL_CLOSE)
        if client.eof and client.gone():
            return Ending(Outcome.ABANDONED)
        return Ending(Outcome.ANSWERED, keep=not closing)

    def _begin(self, answer: Head, headers: Headers, *, closing: bool) -> None:
        passage = self._passage
        self._manners.decorate(headers, passage.backend, passage.seen)
        headers.append(("connection", "close" if closing else "keep-alive"))
        passage.status = answer.status
        self._held = encode(f"HTTP/1.1{answer.start[8:]}", headers)

    async def _answer_body(self, measure: Measure, *, bare: bool) -> None:
        """Pass the body on, the held head with its first piece.

        Raises:
            CutError: it broke off.
            TimeoutError: nothing came for too long.
            ConnectionError: the client is gone.
        """
        line, client = self._line, self._client
        idle_s = None if math.isinf(self._manners.idle_s) else self._manners.idle_s
        while True:
            payload = bytearray() if bare else None
            piece = line.take(measure.count(line.buffer, payload))
            if payload is not None:
                piece = payload
            self._passage.bytes += len(piece)
            if self._held or piece:
                client.write(self._held + piece)
                self._held = b""
                await client.drain()
            if measure.done:
                return
            if not await line.fill(idle_s):
                if measure.endless and not line.reset:
                    return
                raise CutError("the answer broke off")

    # ------------------------------------------------------------------ another protocol

    async def _tunnel(self, answer: Head) -> Ending:
        """Pass everything on both ways until both have ended."""
        headers = answer.end_to_end()
        passage = self._passage
        self._manners.decorate(headers, passage.backend, passage.seen)
        headers += [("connection", "upgrade"), ("upgrade", answer.seen.get("upgrade", ""))]
        passage.status = 101
        with suppress(ConnectionError):
            self._client.write(encode(answer.start, headers))
            there = asyncio.create_task(self._pump(self._client, self._line))
            # A side that stays silent after the other has ended is not waited for.
            there.add_done_callback(lambda _done: self._line.alarm(_FAREWELL_S))
            try:
                passage.bytes = await self._pump(self._line, self._client)
                await asyncio.wait({there}, timeout=_FAREWELL_S)
            finally:
                there.cancel()
        return Ending(Outcome.ANSWERED)

    async def _pump(self, source: Line, sink: Line) -> int:
        count = 0
        with suppress(ConnectionError):
            while True:
                if source.buffer:
                    count += len(source.buffer)
                    sink.write(source.take(len(source.buffer)))
                    await sink.drain()
                if not await source.fill():
                    break
            sink.end_writing()
        return count
