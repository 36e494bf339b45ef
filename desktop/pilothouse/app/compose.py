"""Building the engine with everything it works on, and taking it down again."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from pilothouse.app.home import Home, actor
from pilothouse.domain.errors import UsageError
from pilothouse.domain.policy import Timing
from pilothouse.engine.service import Service
from pilothouse.engine.trip import Point, Trip, no_trip
from pilothouse.engine.world import World

if TYPE_CHECKING:
    from pilothouse.app.accounts import AccountBook
    from pilothouse.app.practice import PracticeBook
    from pilothouse.domain.ports import Asker
    from pilothouse.domain.records import Settings
    from pilothouse.notifications.router import Router
    from pilothouse.sandbox.announcement import Announcement

TIMING = "PILOTHOUSE_TIMING"
TRIP = "PILOTHOUSE_TRIP"


@contextmanager
def open_service(environ: Mapping[str, str], *, sandbox: bool) -> Iterator[Service]:
    """The engine, running, with its notices on the desktop; closed at the end of the `with`."""
    service, close = make_service(environ, sandbox=sandbox)
    router = notices(environ)
    if router is not None:
        service.subscribe(router.hear)
    try:
        yield service
    finally:
        close()
        if router is not None:
            router.close()


def notices(environ: Mapping[str, str]) -> Router | None:
    """What tells a person beside the terminal: the desktop's notices, where there is a desktop."""
    if not environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return None
    from pilothouse.notifications.freedesktop import FreedesktopNotifier
    from pilothouse.notifications.router import Router

    return Router([FreedesktopNotifier(lambda _deployment, _action: None)])


def make_service(
    environ: Mapping[str, str], *, sandbox: bool
) -> tuple[Service, Callable[[], None]]:
    """The engine and the call that closes it with all it stands on."""
    from pilothouse.providers.http import HttpAsker
    from pilothouse.store.clock import SystemClock
    from pilothouse.store.journal import SqlJournal
    from pilothouse.store.releases import ReleaseCache
    from pilothouse.store.settings import JsonSettings

    folder = Home.of(environ).data(sandbox=sandbox)
    clock, asker, tune = SystemClock(), HttpAsker(), tuned(environ)
    settings = JsonSettings(folder / "settings.json")
    book = make_book(environ, settings, asker, sandbox=sandbox)
    url = f"sqlite:///{folder / 'journal.db'}"
    journal = SqlJournal.open(url, clock, lease_s=tune(1.0).lease_s)
    cache = ReleaseCache.open(folder)
    world = World(
        journal=journal,
        releases=cache,
        settings=settings,
        providers=book,
        accounts=book,
        asker=asker,
        clock=clock,
        actor=actor(),
        trip=trip_from(environ),
    )
    service = Service(world)

    def close() -> None:
        service.close()
        book.close()
        asker.close()
        cache.close()
        journal.close()

    return service, close


def make_book(
    environ: Mapping[str, str], settings: Settings, asker: Asker, *, sandbox: bool
) -> AccountBook | PracticeBook:
    """The accounts: the sandbox's two, or those of this computer; never both."""
    if sandbox:
        from pilothouse.app.practice import PracticeBook

        return PracticeBook(_sandbox(Home.of(environ)), tune=tuned(environ))
    from pilothouse.app.accounts import AccountBook
    from pilothouse.credentials import Keyring

    return AccountBook(environ, settings, Keyring(), asker=asker, tune=tuned(environ))


def _sandbox(home: Home) -> Announcement:
    """The sandbox of this home; starts one, detached, if none runs."""
    from pilothouse.sandbox import detached

    try:
        return detached.ensure(home.sandbox)
    except detached.SandboxError as error:
        raise UsageError(f"The sandbox did not start: {error}") from error


def tuned(environ: Mapping[str, str]) -> Callable[[float], Timing]:
    """Timing by scale; `PILOTHOUSE_TIMING` (a JSON object) replaces single lengths of time."""
    try:
        given = json.loads(environ.get(TIMING) or "{}")
    except ValueError as error:
        raise UsageError(f"{TIMING} is not JSON: {error}.") from error
    known = {field.name for field in fields(Timing)}
    if not isinstance(given, dict) or not given.keys() <= known:
        raise UsageError(f"{TIMING} may only have: {', '.join(sorted(known))}.")
    lengths = [value for value in given.values() if type(value) in {int, float} and value > 0]
    if len(lengths) < len(given):
        raise UsageError(f"{TIMING} may only have numbers above 0, in seconds.")

    def tune(scale: float) -> Timing:
        base = Timing() if scale == 1.0 else Timing.for_scale(scale)
        return replace(base, **given)

    return tune


def trip_from(environ: Mapping[str, str]) -> Trip:
    """For tests of crashes: `PILOTHOUSE_TRIP=POINT[:STEP]` dies there as by kill -9.

    A step that ends in a slash means the first whose key begins so.
    """
    wanted = environ.get(TRIP)
    if not wanted:
        return no_trip
    point, _, where = wanted.partition(":")
    if point not in set(Point):
        raise UsageError(f"{TRIP} names no point. There is: {', '.join(Point)}.")

    def trip(passed: Point, at: str) -> None:
        begins = where.endswith("/") and at.startswith(where)
        if passed.value == point and (not where or at == where or begins):
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

    return trip
