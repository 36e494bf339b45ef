"""Everything the sandbox knows, and how it survives its own end.

What the platforms would remember is saved before a changing call is answered; processes,
connections and timers are not saved: after a load, what was up is started again without a boot.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import msgspec

from pilothouse.sandbox.ailments import Ailments, Patient
from pilothouse.sandbox.edge import Edge
from pilothouse.sandbox.fly.state import FlyState
from pilothouse.sandbox.github_state import Repository
from pilothouse.sandbox.heroku.state import HerokuState
from pilothouse.sandbox.journal import Journal, Received
from pilothouse.sandbox.pace import Pace
from pilothouse.sandbox.status_pages import Incident

_FILE = "state.json"
_DEBOUNCE_S = 0.05
_TRY_AGAIN_S = 1.0
_ABSENT_KEPT = 200
FORMAT = 1

Json = dict[str, Any]


class Fleet(Protocol):
    """The running half of one platform: its instances and its edges."""

    async def start(self) -> None:
        """Open the edges and start what was up."""

    async def stop(self) -> None:
        """Stop every instance at once, keeping the state as it is."""

    def describe(self) -> list[Json]:
        """Return one JSON object an app, for the control API's world."""

    def patients(self, app_key: str) -> list[Patient] | None:
        """Return the instances of an app, which can be made ill; None for an unknown app."""

    async def act(self, wish: Mapping[str, Any]) -> Json:
        """Do what the control API asks; ValueError says what is wrong with the wish."""


class Saved(msgspec.Struct):
    """The state file."""

    format: int
    token: str
    ports: dict[str, int]
    edge_ports: dict[str, int]
    fly: FlyState
    heroku: HerokuState
    github: dict[str, Repository] = {}
    incidents: dict[str, list[Incident]] = {}


class Absent(msgspec.Struct, frozen=True):
    """A call that the real platform may know and the sandbox does not; `at` is in epoch seconds."""

    at: float
    method: str
    path: str


class World:
    """The state of both platforms, and what runs on it.

    Everything here lives in one event loop, so nothing is locked.
    """

    def __init__(self, directory: Path, saved: Saved, pace: Pace) -> None:
        self.directory = directory
        self.pace = pace
        self.saved = saved
        self.requests = Journal()
        self.ailments = Ailments()
        self.edges: dict[str, Edge] = {}
        self.fleets: dict[str, Fleet] = {}
        self.addresses: dict[str, str] = {}
        self.not_here: deque[Absent] = deque(maxlen=_ABSENT_KEPT)
        self.last_used = time.monotonic()
        self.write_protected: set[str] = set()
        self._unsaved = False
        self._dirty = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def token(self) -> str:
        """The one token of this sandbox, for both platforms and the control API."""
        return self.saved.token

    @property
    def fly(self) -> FlyState:
        """What Fly.io would remember."""
        return self.saved.fly

    @property
    def heroku(self) -> HerokuState:
        """What Heroku would remember."""
        return self.saved.heroku

    def note(self, request: Received) -> None:
        """Number a request and keep it."""
        self.requests.note(request)
        self.last_used = time.monotonic()

    def absent(self, method: str, path: str) -> None:
        """Tell the sandbox's log, and whoever asks the control API, what it cannot do.

        Call it wherever a request meets no route, or asks a route for a part that is not here.
        """
        # What a client sends may hold a line break; in the log it must not begin a line.
        shown = path.encode("unicode_escape").decode("ascii")
        _log(f"not in the sandbox: {method} {shown}")
        self.not_here.append(Absent(time.time(), method, path))

    async def open_edge(self, edge: Edge) -> None:
        """Start an edge on the port that its app had before, and keep the port."""
        await edge.start(self.saved.edge_ports.get(edge.app_key, 0))
        self.edges[edge.app_key] = edge
        self.saved.edge_ports[edge.app_key] = edge.port
        self.changed()

    def changed(self) -> None:
        """Have the state saved soon."""
        self._dirty = True
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_DEBOUNCE_S, self.save)

    def unwritable(self, platform: str) -> bool:
        """Whether a change to this platform could not be kept, so that none may be begun.

        It is so while a fault says it, and after a write that failed until one succeeds.
        """
        return platform in self.write_protected or self._unsaved

    def save(self) -> bool:
        """Save now what has changed since the last time; False when that failed.

        After a failure, of which the log tells once, it is tried again every second.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._dirty:
            return True
        try:
            _write(self.directory / _FILE, msgspec.json.encode(self.saved))
        except OSError as why:
            if not self._unsaved:
                _log(f"The state is not saved, and changes are refused until it is: {why}")
            self._unsaved = True
            self._timer = asyncio.get_running_loop().call_later(_TRY_AGAIN_S, self.save)
            return False
        self._dirty = self._unsaved = False
        return True


def _log(line: str) -> None:
    # A terminal that was closed is no reason to fail.
    with suppress(OSError):
        sys.stderr.write(line + "\n")
        sys.stderr.flush()


def _write(path: Path, content: bytes) -> None:
    """Replace a file in one step; only its owner may read it, since it holds the token."""
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)


class UnreadableError(Exception):
    """There is a state, and it cannot be used; the text says why."""


def load(directory: Path) -> Saved | None:
    """Return the state that an earlier sandbox left; None when there is none.

    Raises:
        UnreadableError: there is one that is cut, garbled or of another format.
        OSError: there is one that may not be read.
    """
    try:
        content = (directory / _FILE).read_bytes()
    except FileNotFoundError:
        return None
    try:
        saved = msgspec.json.decode(content, type=Saved)
    except (msgspec.MsgspecError, ValueError, RecursionError) as wrong:
        raise UnreadableError(f"it is cut or garbled: {wrong}") from wrong
    if saved.format != FORMAT:
        raise UnreadableError(f"it is of format {saved.format}, and this program has {FORMAT}")
    return saved


def set_aside(directory: Path) -> Path:
    """Keep a state that cannot be read under a name of its own, so that a new one can begin."""
    path, number = directory / _FILE, 1
    kept = path.with_suffix(".unreadable")
    while kept.exists():
        number += 1
        kept = path.with_suffix(f".unreadable-{number}")
    return path.replace(kept)


def new_token() -> str:
    """Return a fresh token, in a shape that no client takes for a macaroon."""
    return f"fo1_sandbox_{secrets.token_urlsafe(18)}"
