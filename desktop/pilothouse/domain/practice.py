"""The practice cloud as a person handles it: what can go wrong, what does, what it was asked.

Pure values and one port. `PracticeCloud` is how the window reaches the sandbox; who implements it
speaks the sandbox's control API.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

EVER = -1
"""A count that never ends, until the fault is taken away."""


class Scope(StrEnum):
    """Whom a fault strikes."""

    CALL = "call"
    INSTANCE = "instance"
    WORLD = "world"
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One thing that can go wrong.

    Args:
        name: how the sandbox calls it, such as `503` or `crash-loop`.
        title: what it is, in a few words of the sandbox's own.
        takes: what can be said about it: `count`, `rate`, `seconds`, `instance`, ….
        platforms: where it can happen, as `fly` and `heroku`; empty for both.
        defaults: what holds where a wish says nothing, as `rate` 0.05.
    """

    name: str
    scope: Scope
    title: str
    takes: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    defaults: tuple[tuple[str, float], ...] = ()

    def default(self, name: str, otherwise: float) -> float:
        """What holds for something that the kind takes."""
        return dict(self.defaults).get(name, otherwise)


@dataclass(frozen=True, slots=True)
class Where:
    """What a fault is about; an empty field means any.

    Args:
        platform: `fly` or `heroku`.
        method: of a call, in capitals.
        path: a regular expression that a call's path is searched with.
        app: as in `fly:harbor-api`.
        instance: id or name of one of the app's instances.
    """

    platform: str = ""
    method: str = ""
    path: str = ""
    app: str = ""
    instance: str = ""


@dataclass(frozen=True, slots=True)
class FaultWish:
    """What a person wants to go wrong.

    Args:
        count: how often, `EVER` for always; None where the kind takes no count.
        rate: the share of calls or answers that are struck, above 0 and at most 1.
        seconds: how long, where the kind takes that.
        details: what else the kind takes, as it was typed.
    """

    kind: str
    scope: Scope
    where: Where = Where()
    count: int | None = None
    rate: float | None = None
    seconds: float | None = None
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FaultInForce:
    """A fault that was put and not taken away.

    Args:
        left: how often it still strikes: 0 when it is used up, `EVER` without an end.
        struck: how often it did.
    """

    id: str
    kind: str
    scope: Scope
    where: Where
    left: int
    struck: int
    rate: float = 1.0
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ReceivedCall:
    """One request that reached a practice platform; `status` None is not answered, or never was.

    Args:
        number: counts from 1 in the order of arrival; begins anew with each start of the sandbox.
        took_s: from the request to the end of its answer, in real seconds.
    """

    number: int
    at: datetime
    platform: str
    method: str
    path: str
    query: str = ""
    status: int | None = None
    fault: str = ""
    took_s: float | None = None


@dataclass(frozen=True, slots=True)
class CallPage:
    """Some calls, oldest first; `last` is the number of the newest that there is at all."""

    calls: tuple[ReceivedCall, ...]
    last: int


@dataclass(frozen=True, slots=True)
class AbsentCall:
    """A call that the sandbox has no answer of its own for, and how often it came."""

    method: str
    path: str
    count: int
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PracticeApp:
    """One app of the sandbox, as in `fly:harbor-api`, with its instances' ids or names."""

    id: str
    instances: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PracticeAbout:
    """What the sandbox says of itself.

    Args:
        pid: its process; another one is another start.
        scale: how many of the platforms' own seconds pass in a real one.
        environment: the variables that point the platforms' own tools at it, in order; the token
            among them opens this sandbox and nothing else.
    """

    pid: int
    scale: float
    environment: tuple[tuple[str, str], ...] = field(default=(), repr=False)


class PracticeCloud(Protocol):
    """The sandbox, from outside of its platforms.

    Every method may be called from any thread, blocks for a few seconds at most, and raises
    `PlatformError` when the sandbox does not answer or says no, `AccountRefused` when it does not
    take the token that it gave before.
    """

    def about(self) -> PracticeAbout:
        """What it is; finds it anew."""
        ...

    def kinds(self) -> tuple[FaultKind, ...]:
        """All that can go wrong, in the order to offer it in."""
        ...

    def apps(self) -> tuple[PracticeApp, ...]:
        """All apps of both platforms."""
        ...

    def faults(self) -> tuple[FaultInForce, ...]:
        """The faults that were put and not taken away, the oldest first."""
        ...

    def calls(self, since: int, limit: int) -> CallPage:
        """The earliest `limit` calls after a number."""
        ...

    def absent(self) -> tuple[AbsentCall, ...]:
        """What was asked for and is not in the sandbox, the latest first."""
        ...

    def put(self, wish: FaultWish) -> None:
        """Let something go wrong; raises `Declined` when the wish cannot be granted."""
        ...

    def take_away(self, fault_id: str | None = None) -> None:
        """Take one fault away, or all of them."""
        ...
