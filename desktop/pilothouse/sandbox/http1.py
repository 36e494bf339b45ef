"""The heads of HTTP/1.1, as the edge, the instances and the health checks speak it.

A head is read whole. What is malformed is refused at once, since nobody can tell where its body
ends (RFC 9112, parts 2, 3 and 6).
"""

from __future__ import annotations

import asyncio
import re
from functools import lru_cache
from http import HTTPStatus

from pilothouse.sandbox.line import CutError, Line, connect

Headers = list[tuple[str, str]]

CHUNKED = -1
UNTIL_CLOSE = -2
HEAD_LIMIT_BYTES = 64 * 1024
_HEAD_S = 60.0
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "upgrade", "expect", "http2-settings"}
)
_FRAMING = frozenset({"host", "content-length", "transfer-encoding"})
_CONTROL = re.compile(r"[\r\n\0]")
_PHRASES = {each.value: each.phrase for each in HTTPStatus}
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


class HttpError(ValueError):
    """A message that is not HTTP as we speak it; `status` is what a server answers to it."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Head:
    """The start line and the headers of a request or an answer.

    `seen` has the headers with lower-case names, those that come more than once joined by commas.
    """

    __slots__ = ("_words", "headers", "seen", "start")

    def __init__(self, start: str, headers: Headers) -> None:
        self.start = start
        self.headers = headers
        self.seen: dict[str, str] = {}
        for key, value in headers:
            name = _lower(key)
            before = self.seen.get(name)
            self.seen[name] = value if before is None else f"{before}, {value}"
        self._words = start.split(" ", 2)

    @property
    def method(self) -> str:
        """The method, when this is a request."""
        return self._words[0]

    @property
    def target(self) -> str:
        """The path and query, when this is a request."""
        return self._words[1]

    @property
    def status(self) -> int:
        """The status, when this is an answer."""
        return int(self._words[1])

    @property
    def old(self) -> bool:
        """Whether the sender speaks HTTP/1.0, which knows neither chunks nor interim answers."""
        return "HTTP/1.0" in (self._words[0], self._words[-1])

    @property
    def closes(self) -> bool:
        """Whether the sender closes the connection after this message."""
        wish = self.seen.get("connection", "").lower()
        return "close" in wish or (self.old and "keep-alive" not in wish)

    @property
    def upgrade(self) -> str:
        """The protocol that the sender wants to go on with; empty for none we could tunnel."""
        if "upgrade" not in self.seen.get("connection", "").lower():
            return ""
        wish = self.seen.get("upgrade", "")
        return "" if wish.lower() == "h2c" else wish

    @property
    def expects_continue(self) -> bool:
        """Whether the client waits for an interim answer before it sends the body."""
        return not self.old and self.seen.get("expect", "").lower() == "100-continue"

    def end_to_end(self) -> Headers:
        """Return the headers that a proxy passes on."""
        named = self.seen.get("connection")
        gone = _HOP_BY_HOP
        if named is not None and named.lower() not in _HOP_BY_HOP | {"close"}:
            gone = gone | ({each.strip().lower() for each in named.split(",")} - _FRAMING)
        return [each for each in self.headers if _lower(each[0]) not in gone]

    def body_length(self) -> int:
        """Return the length of a request's body in bytes, or `CHUNKED`."""
        if "chunked" in self.seen.get("transfer-encoding", "").lower():
            return CHUNKED
        return int(self.seen.get("content-length") or 0)

    def answer_length(self, method: str) -> int:
        """Return the length of an answer's body, `CHUNKED` or `UNTIL_CLOSE`."""
        status = self.status
        if method == "HEAD" or status < 200 or status in (204, 304):
            return 0
        if "content-length" not in self.seen and self.body_length() != CHUNKED:
            return UNTIL_CLOSE
        return self.body_length()


