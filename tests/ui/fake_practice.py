"""A sandbox's control in memory: honest, deterministic, driven by the test; it may fall silent."""

from __future__ import annotations

import threading
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from datetime import timedelta
from operator import attrgetter

from pilothouse.domain.errors import Declined, NotSent
from pilothouse.domain.practice import (
    EVER,
    AbsentCall,
    CallPage,
    FaultInForce,
    FaultKind,
    FaultWish,
    PracticeAbout,
    PracticeApp,
    ReceivedCall,
    Scope,
)
from tests.ui import sample

CALLS = ("count", "rate", "seed")
KINDS = (
    FaultKind("lost", Scope.CALL, "Do the work and lose the answer", CALLS),
    FaultKind("slow", Scope.CALL, "Answer late", (*CALLS, "seconds"), defaults=(("seconds", 1.0),)),
    FaultKind("two-factor", Scope.CALL, "Ask for a second factor (403)", CALLS, ("heroku",)),
    FaultKind("503", Scope.CALL, "Answer 503 Service Unavailable; the call changes nothing", CALLS),
    FaultKind("fails-checks", Scope.INSTANCE, "Fail the health checks"),
    FaultKind(
        "errors", Scope.INSTANCE, "Answer some with 500", ("rate",), defaults=(("rate", 0.05),)
    ),
    FaultKind("clock", Scope.WORLD, "Move the clock", ("seconds",), defaults=(("seconds", 3600),)),
    FaultKind("foreign-deploy", Scope.OTHERS, "Let a colleague deploy", ("image",), ("fly",)),
    FaultKind("scale", Scope.OTHERS, "Let a colleague scale", ("count",), ("fly",)),
    FaultKind("set-secrets", Scope.OTHERS, "Let a colleague set one", ("name",), ("heroku",)),
)
APPS = (
    PracticeApp("fly:harbor-api", ("1d85", "7b21")),
    PracticeApp("heroku:billing", ("web.1",)),
)
ENVIRONMENT = (("FLY_API_TOKEN", "fo1_practice"), ("NO_PROXY", "127.0.0.1 localhost"))


def call(number: int, **more: object) -> ReceivedCall:
    """A call that was answered well."""
    made = ReceivedCall(
        number,
        sample.NOW + timedelta(milliseconds=number),
        "fly" if number % 2 else "heroku",
        "GET",
        f"/v1/apps/app-{number % 7}/machines",
        status=200,
        took_s=0.012,
    )
    return replace(made, **more)  # type: ignore[arg-type]


@dataclass
class FakePractice:
    """What is true; tests change it freely. `asked` records every question with its thread."""

    pid: int = 100
    scale: float = 20.0
    rows: list[ReceivedCall] = field(default_factory=list)
    in_force: list[FaultInForce] = field(default_factory=list)
    missing: tuple[AbsentCall, ...] = ()
    silent: bool = False
    refusal: str = ""
    wishes: list[FaultWish] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def _ask(self, what: str) -> None:
        self.asked.append((what, threading.current_thread().name))
        if self.silent:
            raise NotSent("GET /requests was not sent: connection refused.")

    def count(self, what: str) -> int:
        """How often something was asked."""
        return sum(name == what for name, _ in self.asked)

    def about(self) -> PracticeAbout:
        self._ask("about")
        return PracticeAbout(self.pid, self.scale, ENVIRONMENT)

    def kinds(self) -> tuple[FaultKind, ...]:
        self._ask("kinds")
        return KINDS

    def apps(self) -> tuple[PracticeApp, ...]:
        self._ask("apps")
        return APPS

    def faults(self) -> tuple[FaultInForce, ...]:
        self._ask("faults")
        return tuple(self.in_force)

    def calls(self, since: int, limit: int) -> CallPage:
        self._ask("calls")
        first = bisect_right(self.rows, since, key=attrgetter("number"))
        found = self.rows[first : first + limit]
        return CallPage(tuple(found), self.rows[-1].number if self.rows else 0)

    def absent(self) -> tuple[AbsentCall, ...]:
        self._ask("absent")
        return self.missing

    def put(self, wish: FaultWish) -> None:
        self._ask("put")
        if self.refusal:
            raise Declined(self.refusal, status=400)
        self.wishes.append(wish)
        if wish.scope is not Scope.OTHERS:
            number = str(len(self.wishes))
            left = EVER if wish.count is None else wish.count
            self.in_force.append(
                FaultInForce(number, wish.kind, wish.scope, wish.where, left, struck=0)
            )

    def take_away(self, fault_id: str | None = None) -> None:
        self._ask("take_away")
        self.in_force = [one for one in self.in_force if fault_id not in {None, one.id}]

    def strike(self, fault_id: str) -> None:
        """Let a fault strike once."""
        self.in_force = [
            replace(one, left=one.left - 1, struck=one.struck + 1) if one.id == fault_id else one
            for one in self.in_force
        ]
