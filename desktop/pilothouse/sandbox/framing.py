"""The bodies of HTTP/1.1, measured as they pass, framing included (RFC 9112, parts 6 and 7)."""

from __future__ import annotations

import re

from pilothouse.sandbox.http1 import CHUNKED, UNTIL_CLOSE, HttpError
from pilothouse.sandbox.line import CutError, Line

_CHUNK_LINE_BYTES = 4096
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;.*)?", re.DOTALL)


class Measure:
    """Tells how much of what arrives belongs to one body; `done` at its last byte."""

    __slots__ = ("_chunked", "_last", "_left", "_until_close", "done")

    def __init__(self, length: int) -> None:
        self._chunked = length == CHUNKED
        self._until_close = length == UNTIL_CLOSE
        self._left = max(length, 0)
        self._last = False
        self.done = length == 0

    @property
    def endless(self) -> bool:
        """Whether the body ends with the connection."""
        return self._until_close

    def count(self, buffer: bytearray, payload: bytearray | None = None) -> int:
        """Return how many bytes at the start of the buffer belong to the body.

        `payload` gets the body itself where its framing must go.

        Raises:
            HttpError: the chunks are malformed.
        """
        if self._chunked:
            return self._count_chunks(buffer, payload)
        most = len(buffer) if self._until_close else min(self._left, len(buffer))
        self._left -= most
        self.done = not self._until_close and self._left <= 0
        if payload is not None:
            payload += buffer[:most]
        return most

    def _count_chunks(self, buffer: bytearray, payload: bytearray | None) -> int:
        at = 0
        while not self.done and at < len(buffer):
            if self._left:
                size = min(self._left, len(buffer) - at)
                if payload is not None:
                    payload += buffer[at : at + min(size, max(0, self._left - 2))]
                self._left -= size
                at += size
                continue
            end = buffer.find(b"\r\n", at)
            if end < 0:
                if len(buffer) - at > _CHUNK_LINE_BYTES:
                    raise HttpError(400, "a chunk's size is malformed")
                break
            self._line(bytes(buffer[at:end]))
            at = end + 2
        return at

    def _line(self, line: bytes) -> None:
        if self._last:
            self.done = not line
            return
        size = _CHUNK.fullmatch(line)
        if size is None:
            raise HttpError(400, "a chunk's size is malformed")
        # The line end after the data counts with it.
        self._left = int(size[1], 16)
        self._last = not self._left
        self._left += 0 if self._last else 2


async def skip_body(line: Line, measure: Measure) -> None:
    """Read a body that nobody wants.

    Raises:
        CutError: it broke off.
        HttpError: it is malformed.
    """
    while True:
        line.take(measure.count(line.buffer))
        if measure.done:
            return
        if not await line.fill():
            raise CutError("the body broke off")