@lru_cache(maxsize=2048)
def _lower(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise HttpError(400, f"{name!r} is no header name")
    return name.lower()


async def _read_raw(line: Line, limit_s: float) -> str | None:
    """Take one head out of the buffer; None when the other side closed before its first byte."""
    loop = asyncio.get_running_loop()
    end = None
    while (found := line.buffer.find(b"\r\n\r\n")) < 0:
        if len(line.buffer) > HEAD_LIMIT_BYTES:
            long_line = b"\r\n" not in line.buffer
            raise HttpError(414 if long_line else 431, "the head is too long")
        if b"\n\n" in line.buffer:
            raise HttpError(400, "lines end with CR and LF")
        if line.buffer and end is None:
            if not _TOKEN.match(chr(line.buffer[0])):
                raise HttpError(400, "this is not HTTP")
            end = loop.time() + limit_s
        try:
            more = await line.fill(None if end is None else max(0.0, end - loop.time()))
        except TimeoutError:
            raise HttpError(408, "the head did not end in time") from None
        if not more:
            if line.buffer:
                raise CutError("the head broke off")
            return None
    if found > HEAD_LIMIT_BYTES:
        raise HttpError(431, "the head is too long")
    return line.take(found + 4)[:-4].decode("latin-1")


def _parse(raw: str) -> Head:
    start, *lines = raw.split("\r\n")
    headers = []
    for each in lines:
        key, colon, value = each.partition(":")
        if not colon or _CONTROL.search(value):
            raise HttpError(400, "a header is malformed")
        headers.append((key, value.strip(" \t")))
    return Head(start, headers)


async def read_request(line: Line) -> Head | None:
    """Read a request's head; None when the client closed before its first byte.

    Raises:
        HttpError: it is malformed, too long, too slow, or its body has no certain end.
        CutError: the client left in the middle of it.
    """
    while line.buffer.startswith(b"\r\n"):
        line.take(2)
    raw = await _read_raw(line, _HEAD_S)
    if raw is None:
        return None
    head = _parse(raw)
    words = head.start.split(" ")
    if len(words) != 3 or not words[1] or not _TOKEN.fullmatch(words[0]):
        raise HttpError(400, "the request line is malformed")
    if words[2] not in ("HTTP/1.1", "HTTP/1.0"):
        known = words[2].startswith("HTTP/")
        raise HttpError(505 if known else 400, "only HTTP/1.1 and HTTP/1.0 are spoken here")
    _check_framing(head)
    return head


def _check_framing(head: Head) -> None:
    seen = head.seen
    if "host" not in seen and not head.old:
        raise HttpError(400, "the request names no host")
    length, coding = seen.get("content-length"), seen.get("transfer-encoding")
    if coding is not None:
        if coding.lower() != "chunked" or length is not None or head.old:
            raise HttpError(400, "the body's end cannot be told")
    elif length is not None and not (length.isascii() and length.isdigit() and len(length) < 16):
        raise HttpError(400, "the content-length is no number")


async def read_answer(line: Line) -> Head | None:
    """Read an answer's head; None when the instance closed before its first byte.

    Raises:
        HttpError: it is no HTTP/1 answer.
        CutError: the instance broke it off.
    """
    raw = await _read_raw(line, _HEAD_S)
    if raw is None:
        return None
    head = _parse(raw)
    if not re.match(r"HTTP/1\.[01] [1-9]\d\d(?: |$)", head.start):
        raise HttpError(502, "the status line is malformed")
    length = head.seen.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise HttpError(502, "the content-length is no number")
    return head


def encode(start: str, headers: Headers, body: bytes = b"") -> bytes:
    """Put a message together."""
    lines = "".join([f"{key}: {value}\r\n" for key, value in headers])
    return f"{start}\r\n{lines}\r\n".encode("latin-1") + body


def status_line(status: int) -> str:
    """Return the start of an answer with the words that belong to its status."""
    return f"HTTP/1.1 {status} {_PHRASES.get(status, 'Refused')}"


async def get_status(port: int, path: str, *, timeout_s: float) -> int:
    """Ask a loopback server for `path` over a connection of its own.

    Raises:
        OSError: nobody listens, or the connection broke.
        TimeoutError: no answer within `timeout_s` real seconds.
    """
    async with asyncio.timeout(timeout_s):
        line = await connect(port)
        try:
            headers = [("host", f"127.0.0.1:{port}"), ("connection", "close")]
            line.write(encode(f"GET {path} HTTP/1.1", headers))
            head = await read_answer(line)
        except HttpError as broken:
            raise ConnectionError("the answer was no HTTP") from broken
        finally:
            line.close()
        if head is None:
            raise ConnectionError("the connection was closed without an answer")
        return head.status
