"""Fly.io's calls, one method each: reads are made here, changes are only written down as `Call`s.

Machines REST at `flaps`, GraphQL at `api`, the release REST API at `uiex`, images at `registry`.
GraphQL says no with status 200 and a text; the texts that decide are those its own CLI knows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import quote

from pilothouse.domain.errors import AccountRefused, Declined, Lost, Missing
from pilothouse.providers.fly import queries, tokens
from pilothouse.providers.fly.images import Reference
from pilothouse.providers.fly.schema import (
    AppData,
    AppNode,
    AppsData,
    CurrentTokens,
    GraphAnswer,
    GraphError,
    LeaseAnswer,
    Machine,
    MachineVersion,
    Viewer,
    ViewerData,
)
from pilothouse.providers.http import Call, Http, Reply, Wait

T = TypeVar("T")
NONCE = "fly-machine-lease-nonce"
PAGE = 100
MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)


@dataclass(frozen=True, slots=True)
class FlyBases:
    """Where Fly.io's surfaces are: URLs without a trailing slash, and the registry's host."""

    api: str = "https://api.fly.io"
    flaps: str = "https://api.machines.dev"
    uiex: str = "https://api.fly.io"
    registry: str = "registry.fly.io"

    @property
    def registry_url(self) -> str:
        """The registry's API; only on this computer without TLS."""
        host = self.registry.partition(":")[0]
        scheme = "http" if host in {"127.0.0.1", "localhost"} else "https"
        return f"{scheme}://{self.registry}"


