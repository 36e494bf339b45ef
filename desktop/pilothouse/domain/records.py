"""What survives a restart, as values and Protocols: journal, release cache, settings.

Same promise as `domain.ports`: every method may be called from any thread, blocks until it is
done, and raises only errors of `domain.errors`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pilothouse.domain.change import Plan
from pilothouse.domain.deployment import Event, EventKind, Progress, State
from pilothouse.domain.model import Account, App, JsonMap, Live, Release
from pilothouse.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to act on one app until `until_s` of the boot clock, unless renewed."""

    app_id: str
    deployment_id: str | None
    fence: int
    owner: str
    until_s: float


@dataclass(frozen=True, slots=True)
class AppRecord:
    """What the journal says of one app; `owner` and `deployment_id` only while a lease holds."""

    app_id: str
    fence: int
    owner: str | None
    deployment_id: str | None
    since: datetime | None
    hold_reason: str | None
    held_at: datetime | None
    held_by: str | None


@dataclass(frozen=True, slots=True)
class DeploymentRecord:
    """One run of a plan, as stored; `progress` is folded from its events."""

    id: str
    app_id: str
    created_by: str
    created_at: datetime
    progress: Progress


class RequestKind(StrEnum):
    """What a person may ask of a run or of an app, from any process."""

    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    SEEN = "seen"
    HOLD = "hold"
    RELEASE_HOLD = "release_hold"


@dataclass(frozen=True, slots=True)
class Request:
    """A person's wish, written down; taken by the runner, or by the journal itself."""

    id: int
    app_id: str
    deployment_id: str | None
    kind: RequestKind
    by: str
    at: datetime
    text: str


class Journal(Protocol):
    """The append-only record of intents and outcomes, and who may act.

    Raises `JournalUnavailable` when it cannot be read or written, and changes nothing then.
    """

    def create(self, plan: Plan, *, by: str) -> str:
        """Store a plan as a new deployment, state planned; returns its id.

        Raises `LeaseHeld` when the app already has a live deployment.
        """
        ...

    def acquire(self, app_id: str, deployment_id: str | None) -> Lease:
        """Take the app's lease with the next fence; raises `LeaseHeld`.

        A lease whose owner is provably dead on this computer, or that has run out, is free.
        """
        ...

    def renew(self, lease: Lease) -> Lease:
        """Lengthen a lease; raises `Fenced` if it is no longer ours."""
        ...

    def release(self, lease: Lease) -> None:
        """Give a lease back; nothing happens if it is no longer ours."""
        ...

    def append(
        self,
        lease: Lease,
        kind: EventKind,
        *,
        step: str | None = None,
        data: JsonMap | None = None,
        state: State | None = None,
        hold: str | None = None,
    ) -> Event:
        """Write one event in one transaction that also checks the fence; raises `Fenced`.

        `state` sets the deployment's stored state; `hold` holds the app for that reason.
        """
        ...

    def events(self, deployment_id: str, after: int = 0) -> tuple[Event, ...]:
        """The events of a deployment in order, those after a number."""
        ...

    def deployment(self, deployment_id: str) -> DeploymentRecord:
        """One deployment, folded; an unambiguous beginning of its id will do; raises `NotFound`."""
        ...

    def deployments(
        self,
        *,
        app_id: str | None = None,
        states: frozenset[State] | None = None,
        limit: int = 100,
    ) -> tuple[DeploymentRecord, ...]:
        """Deployments, newest first."""
        ...

    def app(self, app_id: str) -> AppRecord:
        """What is known of an app; an empty record when nothing is."""
        ...

    def request(
        self,
        kind: RequestKind,
        *,
        app_id: str,
        deployment_id: str | None = None,
        by: str,
        text: str = "",
    ) -> Request:
        """Write a person's wish down. HOLD and RELEASE_HOLD take effect at once."""
        ...

    def requests(self, deployment_id: str) -> tuple[Request, ...]:
        """The wishes for a run that were not taken yet, oldest first."""
        ...

    def take(self, lease: Lease, request: Request) -> Event:
        """Turn a wish into an event, once; raises `Fenced`."""
        ...

    def seen(self, deployment_ids: Sequence[str]) -> dict[str, datetime]:
        """When each of these deployments was marked as seen; the unseen ones are missing."""
        ...


class ReleaseStore(Protocol):
    """The cache: what was last seen of apps and histories, with when."""

    def put_apps(self, account: str, apps: Sequence[App], at: datetime) -> None:
        """Replace the list of an account's apps."""
        ...

    def apps(self) -> tuple[App, ...]:
        """All cached apps."""
        ...

    def put_live(self, live: Live) -> None:
        """Keep what an app was last seen to run."""
        ...

    def live(self, app_id: str) -> Live | None:
        """What it was last seen to run."""
        ...

    def put_releases(self, app_id: str, releases: Sequence[Release], at: datetime) -> None:
        """Add or replace releases of one app by version."""
        ...

    def releases(
        self, app_id: str, *, before: int | None = None, limit: int = 200
    ) -> tuple[Release, ...]:
        """Newest first, those with a version below `before`."""
        ...

    def seen_at(self, app_id: str) -> datetime | None:
        """When the history was last read."""
        ...


class Settings(Protocol):
    """Typed preferences that survive a restart; never a secret."""

    def policy(self, app: App, default: Policy) -> Policy:
        """The app's policy, with `default` for what its owner did not say."""
        ...

    def set_policy(self, app: App, *, production: bool | None, command: str | None) -> None:
        """Keep what an app's owner says; None leaves a part as it is."""
        ...

    def accounts(self) -> tuple[Account, ...]:
        """Accounts whose token is in the keyring."""
        ...

    def put_account(self, account: Account) -> None:
        """Keep an account (never its token)."""
        ...

    def remove_account(self, account_id: str) -> None:
        """Forget an account; nothing happens if it is not there."""
        ...
