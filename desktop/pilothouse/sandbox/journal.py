"""The record of every request that reached a practice platform, in bounded memory.

Neither tokens nor what else opens a door is kept: of the headers only those that say how a client
asks, and the sandbox's own token is blotted out wherever it stands.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec
from starlette.types import Scope

REQUESTS_KEPT = 20_000
BODY_READ_BYTES = 256 * 1024
"""A longer body is not read ahead of the application, and is known by its length alone."""

_BODIES_KEPT_BYTES = 64 * 1024 * 1024
_TEXT_KEPT = 2048
_VALUE_KEPT = 256
_HEADERS = frozenset(
    {
        "accept",
        "content-type",
        "if-match",
        "if-none-match",
        "last-event-id",
        "fly-force-instance-id",
        "fly-machine-lease-nonce",
        "range",
        "request-id",
        "user-agent",
    }
)
_SECRET = ("auth", "code", "cookie", "key", "secret", "token")


class Received(msgspec.Struct):
    """One request that reached a platform API.

    `at` is in epoch seconds, durations in real seconds. `status` is null as long as nothing is
    answered, and stays so when the connection was cut before any work; a fault that loses the
    answer leaves the status of the work. `body` is JSON; null where there was none or it streamed
    by (`bytes_received` tells how much came); `{"bytes": N}` where it was no JSON after all, or
    was dropped to save memory.
    """

    n: int
    at: float
    platform: str
    method: str
    path: str
    query: str
    body: Any = None
    status: int | None = None
    fault: str | None = None
    headers: dict[str, str] = {}
    duration_s: float | None = None
    bytes_received: int = 0
    bytes_sent: int = 0

    def body_text(self) -> str:
        """Return the body as the JSON text that patterns are searched in."""
        if isinstance(self.body, msgspec.Raw):
            return bytes(self.body).decode()
        return json.dumps(self.body)


class Journal:
    """The latest requests, numbered from 1 in the order of their arrival."""

    def __init__(
        self, kept: int = REQUESTS_KEPT, bodies_kept_bytes: int = _BODIES_KEPT_BYTES
    ) -> None:
        self.last = 0
        self._rows: deque[Received] = deque(maxlen=kept)
        self._with_body: deque[Received] = deque()
        self._body_bytes = 0
        self._most_bytes = bodies_kept_bytes

    def __iter__(self) -> Iterator[Received]:
        """Go through them, oldest first."""
        return iter(self._rows)

    def note(self, request: Received) -> None:
        """Number a request and keep it, and drop what has become too much."""
        self.last += 1
        request.n = self.last
        full = len(self._rows) == self._rows.maxlen
        if full and self._with_body and self._with_body[0] is self._rows[0]:
            self._drop_body()
        self._rows.append(request)
        if isinstance(request.body, msgspec.Raw):
            self._with_body.append(request)
            self._body_bytes += len(bytes(request.body))
        while self._body_bytes > self._most_bytes:
            self._drop_body()

    def since(self, number: int, limit: int | None = None) -> list[Received]:
        """Return those after `number`, oldest first, `limit` at most."""
        first = self.last - len(self._rows) + 1
        begin = max(0, number + 1 - first)
        return list(islice(self._rows, begin, None if limit is None else begin + limit))

    def _drop_body(self) -> None:
        oldest = self._with_body.popleft()
        length = len(bytes(oldest.body))
        self._body_bytes -= length
        oldest.body = {"bytes": length}


def received(platform: str, scope: Scope, body: bytes | None, token: str) -> Received:
    """Make the record of a request from its ASGI scope; `body` None was not read ahead."""

    def text(raw: bytes, most: int) -> str:
        return raw.decode("latin-1").replace(token, "(token)")[:most]

    return Received(
        n=0,
        at=time.time(),
        platform=platform,
        method=scope["method"],
        path=scope["path"].replace(token, "(token)")[:_TEXT_KEPT],
        query=text(scope["query_string"], _TEXT_KEPT),
        body=_kept(body, token) if body else None,
        headers={
            name: text(value, _VALUE_KEPT)
            for name, value in _named(scope["headers"])
            if _is_kept(name)
        },
    )


def _named(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[str, bytes]]:
    return ((name.decode("latin-1").lower(), value) for name, value in headers)


def _is_kept(name: str) -> bool:
    if any(word in name for word in _SECRET):
        return False
    return name in _HEADERS or name.startswith("x-")


def _kept(body: bytes, token: str) -> object:
    """Return a JSON body as text in one form; what is no JSON is told by its length alone."""
    try:
        text = json.dumps(msgspec.json.decode(body))
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return {"bytes": len(body)}
    return msgspec.Raw(text.replace(token, "(token)").encode())
