"""What a request through an edge is: where it may go, how it is treated, how it ended."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum

from pilothouse.sandbox.framing import Measure
from pilothouse.sandbox.http1 import Head, Headers

Seen = Mapping[str, str]
"""A request's headers with lower-case names, those that the router sets included."""

_TEXT = (("content-type", "text/plain"),)


@dataclass(frozen=True, slots=True)
class Backend:
    """An instance that may answer, and the loopback port it listens on."""

    instance_id: str
    port: int


@dataclass(frozen=True, slots=True)
class Refuse:
    """An answer that the platform's router gives by itself; `code` is its own name for why."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    code: str = ""


_UNAVAILABLE = Refuse(503, _TEXT, b"no instance can take the request\n")
_NO_ANSWER = Refuse(502, _TEXT, b"the instance did not answer\n")
_TOO_SLOW = Refuse(504, _TEXT, b"the instance did not begin to answer in time\n")


@dataclass(frozen=True, slots=True)
class Wait:
    """Hold the request, for `timeout_s` real seconds in all; then answer with `refusal`."""

    timeout_s: float
    refusal: Refuse = _UNAVAILABLE


Route = Backend | Wait | Refuse


class Outcome(Enum):
    """How a request ended; each ends in exactly one of these."""

    ANSWERED = "an instance answered, whatever it said"
    REFUSED = "the router answered, and no instance saw the request"
    UNREACHED = "no connection to an instance could be made; the router answered"
    FAILED = "the instance took it and gave no answer; the router answered"
    TOO_SLOW = "the instance did not begin to answer in time; the router answered"
    BROKEN = "the instance's answer broke off half way"
    ABANDONED = "the client left before the end"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and how it ended. Durations are real seconds.

    `headers` are those the instance was sent, with lower-case names. `status` is what the client
    was told, 0 when it was told nothing; `bytes` counts the body of the answer. `connect_s` and
    `first_byte_s` (from the request's arrival at the instance to its first byte) are None where
    it never came to that; `service_s` is the whole time with the instance. `code` is the router's
    own name for a refusal, `backend` the instance that was asked last.
    """

    method: str
    target: str
    headers: Seen
    peer: str
    backend: Backend | None
    status: int
    bytes: int
    connect_s: float | None
    service_s: float | None
    first_byte_s: float | None
    outcome: Outcome
    code: str = ""


Notice = Callable[[Exchange], None]


def _plain(_headers: Headers, _backend: Backend | None, _seen: Seen) -> None:
    """Add nothing to an answer."""


def _forwarded(seen: Seen, _peer: str) -> Headers:
    """Set what every proxy sets."""
    return [] if "x-forwarded-proto" in seen else [("x-forwarded-proto", "http")]


@dataclass(frozen=True, slots=True)
class Manners:
    """How one platform's router treats what passes through it.

    `decorate(headers, backend, seen)` edits an answer's headers, also those of the router's own
    answers (backend None). `forward(seen, peer)` returns the headers to set on a request, in place
    of the client's of the same names; it is asked once a request, before it is routed.
    `first_byte_s` and `idle_s` are real seconds, since they limit what an app does: to the first
    byte of an answer, and between any two pieces of it.
    """

    decorate: Callable[[Headers, Backend | None, Seen], None] = _plain
    forward: Callable[[Seen, str], Headers] = _forwarded
    no_answer: Refuse = _NO_ANSWER
    unreachable: Refuse = _NO_ANSWER
    too_slow: Refuse = _TOO_SLOW
    first_byte_s: float = math.inf
    idle_s: float = math.inf


@dataclass(slots=True)
class Counters:
    """What went through an edge since it opened.

    Every request is in the end one of `answered` (by an instance), `refused` (by the router, with
    less than 500), `lost` (by the router, with 500 or more), `broken` or `abandoned`; `malformed`
    ones are none of these, nor requests. `opened` and `reused` count connections to instances.
    """

    connections: int = 0
    requests: int = 0
    answered: int = 0
    refused: int = 0
    lost: int = 0
    broken: int = 0
    abandoned: int = 0
    malformed: int = 0
    opened: int = 0
    reused: int = 0
    by_instance: Counter[str] = field(default_factory=Counter)

    def shown(self) -> dict[str, int | dict[str, int]]:
        """Return them as the control API shows them."""
        return asdict(self) | {"by_instance": dict(self.by_instance)}

    def settle(self, outcome: Outcome, status: int) -> None:
        """Count the end of a request; `status` is what the client was told."""
        if outcome is Outcome.ANSWERED:
            self.answered += 1
        elif outcome is Outcome.BROKEN:
            self.broken += 1
        elif outcome is Outcome.ABANDONED:
            self.abandoned += 1
        elif status >= 500:
            self.lost += 1
        else:
            self.refused += 1


@dataclass(slots=True)
class Passage:
    """A request on its way; what the notice will tell is filled in as it goes.

    `length` is that of its body: bytes, or `CHUNKED`; `body` measures what was taken of it.
    """

    head: Head
    seen: Seen
    peer: str
    length: int
    body: Measure
    backend: Backend | None = None
    status: int = 0
    bytes: int = 0
    connect_s: float | None = None
    first_byte_s: float | None = None
    handed_at: float | None = None

    def told(self, outcome: Outcome, now: float, code: str) -> Exchange:
        """Return what there is to tell at the end."""
        handed = self.handed_at
        return Exchange(
            method=self.head.method,
            target=self.head.target,
            headers=self.seen,
            peer=self.peer,
            backend=self.backend,
            status=self.status,
            bytes=self.bytes,
            connect_s=self.connect_s,
            service_s=None if handed is None else now - handed,
            first_byte_s=self.first_byte_s,
            outcome=outcome,
            code=code,
        )
