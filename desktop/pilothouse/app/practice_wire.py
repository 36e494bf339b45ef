"""The control API's JSON, and what it means: wire structures to values of the domain and back.

What the sandbox leaves out has a default here, so that an older or newer one can be shown too.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec

from pilothouse.domain.practice import FaultInForce, FaultWish, ReceivedCall, Scope, Where

LISTS = frozenset({"names"})
"""What `act` takes as a list; a person parts its members by commas."""


class WireKind(msgspec.Struct):
    """A row of `GET /kinds`."""

    kind: str
    scope: str
    title: str = ""
    takes: list[str] = []
    platforms: list[str] = []
    defaults: dict[str, float] = {}


class WireMatch(msgspec.Struct):
    """Whom a fault is about; what is left out means any."""

    platform: str | None = None
    method: str | None = None
    path: str | None = None
    app: str | None = None
    instance: str | None = None


class WireFault(msgspec.Struct):
    """A row of `GET /faults`."""

    id: str | int
    kind: str
    scope: str = "call"
    match: WireMatch = msgspec.field(default_factory=WireMatch)
    left: int = 0
    struck: int = 0
    rate: float | None = None
    seconds: float | None = None


class WireFaults(msgspec.Struct):
    """The answer of `GET /faults`."""

    faults: list[WireFault]


class WireCall(msgspec.Struct):
    """A row of `GET /requests`; `at` in epoch seconds."""

    n: int
    at: float
    platform: str
    method: str
    path: str
    query: str = ""
    status: int | None = None
    fault: str | None = None
    duration_s: float | None = None


class WireCalls(msgspec.Struct):
    """The answer of `GET /requests`."""

    requests: list[WireCall]
    last: int


class WireAbsent(msgspec.Struct):
    """A row of `GET /absent`; `at` in epoch seconds."""

    method: str
    path: str
    at: float | None = None


class WireAbsents(msgspec.Struct):
    """The answer of `GET /absent`."""

    absent: list[WireAbsent]


class WireInstance(msgspec.Struct):
    """An instance of an app."""

    id: str
    name: str = ""


class WireApp(msgspec.Struct):
    """An app in `GET /world`."""

    app: str
    instances: list[WireInstance] = []


class WireWorld(msgspec.Struct):
    """The answer of `GET /world`."""

    apps: list[WireApp]


def moment(seconds: float) -> datetime:
    """A moment of the sandbox's, aware UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def instances_of(app: WireApp) -> tuple[str, ...]:
    """What a person calls an app's instances: a machine by its id, a dyno by its name."""
    by_name = app.app.startswith("heroku:")
    return tuple((one.name if by_name else "") or one.id for one in app.instances)


def in_force(one: WireFault) -> FaultInForce:
    """A fault as the window knows it."""
    match = one.match
    where = Where(
        platform=match.platform or "",
        method=match.method or "",
        path=match.path or "",
        app=match.app or "",
        instance=match.instance or "",
    )
    return FaultInForce(
        id=str(one.id),
        kind=one.kind,
        scope=Scope(one.scope) if one.scope in set(Scope) else Scope.WORLD,
        where=where,
        left=one.left,
        struck=one.struck,
        rate=1.0 if one.rate is None else one.rate,
        seconds=one.seconds,
    )


def received_call(one: WireCall) -> ReceivedCall:
    """A call as the window knows it."""
    return ReceivedCall(
        number=one.n,
        at=moment(one.at),
        platform=one.platform,
        method=one.method,
        path=one.path,
        query=one.query,
        status=one.status,
        fault=one.fault or "",
        took_s=one.duration_s,
    )


def rule_of(wish: FaultWish) -> dict[str, Any]:
    """A wish as `POST /faults` takes it."""
    where = wish.where
    match = {
        "platform": where.platform,
        "method": where.method,
        "path": where.path,
        "app": where.app,
        "instance": where.instance,
    }
    rule: dict[str, Any] = {
        "kind": wish.kind,
        "match": {name: value for name, value in match.items() if value},
    }
    if wish.count is not None:
        rule["count"] = wish.count
    if wish.rate is not None:
        rule["rate"] = wish.rate
    if wish.seconds is not None:
        rule["seconds"] = wish.seconds
    return rule | {name: _value(name, text) for name, text in wish.details}


def act_of(wish: FaultWish) -> dict[str, Any]:
    """A wish as `POST /world/act` takes it."""
    act: dict[str, Any] = {"app": wish.where.app, "do": wish.kind}
    if wish.where.instance:
        act["instance"] = wish.where.instance
    return act | {name: _value(name, text) for name, text in wish.details}


def _value(name: str, text: str) -> object:
    """What was typed, as the control API wants it: a list, a number, yes or no, or a text."""
    if name in LISTS:
        return [part.strip() for part in text.split(",") if part.strip()]
    if text in {"true", "false"}:
        return text == "true"
    for number in (int, float):
        with suppress(ValueError):
            return number(text)
    return text
