"""A change a person wants, and the plan it becomes: frozen data, known before anything happens.

A plan's hash covers all of it; whoever confirms a plan confirms just that. Steps run stage by
stage; within a stage the lanes run side by side, and within a lane the steps one after another.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum

from pilothouse.domain.guard import Verdict
from pilothouse.domain.model import App, Identity, JsonMap, Live, Release
from pilothouse.domain.policy import Policy

FORMAT = 1
VERIFY = "verify"
"""The one operation that the engine itself performs; all others are the provider's."""


class ChangeKind(StrEnum):
    """What a person wants."""

    DEPLOY = "deploy"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Change:
    """A wish: deploy something to an app, or go back.

    Exactly one source for a deploy: `image` (a reference, Fly) or `slug_of` ((app or None for
    the same one, version), Heroku). A rollback has `to_version`, or None for the last good one.
    """

    kind: ChangeKind
    app_ref: str
    image: str | None = None
    slug_of: tuple[str | None, int] | None = None
    to_version: int | None = None
    overrides: tuple[tuple[str, str], ...] = ()

    @property
    def words(self) -> str:
        """What is to be deployed or gone back to, in a few words."""
        if self.kind is ChangeKind.ROLLBACK:
            return f"v{self.to_version}" if self.to_version else "the last good release"
        if self.image is not None:
            return self.image
        if self.slug_of is None:
            return "nothing"
        app, version = self.slug_of
        return f"the slug of {app + ' ' if app else ''}v{version}"


@dataclass(frozen=True, slots=True)
class Artifact:
    """What a release runs: `ref` is exact (repository@digest, or a slug id), `label` is for people.

    `present` says whether the platform still has it (None: it cannot tell).
    """

    ref: str
    label: str
    present: bool | None = True
    release: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do.

    Args:
        key: unique in the plan, and the second half of the marker.
        op: the operation's name, such as `fly.update`.
        args: all it needs, as JSON; an operation reads nothing else of the plan.
        title: what a person reads, as in "Update 3f19 in ams".
        group: the heading under which the window gathers it.
        changes: whether it changes anything at the platform; one that does not may be repeated.
        limit_s: past this many seconds a person is told and the platform is looked at.
        books_only: whether it only writes the platform's release book and touches no instance.
    """

    key: str
    op: str
    args: JsonMap
    title: str
    group: str
    stage: int
    lane: str
    changes: bool
    expected_s: float
    limit_s: float
    books_only: bool = False


@dataclass(frozen=True, slots=True)
class WayBack:
    """Where the app goes if the change turns out bad, checked before anything is changed."""

    version: int | None
    artifact: Artifact | None
    ready: bool
    sentence: str
    expected_s: float | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a change as the prober knows it: which instances and which release label."""

    label: str
    artifact: str | None
    instances: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What planning read from the platform, all at one moment.

    `snapshot` is the provider's own exact record of every instance, enough to put it back;
    `fingerprint` changes whenever anything the plan was made from changes; `busy` names whoever
    else is changing the app; `risk` is a sentence about lost capacity, empty when there is none.
    """

    app: App
    live: Live
    identity: Identity
    recent: tuple[Release, ...]
    target: Artifact
    target_version: int | None
    way_back: WayBack
    snapshot: JsonMap
    fingerprint: str
    busy: str | None = None
    risk: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A change with the facts it was made from, the verdicts, the steps and the way back."""

    change: Change
    app: App
    from_version: int | None
    to_version: int | None
    target: Artifact
    old_side: Side
    way_back: WayBack
    verdicts: tuple[Verdict, ...]
    steps: tuple[Step, ...]
    snapshot: JsonMap
    fingerprint: str
    policy: Policy
    probe_path: str
    made_at: datetime
    warnings: tuple[str, ...] = ()
    acts_as: str = ""
    format: int = field(default=FORMAT)

    @property
    def hash(self) -> str:
        """SHA-256 over all of the plan, as hex."""
        body = json.dumps(asdict(self), sort_keys=True, default=str)
        return hashlib.sha256(body.encode()).hexdigest()

    @property
    def title(self) -> str:
        """What the change does, as a heading."""
        target = f"v{self.to_version}" if self.to_version else self.target.label
        if self.change.kind is ChangeKind.ROLLBACK:
            return f"Roll back {self.app.name} to {target}"
        return f"Deploy {target} to {self.app.name}"

    @property
    def expected_s(self) -> float:
        """Predicted seconds: stages one after another, the longest lane of each."""
        lanes: dict[tuple[int, str], float] = {}
        for step in self.steps:
            place = (step.stage, step.lane)
            lanes[place] = lanes.get(place, 0.0) + step.expected_s
        longest: dict[int, float] = {}
        for (stage, _), seconds in lanes.items():
            longest[stage] = max(longest.get(stage, 0.0), seconds)
        return sum(longest.values())

    @property
    def stopping(self) -> tuple[Verdict, ...]:
        """The verdicts because of which the change may not go on."""
        return tuple(verdict for verdict in self.verdicts if verdict.stops)
