"""The practice Fly.io's past: two apps of an invented company, Harbour Works.

The same moment gives the same past, ids included. The newest release of each app is complete and
is what its machines run; the images of the oldest third of the history are gone, as in real life.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pilothouse.sandbox.fly.configs import config, definition
from pilothouse.sandbox.fly.ids import machine_id, opaque_id, private_ip, ulid
from pilothouse.sandbox.fly.images import REGISTRY, made, pull
from pilothouse.sandbox.fly.state import (
    App,
    Check,
    Config,
    Event,
    FlyState,
    Image,
    Machine,
    Organisation,
    Person,
    Release,
    Secret,
    Version,
)
from pilothouse.sandbox.workload import Behaviour

_STAFF = (
    ("u1", "Ann Berg", "ann.berg@harbour.example"),
    ("u2", "Jonas Weil", "jonas.weil@harbour.example"),
    ("u3", "Maria Okoye", "maria.okoye@harbour.example"),
    ("u4", "Lena Fischer", "lena.fischer@harbour.example"),
    ("u5", "CI", "ci@harbour.example"),
)
_WEIGHTS = (4, 3, 3, 2, 6)
_SECRETS = ("DATABASE_URL", "SESSION_KEY", "SMTP_PASSWORD", "BERTH_API_KEY", "SENTRY_DSN")
_VERSIONS_KEPT = 9
_STRATEGY = "ROLLING"


@dataclass(frozen=True, slots=True)
class _Outline:
    """How an app's past went; `regions` names one region for each machine of today."""

    name: str
    number: int
    releases: int
    days: int
    regions: Sequence[str]
    names: Sequence[str]
    memory_mb: int


_APPS = (
    _Outline(
        "harbor-api",
        3_141_591,
        releases=96,
        days=168,
        regions=("ams", "ams", "fra", "fra"),
        names=("quiet-tide-118", "amber-mole-27", "north-quay-402", "still-basin-63"),
        memory_mb=512,
    ),
    _Outline(
        "harbor-web",
        3_141_592,
        releases=58,
        days=131,
        regions=("ams", "fra"),
        names=("broad-pier-910", "early-bell-55"),
        memory_mb=256,
    ),
)


def plant_fly(now: datetime) -> FlyState:
    """Return the whole Fly.io state of a new sandbox, whose past ends some hours before `now`."""
    people = {identifier: Person(identifier, name, email) for identifier, name, email in _STAFF}
    organisation = Organisation("org_hw3k9", "harbour-works", "Harbour Works", 271_828)
    state = FlyState(organisation, people, "u1", {}, [])
    for outline in _APPS:
        _Chronicle(state, outline, now).write()
    return state


@dataclass(slots=True)
class _Code:
    """A code release: its row, its image, and whether it went live."""

    release: Release
    image: Image
    live: bool = field(default=True)


