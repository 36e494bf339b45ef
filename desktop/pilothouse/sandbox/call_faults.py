"""How each fault is done to a call: before its work, after it, or while it is answered.

Work that a fault lets happen is done, and saved, before its answer comes to grief.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.types import Message, Receive, Scope, Send

from pilothouse.sandbox import refusals
from pilothouse.sandbox.connections import cut, is_open
from pilothouse.sandbox.faults import InForce
from pilothouse.sandbox.journal import Received
from pilothouse.sandbox.kinds import AFTERWARDS, STATUSES
from pilothouse.sandbox.lagging import Answer, Memory
from pilothouse.sandbox.missing import without_some

_BYTE_EVERY_S = 0.05
_BODILESS = (204, 304)


@dataclass(frozen=True, slots=True)
class Call:
    """A request that is about to be answered.

    `work` lets the platform do it and hands its answer to the function given; `memory` holds
    what was answered before.
    """

    scope: Scope
    receive: Receive
    send: Send
    work: Callable[[Send], Awaitable[None]]
    request: Received
    memory: Memory

    @property
    def platform(self) -> str:
        """Whose API was asked."""
        return self.request.platform

    @property
    def path(self) -> str:
        """What it was asked for."""
        path: str = self.scope["path"]
        return path

    def can_have_body(self, status: int) -> bool:
        """Whether an answer of this status has a body at all (RFC 9110, 6.4.1)."""
        return self.scope["method"] != "HEAD" and status not in _BODILESS


Strike = Callable[[Call, InForce], Awaitable[None]]


def able(call: Call, kind: str) -> bool:
    """Whether a kind of fault can strike this call at all."""
    if kind == "stale":
        return call.memory.recall(call.request) is not None
    if kind == "two-factor":
        return all(name != b"heroku-two-factor-code" for name, _ in call.scope["headers"])
    return True


async def strike(call: Call, entry: InForce) -> None:
    """Let the call go wrong."""
    await STRIKES[entry.kind.kind](call, entry)


async def _refuse(call: Call, _entry: InForce) -> None:
    await cut(call.scope)


async def _reset(call: Call, _entry: InForce) -> None:
    await cut(call.scope, reset=True)


async def _slow(call: Call, entry: InForce) -> None:
    await asyncio.sleep(entry.seconds or 0)
    await call.work(call.send)


async def _hang(call: Call, entry: InForce) -> None:
    try:
        async with asyncio.timeout(entry.seconds):
            while (await call.receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        await cut(call.scope)


async def _html(call: Call, _entry: InForce) -> None:
    await refusals.page().send(call.send)


async def _empty(call: Call, _entry: InForce) -> None:
    await refusals.empty(408).send(call.send)


async def _two_factor(call: Call, _entry: InForce) -> None:
    await refusals.two_factor(call.path).send(call.send)


def _status(status: int) -> Strike:
    async def answer(call: Call, _entry: InForce) -> None:
        await refusals.refusal(call.platform, call.path, status).send(call.send)

    return answer


def _instead(act: Callable[[Call], Awaitable[None]]) -> Strike:
    """Let the work be done, and `act` the moment that it would be answered."""

    async def answer(call: Call, _entry: InForce) -> None:
        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                await act(call)

        await call.work(watch)

    return answer


async def _lose(call: Call) -> None:
    await cut(call.scope)


async def _garble(call: Call) -> None:
    await refusals.Refusal(200, "application/json", b'{"ok": tru').send(call.send)


def _afterwards(status: int) -> Strike:
    async def act(call: Call) -> None:
        await refusals.refusal(call.platform, call.path, status).send(call.send)

    return _instead(act)


async def _cut(call: Call, _entry: InForce) -> None:
    """Send the head and half of the first piece; of an answer without a body send nothing."""
    held: list[Message] = []

    async def watch(message: Message) -> None:
        if message["type"] == "http.response.start":
            held.append(message)
            return
        if not held:
            return
        start, body = held.pop(), message.get("body", b"")
        if call.can_have_body(start["status"]) and (body or message.get("more_body")):
            await call.send(start)
            await call.send(_piece(body[: len(body) // 2], more=True))
        await cut(call.scope)

    await call.work(watch)


async def _drip(call: Call, entry: InForce) -> None:
    end = asyncio.get_running_loop().time() + (entry.seconds or 0)
    plain = False

    async def watch(message: Message) -> None:
        nonlocal plain
        if message["type"] == "http.response.start":
            plain = not call.can_have_body(message["status"])
            await call.send(message if plain else _without(message, b"content-length"))
        elif plain:
            await call.send(message)
        else:
            await _drip_piece(call, message, end)

    await call.work(watch)


async def _drip_piece(call: Call, message: Message, end: float) -> None:
    """Send a piece byte by byte; after the last one blanks, which JSON allows, for ever."""
    loop = asyncio.get_running_loop()
    waiting = iter(message.get("body", b""))
    while loop.time() < end and is_open(call.scope):
        byte = next(waiting, None)
        if byte is None and message.get("more_body"):
            return
        await call.send(_piece(b" " if byte is None else bytes([byte]), more=True))
        await asyncio.sleep(_BYTE_EVERY_S)
    await cut(call.scope)


async def _stale(call: Call, _entry: InForce) -> None:
    known = call.memory.recall(call.request)
    if known is None:
        await call.work(call.send)
        return
    headers = list(known.headers)
    await call.send({"type": "http.response.start", "status": known.status, "headers": headers})
    await call.send(_piece(known.body, more=False))


async def _missing(call: Call, entry: InForce) -> None:
    chance = random.Random(f"{entry.rule.seed}/{entry.struck}")

    async def change(answer: Answer) -> None:
        body = without_some(call.platform, call.path, answer.body, chance)
        headers = [
            (name, value)
            for name, value in answer.headers
            if name.lower() not in (b"content-length", b"etag")
        ]
        headers.append((b"content-length", str(len(body)).encode()))
        start = {"type": "http.response.start", "status": answer.status, "headers": headers}
        await call.send(start)
        await call.send(_piece(body, more=False))

    await call.work(_Gathered(call, change))


class _Gathered:
    """Collects a JSON answer with a body, and passes every other answer on as it comes."""

    def __init__(self, call: Call, change: Callable[[Answer], Awaitable[None]]) -> None:
        self._call = call
        self._change = change
        self._start: Message | None = None
        self._pieces: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and self._is_json(message):
            self._start = message
        elif self._start is None:
            await self._call.send(message)
        else:
            self._pieces.append(message.get("body", b""))
            if not message.get("more_body"):
                start, body = self._start, b"".join(self._pieces)
                await self._change(Answer(start["status"], tuple(start["headers"]), body))

    def _is_json(self, start: Message) -> bool:
        kinds = [value for name, value in start["headers"] if name.lower() == b"content-type"]
        return self._call.can_have_body(start["status"]) and any(b"json" in each for each in kinds)


def _without(start: Message, name: bytes) -> Message:
    kept = [each for each in start.get("headers", []) if each[0].lower() != name]
    return {**start, "headers": kept}


def _piece(body: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


STRIKES: Mapping[str, Strike] = {
    "refuse": _refuse,
    "reset": _reset,
    "lost": _instead(_lose),
    "cut": _cut,
    "malformed": _instead(_garble),
    "slow": _slow,
    "hang": _hang,
    "drip": _drip,
    "empty": _empty,
    "html": _html,
    "stale": _stale,
    "missing-fields": _missing,
    "two-factor": _two_factor,
    **{str(code): _status(code) for code in STATUSES},
    **{f"after-{code}": _afterwards(code) for code in AFTERWARDS},
}
