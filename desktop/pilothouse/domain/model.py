"""Accounts, apps, releases, instances: what the platforms have, in one language for both.

Values are frozen and carry what was seen and when; nothing here is a guess. What could not be
seen is `None`, never a default that looks like a fact. Moments are aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonMap: TypeAlias = Mapping[str, "Json"]


class Platform(StrEnum):
    """A platform that Pilothouse speaks to."""

    FLY = "fly"
    HEROKU = "heroku"


@dataclass(frozen=True, slots=True)
class Account:
    """A credential and its platform; the credential itself is never in here.

    `id` is unique on this computer and is what a person types before the colon; `api_host` is the
    host that the account's API calls go to; `source` says where the token comes from: `keyring`,
    `memory` (this run only), `environment` or `sandbox`.
    """

    id: str
    platform: Platform
    label: str
    api_host: str
    source: str

    @property
    def is_sandbox(self) -> bool:
        """Whether nothing behind this account is real."""
        return self.source == "sandbox"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token speaks for and what it may do, as the platform itself said.

    `can_deploy` is `None` where the platform does not tell; `expires_at` is `None` where it does
    not tell or the token does not end.
    """

    user: str
    scopes: tuple[str, ...] = ()
    can_deploy: bool | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class App:
    """One app of one account.

    `id` = API host / platform / the platform's own id, so that an app of the sandbox can never
    be taken for the real one of the same name. `addresses` are base URLs without a path.
    """

    id: str
    account: str
    platform: Platform
    name: str
    addresses: tuple[str, ...] = ()
    stage: str | None = None

    @property
    def ref(self) -> str:
        """How a person names the app on the command line."""
        return f"{self.platform}:{self.name}"


class ReleaseKind(StrEnum):
    """What a release changed."""

    CODE = "code"
    CONFIG = "config"
    SCALE = "scale"
    ROLLBACK = "rollback"
    OTHER = "other"


class ReleaseStatus(StrEnum):
    """How far a release came, by the platform's own word."""

    PENDING = "pending"
    COMPLETE = "complete"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class ReleaseVerdict(StrEnum):
    """What Pilothouse itself saw of a release."""

    VERIFIED = "verified"
    PROVISIONAL = "provisional"
    FAILED_SAFE = "failed_safe"
    ROLLED_BACK = "rolled_back"
    UNKNOWN = "unknown"
    NOT_WATCHED = "not_watched"


@dataclass(frozen=True, slots=True)
class Release:
    """One row of a platform's release history.

    `artifact` is an image by digest (Fly), or a slug's id (Heroku); `eligible` says whether the
    platform would take it as the target of a rollback (`None`: it does not say).
    """

    app_id: str
    version: int
    id: str
    kind: ReleaseKind
    status: ReleaseStatus
    current: bool
    artifact: str | None
    description: str
    author: str
    created_at: datetime
    eligible: bool | None = None
    verdict: ReleaseVerdict = ReleaseVerdict.NOT_WATCHED
    went_back_to: int | None = None


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """A page of history, newest first; `cursor` asks for the next, `None` at the end."""

    releases: tuple[Release, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Instance:
    """A Fly machine or a Heroku dyno as last seen.

    `version` identifies this very incarnation (Fly: instance ULID; Heroku: dyno id); `healthy`
    is `None` where nothing checks it; `lives` counts the starts since `version` came to be.
    """

    id: str
    place: str
    role: str
    state: str
    release: int | None
    artifact: str | None
    version: str
    healthy: bool | None
    serving: bool
    lives: int = 1


class AppState(StrEnum):
    """An app's state: the worst that holds."""

    SERVING = "serving"
    PROVISIONAL = "provisional"
    DEPLOYING = "deploying"
    UNKNOWN = "unknown"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Live:
    """What an app really runs, from the platform's own instances, at one moment.

    `release` is what the platform calls current; `disagreement` is a sentence when the release
    history and the instances say different things, `None` when they agree.
    """

    app: App
    release: Release | None
    instances: tuple[Instance, ...]
    probe_path: str
    maintenance: bool
    seen_at: datetime
    disagreement: str | None = None

    @property
    def serving(self) -> tuple[Instance, ...]:
        """The instances that take requests now."""
        return tuple(one for one in self.instances if one.serving)

    @property
    def state(self) -> AppState:
        """Serving, Broken or Unknown by the platform's signs alone."""
        if self.maintenance or not self.serving:
            return AppState.BROKEN
        if self.disagreement is not None:
            return AppState.UNKNOWN
        if any(one.healthy is False for one in self.serving):
            return AppState.BROKEN
        return AppState.SERVING
