"""The engine as the window sees it, in memory: honest, deterministic, and driven by the test.

Nothing happens by itself: a test changes what is true and calls `tell`. A method may be told to
fail or to wait, as the real one might. Every call is recorded with its thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from pilothouse.domain.change import Change, Plan
from pilothouse.domain.deployment import Event, Progress, State
from pilothouse.domain.errors import NotFound
from pilothouse.domain.model import Account, App, Identity, Platform, Release
from pilothouse.domain.news import Journaled, News, Notice
from pilothouse.domain.policy import Policy
from pilothouse.domain.records import DeploymentRecord, RequestKind
from pilothouse.engine.views import AppView, Consent

PAGE_LIMIT = 5000
LENA = Identity("lena@harbor.example", ("deploy",), can_deploy=True)


@dataclass
class World:
    """What is true; tests change it freely before they tell."""

    views: dict[str, AppView] = field(default_factory=dict)
    histories: dict[str, tuple[Release, ...]] = field(default_factory=dict)
    records: dict[str, DeploymentRecord] = field(default_factory=dict)
    events: dict[str, list[Event]] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    identity: Identity = LENA
    keyring: str = "GNOME Keyring is here and unlocked."

    @staticmethod
    def of(views: tuple[AppView, ...], histories: dict[str, tuple[Release, ...]]) -> World:
        """A world with these apps and histories."""
        accounts = {view.account.id: view.account for view in views}
        return World(
            views={view.app.id: view for view in views},
            histories=histories,
            accounts=accounts,
        )


class FakeLogbook:
    """Reads the world; never changes it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def fleet(self) -> tuple[AppView, ...]:
        return tuple(self._world.views.values())

    def app(self, app_id: str) -> AppView:
        view = self._world.views.get(app_id)
        if view is None:
            raise NotFound("app", app_id, where="the cache", exists=list(self._world.views))
        return view

    def history(
        self, app_id: str, *, before: int | None = None, limit: int = 200
    ) -> tuple[Release, ...]:
        rows = self._world.histories.get(app_id, ())
        if before is not None:
            at = next((i for i, row in enumerate(rows) if row.version < before), len(rows))
            rows = rows[at:]
        return rows[: min(limit, PAGE_LIMIT)]

    def deployments(
        self, app_id: str | None = None, *, limit: int = 100
    ) -> tuple[DeploymentRecord, ...]:
        rows = [one for one in self._world.records.values() if app_id in {None, one.app_id}]
        rows.sort(key=lambda one: one.created_at, reverse=True)
        return tuple(rows[:limit])

    def deployment(self, deployment_id: str) -> DeploymentRecord:
        record = self._world.records.get(deployment_id)
        if record is None:
            raise NotFound("deployment", deployment_id, where="the journal")
        return record

    def events(self, deployment_id: str) -> tuple[Event, ...]:
        return tuple(self._world.events.get(deployment_id, ()))

    def inbox(self) -> tuple[Notice, ...]:
        rows = sorted(self._world.notices.values(), key=lambda one: one.at, reverse=True)
        return tuple(sorted(rows, key=lambda one: one.seen_at is not None))

    def find(self, ref: str) -> App:
        for view in self._world.views.values():
            if ref in {view.app.ref, f"{view.account.id}:{view.app.name}"}:
                return view.app
        raise NotFound("app", ref, where="the fleet")


class FakeAccounts:
    """Keeps accounts in memory; a token called `wrong` is refused with the given error."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.refusal: Exception | None = None
        self.keep_refusal: Exception | None = None

    def list(self) -> tuple[Account, ...]:
        return tuple(self._world.accounts.values())

    def add(
        self, platform: Platform, token: str, *, label: str = "", keep: bool = True
    ) -> tuple[Account, Identity]:
        if self.refusal is not None:
            raise self.refusal
        if keep and self.keep_refusal is not None:
            raise self.keep_refusal
        name = label or f"{platform}-{len(self._world.accounts) + 1}"
        account = Account(name, platform, name, "api.example", "keyring" if keep else "memory")
        assert token
        self._world.accounts[account.id] = account
        return account, self._world.identity

    def remove(self, account_id: str) -> None:
        self._world.accounts.pop(account_id, None)

    def keyring_state(self) -> str:
        return self._world.keyring


class FakeService:
    """The face; `calls` says what was asked, and on which thread.

    `failures` maps a method's name to what it raises; `gates` maps one to an event that it waits
    for, so that a test can look at the window while a call is under way.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.logbook = FakeLogbook(world)
        self.accounts = FakeAccounts(world)
        self.calls: list[tuple[str, object, str]] = []
        self.failures: dict[str, Exception] = {}
        self.gates: dict[str, threading.Event] = {}
        self.planner: Callable[[Change, str], Plan] | None = None
        self.policies: dict[str, Policy] = {}
        self.closed = False
        self._listeners: list[Callable[[News], None]] = []

    def subscribe(self, listener: Callable[[News], None]) -> Callable[[], None]:
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    def tell(self, news: News) -> None:
        """Say news to every listener, from a thread of its own as the engine does."""
        thread = threading.Thread(target=self._tell, args=(news,), name="fake-news")
        thread.start()
        thread.join()

    def _tell(self, news: News) -> None:
        for listener in tuple(self._listeners):
            listener(news)

    def put(self, view: AppView) -> None:
        """Make an app's view true."""
        self.world.views[view.app.id] = view

    def journal(self, event: Event, progress: Progress) -> None:
        """Write an event and tell of it."""
        self.world.events.setdefault(event.deployment_id, []).append(event)
        was = self.world.records[event.deployment_id]
        self.world.records[event.deployment_id] = replace(was, progress=progress)
        self.tell(Journaled(was.app_id, event, progress))

    def called(self, name: str) -> list[object]:
        """The arguments of every call of one method so far."""
        return [args for called, args, _ in self.calls if called == name]

    def _enter(self, name: str, args: object) -> None:
        self.calls.append((name, args, threading.current_thread().name))
        gate = self.gates.get(name)
        if gate is not None:
            assert gate.wait(10), f"nobody opened the gate of {name}"
        if name in self.failures:
            raise self.failures[name]

    def look(self, app_id: str | None = None, *, older: bool = False) -> None:
        self._enter("look", (app_id, older))

    def plan(self, change: Change, *, draft: str = "") -> Plan:
        self._enter("plan", (change, draft))
        assert self.planner is not None, "this test gave no planner"
        return self.planner(change, draft)

    def submit(self, plan: Plan, consent: Consent) -> str:
        self._enter("submit", (plan, consent))
        deployment_id = f"d{len(self.world.records) + 1:03d}"
        self.world.records[deployment_id] = DeploymentRecord(
            deployment_id,
            plan.app.id,
            consent.by,
            datetime.now(UTC),
            Progress(plan, state=State.PLANNED),
        )
        return deployment_id

    def ask(self, kind: RequestKind, target: str, text: str = "") -> None:
        self._enter("ask", (kind, target, text))

    def recover(self) -> tuple[str, ...]:
        self._enter("recover", None)
        return ()

    def policy(self, app: App) -> Policy:
        self._enter("policy", app)
        return self.policies.get(app.id, Policy())

    def set_policy(
        self, app: App, *, production: bool | None = None, command: str | None = None
    ) -> None:
        self._enter("set_policy", (app, production, command))
        was = self.policies.get(app.id, Policy())
        self.policies[app.id] = replace(
            was,
            production=was.production if production is None else production,
            command=was.command if command is None else command,
        )

    def close(self) -> None:
        self.closed = True
