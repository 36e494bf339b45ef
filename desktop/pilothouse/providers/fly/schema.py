"""What Fly.io sends, typed; fields that are missing or new are borne.

Machines API: https://docs.machines.dev (OpenAPI, read 2026-08). GraphQL: the schema that
`api.fly.io/graphql` shows by introspection. A machine's `config` stays a plain mapping: it is put
back exactly as it was read, with whatever fields the platform invents.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

Config = dict[str, Any]


class Wire(msgspec.Struct, frozen=True):
    """Unknown fields are ignored, as msgspec does by itself."""


class ImageRef(Wire, frozen=True):
    """`image_ref` of a machine: what it really runs."""

    registry: str = ""
    repository: str = ""
    tag: str | None = None
    digest: str | None = None
    labels: dict[str, str] | None = None


class Check(Wire, frozen=True):
    """The newest result of one health check."""

    name: str = ""
    status: str = ""
    output: str | None = None
    updated_at: datetime | None = None


class ExitEvent(Wire, frozen=True):
    """How a process ended."""

    exit_code: int = 0
    oom_killed: bool = False
    requested_stop: bool = False
    restarting: bool = False


class MonitorEvent(Wire, frozen=True):
    """The older envelope of an exit."""

    exit_event: ExitEvent | None = None


class EventRequest(Wire, frozen=True):
    """What an event says besides its type."""

    exit_event: ExitEvent | None = None
    monitor_event: MonitorEvent | None = msgspec.field(default=None, name="MonitorEvent")


class MachineEvent(Wire, frozen=True):
    """Something that happened to a machine; `timestamp` is in milliseconds."""

    type: str = ""
    status: str = ""
    source: str = ""
    timestamp: int = 0
    request: EventRequest | None = None

    @property
    def exit(self) -> ExitEvent | None:
        """How the process ended, when this is an exit."""
        if self.type != "exit" or self.request is None:
            return None
        older = self.request.monitor_event
        return (older.exit_event if older else None) or self.request.exit_event


class HeldLease(Wire, frozen=True):
    """A lease as `include_leases` shows it; `expires_at` in Unix seconds."""

    owner: str | None = None
    expires_at: float | None = None
    description: str | None = None
    nonce: str | None = None


class LeaseAnswer(Wire, frozen=True):
    """The envelope of the lease calls."""

    data: HeldLease = HeldLease()


class Machine(Wire, frozen=True):
    """A machine; `events` are newest first. `config` is None while its host cannot be reached."""

    id: str
    state: str = ""
    name: str = ""
    region: str = ""
    instance_id: str = ""
    config: Config | None = None
    incomplete_config: Config | None = None
    image_ref: ImageRef = ImageRef()
    checks: list[Check] | None = None
    events: list[MachineEvent] | None = None
    cordoned: bool = False
    host_status: str = "ok"
    lease: HeldLease | None = None

    @property
    def settings(self) -> Config:
        """The configuration, or what is known of it."""
        return self.config or self.incomplete_config or {}

    @property
    def metadata(self) -> dict[str, str]:
        """The configuration's metadata."""
        found = self.settings.get("metadata")
        return found if isinstance(found, dict) else {}

    @property
    def group(self) -> str:
        """The process group."""
        return str(self.metadata.get("fly_process_group") or "app")

    @property
    def short(self) -> str:
        """The beginning of its id, as people name it."""
        return self.id[:4]


class MachineVersion(Wire, frozen=True):
    """An earlier configuration of a machine."""

    version: str = ""
    user_config: Config | None = None


class CurrentToken(Wire, frozen=True):
    """One token of `GET /v1/tokens/current`."""

    org_slug: str | None = None
    apps: list[str] | None = None
    user: str | None = None


class CurrentTokens(Wire, frozen=True):
    """What the token in use may see."""

    tokens: list[CurrentToken] = []


class User(Wire, frozen=True):
    """A person."""

    email: str | None = None
    name: str | None = None


class PageInfo(Wire, frozen=True, rename="camel"):
    """Where a connection goes on."""

    end_cursor: str | None = None
    has_next_page: bool = False


class ReleaseNode(Wire, frozen=True, rename="camel"):
    """A release of `releasesUnprocessed`."""

    id: str
    version: int
    created_at: datetime
    status: str = ""
    description: str | None = None
    reason: str | None = None
    image_ref: str | None = None
    user: User | None = None


class ReleaseEdge(Wire, frozen=True):
    """A release with its place in the history."""

    node: ReleaseNode
    cursor: str = ""


class ReleaseEdges(Wire, frozen=True, rename="camel"):
    """A page of releases."""

    edges: list[ReleaseEdge] = []
    page_info: PageInfo = PageInfo()


class Definition(Wire, frozen=True, rename="camel"):
    """The stored fly.toml of a release."""

    config_definition: Any = None


class ImageNode(Wire, frozen=True):
    """An image that the platform resolved."""

    digest: str | None = None


class AppNode(Wire, frozen=True, rename="camel"):
    """An app, with whatever of it was asked for."""

    name: str = ""
    id: str = ""
    internal_numeric_id: int | None = None
    hostname: str | None = None
    app_url: str | None = None
    releases: ReleaseEdges | None = None
    current_release: Definition | None = None
    image: ImageNode | None = None


class AppNodes(Wire, frozen=True, rename="camel"):
    """A page of apps."""

    nodes: list[AppNode] = []
    page_info: PageInfo = PageInfo()


class Viewer(Wire, frozen=True):
    """Who the token speaks for."""

    email: str | None = None
    name: str | None = None
    typename: str = msgspec.field(default="", name="__typename")


class NewRelease(Wire, frozen=True):
    """A release that was just recorded."""

    id: str
    version: int


class ReleaseEnvelope(Wire, frozen=True):
    """The answer to recording a release."""

    release: NewRelease


class CreateRelease(Wire, frozen=True, rename="camel"):
    """The `data` of the mutation `createRelease`."""

    create_release: ReleaseEnvelope


class AppData(Wire, frozen=True):
    """The `data` of a query for one app."""

    app: AppNode | None = None


class AppsData(Wire, frozen=True):
    """The `data` of a query for many apps."""

    apps: AppNodes = AppNodes()


class ViewerData(Wire, frozen=True):
    """The `data` of a query for the viewer."""

    viewer: Viewer | None = None


class GraphError(Wire, frozen=True):
    """One error of GraphQL; its text decides."""

    message: str = ""
    extensions: Config | None = None


class GraphAnswer(Wire, frozen=True):
    """The envelope of GraphQL."""

    data: msgspec.Raw = msgspec.Raw(b"null")
    errors: list[GraphError] | None = None