class _Chronicle:
    """Writes the past of one app, release by release."""

    def __init__(self, state: FlyState, outline: _Outline, now: datetime) -> None:
        self._state = state
        self._outline = outline
        self._chance = random.Random(f"harbour works {outline.name}")
        self._moments = _moments(self._chance, outline, now)
        born = self._moments[0] - 3600.0
        app_id = f"app-{opaque_id(self._chance).lower()}"
        self._app = App(app_id, outline.number, outline.name, "default", born)
        self._code: list[_Code] = []
        self._failed_at = outline.releases - 17

    def write(self) -> None:
        """Write everything down."""
        last = len(self._moments) - 1
        undo = False
        for index, at in enumerate(self._moments):
            if undo:
                self._roll_back(at)
                undo = False
            elif index in (0, last):
                self._deploy(at, "complete")
            elif index == self._failed_at:
                self._deploy(at, "failed")
            elif self._chance.random() < 0.15:
                self._set_secrets(at)
            else:
                self._deploy(at, "complete")
                undo = len(self._code) > 3 and index < last - 2 and self._chance.random() < 0.06
        self._forget_old_images()
        self._add_practice_images(self._moments[last])
        self._state.apps[self._app.name] = self._app
        self._man()

    def _deploy(self, at: float, status: str) -> None:
        tag = f"deployment-{ulid(at - 95.0, self._chance)}"
        commit = f"{self._chance.getrandbits(160):040x}"
        image = made(self._app.name, tag, Behaviour.NEXT, commit, at - 95.0)
        self._state.images.append(image)
        release = self._row(at, status, "Release", _reference(image))
        self._code.append(_Code(release, image, live=status == "complete"))
        if status == "failed":
            release.metadata = _post_deployment("timeout reached waiting for health checks to pass")

    def _roll_back(self, at: float) -> None:
        target = [code for code in self._code if code.live][-2]
        text = f"Rollback to v{target.release.version}"
        release = self._row(at, "complete", text, target.release.image_ref)
        self._code.append(_Code(release, target.image))

    def _set_secrets(self, at: float) -> None:
        names = sorted(self._chance.sample(_SECRETS, self._chance.choice((1, 1, 2))))
        for name in names:
            since = self._app.secrets[name].created_at if name in self._app.secrets else at
            digest = f"{self._chance.getrandbits(64):016x}"
            self._app.secrets[name] = Secret(name, digest, since, at)
        self._app.secrets_version += 1
        image_ref = [code for code in self._code if code.live][-1].release.image_ref
        self._row(at, "complete", f"Set secrets: {', '.join(names)}", image_ref)

    def _row(self, at: float, status: str, description: str, image_ref: str) -> Release:
        author = self._chance.choices(_STAFF, _WEIGHTS)[0][0]
        release = Release(
            id=opaque_id(self._chance),
            version=len(self._app.releases) + 1,
            status=status,
            description=description,
            reason="",
            image_ref=image_ref,
            strategy=_STRATEGY,
            user_id=author,
            created_at=at,
            updated_at=at + self._chance.uniform(40.0, 150.0),
            definition=definition(
                self._outline.name, self._outline.regions, self._outline.memory_mb
            ),
            metadata=_post_deployment(""),
        )
        self._app.releases.append(release)
        return release

    def _forget_old_images(self) -> None:
        own = [image for image in self._state.images if image.repository == self._app.name]
        for image in own[: len(own) // 3]:
            image.expired = True

    def _add_practice_images(self, at: float) -> None:
        for behaviour in Behaviour:
            commit = f"{self._chance.getrandbits(160):040x}"
            image = made(self._app.name, behaviour.value, behaviour, commit, at + 3600.0)
            self._state.images.append(image)

    def _man(self) -> None:
        """Put today's machines in place, with the versions they went through."""
        past = [code for code in self._code if code.live][-_VERSIONS_KEPT:]
        for name, region in zip(self._outline.names, self._outline.regions, strict=True):
            identifier = machine_id(self._chance)
            steps = [self._version(code) for code in past]
            today, updated_at = steps[-1], past[-1].release.created_at + 30.0
            machine = Machine(
                id=identifier,
                name=name,
                state="started",
                region=region,
                instance_id=today.instance_id,
                private_ip=private_ip(identifier),
                created_at=self._app.created_at,
                updated_at=updated_at,
                config=today.config,
                image_ref=today.image_ref,
                versions=steps[:-1],
                secrets_version=self._app.secrets_version,
            )
            machine.checks = [Check("servicecheck-00-http-8080", "passing", "200", updated_at)]
            machine.events = [
                self._event("start", "started", "flyd", updated_at),
                self._event("update", "replacing", "user", updated_at - 6.0),
            ]
            self._app.machines[identifier] = machine

    def _version(self, code: _Code) -> Version:
        at = code.release.created_at + self._chance.uniform(5.0, 60.0)
        wanted = config(code.release, self._outline.regions, self._outline.memory_mb)
        image_ref, _ = pull(self._state, code.release.image_ref)
        return Version(ulid(at, self._chance), wanted, image_ref)

    def _event(self, kind: str, status: str, source: str, at: float) -> Event:
        return Event(ulid(at, self._chance), kind, status, source, int(at * 1000))


def _moments(chance: random.Random, outline: _Outline, now: datetime) -> list[float]:
    """Return rising moments on working days, the last some hours before `now`."""
    last = _working_moment(now.astimezone(UTC) - timedelta(hours=3))
    moments = {last.timestamp()}
    while len(moments) < outline.releases:
        day = last - timedelta(days=chance.uniform(1.0, float(outline.days)))
        at = day.replace(hour=chance.randint(7, 16), minute=chance.randint(0, 59))
        if at.weekday() < 5:
            moments.add(at.replace(second=chance.randint(0, 59)).timestamp())
    return sorted(moments)


def _working_moment(latest: datetime) -> datetime:
    """Return a moment at work that is not after `latest`."""
    moment = latest.replace(minute=12, second=40, microsecond=0)
    while moment > latest or moment.weekday() > 4 or not 7 <= moment.hour <= 16:
        moment -= timedelta(hours=1)
    return moment


def _reference(image: Image) -> str:
    return f"{REGISTRY}/{image.repository}:{image.tag}@{image.digest}"


def _post_deployment(error: str) -> Config:
    return {"post_deployment_info": {"flyctl_version": "0.4.999", "error": error}}
