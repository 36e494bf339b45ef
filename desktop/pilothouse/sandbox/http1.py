"""The little of HTTP/1.1 that the edge, the instances and the health checks speak.

A head is read whole, a body is passed on as it comes; nothing here interprets a body.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Headers = list[tuple[str, str]]
Sink = Callable[[bytes], Awaitable[None]]

CHUNKED = -1
UNTIL_CLOSE = -2
_PIECE_BYTES = 64 * 1024
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "proxy-connection", "upgrade", "expect"})


@dataclass(frozen=True, slots=True)
class Head:
    """The start line and the headers of a request or an answer."""

    start: str
    headers: Headers

    def get(self, name: str) -> str | None:
        """Return the first header of that lower-case `name`."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def method(self) -> str:
        """The method, when this is a request."""
        return self.start.split(" ", 1)[0]

    @property
    def target(self) -> str:
        """The path and query, when this is a request."""
        parts = self.start.split(" ")
        return parts[1] if len(parts) > 1 else "/"

    @property
    def status(self) -> int:
        """The status, when this is an answer."""
        return int(self.start.split(" ")[1])

    @property
    def closes(self) -> bool:
        """Whether the sender closes the connection after this message."""
        wish = (self.get("connection") or "").lower()
        return "close" in wish or ("HTTP/1.0" in self.start and "keep-alive" not in wish)

    def end_to_end(self) -> Headers:
        """Return the headers that a proxy passes on."""
        return [(key, value) for key, value in self.headers if key.lower() not in _HOP_BY_HOP]

    def body_length(self) -> int:
        """Return the length of a request's body in bytes, or `CHUNKED`."""
        if "chunked" in (self.get("transfer-encoding") or "").lower():
            return CHUNKED
        return int(self.get("content-length") or 0)

    def answer_length(self, method: str) -> int:
        """Return the length of an answer's body, `CHUNKED` or `UNTIL_CLOSE`."""
        if method == "HEAD" or self.status < 200 or self.status in (204, 304):
            return 0
        if self.get("content-length") is None and self.body_length() != CHUNKED:
            return UNTIL_CLOSE
        return self.body_length()


async def read_head(reader: asyncio.StreamReader) -> Head | None:
    """Read one head; None when the peer closed before its first byte."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as gone:
        if gone.partial:
            raise
        return None
    start, *lines = raw[:-4].decode("latin-1").split("\r\n")
    headers = []
    for line in lines:
        key, _, value = line.partition(":")
        headers.append((key.strip(), value.strip()))
    return Head(start, headers)


async def copy_body(reader: asyncio.StreamReader, length: int, sink: Sink) -> None:
    """Pass a body on to `sink` piece by piece, framing included."""
    if length == CHUNKED:
        await _copy_chunks(reader, sink)
        return
    left = length
    while left:
        want = _PIECE_BYTES if length == UNTIL_CLOSE else min(left, _PIECE_BYTES)
        piece = await reader.read(want)
        if not piece:
            if length == UNTIL_CLOSE:
                return
            raise asyncio.IncompleteReadError(b"", left)
        await sink(piece)
        if length != UNTIL_CLOSE:
            left -= len(piece)


async def _copy_chunks(reader: asyncio.StreamReader, sink: Sink) -> None:
    while True:
        line = await reader.readuntil(b"\r\n")
        await sink(line)
        size = int(line.split(b";", 1)[0], 16)
        if size:
            await copy_body(reader, size, sink)
            await sink(await reader.readexactly(2))
            continue
        while line != b"\r\n":
            line = await reader.readuntil(b"\r\n")
            await sink(line)
        return


def encode(start: str, headers: Headers, body: bytes = b"") -> bytes:
    """Put a message together."""
    lines = "".join(f"{key}: {value}\r\n" for key, value in headers)
    return f"{start}\r\n{lines}\r\n".encode("latin-1") + body


async def discard(_piece: bytes) -> None:
    """Be a sink that keeps nothing."""


async def get_status(port: int, path: str, *, timeout_s: float) -> int:
    """Ask a loopback server for `path` over a connection of its own.

    Raises:
        OSError: nobody listens, or the connection broke.
        TimeoutError: no answer within `timeout_s` real seconds.
    """
    async with asyncio.timeout(timeout_s):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            headers = [("host", f"127.0.0.1:{port}"), ("connection", "close")]
            writer.write(encode(f"GET {path} HTTP/1.1", headers))
            head = await read_head(reader)
        except asyncio.IncompleteReadError as broken:
            raise ConnectionError("the answer broke off") from broken
        finally:
            writer.close()
        if head is None:
            raise ConnectionError("the connection was closed without an answer")
        return head.status
