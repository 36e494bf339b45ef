"""What goes wrong on purpose on a platform's API, and the record of every request.

A fault is chosen by rules in the order they were given; the same seed and the same requests meet
the same faults. Work that a fault lets happen is done and saved before its answer is lost.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from pilothouse.sandbox.state import Received, World

KINDS = frozenset({"refuse", "lost", "429", "500", "503", "malformed", "slow", "hang"})
PACE_PATH = "/.well-known/pilothouse-sandbox"
"""Where a client that was pointed here by the environment alone learns how fast time goes."""

_BODY_KEPT_BYTES = 256 * 1024
_HANG_S = 600.0


class Match(msgspec.Struct, forbid_unknown_fields=True):
    """Which requests a rule is about; `path` and `body` are regular expressions.

    `nth` picks one of the matching requests alone, counted from 1.
    """

    method: str | None = None
    path: str | None = None
    platform: str | None = None
    body: str | None = None
    nth: int | None = None


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """A fault for the next `count` matching requests, each hit with probability `rate`."""

    kind: str
    match: Match = msgspec.field(default_factory=Match)
    count: int = 1
    seed: int = 0
    rate: float = 1.0
    seconds: float = 1.0


class Faults:
    """The rules in force; a rule that is used up stays without effect until cleared."""

    def __init__(self) -> None:
        self._rules: list[tuple[Rule, random.Random]] = []
        self._seen: list[int] = []

    def add(self, rule: Rule) -> None:
        """Put a rule in force.

        Raises:
            ValueError: its kind is unknown, or a pattern is not one.
        """
        if rule.kind not in KINDS:
            raise ValueError(f"unknown fault {rule.kind!r}; known are {', '.join(sorted(KINDS))}")
        try:
            re.compile(rule.match.path or "")
            re.compile(rule.match.body or "")
        except re.error as wrong:
            raise ValueError(f"not a pattern: {wrong}") from wrong
        self._rules.append((rule, random.Random(rule.seed)))
        self._seen.append(0)

    def clear(self) -> None:
        """Take every rule out of force."""
        self._rules.clear()
        self._seen.clear()

    def rules(self) -> list[Rule]:
        """Return the rules with what is left of their counts."""
        return [rule for rule, _ in self._rules]

    def pick(self, request: Received) -> Rule | None:
        """Return the rule that strikes this request, and use it up by one."""
        for index, (rule, chance) in enumerate(self._rules):
            if not _matches(rule.match, request):
                continue
            self._seen[index] += 1
            if rule.count <= 0 or rule.match.nth not in (None, self._seen[index]):
                continue
            if chance.random() < rule.rate:
                rule.count -= 1
                return rule
        return None


def _matches(match: Match, request: Received) -> bool:
    return (
        match.method in (None, request.method)
        and match.platform in (None, request.platform)
        and (match.path is None or re.search(match.path, request.path) is not None)
        and (match.body is None or re.search(match.body, json.dumps(request.body)) is not None)
    )


class CuttableProtocol(H11Protocol):
    """Uvicorn's HTTP protocol, whose connection an application may cut without an answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the connection by both of its ends."""
        super().connection_made(transport)
        self._ends = (self.server, self.client)
        _open_lines[self._ends] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        _open_lines.pop(self._ends, None)
        super().connection_lost(exc)


_open_lines: dict[object, asyncio.Transport] = {}


async def _cut(scope: Scope) -> None:
    transport = _open_lines.get((scope["server"], scope["client"]))
    if transport is None:
        return  # the client was quicker
    transport.abort()
    # The loop tells the protocol in its next turn; only then does it expect no answer any more.
    await asyncio.sleep(0)
    await asyncio.sleep(0)


class Guarded:
    """An ASGI application around a platform's: journal, faults, and saving before answering."""

    def __init__(self, app: ASGIApp, world: World, faults: Faults, platform: str) -> None:
        self._app = app
        self._world = world
        self._faults = faults
        self._platform = platform

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        try:
            await self._handle(scope, receive, send)
        except asyncio.CancelledError:
            # Only the sandbox's own end cancels a request, such as a long poll.
            await _cut(scope)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == PACE_PATH:
            scale = json.dumps({"scale": self._world.pace.scale})
            await _answer(send, 200, scale.encode())
            return
        body = await _read(receive)
        request = Received(
            n=0,
            at=time.time(),
            platform=self._platform,
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            body=_decoded(body),
        )
        self._world.note(request)
        rule = self._faults.pick(request)
        request.fault = rule.kind if rule else None
        await self._struck(rule, request, scope, _Replayed(body, receive), send)

    async def _struck(
        self, rule: Rule | None, request: Received, scope: Scope, receive: Receive, send: Send
    ) -> None:
        kind = rule.kind if rule else ""
        if rule is not None and kind == "slow":
            await asyncio.sleep(rule.seconds)
        if kind == "hang":
            await _until_gone(receive)
        if kind in ("refuse", "hang"):
            await _cut(scope)
        elif kind in ("429", "500", "503"):
            request.status = int(kind)
            await _answer(send, int(kind), _SAID[kind])
        elif kind in ("lost", "malformed"):
            await self._app(scope, receive, self._watched(request, _swallow))
            if kind == "lost":
                await _cut(scope)
            else:
                await _answer(send, 200, b'{"ok": tru')
        else:
            await self._app(scope, receive, self._watched(request, send))

    def _watched(self, request: Received, send: Send) -> Send:
        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.status = message["status"]
                if request.method not in ("GET", "HEAD"):
                    self._world.save()
            self._world.last_used = time.monotonic()
            await send(message)

        return watched


class _Replayed:
    """A body that was read already, handed out again; then the connection's own messages."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


_SAID = {
    "429": b'{"error":"resource_exhausted: rate limit exceeded","id":"rate_limit",'
    b'"message":"rate limit exceeded"}',
    "500": b'{"error":"unknown: internal server error","id":"internal_server_error",'
    b'"message":"internal server error"}',
    "503": b"upstream connect error or disconnect/reset before headers\n",
}


async def _swallow(_message: Message) -> None:
    """Lose an answer."""


async def _answer(send: Send, status: int, body: bytes) -> None:
    kind = b"application/json" if body.startswith(b"{") else b"text/plain"
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _read(receive: Receive) -> bytes:
    pieces: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(pieces)
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(pieces)


def _decoded(body: bytes) -> object:
    """Return a JSON body as a value; what is no JSON is told by its length alone."""
    if not body:
        return None
    if len(body) <= _BODY_KEPT_BYTES:
        try:
            return json.loads(body)
        except ValueError:
            pass
    return {"bytes": len(body)}


async def _until_gone(receive: Receive) -> None:
    await receive()
    async with asyncio.timeout(_HANG_S):
        while (await receive())["type"] != "http.disconnect":
            pass
