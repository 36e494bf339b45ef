"""`PracticeCloud` over the sandbox's control API: what the window sees of it, and does to it.

The sandbox is looked for when it is first needed, and again after it did not answer: a new one of
the same home may have another address.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from typing import TypeVar
from urllib.parse import urlencode

from pilothouse.app.practice_wire import (
    WireAbsents,
    WireCalls,
    WireFaults,
    WireKind,
    WireWorld,
    act_of,
    in_force,
    instances_of,
    moment,
    received_call,
    rule_of,
)
from pilothouse.credentials import Secret
from pilothouse.domain.errors import AccountRefused, Lost, NotSent
from pilothouse.domain.practice import (
    AbsentCall,
    CallPage,
    FaultInForce,
    FaultKind,
    FaultWish,
    PracticeAbout,
    PracticeApp,
    Scope,
)
from pilothouse.providers.http import Call, Http, Reply
from pilothouse.sandbox.announcement import Announcement

T = TypeVar("T")

READ_S, CHANGE_S = 2.0, 10.0


@dataclass(frozen=True, slots=True)
class _Line:
    """A sandbox that was found, and the way to its control."""

    announcement: Announcement
    http: Http


class PracticeControl:
    """The control API of one home's sandbox.

    Args:
        find: the sandbox that lives there now, if one does; called on the caller's thread.
    """

    def __init__(self, find: Callable[[], Announcement | None]) -> None:
        self._find = find
        self._lock = threading.Lock()
        self._line: _Line | None = None

    def close(self) -> None:
        """Close what is open; call it once nobody asks any more."""
        self._drop()

    def about(self) -> PracticeAbout:
        """What it is; a sandbox that came in place of another is found here."""
        said = self._read("", Announcement)
        environment = tuple(said.environment().items())
        return PracticeAbout(said.pid, said.scale, environment)

    def kinds(self) -> tuple[FaultKind, ...]:
        """All that can go wrong; what has a scope that this program does not know is left out."""
        known = set(Scope)
        return tuple(
            FaultKind(
                one.kind,
                Scope(one.scope),
                one.title or one.kind,
                tuple(one.takes),
                tuple(one.platforms),
                tuple(one.defaults.items()),
            )
            for one in self._read("/kinds", list[WireKind])
            if one.scope in known
        )

    def apps(self) -> tuple[PracticeApp, ...]:
        """All apps of both platforms."""
        apps = self._read("/world", WireWorld).apps
        return tuple(PracticeApp(one.app, instances_of(one)) for one in apps)

    def faults(self) -> tuple[FaultInForce, ...]:
        """All that were put and not taken away, those that are used up too."""
        return tuple(in_force(one) for one in self._read("/faults", WireFaults).faults)

    def calls(self, since: int, limit: int) -> CallPage:
        """The earliest `limit` calls after a number."""
        query = urlencode({"since": since, "limit": limit, "bodies": "no"})
        page = self._read(f"/requests?{query}", WireCalls)
        return CallPage(tuple(received_call(one) for one in page.requests[:limit]), page.last)

    def absent(self) -> tuple[AbsentCall, ...]:
        """What is not in the sandbox, the latest first, the same calls counted together."""
        calls = self._read("/absent", WireAbsents).absent
        counts = Counter((one.method, one.path) for one in calls)
        latest = {(one.method, one.path): one.at for one in calls}
        found = [
            AbsentCall(method, path, counts[method, path], None if at is None else moment(at))
            for (method, path), at in latest.items()
        ]
        return tuple(sorted(found, key=_latest_first))

    def put(self, wish: FaultWish) -> None:
        """Put a fault in force, or have somebody else do something."""
        if wish.scope is Scope.OTHERS:
            self._change("POST", "/world/act", act_of(wish))
        else:
            self._change("POST", "/faults", rule_of(wish))

    def take_away(self, fault_id: str | None = None) -> None:
        """Take one fault away, or all of them."""
        self._change("DELETE", "/faults" if fault_id is None else f"/faults/{fault_id}", None)

    # -- asking --------------------------------------------------------------------------------

    def _read(self, path: str, kind: type[T]) -> T:
        return self._send(Call("GET", path or "/"), READ_S).decode(kind)

    def _change(self, method: str, path: str, body: object) -> None:
        self._send(Call(method, path, json=body), CHANGE_S)

    def _send(self, call: Call, deadline_s: float) -> Reply:
        # Once, even what only reads: whoever looks every second learns of a silence at once.
        line = self._open()
        sent = replace(call, url=f"{line.announcement.control}{call.url}")
        try:
            return line.http.change(sent, lease_left=lambda: inf, deadline_s=deadline_s)
        except (NotSent, Lost, AccountRefused):
            self._drop(line)
            raise

    def _open(self) -> _Line:
        with self._lock:
            if self._line is not None:
                return self._line
        announcement = self._find()
        if announcement is None:
            raise NotSent("No sandbox of this computer answers. Start one: pilothouse --sandbox.")
        token = Secret(announcement.token)
        http = Http("the sandbox", lambda: f"Bearer {token.reveal()}")
        made = _Line(announcement, http)
        with self._lock:
            if self._line is None:
                self._line = made
            return self._line

    def _drop(self, line: _Line | None = None) -> None:
        with self._lock:
            dropped = self._line
            if dropped is None or line not in (None, dropped):
                return
            self._line = None
        dropped.http.close()


def _latest_first(call: AbsentCall) -> float:
    return 0.0 if call.last_at is None else -call.last_at.timestamp()
