"""What the practice app says to a request, and how its artifact makes it say so.

Its paths: `/` tells who answers, `/healthz` whether it is well, `/slow?s=N` takes N seconds,
`/stream?s=N` sends a line of JSON every 100 ms for N seconds, `POST /echo` gives a body back.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from urllib.parse import parse_qs

from pilothouse.sandbox.framing import Measure, skip_body
from pilothouse.sandbox.http1 import Head, Headers, encode, status_line
from pilothouse.sandbox.line import CutError, Line

_SLOWNESS_S = 0.8
_ERROR_RATE = 0.05
_STREAM_PAUSE_S = 0.1
_LONGEST_S = 60.0
_ECHO_BYTES = 32 * 1024 * 1024
_JSON = ("content-type", "application/json")


class Behaviour(StrEnum):
    """What an artifact's process does; the names are those of the sandbox's images."""

    NEXT = "next"
    CRASH = "crash"
    LOOP = "loop"
    UNHEALTHY = "unhealthy"
    ERR5 = "err5"
    SLOW = "slow"
    LEAK = "leak"


@dataclass(frozen=True, slots=True)
class Identity:
    """What an instance says about itself at `GET /`."""

    app: str
    release: int | str
    artifact: str
    instance: str


class Answers:
    """Answers for one instance.

    `error_rate` is the share of `GET /` that `err5` fails, the same ones every time; `slowness_s`
    is what `slow` adds to every answer but that of `/healthz`, in real seconds.
    """

    def __init__(self, identity: Identity, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.error_rate = _ERROR_RATE
        self.slowness_s = _SLOWNESS_S
        self._asked = 0
        self._identity = asdict(identity)
        self._whoami = json.dumps(self._identity).encode()

    async def respond(self, line: Line, head: Head, *, closing: bool) -> bool:
        """Read the body of a request and answer it; True when the connection may go on.

        Raises:
            ConnectionError: the client is gone.
            HttpError: the body is malformed.
        """
        path, _, query = head.target.partition("?")
        body = Measure(head.body_length())
        if not body.done and head.expects_continue:
            line.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if path == "/echo" and head.method in ("POST", "PUT"):
            await _echo(line, head, body, closing=closing)
            return body.done
        await skip_body(line, body)
        if self.behaviour is Behaviour.SLOW and path != "/healthz":
            await asyncio.sleep(self.slowness_s)
        if path == "/stream":
            await self._stream(line, head, _seconds(query), closing=closing)
            return not head.old
        if path == "/slow":
            await asyncio.sleep(_seconds(query))
        status, payload = self._answer(path)
        _send(line, head, (status, [_JSON], payload), closing=closing)
        return True

    def _answer(self, path: str) -> tuple[int, bytes]:
        if path == "/healthz":
            sick = self.behaviour is Behaviour.UNHEALTHY
            return (503, b'{"status": "unhealthy"}') if sick else (200, b'{"status": "ok"}')
        if path == "/slow":
            return 200, self._whoami
        if path != "/":
            return 404, b'{"error": "not found"}'
        self._asked += 1
        if self.behaviour is Behaviour.ERR5 and self._fails():
            return 500, b'{"error": "the app failed on purpose"}'
        return 200, self._whoami

    def _fails(self) -> bool:
        """Whether this very request raises the number of those that should have failed by now."""
        rate, hair = self.error_rate, 1e-9
        return int(self._asked * rate + hair) > int((self._asked - 1) * rate + hair)

    async def _stream(self, line: Line, head: Head, seconds: float, *, closing: bool) -> None:
        closing = closing or head.old
        headers: Headers = [("content-type", "application/x-ndjson"), _connection(closing)]
        if not head.old:
            headers.append(("transfer-encoding", "chunked"))
        line.write(encode("HTTP/1.1 200 OK", headers))
        if head.method == "HEAD":
            return
        for number in range(max(1, round(seconds / _STREAM_PAUSE_S))):
            if number:
                await asyncio.sleep(_STREAM_PAUSE_S)
            text = json.dumps({"line": number, **self._identity}).encode() + b"\n"
            line.write(text if head.old else b"%x\r\n%b\r\n" % (len(text), text))
            await line.drain()
        if not head.old:
            line.write(b"0\r\n\r\n")


async def _echo(line: Line, head: Head, body: Measure, *, closing: bool) -> None:
    """Give the body back once it is whole: whoever sends need not read meanwhile."""
    payload = bytearray()
    while True:
        line.take(body.count(line.buffer, payload))
        if body.done:
            break
        if len(payload) > _ECHO_BYTES:
            error = b'{"error": "more than 32 MiB"}'
            _send(line, head, (413, [_JSON], error), closing=True)
            return
        if not await line.fill():
            raise CutError("the body broke off")
    kind = head.seen.get("content-type", "application/octet-stream")
    _send(line, head, (200, [("content-type", kind)], bytes(payload)), closing=closing)


def _send(line: Line, head: Head, answer: tuple[int, Headers, bytes], *, closing: bool) -> None:
    status, headers, payload = answer
    headers = [*headers, ("content-length", str(len(payload))), _connection(closing)]
    line.write(encode(status_line(status), headers, b"" if head.method == "HEAD" else payload))


def _connection(closing: bool) -> tuple[str, str]:
    return ("connection", "close" if closing else "keep-alive")


def _seconds(query: str) -> float:
    """Read `s` from a query; nonsense counts as one second, more than a minute as a minute."""
    try:
        return min(_LONGEST_S, max(0.0, float(parse_qs(query)["s"][0])))
    except (KeyError, ValueError):
        return 1.0
