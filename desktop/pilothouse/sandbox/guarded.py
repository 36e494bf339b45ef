"""What stands before a platform's API: the journal, the faults, and saving before answering.

A body is read ahead only when it is JSON and short; anything else, such as an uploaded source,
streams through to the API piece by piece.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from email.utils import formatdate

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pilothouse.sandbox.call_faults import Call, able, strike
from pilothouse.sandbox.connections import cut
from pilothouse.sandbox.faults import Faults
from pilothouse.sandbox.journal import BODY_READ_BYTES, Received, received
from pilothouse.sandbox.lagging import Memory, is_change
from pilothouse.sandbox.pace import wall_s
from pilothouse.sandbox.refusals import Refusal, refusal
from pilothouse.sandbox.state import World

PACE_PATH = "/.well-known/pilothouse-sandbox"
"""Where a client that was pointed here by the environment alone learns how fast time goes."""

_UNSAVED = "The sandbox cannot write its state"


class Guarded:
    """An ASGI application around a platform's: journal, faults, and saving before answering."""

    def __init__(self, app: ASGIApp, world: World, faults: Faults, platform: str) -> None:
        self._app = app
        self._world = world
        self._faults = faults
        self._platform = platform
        self._memory = Memory()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        try:
            await self._handle(scope, receive, send)
        except asyncio.CancelledError:
            # Only the sandbox's own end cancels a request, such as a long poll.
            await cut(scope)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == PACE_PATH:
            scale = json.dumps({"scale": self._world.pace.scale})
            await Refusal(200, "application/json", scale.encode()).send(send)
            return
        body = _Body(receive)
        ahead = await body.read_ahead() if _is_json(scope) else None
        request = received(self._platform, scope, ahead, self._world.token)
        body.count_for(request)
        self._world.note(request)
        began = time.monotonic()
        try:
            await self._answer(scope, body, _Sending(self._world, request, send))
        finally:
            request.duration_s = round(time.monotonic() - began, 6)

    async def _answer(self, scope: Scope, body: _Body, sending: _Sending) -> None:
        request = sending.request

        async def work(out: Send) -> None:
            remembered = out if request.fault else self._memory.watched(request, out)
            await self._app(scope, body, self._saving(request, remembered))

        call = Call(scope, body, sending, work, request, self._memory)
        if self._world.unwritable(self._platform) and is_change(request):
            if self._platform in self._world.write_protected:
                request.fault = "disk"
                self._faults.blame("disk", self._platform)
            said = f"{_UNSAVED}: nothing was changed"
            await refusal(self._platform, request.path, 500, said).send(sending)
            return
        entry = self._faults.pick(request, lambda kind: able(call, kind))
        if entry is None:
            await work(sending)
        else:
            request.fault = entry.kind.kind
            await strike(call, entry)

    def _saving(self, request: Received, send: Send) -> Send:
        """Return a `send` that saves what a call has changed before it is answered."""
        told = False

        async def saving(message: Message) -> None:
            nonlocal told
            if message["type"] == "http.response.start":
                request.status = message["status"]
                if request.method not in ("GET", "HEAD") and not self._world.save():
                    told = True
                    said = f"{_UNSAVED}: what was asked for is done, and may be lost"
                    await refusal(self._platform, request.path, 500, said).send(send)
            if not told:
                await send(message)

        return saving


class _Sending:
    """The connection's own `send`, which keeps the journal and tells the platform's time."""

    def __init__(self, world: World, request: Received, send: Send) -> None:
        self.request = request
        self._world = world
        self._send = send

    async def __call__(self, message: Message) -> None:
        self._world.last_used = time.monotonic()
        if message["type"] == "http.response.start":
            self.request.status = message["status"]
            date = formatdate(wall_s(), usegmt=True).encode()
            message = {**message, "headers": [(b"date", date), *message.get("headers", [])]}
        else:
            self.request.bytes_sent += len(message.get("body", b""))
        await self._send(message)


class _Body:
    """A request's body: read ahead where that is wanted, counted, and handed on once."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ahead: deque[Message] = deque()
        self._read = 0
        self._request: Received | None = None

    def count_for(self, request: Received) -> None:
        """Keep a request's record up to date with what has come of its body."""
        self._request = request
        request.bytes_received = self._read

    async def read_ahead(self) -> bytes | None:
        """Return the whole body if it comes and is short; what was read is handed on too."""
        while True:
            message = await self._receive()
            self._ahead.append(message)
            if message["type"] != "http.request":
                return None
            self._read += len(message.get("body", b""))
            if self._read > BODY_READ_BYTES:
                return None
            if not message.get("more_body"):
                return b"".join(each.get("body", b"") for each in self._ahead)

    async def __call__(self) -> Message:
        if self._ahead:
            message = self._ahead.popleft()
        else:
            message = await self._receive()
            self._read += len(message.get("body", b""))
            if self._request is not None:
                self._request.bytes_received = self._read
        return message


def _is_json(scope: Scope) -> bool:
    """Whether a body is to be read ahead: it says that it is JSON, or nothing."""
    kinds = [value for name, value in scope["headers"] if name.lower() == b"content-type"]
    return not kinds or any(b"json" in each.lower() for each in kinds)
