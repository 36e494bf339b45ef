"""The doors between the engine and the world, as Protocols; the engine knows nothing else of it.

Every method may be called from any thread unless it says otherwise, blocks until it is done, and
raises only errors of `domain.errors`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pilothouse.domain.change import Change, Facts, Plan, Step
from pilothouse.domain.model import (
    Account,
    App,
    Identity,
    JsonMap,
    Live,
    Platform,
    Release,
    ReleasePage,
)
from pilothouse.domain.news import News, Notice
from pilothouse.domain.policy import Policy, Timing

Listener = Callable[[News], None]


class Clock(Protocol):
    """Time. `boot` is seconds since this computer started, sleep included, with that start's id."""

    def now(self) -> datetime:
        """The moment, aware UTC."""
        ...

    def steady(self) -> float:
        """Seconds that never jump; only differences mean anything."""
        ...

    def boot(self) -> tuple[str, float]:
        """The boot's id and the seconds since."""
        ...


class Sight(StrEnum):
    """What looking for a step's effect showed. AMBIGUOUS was answered and still cannot be told."""

    LANDED = "landed"
    ABSENT = "absent"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Observation:
    """Whether a step's effect is there; `data` as `apply` would have given, when it landed."""

    sight: Sight
    reason: str = ""
    data: JsonMap | None = None


class RunContext(Protocol):
    """What an operation may know of the run it serves."""

    @property
    def deployment_id(self) -> str:
        """The deployment; the marker of a step is `<deployment id>/<step key>`."""
        ...

    @property
    def fence(self) -> int:
        """The number of our right to act; a higher one is newer."""
        ...

    @property
    def plan(self) -> Plan:
        """The frozen plan."""
        ...

    def data_of(self, key: str) -> JsonMap:
        """What an earlier step gave back; empty when it did not end well."""
        ...

    def reason_of(self, key: str) -> str:
        """Why a step failed or was refused; empty when it did neither."""
        ...

    def lease_left_s(self) -> float:
        """Seconds for which we surely still may act; the transport asks before the first byte."""
        ...

    def wait(self, seconds: float) -> None:
        """Wait, unless a person asks to stop: then `Interrupted`."""
        ...

    def note(self, step: Step, text: str) -> None:
        """Tell in one sentence what a long step is doing."""
        ...


class Operations(Protocol):
    """The provider's hand on the platform during one run.

    `apply` returns the step's data or raises: `NotSent` (not done, may be repeated), `Lost`
    (unknown), `Declined`, `Failed`. It never repeats a change by itself. Steps that change
    nothing wait by `RunContext.wait` and end at `Step.limit_s` with `Failed`.
    """

    def observe(self, step: Step) -> Observation:
        """Did it land? Reads only; raises `PlatformError` while the platform does not answer."""
        ...

    def apply(self, step: Step) -> JsonMap:
        """Do it, once."""
        ...

    def inverse(self, step: Step) -> Sequence[Step]:
        """The steps that undo it, observing first; pure; empty when there is nothing to undo.

        Asked for each step that was begun, newest first; keys are unique and start with `back/`,
        stages are relative: the runner numbers them anew.
        """
        ...

    def renew(self) -> None:
        """Renew what fences others off at the platform; called by the lease's own timer."""
        ...

    def close(self) -> None:
        """Give back whatever fences others off."""
        ...


class Provider(Protocol):
    """One account at one platform."""

    @property
    def account(self) -> Account:
        """Whose credential this is."""
        ...

    @property
    def platform(self) -> Platform:
        """Which platform."""
        ...

    @property
    def control_url(self) -> str:
        """An address that answers whenever the platform can be reached at all."""
        ...

    def identity(self) -> Identity:
        """Ask who the token speaks for; raises `AccountRefused`."""
        ...

    def apps(self) -> Iterator[App]:
        """All apps, read page by page."""
        ...

    def find(self, name: str) -> App:
        """One app by name; raises `NotFound` that says where it looked and what exists."""
        ...

    def releases(self, app: App, *, cursor: str | None = None, limit: int = 50) -> ReleasePage:
        """A page of history, newest first."""
        ...

    def live(self, app: App) -> Live:
        """What really runs, now."""
        ...

    def facts(self, app: App, change: Change, *, back_to: Release | None) -> Facts:
        """All that a plan is made from, read now.

        For a rollback `back_to` is the chosen release. Raises `NotFound` for an unknown image,
        slug or release.
        """
        ...

    def steps(self, change: Change, facts: Facts, policy: Policy) -> tuple[Step, ...]:
        """The steps of the change; pure: no call is made."""
        ...

    def operations(self, run: RunContext) -> Operations:
        """A hand for one run, which first takes over what an earlier hand of this run left."""
        ...

    def pin(self, instance: str) -> dict[str, str] | None:
        """Request headers that make an app's address answer from one instance, if possible."""
        ...

    def answered_by(self, headers: JsonMap, body: bytes) -> str | None:
        """Which instance gave this answer, where the platform tells."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as the prober needs it; at most 64 KiB of the body."""

    status: int
    headers: JsonMap
    body: bytes
    latency_s: float


class Asker(Protocol):
    """Asks addresses from outside, as a user would."""

    def ask(self, url: str, *, headers: dict[str, str], timeout_s: float) -> Answer:
        """One GET; raises `PlatformError` when no answer came within the time."""
        ...


class Notifier(Protocol):
    """A way to reach a person who is not looking."""

    def show(self, notice: Notice) -> bool:
        """Show it, in place of an earlier one of the same deployment; False: it could not."""
        ...

    def withdraw(self, deployment_id: str) -> None:
        """Take a notice back."""
        ...

    def close(self) -> None:
        """Stop; nothing is shown any more."""
        ...


class Providers(Protocol):
    """The accounts that can be used now, as providers."""

    def all(self) -> tuple[Provider, ...]:
        """Every account's provider, sandbox last."""
        ...

    def of(self, account_id: str) -> Provider:
        """One account's provider; raises `NotFound`."""
        ...

    def timing(self, account: Account) -> Timing:
        """How long things take with this account."""
        ...


class Accounts(Protocol):
    """The accounts of this computer, and their tokens' way into the keyring."""

    def list(self) -> tuple[Account, ...]:
        """All accounts, sandbox last."""
        ...

    def add(
        self, platform: Platform, token: str, *, label: str = "", keep: bool = True
    ) -> tuple[Account, Identity]:
        """Verify a token against its platform, then keep it in the keyring.

        With `keep` False it stays in memory for this run. Raises `AccountRefused` and
        `KeyringUnavailable`; nothing is kept then.
        """
        ...

    def remove(self, account_id: str) -> None:
        """Forget an account and its token; raises `NotFound`."""
        ...

    def keyring_state(self) -> str:
        """One sentence: whether a keyring can be used, and what to install if none can."""
        ...
