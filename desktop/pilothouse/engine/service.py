"""The engine's face: what the window and the command line may ask of it, and nothing else.

Every method blocks until it is done and may be called from any thread; a run goes on by itself on
its own thread. Listeners are called on whichever thread has news.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from pilothouse.domain.change import Change, Plan
from pilothouse.domain.deployment import EventKind, Progress
from pilothouse.domain.errors import Blocked, JournalUnavailable, LeaseHeld, NotFound
from pilothouse.domain.guard import Verdict
from pilothouse.domain.model import App
from pilothouse.domain.news import Journaled, News, Notified, VerdictGiven
from pilothouse.domain.policy import Policy
from pilothouse.domain.ports import Listener
from pilothouse.domain.records import (
    RequestKind,
)
from pilothouse.engine.command import Commands
from pilothouse.engine.lanes import Lanes
from pilothouse.engine.logbook import Logbook
from pilothouse.engine.planner import Desk, Planner
from pilothouse.engine.trip import Point
from pilothouse.engine.uptake import OPEN, Uptake
from pilothouse.engine.views import Consent
from pilothouse.engine.watch import Watch
from pilothouse.engine.world import World

log = logging.getLogger(__name__)
TURN_S = 0.1


class Service:
    """One engine; `logbook` reads, this changes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._listeners: list[Listener] = []
        self._listening = threading.Lock()
        self.accounts = world.accounts
        self.logbook = Logbook(
            world.journal, world.releases, world.settings, world.providers, world.clock
        )
        self._lanes = Lanes()
        self._uptake = Uptake(world, self._lanes, self._publish)
        self._planner = Planner(
            Desk(
                world.journal,
                self.logbook,
                world.asker,
                world.clock,
                Commands(world.clock),
                world.actor,
            )
        )
        self.watch = Watch(
            world.providers, world.releases, clock=world.clock, publish=self._publish
        )
        self.subscribe(self.logbook.hear)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hear all news from now on; the returned call ends it."""
        with self._listening:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._listening:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unsubscribe

    def look(self, app_id: str | None = None, *, older: bool = False) -> None:
        """Ask the platforms now and fill the cache; `older` reads one app's next older page.

        For one app, raises what the platform says; for all, each account's trouble is told as
        news and stops no other.
        """
        if app_id is None:
            self.watch.look_at_all()
            return
        app = self.logbook.find(app_id) if _is_ref(app_id) else self.logbook.app(app_id).app
        provider = self._world.providers.of(app.account)
        (self.watch.read_older if older else self.watch.look_at)(provider, app)

    def plan(self, change: Change, *, draft: str = "") -> Plan:
        """Make a plan from fresh facts; each verdict is told as `VerdictGiven(draft, …)`."""
        app = self.logbook.find(change.app_ref)
        provider = self._world.providers.of(app.account)

        def told(verdict: Verdict) -> None:
            self._publish(VerdictGiven(draft, verdict))

        return self._planner.plan(provider, app, change, told)

    def submit(self, plan: Plan, consent: Consent) -> str:
        """Ask the guards once more, write the plan down and start it; returns the deployment's id.

        Raises `Blocked` and `LeaseHeld`; nothing was changed then.
        """
        provider = self._world.providers.of(plan.app.account)
        verdicts = self._planner.look_again(provider, plan, consent)
        stopping = [verdict for verdict in verdicts if verdict.stops]
        if stopping:
            raise Blocked(stopping)
        deployment_id = self._world.journal.create(plan, by=consent.by)
        self._world.trip(Point.CREATED, deployment_id)
        try:
            self._uptake.start(deployment_id)
        except LeaseHeld as error:
            if error.deployment != deployment_id:
                raise
            log.info("Deployment %s was taken up at once by %s.", deployment_id, error.owner)
        return deployment_id

    def ask(self, kind: RequestKind, target: str, text: str = "") -> None:
        """Write a person's wish down: for a deployment by its id, for an app by its name or id."""
        by = self._world.actor
        if kind in {RequestKind.HOLD, RequestKind.RELEASE_HOLD}:
            app = self.logbook.find(target) if _is_ref(target) else self.logbook.app(target).app
            self._world.journal.request(kind, app_id=app.id, by=by, text=text)
            return
        record = self.logbook.deployment(target)
        self._world.journal.request(
            kind, app_id=record.app_id, deployment_id=record.id, by=by, text=text
        )
        if kind is RequestKind.SEEN:
            notice = self.logbook.notice(record, self._world.clock.now())
            if notice is not None:
                self._publish(Notified(notice))

    def recover(self, *, only: str | None = None) -> tuple[str, ...]:
        """Take up every deployment that nobody runs any more; returns the ids of those started.

        One that another living process runs, or whose account is not here, is left alone; asked
        for by `only`, it raises `LeaseHeld` or `NotFound`.
        """
        started = []
        for record in self._world.journal.deployments(states=OPEN):
            if self._lanes.is_running(record.id) or self._uptake.is_outdated(record):
                continue
            if only is not None and record.id != only:
                continue
            try:
                if self._uptake.start(record.id):
                    started.append(record.id)
            except (LeaseHeld, NotFound) as error:
                if only is not None:
                    raise
                quiet = isinstance(error, LeaseHeld)
                level = logging.INFO if quiet else logging.WARNING
                log.log(level, "Deployment %s is left alone: %s", record.id, error)
        return tuple(started)

    def wait(self, deployment_id: str, *, timeout_s: float | None = None) -> Progress:
        """Wait until a deployment has ended, or the time is over; returns its state.

        One that is open and that nobody carries on any more is not waited for.
        """
        until = None if timeout_s is None else self._world.clock.steady() + timeout_s
        while True:
            here = self._lanes.is_running(deployment_id)
            is_over = until is not None and self._world.clock.steady() >= until
            try:
                record = self.logbook.deployment(deployment_id)
                if is_over or (not here and self._uptake.is_over_or_left(record)):
                    return record.progress
            except JournalUnavailable:
                # The run waits for the journal too, and says so.
                if is_over or not here:
                    raise
            threading.Event().wait(TURN_S)

    def policy(self, app: App) -> Policy:
        """What the app's owner asks for."""
        return self.logbook.policy(app)

    def set_policy(
        self, app: App, *, production: bool | None = None, command: str | None = None
    ) -> None:
        """Keep what an app's owner says; None leaves a part as it is."""
        self._world.settings.set_policy(app, production=production, command=command)

    def close(self) -> None:
        """Leave every run at its next step and stop looking; blocks until that is so."""
        self.watch.close()
        self._lanes.leave()

    def _publish(self, news: News) -> None:
        with self._listening:
            listeners = tuple(self._listeners)
        for listener in listeners:
            try:
                listener(news)
            except Exception:  # a face that fails must not take a run with it
                log.exception("A listener failed; what goes on goes on without it.")
        if isinstance(news, Journaled) and news.event.kind is EventKind.ENDED:
            self._announce(news)

    def _announce(self, news: Journaled) -> None:
        try:
            record = self.logbook.deployment(news.event.deployment_id)
        except JournalUnavailable as error:
            log.warning("The notice of an ending waits for the next start: %s", error)
            return
        notice = self.logbook.notice(record, None)
        if notice is not None:
            self._publish(Notified(notice))


def _is_ref(target: str) -> bool:
    """Whether this is how a person names an app, rather than an app's id."""
    return ":" in target and "/" not in target
