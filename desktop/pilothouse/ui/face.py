"""What the window asks of the engine, as Protocols: every call here may block.

The window never calls these itself: it hands them to `Bridge.ask`. News arrives on other threads
and goes through `Bridge.publish`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pilothouse.domain.change import Change, Plan
from pilothouse.domain.deployment import Event
from pilothouse.domain.model import Account, App, Identity, Platform, Release
from pilothouse.domain.news import News, Notice
from pilothouse.domain.policy import Policy
from pilothouse.domain.records import DeploymentRecord, RequestKind
from pilothouse.engine.views import AppView, Consent


class LogbookFace(Protocol):
    """What is known already: cache and journal, never a platform."""

    def fleet(self) -> tuple[AppView, ...]:
        """Every app."""
        ...

    def app(self, app_id: str) -> AppView:
        """One app."""
        ...

    def history(
        self, app_id: str, *, before: int | None = None, limit: int = 200
    ) -> tuple[Release, ...]:
        """Releases, newest first, with verdicts merged in."""
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
        """Everything that one deployment's journal says."""
        ...

    def inbox(self) -> tuple[Notice, ...]:
        """Open notices first, then the seen ones of ninety days."""
        ...

    def find(self, ref: str) -> App:
        """An app as a person names it; raises `NotFound`."""
        ...


class AccountsFace(Protocol):
    """The credentials, which themselves never come out."""

    def list(self) -> tuple[Account, ...]:
        """Every account that can be used."""
        ...

    def add(
        self, platform: Platform, token: str, *, label: str = "", keep: bool = True
    ) -> tuple[Account, Identity]:
        """Ask what a token may do and keep it; raises `AccountRefused`, `KeyringUnavailable`."""
        ...

    def remove(self, account_id: str) -> None:
        """Forget an account and its token."""
        ...

    def keyring_state(self) -> str:
        """One sentence about this computer's keyring."""
        ...


class Face(Protocol):
    """The engine as the window sees it."""

    @property
    def logbook(self) -> LogbookFace:
        """What is known already."""
        ...

    @property
    def accounts(self) -> AccountsFace:
        """The credentials."""
        ...

    def subscribe(self, listener: Callable[[News], None]) -> Callable[[], None]:
        """Hear news on whatever thread it happens; the answer ends it."""
        ...

    def look(self, app_id: str | None = None, *, older: bool = False) -> None:
        """Ask the platforms now, or read the next older page of one app's history."""
        ...

    def plan(self, change: Change, *, draft: str = "") -> Plan:
        """Make a plan from fresh facts; verdicts arrive as news under the draft's mark."""
        ...

    def submit(self, plan: Plan, consent: Consent) -> str:
        """Start a plan; raises `Blocked`, `LeaseHeld`."""
        ...

    def ask(self, kind: RequestKind, target: str, text: str = "") -> None:
        """Write down a person's wish for a deployment or an app."""
        ...

    def recover(self) -> tuple[str, ...]:
        """Take up what an ended program left open."""
        ...

    def policy(self, app: App) -> Policy:
        """What the app's owner asks for."""
        ...

    def set_policy(
        self, app: App, *, production: bool | None = None, command: str | None = None
    ) -> None:
        """Keep what the app's owner says."""
        ...

    def close(self) -> None:
        """Take no new work and let go of what can be let go of."""
        ...
