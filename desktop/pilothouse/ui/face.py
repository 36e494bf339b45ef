"""The engine as the window sees it: the part of the service that pages and sheets use.

Every method blocks, so that the window calls it through the bridge only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pilothouse.domain.change import Change, Plan
from pilothouse.domain.deployment import Event
from pilothouse.domain.model import App, Release
from pilothouse.domain.news import News, Notice
from pilothouse.domain.policy import Policy
from pilothouse.domain.ports import Accounts
from pilothouse.domain.records import DeploymentRecord, RequestKind
from pilothouse.engine.views import AppView, Consent


class Records(Protocol):
    """What is known already: cache and journal, no platform is asked."""

    def fleet(self) -> tuple[AppView, ...]:
        """Every app as last seen."""
        ...

    def app(self, app_id: str) -> AppView:
        """One app as last seen."""
        ...

    def history(
        self, app_id: str, *, before: int | None = None, limit: int = 200
    ) -> tuple[Release, ...]:
        """A page of releases, newest first."""
        ...

    def deployments(
        self, app_id: str | None = None, *, limit: int = 100
    ) -> tuple[DeploymentRecord, ...]:
        """Deployments, newest first."""
        ...

    def deployment(self, deployment_id: str) -> DeploymentRecord:
        """One deployment."""
        ...

    def events(self, deployment_id: str) -> tuple[Event, ...]:
        """A deployment's journal."""
        ...

    def inbox(self) -> tuple[Notice, ...]:
        """Open notices first, then seen ones."""
        ...


class Face(Protocol):
    """What the window asks of the engine."""

    @property
    def logbook(self) -> Records:
        """What is known already."""
        ...

    @property
    def accounts(self) -> Accounts:
        """The accounts of this computer."""
        ...

    def subscribe(self, listener: Callable[[News], None]) -> Callable[[], None]:
        """Hear the news, on worker threads; the result ends it."""
        ...

    def look(self, app_id: str | None = None, *, older: bool = False) -> None:
        """Ask the platforms now."""
        ...

    def plan(self, change: Change, *, draft: str = "") -> Plan:
        """Make a plan; verdicts arrive as news with the draft's mark."""
        ...

    def submit(self, plan: Plan, consent: Consent) -> str:
        """Start a plan's run; the answer is the deployment's id."""
        ...

    def ask(self, kind: RequestKind, target: str, text: str = "") -> None:
        """Write down a wish for a run or an app."""
        ...

    def policy(self, app: App) -> Policy:
        """What the app's owner asks for."""
        ...
