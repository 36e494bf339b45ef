"""What Fly.io would remember of the practice cloud, as it is written to the state file.

Machine configurations are kept exactly as the client sent them: the platform merges nothing.
Moments are Unix seconds (floats), since leases and checks compare them with the wall clock.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pilothouse.sandbox.fly.disks import Volume
from pilothouse.sandbox.fly.records import Address, Certificate, CliSession, Token

Config = dict[str, Any]
FIRST_BUILD = 90_000
"""Builds are numbered from the one after it."""


class Person(msgspec.Struct):
    """A user of the organisation."""

    id: str
    name: str
    email: str


class Organisation(msgspec.Struct):
    """The one organisation that the token may see."""

    id: str
    slug: str
    name: str
    internal_numeric_id: int


class Image(msgspec.Struct):
    """An image in the registry: what a tag of a repository points at.

    `behaviour` is a value of `workload.Behaviour`; an expired image can no longer be pulled.
    One that a client pushed has its `manifest` as the client wrote it, of `media_type`, and its
    own `labels`; the others are made up from the rest.
    """

    repository: str
    tag: str
    digest: str
    behaviour: str
    revision: str
    created_at: float
    expired: bool = False
    manifest: str = ""
    media_type: str = ""
    labels: dict[str, str] | None = None
    size_bytes: int = 0


class ImageRef(msgspec.Struct):
    """The image a machine version runs, as the Machines API shows it."""

    registry: str
    repository: str
    tag: str
    digest: str
    labels: dict[str, str] | None = None


class Release(msgspec.Struct):
    """A row of the release history; its status is whatever its author last wrote."""

    id: str
    version: int
    status: str
    description: str
    reason: str
    image_ref: str
    strategy: str
    user_id: str | None
    created_at: float
    updated_at: float
    definition: Config
    metadata: Config | None = None


class Check(msgspec.Struct):
    """The latest result of one health check."""

    name: str
    status: str
    output: str
    updated_at: float


class Event(msgspec.Struct):
    """Something that happened to a machine; `timestamp` is in milliseconds."""

    id: str
    type: str
    status: str
    source: str
    timestamp: int
    request: Config | None = None


class Lease(msgspec.Struct):
    """Who may change a machine, and until when."""

    nonce: str
    owner: str
    expires_at: float
    description: str
    version: str


class Version(msgspec.Struct):
    """An instance id of a machine with the configuration it stood for.

    `state` is `replaced`, or `failed` for one that the platform took back.
    """

    instance_id: str
    config: Config
    image_ref: ImageRef
    state: str = "replaced"


class Machine(msgspec.Struct):
    """A machine; `pullable` is false while its newest version waits for an image it cannot get.

    `trouble` says why not, where it is not the image. `awake` says where a transition that the
    sandbox did not survive was going. `frozen` is how the process behaved that a suspended machine
    keeps in its memory, empty for none. Moments of 0 have not come yet.
    """

    id: str
    name: str
    state: str
    region: str
    instance_id: str
    private_ip: str
    created_at: float
    updated_at: float
    config: Config
    image_ref: ImageRef
    checks: list[Check] = msgspec.field(default_factory=list)
    events: list[Event] = msgspec.field(default_factory=list)
    versions: list[Version] = msgspec.field(default_factory=list)
    lease: Lease | None = None
    cordoned: bool = False
    awake: bool = True
    pullable: bool = True
    host_status: str = "ok"
    restart_count: int = 0
    secrets_version: int = 0
    trouble: str = ""
    frozen: str = ""
    memory_limit_mb: int | None = None
    skip_secrets: bool = False
    started_at: float = 0.0
    destroyed_at: float = 0.0

    @property
    def group(self) -> str:
        """The process group that its metadata names."""
        return str((self.config.get("metadata") or {}).get("fly_process_group", ""))


class Secret(msgspec.Struct):
    """A secret's name and digest; the sandbox never keeps a value."""

    name: str
    digest: str
    created_at: float
    updated_at: float


class AppLock(msgspec.Struct):
    """The advisory lock that `lockApp` takes."""

    lock_id: str
    expiration: float


class App(msgspec.Struct):
    """An app with its history; `releases` is oldest first."""

    id: str
    internal_numeric_id: int
    name: str
    network: str
    created_at: float
    releases: list[Release] = msgspec.field(default_factory=list)
    machines: dict[str, Machine] = msgspec.field(default_factory=dict)
    secrets: dict[str, Secret] = msgspec.field(default_factory=dict)
    secrets_version: int = 1
    lock: AppLock | None = None
    addresses: list[Address] = msgspec.field(default_factory=list)
    certificates: dict[str, Certificate] = msgspec.field(default_factory=dict)
    idempotency_key: str = ""
    volumes: dict[str, Volume] = msgspec.field(default_factory=dict)

    @property
    def status(self) -> str:
        """The platform's word: `pending` until something was deployed."""
        return "deployed" if self.machines or self.releases else "pending"


class FlyState(msgspec.Struct):
    """Everything of Fly.io; `viewer_id` is the person the sandbox's token belongs to.

    `blobs` lists the digests that were pushed to each repository; the bytes lie beside the state.
    `full` names regions without room: `refuse` says so at once, `revert` only while it prepares.
    """

    organisation: Organisation
    people: dict[str, Person]
    viewer_id: str
    apps: dict[str, App]
    images: list[Image]
    builds: int = FIRST_BUILD
    rate_limited: bool = True
    tokens: list[Token] = msgspec.field(default_factory=list)
    cli_sessions: dict[str, CliSession] = msgspec.field(default_factory=dict)
    blobs: dict[str, list[str]] = msgspec.field(default_factory=dict)
    full: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def viewer(self) -> Person:
        """The person the token belongs to."""
        return self.people[self.viewer_id]
