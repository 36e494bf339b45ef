"""Fly.io behind the provider's port: one account, and everything that is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from urllib.parse import urlsplit

from pilothouse.domain.change import Change, Facts, Step
from pilothouse.domain.errors import AccountRefused, Declined, Missing, NotFound
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
from pilothouse.domain.policy import Policy, Timing
from pilothouse.domain.ports import Operations, RunContext
from pilothouse.providers.fly import history, live, releases, strategies, tokens
from pilothouse.providers.fly.client import RENEW, FlyBases, FlyClient
from pilothouse.providers.fly.facts import Reader, for_app
from pilothouse.providers.fly.images import REGISTRY
from pilothouse.providers.fly.operations import FlyOperations
from pilothouse.providers.fly.rates import Buckets
from pilothouse.providers.fly.schema import AppNode, CurrentTokens
from pilothouse.providers.http import Http

NAMED = 30


class FlyProvider:
    """`domain.ports.Provider` for one Fly.io account.

    Args:
        account: whose credential it is; its id is what errors name.
        token: gives the token; asked at each call and kept nowhere.
        bases: where the platform's surfaces are.
        timing: how long things may take.
    """

    def __init__(
        self, account: Account, token: Callable[[], str], *, bases: FlyBases, timing: Timing
    ) -> None:
        self._account, self._token = account, token
        self._bases, self._timing = bases, timing
        self._hosts = (REGISTRY, bases.registry)
        self._http = Http(
            account.id,
            lambda: tokens.for_machines(token()),
            renew=RENEW,
            limits=Buckets(),
        )
        self._client = FlyClient(account.id, self._http, token, bases, timing.read_s)
        self._reader = Reader(self._client, self._hosts, timing)

    @property
    def account(self) -> Account:
        """Whose credential this is."""
        return self._account

    @property
    def platform(self) -> Platform:
        """Fly.io."""
        return Platform.FLY

    @property
    def control_url(self) -> str:
        """The API's root, which answers anybody."""
        return f"{self._bases.api}/"

    def identity(self) -> Identity:
        """Ask who the token speaks for; raises `AccountRefused`."""
        return self._identity(self._current_tokens())

    def apps(self) -> Iterator[App]:
        """All apps, read page by page."""
        for node in self._client.apps():
            yield self._app(node)

    def find(self, name: str) -> App:
        """One app by name; raises `NotFound` with the apps that exist."""
        try:
            return self._app(self._client.app(name))
        except Missing:
            exists = [node.name for node in islice(self._client.apps(), NAMED)]
            where = f"the Fly.io account {self._account.id}"
            raise NotFound("app", name, where=where, exists=exists) from None

    def releases(self, app: App, *, cursor: str | None = None, limit: int = 50) -> ReleasePage:
        """A page of history, newest first."""
        after = releases.platform_cursor(cursor)
        node = self._client.releases(app.name, first=limit + 1, after=after)
        if node.releases is None:
            return ReleasePage((), None)
        return releases.page(
            app.id,
            node.releases,
            spell=lambda ref: history.spelled(ref, app.name, self._hosts),
            cursor=cursor,
            limit=limit,
        )

    def live(self, app: App) -> Live:
        """What really runs, now; without a readable history, by the machines alone."""
        machines = self._client.machines(app.name)
        return live.live(app, machines, self._reader.current(app), self._hosts)

    def facts(self, app: App, change: Change, *, back_to: Release | None) -> Facts:
        """All that a plan is made from, read now; raises `NotFound` for an unknown image."""
        current = self._current_tokens()
        apps = [name for one in current.tokens for name in one.apps or []]
        identity = for_app(self._identity(current), app, apps)
        return self._reader.facts(app, change, identity, back_to=back_to)

    def steps(self, change: Change, facts: Facts, policy: Policy) -> tuple[Step, ...]:
        """The steps of the change; no call is made."""
        return strategies.steps(change, facts, policy)

    def operations(self, run: RunContext) -> Operations:
        """A hand for one run; leases that an earlier hand left are taken over one by one."""
        return FlyOperations(self._client, run, self._timing)

    def pin(self, instance: str) -> dict[str, str] | None:
        """The header by which Fly.io's proxy asks one machine."""
        return {"fly-force-instance-id": instance}

    def answered_by(self, headers: JsonMap, _body: bytes) -> str | None:
        """The machine that answered, where the proxy says so."""
        named = headers.get("fly-machine-id")
        return named if isinstance(named, str) and named else None

    def close(self) -> None:
        """Close idle connections; a later call opens new ones."""
        self._http.close()

    def _app(self, node: AppNode) -> App:
        own = node.internal_numeric_id if node.internal_numeric_id is not None else node.id
        address = node.app_url or (f"https://{node.hostname}" if node.hostname else "")
        return App(
            id=f"{urlsplit(self._bases.api).hostname}/{Platform.FLY}/{own}",
            account=self._account.id,
            platform=Platform.FLY,
            name=node.name,
            addresses=(address.rstrip("/"),) if address else (),
        )

    def _current_tokens(self) -> CurrentTokens:
        """What the token may see; nothing where the platform does not say it of this kind."""
        try:
            return self._client.current_tokens()
        except Declined:
            return CurrentTokens()

    def _identity(self, current: CurrentTokens) -> Identity:
        try:
            viewer = self._client.viewer()
        except Declined:
            viewer = None
        user = (viewer and (viewer.email or viewer.name)) or next(
            (one.user for one in current.tokens if one.user), ""
        )
        if not user and not current.tokens:
            raise AccountRefused(self._account.id, said="no such user", renew=RENEW)
        scopes = [f"org:{one.org_slug}" for one in current.tokens if one.org_slug]
        scopes += [f"app:{name}" for one in current.tokens for name in one.apps or []]
        # Fly.io names what a token sees, not whether it may only read; that shows at the first
        # change, which is declined and leaves everything as it was.
        known = tokens.is_personal(self._token()) or bool(current.tokens)
        return Identity(user or "a token", tuple(scopes), True if known else None)