@dataclass(frozen=True)
class FlyClient:
    """One account's calls; `wait` is how its reads pass the time between two tries."""

    account: str
    http: Http
    token: Callable[[], str]
    bases: FlyBases
    read_s: float
    wait: Wait = time.sleep

    def waiting(self, wait: Wait) -> FlyClient:
        """The same client, whose waits can be cut short."""
        return replace(self, wait=wait)

    # -- Machines REST ---------------------------------------------------------------------

    def machines(self, app: str) -> list[Machine]:
        """All machines of an app that are not destroyed, with the leases on them."""
        url = f"{self._machines(app)}?include_leases=true"
        return self._read(Call("GET", url, action=f"list {app}")).decode(list[Machine])

    def machine(self, app: str, machine: str) -> Machine:
        """One machine; raises `Missing`."""
        call = Call("GET", f"{self._machines(app)}/{machine}", action=f"get {machine}")
        return self._read(call).decode(Machine)

    def versions(self, app: str, machine: str) -> list[MachineVersion]:
        """A machine's earlier configurations, newest first."""
        url = f"{self._machines(app)}/{machine}/versions"
        call = Call("GET", url, action=f"versions {machine}")
        return self._read(call).decode(list[MachineVersion])

    def lease(self, app: str, machine: str) -> LeaseAnswer | None:
        """Who holds a machine, with the nonce; None when nobody does."""
        url = f"{self._machines(app)}/{machine}/lease"
        try:
            return self._read(Call("GET", url, action=f"get_lease {machine}")).decode(LeaseAnswer)
        except Missing:
            return None

    def current_tokens(self) -> CurrentTokens:
        """What the token in use may see."""
        call = Call("GET", f"{self.bases.flaps}/v1/tokens/current")
        return self._read(call).decode(CurrentTokens)

    def machine_change(
        self, app: str, machine: str, verb: str, *, nonce: str, body: object = None
    ) -> Call:
        """A change of one machine under its lease; an empty `verb` updates its configuration."""
        url = f"{self._machines(app)}/{machine}" + (f"/{verb}" if verb else "")
        action = f"{verb or 'update'} {machine}"
        return Call("POST", url, json=body, headers={NONCE: nonce}, action=action)

    def lease_change(
        self, method: str, app: str, machine: str, *, nonce: str = "", body: object = None
    ) -> Call:
        """Take (POST), renew (POST with its nonce) or give back (DELETE) a lease."""
        action = "lease" if method == "POST" else "release_lease"
        return Call(
            method,
            f"{self._machines(app)}/{machine}/lease",
            json=body,
            headers={NONCE: nonce} if nonce else {},
            action=f"{action} {machine}",
        )

    def _machines(self, app: str) -> str:
        return f"{self.bases.flaps}/v1/apps/{quote(app, safe='')}/machines"

    # -- release REST ----------------------------------------------------------------------

    def release_change(self, method: str, path: str, body: object) -> Call:
        """A change of the release history over REST."""
        url = f"{self.bases.uiex}/api/v1/releases{path}"
        return Call(method, url, json=body, authorization=self._with(tokens.for_web))

    # -- GraphQL ---------------------------------------------------------------------------

    def viewer(self) -> Viewer | None:
        """Who the token speaks for."""
        return self._ask(queries.VIEWER, {}, ViewerData).viewer

    def apps(self) -> Iterator[AppNode]:
        """All apps, a page at a time."""
        after: str | None = None
        while True:
            variables: dict[str, object] = {"first": PAGE, "after": after}
            page = self._ask(queries.APPS, variables, AppsData).apps
            yield from page.nodes
            after = page.page_info.end_cursor
            if not page.page_info.has_next_page or not after:
                return

    def app(self, name: str) -> AppNode:
        """One app; raises `Missing`."""
        return self._app(queries.APP, {"name": name})

    def releases(self, app: str, *, first: int, after: str | None = None) -> AppNode:
        """A page of an app's history, newest first."""
        return self._app(queries.RELEASES, {"name": app, "first": first, "after": after})

    def definition(self, app: str) -> object:
        """The stored fly.toml of the current release; None when there is none."""
        current = self._app(queries.DEFINITION, {"name": app}).current_release
        return current.config_definition if current else None

    def resolve(self, app: str, reference: str) -> str | None:
        """The digest of an image of any registry; None when the platform finds no such image."""
        try:
            image = self._app(queries.IMAGE, {"name": app, "ref": reference}).image
        except Declined:
            return None
        return image.digest if image else None

    def mutation(self, text: str, variables: dict[str, object]) -> Call:
        """A change over GraphQL; its answer goes through `graph_data`."""
        return self._graph(text, variables)

    def graph_data(self, reply: Reply, kind: type[T]) -> T:
        """The `data` of an answer; raises what its errors say."""
        answer = reply.decode(GraphAnswer)
        if answer.errors:
            raise self._graph_error(answer.errors[0], reply)
        return replace(reply, body=bytes(answer.data)).decode(kind)

    def _app(self, text: str, variables: dict[str, object]) -> AppNode:
        app = self._ask(text, variables, AppData).app
        if app is None:
            raise Missing("Could not find App", status=200)
        return app

    def _ask(self, text: str, variables: dict[str, object], kind: type[T]) -> T:
        return self.graph_data(self._read(self._graph(text, variables)), kind)

    def _graph(self, text: str, variables: dict[str, object]) -> Call:
        return Call(
            "POST",
            f"{self.bases.api}/graphql",
            json={"query": text, "variables": variables},
            authorization=self._with(tokens.for_graphql),
        )

    def _graph_error(self, error: GraphError, reply: Reply) -> Exception:
        said, code = error.message, str((error.extensions or {}).get("code", ""))
        if code == "UNAUTHORIZED" or "must be authenticated" in said:
            return AccountRefused(self.account, said=said, renew=RENEW)
        if "Could not find" in said or code == "NOT_FOUND":
            return Missing(said, status=200, request_id=reply.request_id)
        if code in {"SERVER_ERROR", "INTERNAL_SERVER_ERROR"}:
            return Lost(said, status=200, request_id=reply.request_id)
        return Declined(said, status=200, request_id=reply.request_id)

    # -- the registry ----------------------------------------------------------------------

    def manifest(self, image: Reference) -> tuple[bool | None, str | None]:
        """Whether Fly.io's registry has an image (None: it does not tell), and its digest."""
        call = Call(
            "HEAD",
            f"{self.bases.registry_url}/v2/{image.repository}/manifests/{image.selector}",
            headers={"Accept": MANIFESTS},
            authorization=self._with(tokens.for_registry),
        )
        try:
            reply = self._read(call)
        except Missing:
            return False, None
        except (Declined, AccountRefused, Lost):
            return None, None
        return True, reply.headers.get("docker-content-digest") or image.digest or None

    def _with(self, surface: Callable[[str], str]) -> Callable[[], str]:
        return lambda: surface(self.token())

    def _read(self, call: Call) -> Reply:
        return self.http.read(call, deadline_s=self.read_s, wait=self.wait)


RENEW = "Make a new one with `fly tokens create deploy` and add it: pilothouse accounts add fly."
